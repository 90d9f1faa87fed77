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

bool Mpint::parse(Bytes contents, Mpint& into) {
  if (!contents.empty()) {
    const bool negative = (contents[0] & std::byte{0x80}) != std::byte{0};
    const bool padded = contents[0] == std::byte{0};
    const bool needless = padded && (contents.size() == 1 || (contents[1] & std::byte{0x80}) == std::byte{0});
    if (padded) contents = contents.subspan(1);
    if (negative || needless || contents.size() > max_bytes) return false;
  }
  into.magnitude = contents;
  return true;
}

void Reader::read(Mpint& value) {
  Bytes contents;
  read(contents);
  if (failed_ || !Mpint::parse(contents, value)) fail();
}

}  // namespace nacre
