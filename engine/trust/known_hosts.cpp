// known_hosts: lines, markers, names plain and hashed, and the order in which entries decide.
#include "engine/trust/known_hosts.hpp"

#include <algorithm>
#include <array>

#include "crypto/base64.hpp"
#include "crypto/hash.hpp"
#include "crypto/secret.hpp"
#include "crypto/wire.hpp"
#include "engine/trust/pattern.hpp"

namespace nacre {
namespace {

constexpr std::size_t host_line_limit = 16 * 1024;  // a 16384 bit RSA key takes 2.8 KiB
constexpr std::uint16_t default_port = 22;

enum class Marker : std::uint8_t { none, revoked, authority };

struct Entry {
  std::size_t line = 0;
  Marker marker = Marker::none;
  std::string_view hosts;
  std::string_view type;
  ByteVector blob;
};

// The entries of a file one by one, what isn't one left out.
class Entries {
 public:
  Entries(std::string_view text, std::vector<TrustWarning>* warnings) : text_(text), warnings_(warnings) {}

  std::optional<Entry> next() {
    while (!text_.empty()) {
      ++line_;
      const auto line = take_line(text_);
      if (line.size() > host_line_limit) {
        warn("the line is too long");
        continue;
      }
      const auto content = trimmed(line);
      if (content.empty() || content.front() == '#') continue;
      if (auto entry = parse(content)) return entry;
    }
    return std::nullopt;
  }

 private:
  std::optional<Entry> parse(std::string_view rest) {
    Entry entry;
    entry.line = line_;
    if (rest.front() == '@') {
      const auto marker = take_word(rest);
      if (marker == "@revoked")
        entry.marker = Marker::revoked;
      else if (marker == "@cert-authority")
        entry.marker = Marker::authority;
      else
        return warn("the marker is not one of @revoked and @cert-authority");
    }
    entry.hosts = take_word(rest);
    if (entry.hosts.starts_with('@')) return warn("a line may have one marker");
    entry.type = take_word(rest);
    const auto blob = base64_decode(take_word(rest));
    if (!blob) return warn("there is no key in base64 after host and type");
    std::string_view inner;
    Reader reader(*blob);
    reader.read(inner);
    entry.blob = *blob;
    if (!reader.failed() && inner == entry.type) return entry;
    warn("the key is of another type than the line says");
    if (entry.marker != Marker::revoked) return std::nullopt;
    return entry;  // a slip does not take back that this very key is revoked
  }

  std::nullopt_t warn(std::string_view what) {
    if (warnings_ != nullptr) warnings_->push_back({line_, what});
    return std::nullopt;
  }

  std::string_view text_;
  std::vector<TrustWarning>* warnings_;
  std::size_t line_ = 0;
};

constexpr std::size_t sha1_size = 20;  // of a hash, and of its salt

// "|1|salt|hash", both base64 (sshd(8)). One hashed name stands alone on its line.
bool matches_hashed(std::string_view name, std::string_view hosts) {
  hosts.remove_prefix(3);
  const auto bar = hosts.find('|');
  if (bar == std::string_view::npos) return false;
  const auto salt = base64_decode(hosts.substr(0, bar));
  const auto hash = base64_decode(hosts.substr(bar + 1));
  if (!salt || !hash || salt->size() != sha1_size) return false;
  return same_bytes(hmac_sha1(*salt, bytes_of(name)), *hash);
}

bool matches_host(std::string_view name, std::string_view hosts) {
  if (hosts.starts_with("|1|")) return matches_hashed(name, hosts);
  return matches_pattern_list(name, lower_case(hosts)) == ListMatch::yes;
}

// What the entries for one name say. A match is not the end of it: a @revoked line may still follow.
HostFinding look_up_name(std::string_view text, std::string_view name, Bytes key, std::vector<TrustWarning>* warnings) {
  HostFinding finding;
  Entries entries(text, warnings);
  while (auto entry = entries.next()) {
    if (entry->marker == Marker::authority || !matches_host(name, entry->hosts)) continue;
    const bool same = same_bytes(entry->blob, key);
    auto verdict = HostKeyMatch::changed;
    if (same) verdict = HostKeyMatch::known;
    if (entry->marker == Marker::revoked) {
      if (!same) continue;
      verdict = HostKeyMatch::revoked;
    }
    const bool decides = verdict == HostKeyMatch::revoked || finding.match == HostKeyMatch::unknown ||
                         (verdict == HostKeyMatch::known && finding.match == HostKeyMatch::changed);
    if (decides) finding = {verdict, entry->line, entry->type};
    if (verdict == HostKeyMatch::revoked) break;
  }
  return finding;
}

}  // namespace

HostFinding look_up_host(std::string_view known_hosts, std::string_view host, std::uint16_t port, Bytes key,
                         std::vector<TrustWarning>* warnings) {
  const auto finding = look_up_name(known_hosts, known_hosts_name(host, port), key, warnings);
  if (port == default_port || finding.match == HostKeyMatch::revoked) return finding;
  const auto bare = look_up_name(known_hosts, known_hosts_name(host, default_port), key, nullptr);
  if (bare.match == HostKeyMatch::revoked) return bare;
  if (finding.match == HostKeyMatch::unknown && bare.match == HostKeyMatch::known) return bare;
  return finding;
}

HostKeyMatch find_host(std::string_view known_hosts, std::string_view host, std::uint16_t port, Bytes key) {
  return look_up_host(known_hosts, host, port, key).match;
}

std::vector<std::string_view> known_key_types(std::string_view known_hosts, std::string_view host, std::uint16_t port) {
  std::vector<std::string_view> types;
  const auto name = known_hosts_name(host, port);
  Entries entries(known_hosts, nullptr);
  while (auto entry = entries.next()) {
    if (entry->marker != Marker::none || !matches_host(name, entry->hosts)) continue;
    if (std::find(types.begin(), types.end(), entry->type) == types.end()) types.push_back(entry->type);
  }
  return types;
}

std::vector<std::string> prefer_key_types(const std::vector<std::string>& names,
                                          const std::vector<std::string_view>& types) {
  const auto is_listed = [&](const std::string& name) {
    const bool rsa = name == "rsa-sha2-256" || name == "rsa-sha2-512";  // RFC 8332: both over keys of type ssh-rsa
    const std::string_view type = rsa ? std::string_view("ssh-rsa") : std::string_view(name);
    return std::find(types.begin(), types.end(), type) != types.end();
  };
  auto reordered = names;
  std::stable_partition(reordered.begin(), reordered.end(), is_listed);
  return reordered;
}

std::string known_hosts_name(std::string_view host, std::uint16_t port) {
  auto name = lower_case(host);
  if (port == default_port) return name;
  return "[" + name + "]:" + std::to_string(port);
}

bool is_plain_host(std::string_view host) {
  if (host.empty() || std::string_view("-#@|!").find(host.front()) != std::string_view::npos) return false;
  return std::all_of(host.begin(), host.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != '\x7f' &&
           std::string_view(",*?").find(c) == std::string_view::npos;
  });
}

std::optional<std::string> known_hosts_line(std::string_view host, std::uint16_t port, Bytes key, Random* hashed) {
  std::string_view type;
  Reader reader(key);
  reader.read(type);
  const bool type_is_plain = !reader.failed() && NameList(type).size() == 1 && is_plain_host(type);
  if (!type_is_plain || !is_plain_host(host)) return std::nullopt;
  auto name = known_hosts_name(host, port);
  if (hashed != nullptr) {
    std::array<std::byte, sha1_size> salt{};
    if (!hashed->fill(salt)) return std::nullopt;
    name = "|1|" + base64_encode(salt) + "|" + base64_encode(hmac_sha1(salt, bytes_of(name)));
  }
  return name + " " + std::string(type) + " " + base64_encode(key) + "\n";
}

}  // namespace nacre
