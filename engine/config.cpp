// Configurations judged before a connection depends on them.
#include "engine/config.hpp"

#include <algorithm>

#include "crypto/wire.hpp"
#include "engine/connection/channel.hpp"
#include "engine/effects.hpp"
#include "engine/transport/negotiation.hpp"

namespace nacre {
namespace {

template <class Row>
std::optional<ConfigProblem> check_names(std::string_view field, std::span<const Row> table,
                                         const std::vector<std::string>& names) {
  for (const auto& name : names) {
    if (find_algorithm(table, name)) continue;
    std::string known;
    for (const auto& row : table) known += (known.empty() ? "" : ", ") + std::string(row.name);
    return ConfigProblem{std::string(field), name, "no such algorithm; there are " + known};
  }
  return std::nullopt;
}

std::optional<ConfigProblem> check_limits(const Provider& provider, const Limits& limits) {
  const auto problem = [](std::string field, auto value, std::string text) {
    return ConfigProblem{"limits." + std::move(field), std::to_string(value), std::move(text)};
  };
  if (limits.inbox < limits.packet_length + std::size_t{128})
    return problem("inbox", limits.inbox, "must exceed limits.packet_length by 128");
  if (limits.packet_length < limits.max_packet + std::uint64_t{512})
    return problem("packet_length", limits.packet_length,
                   "must exceed limits.max_packet by 512: that is what the peer is told it may send");
  if (limits.packet_length_before_auth > limits.packet_length)
    return problem("packet_length_before_auth", limits.packet_length_before_auth,
                   "must not exceed limits.packet_length");
  if (limits.channels >= ChannelTable::max_channels)
    return problem("channels", limits.channels, "must be below 1048576");
  for (const auto& cipher : provider.ciphers)
    if (limits.rekey_bytes > cipher.max_bytes)
      return problem(
          "rekey_bytes", limits.rekey_bytes,
          "one key of " + std::string(cipher.name) + " serves " + std::to_string(cipher.max_bytes) + " bytes at most");
  const std::pair<const char*, Limits::Duration> times[] = {
      {"ident_time", limits.ident_time},         {"kex_time", limits.kex_time},
      {"login_time", limits.login_time},         {"rekey_time", limits.rekey_time},
      {"rekey_interval", limits.rekey_interval}, {"idle_rekey_time", limits.idle_rekey_time},
      {"failure_delay", limits.failure_delay},   {"give_back_after", limits.give_back_after},
  };
  for (const auto& [field, time] : times)
    if (time < Limits::Duration::zero() || time > Limits::longest)
      return problem(field, std::chrono::duration_cast<std::chrono::seconds>(time).count(), "must be 0 s to 10 years");
  return std::nullopt;
}

std::optional<ConfigProblem> check_common(const Provider& provider, const AlgorithmNames& names,
                                          const std::string& software, const Limits& limits) {
  if (auto problem = check_names("key_exchanges", provider.key_exchanges, names.key_exchanges)) return problem;
  if (auto problem = check_names("host_keys", provider.signatures, names.host_keys)) return problem;
  if (auto problem = check_names("ciphers", provider.ciphers, names.ciphers)) return problem;
  if (auto problem = check_names("macs", provider.macs, names.macs)) return problem;
  const bool printable =
      std::all_of(software.begin(), software.end(), [](char c) { return c > ' ' && c <= '~' && c != '-'; });
  if (software.empty() || !printable || software.size() > 200)
    return ConfigProblem{"software", software, "must be 1 to 200 printable characters without space and '-'"};
  return check_limits(provider, limits);
}

}  // namespace

std::optional<ConfigProblem> check(const Provider& provider, const ClientConfig& config) {
  if (auto problem = check_common(provider, config.algorithms, config.software, config.limits)) return problem;
  if (config.user.size() > config.limits.user_name || config.user.find('\0') != std::string::npos)
    return ConfigProblem{"user", config.user, "too long, or with a NUL in it"};
  return std::nullopt;
}

std::optional<ConfigProblem> check(const Provider& provider, const ServerConfig& config) {
  if (auto problem = check_common(provider, config.algorithms, config.software, config.limits)) return problem;
  if (config.banner.size() > max_own_payload)
    return ConfigProblem{"banner", config.banner.substr(0, 60), "must fit a packet: at most 32512 bytes"};
  if (config.host_keys.empty()) return ConfigProblem{"host_keys", "", "a server needs at least one host key"};
  for (const auto& key : config.host_keys) {
    const bool usable = std::any_of(provider.signatures.begin(), provider.signatures.end(),
                                    [&](const auto& row) { return row.acceptable(key); });
    if (!usable) return ConfigProblem{"host_keys", "", "a host key is malformed, too small, or of an unknown type"};
  }
  if (make_proposal(provider, config).host_keys.empty())
    return ConfigProblem{"host_keys", "", "no host key fits the configured host key algorithms"};
  return std::nullopt;
}

}  // namespace nacre
