// The checks that are too long for a header: name-lists and mpints.
#include "crypto/wire.hpp"

namespace nacre {

bool NameList::parse(std::string_view text, NameList& into) {
  if (text.size() > 1 && text.ends_with(',')) text.remove_suffix(1);
  char before = ',';  // so that a list may not begin with a comma
  for (const char c : text) {
    if (c <= ' ' || c > '~') return false;
    if (c == ',' && before == ',') return false;
    before = c;
  }
  if (!text.empty() && before == ',') return false;
  into = NameList(text);
  return true;
}

void Reader::read(NameList& value) {
  std::string_view text;
  read(text);
  if (failed_ || !NameList::parse(text, value)) fail();
}

void Reader::read(Mpint& value) {
  Bytes bytes;
  read(bytes);
  if (failed_ || bytes.empty()) {
    value.magnitude = bytes;
    return;
  }
  const bool negative = (bytes[0] & std::byte{0x80}) != std::byte{0};
  const bool padded = bytes[0] == std::byte{0};
  const bool needless = padded && (bytes.size() == 1 || (bytes[1] & std::byte{0x80}) == std::byte{0});
  if (padded) bytes = bytes.subspan(1);
  if (negative || needless || bytes.size() > Mpint::max_bytes) return fail();
  value.magnitude = bytes;
}

}  // namespace nacre
