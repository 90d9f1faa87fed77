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
  if (limits.inbox < limits.packet_length + std::size_t{128})
    return ConfigProblem{"limits.inbox", std::to_string(limits.inbox), "must exceed limits.packet_length by 128"};
  if (limits.channels >= ChannelTable::max_channels)
    return ConfigProblem{"limits.channels", std::to_string(limits.channels), "must be below 1048576"};
  for (const auto& cipher : provider.ciphers)
    if (limits.rekey_bytes > cipher.max_bytes)
      return ConfigProblem{
          "limits.rekey_bytes", std::to_string(limits.rekey_bytes),
          "one key of " + std::string(cipher.name) + " serves " + std::to_string(cipher.max_bytes) + " bytes at most"};
  return std::nullopt;
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
