// Swapping when the stream has taken all of one buffer; growing when the other is full.
#include "engine/transport/outbox.hpp"

#include <algorithm>
#include <utility>

namespace nacre {

namespace {
constexpr std::size_t largest_step = 64 * 1024;  // of growth beyond what is needed
}  // namespace

Bytes Outbox::outgoing() {
  if (flight_.size() == 0) {
    flight_.begin = flight_.end = 0;
    std::swap(flight_, filling_);
    ++turn_;
  }
  return {flight_.bytes.get() + flight_.begin, flight_.size()};
}

void Outbox::sent(std::size_t size) { flight_.begin += std::min(size, flight_.size()); }

Buffer Outbox::reserve(std::size_t size) {
  ++turn_;
  if (filling_.capacity - filling_.end < size) {
    const auto wanted = std::max(first_capacity, filling_.end + size + std::min(filling_.capacity, largest_step));
    auto larger = std::make_unique_for_overwrite<std::byte[]>(wanted);
    if (filling_.end != 0) std::memcpy(larger.get(), filling_.bytes.get(), filling_.end);
    filling_.bytes = std::move(larger);
    filling_.capacity = wanted;
  }
  return {filling_.bytes.get() + filling_.end, size};
}

void Outbox::give_back() {
  ++turn_;
  if (flight_.size() == 0) flight_ = {};
  if (filling_.size() == 0) filling_ = {};
}

}  // namespace nacre
