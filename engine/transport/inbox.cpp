// The one policy of moving and growing: only in `incoming`, and only while nothing is lent or being read into.
#include "engine/transport/inbox.hpp"

#include <algorithm>

namespace nacre {

Buffer Inbox::incoming() {
  if (offered_ == 0 && lent_ == 0) {
    if (begin_ == end_) begin_ = end_ = 0;
    const bool short_of_room = capacity_ - end_ < capacity_ / 4;
    if (capacity_ == 0 || ((filled_ || short_of_room) && size() > capacity_ / 4) || (filled_ && capacity_ < limit_))
      grow();
    if (begin_ != 0 && capacity_ - end_ < capacity_ / 2) {
      std::memmove(storage_.get(), storage_.get() + begin_, size());
      end_ -= begin_;
      begin_ = 0;
    }
    filled_ = false;
  }
  offered_ = std::min(capacity_, std::max(limit_, end_)) - end_;
  return {storage_.get() + end_, offered_};
}

void Inbox::received(std::size_t size) {
  size = std::min(size, offered_);
  filled_ = size != 0 && size == offered_;
  offered_ = 0;
  end_ += size;
}

void Inbox::release(bool secret) {
  const Buffer gone(storage_.get() + begin_, lent_);
  if (secret) wipe(gone);
#ifndef NDEBUG
  std::fill(gone.begin(), gone.end(), std::byte{0xdd});
#endif
  begin_ += lent_;
  lent_ = 0;
}

void Inbox::give_back() {
  if (!spare()) return;
  storage_.reset();
  capacity_ = begin_ = end_ = 0;
  filled_ = false;
}

void Inbox::grow() {
  const auto wanted = std::min(limit_, std::max(first_capacity, capacity_ * 4));
  if (wanted <= capacity_) return;
  auto larger = std::make_unique_for_overwrite<std::byte[]>(wanted);
  if (size() != 0) std::memcpy(larger.get(), storage_.get() + begin_, size());
  if (capacity_ != 0) wipe({storage_.get(), capacity_});
  end_ = size();
  begin_ = 0;
  storage_ = std::move(larger);
  capacity_ = wanted;
}

}  // namespace nacre
