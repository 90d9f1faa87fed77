// known_hosts and authorized_keys as an attacker would have them written, and the names and addresses they are asked about.
// The first line of the input is the host or the address, the second the key type's or the options' text, then the file.

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "engine/trust/authorized_keys.hpp"
#include "engine/trust/known_hosts.hpp"
#include "engine/trust/pattern.hpp"

namespace {

// string "ssh-ed25519", string of 32 zero bytes: a key as good as any.
nacre::ByteVector some_key() {
  nacre::ByteVector blob;
  for (char c : std::string_view("\0\0\0\x0bssh-ed25519\0\0\0\x20", 19)) blob.push_back(static_cast<std::byte>(c));
  blob.resize(blob.size() + 32);
  return blob;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto host = nacre::take_line(text);
  const auto options = nacre::take_line(text);
  const auto key = some_key();

  std::vector<nacre::TrustWarning> warnings;
  const auto finding = nacre::look_up_host(text, host, 22, key, &warnings);
  if (finding.match == nacre::HostKeyMatch::unknown && finding.line != 0) std::abort();
  if (nacre::find_host(text, host, 22, key) != finding.match) std::abort();
  (void)nacre::look_up_host(text, host, 2222, key);
  (void)nacre::known_key_types(text, host, 22);

  // A line written for a host is found again.
  if (auto line = nacre::known_hosts_line(host, 22, key)) {
    if (nacre::find_host(*line, host, 22, key) != nacre::HostKeyMatch::known) std::abort();
  }

  std::string_view problem;
  (void)nacre::parse_key_options(options, problem);
  const nacre::KeyContext context{host, "20250101000000", "20250101010000"};
  (void)nacre::find_authorized_key(text, key, context, &warnings);
  (void)nacre::matches_address_list(host, options);
  (void)nacre::matches_pattern_list(host, options);
  if (options.find_first_of("*?") == options.npos && nacre::matches_pattern(host, options) != (host == options))
    std::abort();
  if (!nacre::matches_pattern(host, "*")) std::abort();
  return 0;
}
