// What people compare keys by: the fingerprint, and its picture, the "drunken bishop" that ssh-keygen -lv draws.
#include <algorithm>
#include <array>

#include "crypto/base64.hpp"
#include "crypto/hash.hpp"
#include "crypto/keys.hpp"

namespace nacre {

namespace {

constexpr int width = 17;
constexpr int height = 9;
constexpr std::string_view symbols = " .o+=*BOX@%&#/^SE";
constexpr std::size_t start_symbol = 15;
constexpr std::size_t end_symbol = 16;

using Field = std::array<std::array<std::size_t, width>, height>;

// The bishop starts in the middle and goes one square diagonally for each two bits, lowest first, along walls he would
// run into. A square counts his visits.
Field walk(Bytes digest) {
  Field field{};
  int x = width / 2, y = height / 2;
  for (const auto byte : digest) {
    auto bits = std::to_integer<unsigned>(byte);
    for (int step = 0; step < 4; ++step, bits >>= 2) {
      x = std::clamp(x + ((bits & 1) != 0 ? 1 : -1), 0, width - 1);
      y = std::clamp(y + ((bits & 2) != 0 ? 1 : -1), 0, height - 1);
      auto& square = field[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)];
      square = std::min(square + 1, start_symbol - 1);
    }
  }
  field[height / 2][width / 2] = start_symbol;
  field[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)] = end_symbol;
  return field;
}

// "+---[title]----+", the title in the middle.
std::string border(const std::string& title) {
  const auto left = (static_cast<std::size_t>(width) - title.size()) / 2;
  return "+" + std::string(left, '-') + title + std::string(width - title.size() - left, '-') + "+\n";
}

std::string short_type(std::string_view type) {
  if (type == "ssh-ed25519") return "ED25519";
  return type == "ssh-rsa" ? "RSA" : "ECDSA";
}

}  // namespace

std::string fingerprint(Bytes key_blob) {
  auto text = "SHA256:" + base64_encode(sha256(key_blob));
  while (text.ends_with('=')) text.pop_back();
  return text;
}

std::string randomart(const PublicKey& key) {
  const auto digest = sha256(key.blob());
  auto picture = border("[" + short_type(key.type()) + " " + std::to_string(key.bits()) + "]");
  for (const auto& row : walk(digest)) {
    picture += '|';
    for (const auto visits : row) picture += symbols[visits];
    picture += "|\n";
  }
  return picture + border("[SHA256]");
}

}  // namespace nacre
