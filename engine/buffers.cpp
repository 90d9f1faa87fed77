// A list through the places themselves, for each size: nothing is allocated to keep them.
#include "engine/buffers.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace nacre {
namespace {

// Which of the sizes a power of two is.
std::size_t index_of(std::size_t capacity) {
  return static_cast<std::size_t>(std::countr_zero(capacity) - std::countr_zero(Buffers::smallest));
}

std::byte* next_of(const std::byte* place) {
  std::byte* next = nullptr;
  std::memcpy(&next, place, sizeof next);
  return next;
}

}  // namespace

Buffers::~Buffers() {
  for (auto* place : last_)
    while (place) {
      const std::unique_ptr<std::byte[]> gone(place);
      place = next_of(place);
    }
}

Storage Buffers::take(std::size_t size) {
  const auto capacity = std::bit_ceil(std::max(size, smallest));
  const auto index = index_of(capacity);
  if (index >= sizes || !last_[index]) return {std::make_unique_for_overwrite<std::byte[]>(capacity), capacity};
  auto* place = std::exchange(last_[index], next_of(last_[index]));
  kept_ -= capacity;
  return {std::unique_ptr<std::byte[]>(place), capacity};
}

void Buffers::give(Storage storage) noexcept {
  if (!storage.bytes || storage.capacity > most_ - kept_) return;
  const auto index = index_of(storage.capacity);
  if (index >= sizes) return;
  std::memcpy(storage.bytes.get(), &last_[index], sizeof last_[index]);
  last_[index] = storage.bytes.release();
  kept_ += storage.capacity;
}

}  // namespace nacre
