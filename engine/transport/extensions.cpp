// Unknown extensions are skipped, values are bytes until their name tells more.
#include "engine/transport/extensions.hpp"

#include "engine/messages.hpp"

namespace nacre {
namespace {

constexpr std::string_view server_sig_algs = "server-sig-algs";
constexpr std::string_view ping = "ping@openssh.com";

}  // namespace

std::optional<Extensions> read_extensions(Bytes body, Extensions earlier, const Limits& limits) {
  const auto info = decode<ExtInfo>(body);
  constexpr std::size_t least_extension = 4 + 4;
  if (!info || info->count > limits.extensions || info->count > info->extensions.bytes.size() / least_extension)
    return std::nullopt;
  Reader reader(info->extensions.bytes);
  for (std::uint32_t i = 0; i < info->count; ++i) {
    std::string_view name;
    Bytes value;
    reader.read(name);
    reader.read(value);
    if (name == server_sig_algs) {
      NameList names;
      if (value.size() > limits.name_list_bytes || !NameList::parse(text_of(value), names)) return std::nullopt;
      earlier.signature_algorithms = names.text();
    } else if (name == ping) {
      earlier.ping = text_of(value) == "0";
    }
  }
  if (!reader.done()) return std::nullopt;
  return earlier;
}

ByteVector make_server_extensions(const Provider& provider) {
  std::string algorithms;
  for (const auto& row : provider.signatures) {
    if (!algorithms.empty()) algorithms += ',';
    algorithms += row.name;
  }
  ByteVector extensions;
  VectorSink sink{extensions};
  Writer<VectorSink> writer(sink);
  writer.write(server_sig_algs);
  writer.write(std::string_view(algorithms));
  writer.write(ping);
  writer.write("0");
  return encoded(ExtInfo{2, {extensions}});
}

}  // namespace nacre
