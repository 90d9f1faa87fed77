// What the tests of this floor share: hexadecimal, a Random that gives prescribed bytes, the default provider.
#pragma once

#include <string>
#include <string_view>

#include "crypto/botan_provider.hpp"

namespace nacre::testing {

inline ByteVector from_hex(std::string_view text) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  ByteVector bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(digit(text[i]) << 4 | digit(text[i + 1])));
  return bytes;
}

inline std::string to_hex(Bytes bytes) {
  std::string text;
  for (const auto byte : bytes) {
    text += "0123456789abcdef"[std::to_integer<int>(byte) >> 4];
    text += "0123456789abcdef"[std::to_integer<int>(byte) & 15];
  }
  return text;
}

// Gives these bytes and no others: false when they are used up.
class FixedRandom final : public Random {
 public:
  explicit FixedRandom(Bytes bytes) : left_(copy_of(bytes)) {}
  bool fill(Buffer out) override {
    if (out.size() > left_.size()) return false;
    std::memcpy(out.data(), left_.data(), out.size());
    left_.erase(left_.begin(), left_.begin() + static_cast<std::ptrdiff_t>(out.size()));
    drawn_ += out.size();
    return true;
  }
  std::size_t drawn() const { return drawn_; }
  std::size_t left() const { return left_.size(); }

 private:
  ByteVector left_;
  std::size_t drawn_ = 0;
};

// Fails from the call with that number on.
class FailingRandom final : public Random {
 public:
  explicit FailingRandom(int good_calls) : good_calls_(good_calls), under_(seeded_random(7)) {}
  bool fill(Buffer out) override { return good_calls_-- > 0 && under_->fill(out); }

 private:
  int good_calls_;
  std::unique_ptr<Random> under_;
};

inline constexpr KeyType all_types[] = {KeyType::ed25519, KeyType::ecdsa_p256, KeyType::ecdsa_p384, KeyType::ecdsa_p521,
                                        KeyType::rsa};

struct Bench {
  std::unique_ptr<Random> random = seeded_random(1);
  Provider provider = botan_provider(*random);
};

template <class Algorithm>
const Algorithm& named(std::span<const Algorithm> table, std::string_view name) {
  return *find_algorithm(table, name);
}

}  // namespace nacre::testing
