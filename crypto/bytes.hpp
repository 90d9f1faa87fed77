// Bytes and the few things everybody does with them: views, big-endian numbers, text, wiping.
// Nothing here allocates or fails; whoever calls has checked the sizes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace nacre {

using Bytes = std::span<const std::byte>;  // somebody else's bytes, read only
using Buffer = std::span<std::byte>;       // somebody else's bytes, to fill or change
using ByteVector = std::vector<std::byte>;

inline std::uint32_t load_be32(const std::byte* from) {
  return std::to_integer<std::uint32_t>(from[0]) << 24 | std::to_integer<std::uint32_t>(from[1]) << 16 |
         std::to_integer<std::uint32_t>(from[2]) << 8 | std::to_integer<std::uint32_t>(from[3]);
}

inline void store_be32(std::uint32_t value, std::byte* to) {
  to[0] = static_cast<std::byte>(value >> 24);
  to[1] = static_cast<std::byte>(value >> 16);
  to[2] = static_cast<std::byte>(value >> 8);
  to[3] = static_cast<std::byte>(value);
}

inline std::uint64_t load_be64(const std::byte* from) {
  return std::uint64_t{load_be32(from)} << 32 | load_be32(from + 4);
}

inline void store_be64(std::uint64_t value, std::byte* to) {
  store_be32(static_cast<std::uint32_t>(value >> 32), to);
  store_be32(static_cast<std::uint32_t>(value), to + 4);
}

inline Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

inline std::string_view text_of(Bytes bytes) {
  return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

inline ByteVector copy_of(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

inline void append(ByteVector& to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

// Equality of public values. Secrets are compared by `equal_in_constant_time` (secret.hpp) and by nothing else.
inline bool same_bytes(Bytes a, Bytes b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

// Overwrites with zeros in a way that the compiler may not remove.
void wipe(Buffer bytes) noexcept;

}  // namespace nacre
