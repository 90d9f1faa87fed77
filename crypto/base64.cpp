// Base64 (RFC 4648 4), strict both ways.
#include "crypto/base64.hpp"

namespace nacre {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The value of a digit without a branch or table that depends on it, since private keys pass here; -1: not a digit.
int digit(char character) {
  const int c = static_cast<unsigned char>(character);
  const auto within = [c](int low, int high) { return ~((c - low) | (high - c)) >> 31; };  // all ones or zero
  int value = -1;
  value ^= (value ^ (c - 'A')) & within('A', 'Z');
  value ^= (value ^ (c - 'a' + 26)) & within('a', 'z');
  value ^= (value ^ (c - '0' + 52)) & within('0', '9');
  value ^= (value ^ 62) & within('+', '+');
  value ^= (value ^ 63) & within('/', '/');
  return value;
}

// Cuts the padding off, and leaves the digits. False when they are not whole groups.
bool take_padding(std::string_view& text) {
  if (text.size() % 4 != 0) return false;
  text.remove_suffix(text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0);
  return true;
}

std::size_t decoded_size(std::string_view digits) { return digits.size() * 3 / 4; }

// Into `out`, which has decoded_size() bytes. False when one is no digit or the unused bits are not zero.
bool decode(std::string_view digits, Buffer out) {
  unsigned held = 0;  // the low `bits` bits are not written yet
  int bits = 0;
  int bad = 0;
  std::size_t size = 0;
  for (const char character : digits) {
    const int value = digit(character);
    bad |= value;
    held = (held << 6 | static_cast<unsigned>(value & 63)) & 0xfff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out[size++] = static_cast<std::byte>(held >> bits);
  }
  return bad >= 0 && (held & ((1U << bits) - 1)) == 0;
}

}  // namespace

std::string base64_encode(Bytes data) {
  std::string text;
  text.reserve((data.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < data.size(); i += 3) {
    const auto at = [&](std::size_t j) { return j < data.size() ? std::to_integer<unsigned>(data[j]) : 0U; };
    const unsigned group = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    const auto left = data.size() - i;
    text += alphabet[group >> 18];
    text += alphabet[group >> 12 & 63];
    text += left > 1 ? alphabet[group >> 6 & 63] : '=';
    text += left > 2 ? alphabet[group & 63] : '=';
  }
  return text;
}

std::optional<ByteVector> base64_decode(std::string_view text) {
  if (!take_padding(text)) return std::nullopt;
  ByteVector data(decoded_size(text));
  if (!decode(text, data)) return std::nullopt;
  return data;
}

std::optional<Secret> base64_decode_secret(std::string_view text) {
  if (!take_padding(text)) return std::nullopt;
  Secret data(decoded_size(text));
  if (!decode(text, data.buffer())) return std::nullopt;
  return data;
}

}  // namespace nacre
