// What both sides of authentication share: the service's names and the bytes that a user key signs.
#pragma once

#include <string_view>

#include "crypto/bytes.hpp"

namespace nacre {

constexpr std::string_view userauth_service = "ssh-userauth";
constexpr std::string_view connection_service = "ssh-connection";
constexpr std::string_view method_none = "none";
constexpr std::string_view method_publickey = "publickey";
constexpr std::string_view method_password = "password";
constexpr std::string_view method_keyboard_interactive = "keyboard-interactive";

// RFC 4252 7: the session identifier and the request as it is sent, up to the signature.
ByteVector signed_request(Bytes session_id, std::string_view user, std::string_view algorithm, Bytes key);

}  // namespace nacre
