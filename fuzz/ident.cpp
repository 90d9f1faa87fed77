// Identification lines (RFC 4253 4.2), read as they arrive: however the bytes are cut, the same lines come out, within
// their limits. The first byte chooses the role and the limits, the second how many bytes come at a time.
#include "engine/transport/ident.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "crypto/bytes.hpp"
#include "fuzz/watch.hpp"

namespace {

using namespace nacre;
using fuzz::require;

struct Read {
  std::vector<std::string> lines;
  std::size_t taken = 0;
  Code code = Code::none;
  bool done = false;
};

Read read(std::string_view input, Role role, const Limits& limits, std::size_t step) {
  Read result;
  IdentReader reader;
  std::size_t bytes = 0;
  for (std::size_t arrived = 0; !result.done;) {
    const auto pending = input.substr(result.taken, arrived - result.taken);
    const auto line = reader.next(pending, role, limits);
    if (!line) {
      result.code = line.error().code;
      return result;
    }
    if (!*line) {
      require(pending.size() < std::max(limits.ident_line, limits.pre_ident_line));  // no line is waited for longer
      if (arrived == input.size()) return result;
      arrived = std::min(input.size(), arrived + step);
      continue;
    }
    const auto& [text, size, is_ident] = **line;
    require(size <= pending.size() && pending[size - 1] == '\n');
    require(text.data() == pending.data() && text.size() < size && text.find('\n') == text.npos);
    require(is_ident ? text.starts_with("SSH-") && size <= limits.ident_line : role == Role::client);
    if (!is_ident) require((bytes += size) <= limits.pre_ident_bytes);
    require(result.lines.size() <= limits.pre_ident_lines);
    result.lines.emplace_back(text);
    result.taken += size;
    result.done = is_ident;
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto role = data[0] % 2 == 0 ? Role::server : Role::client;
  Limits limits;
  if (data[0] >= 128) limits.pre_ident_lines = 3, limits.pre_ident_line = 40, limits.pre_ident_bytes = 80;
  const auto input = text_of(std::as_bytes(std::span(data, size)).subspan(2));
  const auto whole = read(input, role, limits, input.size() + 1);
  const auto pieces = read(input, role, limits, std::size_t{1} + data[1]);
  require(whole.lines == pieces.lines && whole.done == pieces.done && whole.taken == pieces.taken);
  require((whole.code == Code::none) == (pieces.code == Code::none));
  return 0;
}
