// The data of direct-tcpip, read and written (RFC 4254 7.2).
#include "engine/direct_tcpip.hpp"

#include <algorithm>

#include "crypto/wire.hpp"

namespace nacre {
namespace {

constexpr std::size_t longest_host = 255;
constexpr std::uint32_t largest_port = 65535;

bool is_host(std::string_view text) {
  return text.size() <= longest_host &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

std::optional<DirectTcpip> parse_direct_tcpip(Bytes data) {
  DirectTcpip wanted;
  std::uint32_t port = 0, originator_port = 0;
  Reader reader(data);
  reader.read(wanted.host);
  reader.read(port);
  reader.read(wanted.originator);
  reader.read(originator_port);
  if (!reader.done() || wanted.host.empty() || !is_host(wanted.host) || !is_host(wanted.originator))
    return std::nullopt;
  if (port > largest_port || originator_port > largest_port) return std::nullopt;
  wanted.port = static_cast<std::uint16_t>(port);
  wanted.originator_port = static_cast<std::uint16_t>(originator_port);
  return wanted;
}

ByteVector direct_tcpip_data(const DirectTcpip& wanted) {
  ByteVector data;
  VectorSink sink{data};
  Writer<VectorSink> writer(sink);
  writer.write(wanted.host);
  writer.write(std::uint32_t{wanted.port});
  writer.write(wanted.originator);
  writer.write(std::uint32_t{wanted.originator_port});
  return data;
}

}  // namespace nacre
