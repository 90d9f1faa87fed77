// authorized_keys: may this key log in, and to do what? Pure functions over the text of a file. The format is sshd(8)'s,
// "AUTHORIZED_KEYS FILE FORMAT".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/bytes.hpp"
#include "engine/trust/known_hosts.hpp"  // TrustWarning

namespace nacre {

// Names of what is permitted and nothing else; an empty list permits nothing, no list permits all.
using PermitList = std::optional<std::vector<std::string>>;

// What a line permits. The defaults are those of a line without options.
struct KeyOptions {
  bool pty = true;
  bool port_forwarding = true;
  bool agent_forwarding = true;
  bool x11_forwarding = true;
  bool user_rc = true;
  bool touch_required = true;
  bool verify_required = false;
  bool cert_authority = false;         // the line lists an authority, not a key that logs in
  std::optional<std::string> command;  // run this, whatever the client asks for
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<std::string> from;  // address pattern lists, all of which must match
  PermitList permit_open;         // "host:port"
  PermitList permit_listen;       // "port" or "host:port"
  PermitList principals;          // who a certificate must name
  std::string expires_utc;        // from when on the key is not taken, as in KeyContext; empty: never
  std::string expires_local;
};

struct AuthorizedKey {
  std::size_t line = 0;  // counted from 1
  KeyOptions options;
  std::string_view type;  // views into the text
  std::string_view comment;
  ByteVector blob;
};

// What the lines are judged by: where the peer connects from, and what the time is, as 14 digits (year, month, day, hour,
// minute, second), in UTC and where the server stands. A line whose key expires does not grant when the time is not given.
struct KeyContext {
  std::string_view address;
  std::string_view now_utc;
  std::string_view now_local;
};

// The entry that lets `key` in, or nothing. Lines that list the key and don't grant (from another address, expired, an
// option nobody knows) leave a warning, and the search goes on.
std::optional<AuthorizedKey> find_authorized_key(std::string_view authorized_keys, Bytes key, const KeyContext& context,
                                                 std::vector<TrustWarning>* warnings = nullptr);

// One line's options, as "no-pty,command=\"ls\"". Nothing when one of them is unknown or malformed; `problem` says which.
std::optional<KeyOptions> parse_key_options(std::string_view options, std::string_view& problem);

// What both permit: for logins in several steps. Lists are compared as text, so that "host:*" and "host:22" have nothing in
// common. The first step's command stands where both have one, and its value of a variable that both set.
KeyOptions intersect(const KeyOptions& a, const KeyOptions& b);

}  // namespace nacre
