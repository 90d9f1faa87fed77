// Channel requests to and from their bodies.
#pragma once

#include <optional>

#include "engine/codec.hpp"
#include "engine/requests.hpp"

namespace nacre {

// OtherRequest for a name that is none of ours; nothing when the body of a known one is malformed.
std::optional<Request> parse_request(std::string_view name, Bytes body);

ByteVector request_body(const Request& request);

}  // namespace nacre
