// known_hosts: whose host key is this? Pure functions over the text of a file; reading and writing files is the
// caller's. The format is sshd(8)'s, "SSH_KNOWN_HOSTS FILE FORMAT".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/bytes.hpp"
#include "crypto/random.hpp"

namespace nacre {

enum class HostKeyMatch : std::uint8_t {
  known,    // this very key is listed for the host
  unknown,  // nothing is listed for the host
  changed,  // another key is listed for the host and this one is not: refuse
  revoked,  // the key is marked @revoked for the host: refuse, whatever else is listed
};

struct HostFinding {
  HostKeyMatch match = HostKeyMatch::unknown;
  std::size_t line = 0;          // of the entry that decided, counted from 1; 0 with `unknown`
  std::string_view listed_type;  // the type of that entry's key: a view into the text
};

// Lines that were ignored although they are neither blank nor comments.
struct TrustWarning {
  std::size_t line = 0;   // counted from 1
  std::string_view text;  // what is wrong: a literal
};

// `port` other than 22 is looked for as "[host]:port"; an entry for the bare host that lists this very key is taken as
// well, as OpenSSH does. Host names are compared without case. `key` is the public key blob.
HostFinding look_up_host(std::string_view known_hosts, std::string_view host, std::uint16_t port, Bytes key,
                         std::vector<TrustWarning>* warnings = nullptr);

// The same, for those who want no more than the verdict.
HostKeyMatch find_host(std::string_view known_hosts, std::string_view host, std::uint16_t port, Bytes key);

// The key types ("ssh-ed25519", ...) that are listed for the host, without @revoked and @cert-authority entries, each
// once, in the file's order. A client may prefer them when it negotiates; that tells an observer that it has been
// there before, so it is a choice the program makes openly and nothing here does by itself.
std::vector<std::string_view> known_key_types(std::string_view known_hosts, std::string_view host, std::uint16_t port);

// `names` reordered so that signature algorithms over one of `types` come first, otherwise in the same order.
std::vector<std::string> prefer_key_types(const std::vector<std::string>& names,
                                          const std::vector<std::string_view>& types);

// "host", or "[host]:port" for ports other than 22, in lower case: the name under which a key is listed.
std::string known_hosts_name(std::string_view host, std::uint16_t port);

// Whether a name can stand in a known_hosts file: not empty, no control characters, spaces, commas, '*', '?', and no
// leading '-', '#', '@', '|' or '!'.
bool is_plain_host(std::string_view host);

// The line to append for a new key, ended by '\n'. With a Random the name is hashed (HashKnownHosts), with null it is in
// the clear. Nothing when the key blob is malformed, the name is not plain or the Random failed.
std::optional<std::string> known_hosts_line(std::string_view host, std::uint16_t port, Bytes key,
                                            Random* hashed = nullptr);

}  // namespace nacre
