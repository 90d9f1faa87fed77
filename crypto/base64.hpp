// Base64 (RFC 4648 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/bytes.hpp"
#include "crypto/secret.hpp"

namespace nacre {

std::string base64_encode(Bytes data);

// Strict: no white space, padding present and correct, unused bits zero.
std::optional<ByteVector> base64_decode(std::string_view text);
// The same for a text that may be a key: of a bad one, too, nothing that was decoded is left.
std::optional<Secret> base64_decode_secret(std::string_view text);

}  // namespace nacre
