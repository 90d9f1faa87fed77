// Swapping when the stream has taken all of one buffer; growing when the other is full.
#include "engine/transport/outbox.hpp"

#include <algorithm>
#include <utility>

namespace nacre {

namespace {
constexpr std::size_t largest_step = 64 * 1024;  // of growth beyond what is needed
}  // namespace

Outbox::~Outbox() {
  drop(flight_);
  drop(filling_);
}

Bytes Outbox::outgoing() {
  if (flight_.size() == 0) {
    flight_.begin = flight_.end = 0;
    std::swap(flight_, filling_);
    ++turn_;
  }
  return {flight_.bytes() + flight_.begin, flight_.size()};
}

void Outbox::sent(std::size_t size) {
  flight_.begin += std::min(size, flight_.size());
  if (!buffers_ || flight_.size() != 0 || !flight_.bytes()) return;
  expected_ = flight_.end;
  drop(flight_);
}

Buffer Outbox::reserve(std::size_t size) {
  ++turn_;
  if (const auto capacity = filling_.storage.capacity; capacity - filling_.end < size) {
    const auto wanted = std::max({first_capacity, filling_.end + size + std::min(capacity, largest_step), expected_});
    auto larger =
        buffers_ ? buffers_->take(wanted) : Storage{std::make_unique_for_overwrite<std::byte[]>(wanted), wanted};
    if (filling_.end != 0) std::memcpy(larger.bytes.get(), filling_.bytes(), filling_.end);
    std::swap(filling_.storage, larger);
    if (buffers_) buffers_->give(std::move(larger));
  }
  return {filling_.bytes() + filling_.end, size};
}

void Outbox::give_back() {
  ++turn_;
  if (flight_.size() == 0) drop(flight_);
  if (filling_.size() == 0) drop(filling_);
}

void Outbox::drop(Half& half) {
  if (buffers_) buffers_->give(std::move(half.storage));
  half = {};
}

}  // namespace nacre
