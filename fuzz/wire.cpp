// The readers of RFC 4251 values over hostile bytes. The first bytes choose what is read, the rest is read.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "crypto/wire.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

// A view that a reader hands out lies within what it was given.
void require_within(nacre::Bytes whole, nacre::Bytes part) {
  if (part.empty()) return;
  require(part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_names(const nacre::NameList& list) {
  std::size_t count = 0;
  for (auto name : list) {
    require(!name.empty() && name.find(',') == name.npos && list.contains(name));
    ++count;
  }
  require(count == list.size());
}

void read_one(unsigned kind, nacre::Reader& reader, nacre::Bytes whole) {
  std::uint8_t byte = 0;
  bool flag = false;
  std::uint32_t word = 0;
  std::uint64_t number = 0;
  nacre::Bytes bytes;
  nacre::NameList names;
  nacre::Mpint mpint;
  std::array<std::byte, 16> cookie{};
  switch (kind % 7) {
    case 0: return reader.read(byte);
    case 1: return reader.read(flag);
    case 2: return reader.read(word);
    case 3: return reader.read(number);
    case 4: reader.read(bytes); return require_within(whole, bytes);
    case 5:
      reader.read(names);
      if (!reader.failed()) check_names(names);
      return;
    default:
      reader.read(mpint);
      require_within(whole, mpint.magnitude);
      require(mpint.magnitude.size() <= nacre::Mpint::max_bytes);
      require(mpint.magnitude.empty() || mpint.magnitude[0] != std::byte{0});
      reader.read(cookie);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = std::as_bytes(std::span(data, size));
  const auto plan = input.first(std::min<std::size_t>(8, size));
  const auto body = input.subspan(plan.size());
  nacre::Reader reader(body);
  for (auto kind : plan) {
    const bool failed = reader.failed();
    const auto before = reader.rest().size();
    read_one(std::to_integer<unsigned>(kind), reader, body);
    require(reader.rest().size() <= before);
    require(!failed || (reader.failed() && !reader.done()));  // what failed stays failed
  }
  return 0;
}
