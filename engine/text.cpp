// What may reach a terminal: printable text and well-formed UTF-8; all else as \xNN.
#include "engine/text.hpp"

namespace nacre {
namespace {

// Bytes of the well-formed, printable UTF-8 sequence that `text` begins with; 0 if it doesn't begin with one.
std::size_t printable_sequence(std::string_view text) {
  const auto at = [&](std::size_t i) -> unsigned { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0; };
  const auto tail = [&](std::size_t i) { return (at(i) & 0xc0) == 0x80; };
  const unsigned first = at(0);
  if (first < 0x80) return first >= ' ' && first != 0x7f ? 1 : 0;
  if (first >= 0xc2 && first <= 0xdf && tail(1)) return first == 0xc2 && at(1) < 0xa0 ? 0 : 2;  // not C1
  if ((first & 0xf0) == 0xe0 && tail(1) && tail(2)) {
    const unsigned value = (first & 0x0f) << 12 | (at(1) & 0x3f) << 6 | (at(2) & 0x3f);
    // Neither overlong nor a surrogate, and none of the marks that turn the direction of text.
    const bool turning = (value >= 0x200e && value <= 0x200f) || (value >= 0x2028 && value <= 0x202e) ||
                         (value >= 0x2066 && value <= 0x2069);
    return value >= 0x800 && (value < 0xd800 || value > 0xdfff) && !turning ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4 && tail(1) && tail(2) && tail(3)) {
    const unsigned value = (first & 0x07) << 18 | (at(1) & 0x3f) << 12 | (at(2) & 0x3f) << 6 | (at(3) & 0x3f);
    return value >= 0x10000 && value <= 0x10ffff ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string printable(std::string_view text, Lines lines, std::size_t limit) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  const bool cut = text.size() > limit;
  text = text.substr(0, limit);
  while (!text.empty()) {
    const char c = text[0];
    const bool layout = lines == Lines::many && (c == '\n' || c == '\t');
    const auto size = c == '\\' ? 0 : layout ? 1 : printable_sequence(text);
    if (size != 0) {
      result += text.substr(0, size);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      result += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    }
    text.remove_prefix(size != 0 ? size : 1);
  }
  if (cut) result += "...";
  return result;
}

}  // namespace nacre
