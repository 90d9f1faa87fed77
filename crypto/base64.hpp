// Base64 (RFC 4648 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/bytes.hpp"

namespace nacre {

std::string base64_encode(Bytes data);

// Strict: no white space, padding present and correct, unused bits zero.
std::optional<ByteVector> base64_decode(std::string_view text);

}  // namespace nacre
