// What a channel of the type "direct-tcpip" adds to its open (RFC 4254 7.2): where the server is to connect, and for
// whom. The engine asks the application about every channel; this reads what such a one asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "crypto/bytes.hpp"

namespace nacre {

struct DirectTcpip {
  static constexpr std::string_view type = "direct-tcpip";

  std::string_view host;  // a name or an address, not looked up: 1 to 255 printable US-ASCII characters, no blanks
  std::uint16_t port = 0;
  std::string_view originator;  // an address, as the client says and nobody checks: likewise, or empty
  std::uint16_t originator_port = 0;
};

// Nothing when the data is not exactly that: a host that no resolver should see (NUL, control characters, blanks, other
// bytes, too long, none), a port over 65535, too few bytes or too many. The views live as long as `data`.
std::optional<DirectTcpip> parse_direct_tcpip(Bytes data);

// The data for Engine::open. What breaks the rules above is refused by whoever reads it with parse_direct_tcpip.
ByteVector direct_tcpip_data(const DirectTcpip& wanted);

}  // namespace nacre
