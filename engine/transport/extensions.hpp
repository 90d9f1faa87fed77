// Extension negotiation (RFC 8308): what an EXT_INFO says.
#pragma once

#include <optional>
#include <string>

#include "crypto/provider.hpp"
#include "engine/limits.hpp"

namespace nacre {

struct Extensions {
  std::string signature_algorithms;  // server-sig-algs (RFC 8308 3.1); empty: not said
  bool ping = false;                 // ping@openssh.com (OpenSSH's PROTOCOL 1.8)
};

// From the body of an EXT_INFO, over what earlier ones said. Nothing when it is malformed or beyond the limits.
std::optional<Extensions> read_extensions(Bytes body, Extensions earlier, const Limits& limits);

// The payload of a server's EXT_INFO.
ByteVector make_server_extensions(const Provider& provider);

}  // namespace nacre
