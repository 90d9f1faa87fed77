// The one policy of moving and growing: only in `incoming`, and only while nothing is lent or being read into.
#include "engine/transport/inbox.hpp"

#include <algorithm>

namespace nacre {

Inbox::~Inbox() {
  release(true);  // a password may be lent when an engine goes
  replace({});
}

Buffer Inbox::incoming() {
  if (offered_ == 0 && lent_ == 0) {
    if (begin_ == end_) begin_ = end_ = 0;
    const bool short_of_room = capacity_ - end_ < capacity_ / 4;
    if (capacity_ == 0 || ((filled_ || short_of_room) && size() > capacity_ / 4) || (filled_ && capacity_ < limit_))
      grow();
    if (begin_ != 0 && capacity_ - end_ < capacity_ / 2) {
      std::memmove(storage_.bytes.get(), storage_.bytes.get() + begin_, size());
      end_ -= begin_;
      begin_ = 0;
    }
    filled_ = false;
  }
  offered_ = std::min(capacity_, std::max(limit_, end_)) - end_;
  return {storage_.bytes.get() + end_, offered_};
}

void Inbox::received(std::size_t size) {
  size = std::min(size, offered_);
  filled_ = size != 0 && size == offered_;
  offered_ = 0;
  end_ += size;
  if (buffers_ && size == 0) give_back();
}

void Inbox::release(bool secret) {
  const Buffer gone(storage_.bytes.get() + begin_, lent_);
  if (secret) wipe(gone);
#ifndef NDEBUG
  std::fill(gone.begin(), gone.end(), std::byte{0xdd});
#endif
  begin_ += lent_;
  lent_ = 0;
}

void Inbox::give_back() {
  if (!spare()) return;
  if (buffers_ && end_ != 0) expected_ = filled_ ? 4 * capacity_ : end_;
  replace({});
  begin_ = end_ = 0;
}

void Inbox::grow() {
  const auto wanted = std::min(limit_, std::max({first_capacity, capacity_ * 4, expected_}));
  if (wanted <= capacity_) return;
  auto larger =
      buffers_ ? buffers_->take(wanted) : Storage{std::make_unique_for_overwrite<std::byte[]>(wanted), wanted};
  if (size() != 0) std::memcpy(larger.bytes.get(), storage_.bytes.get() + begin_, size());
  if (capacity_ != 0) wipe({storage_.bytes.get(), capacity_});
  end_ = size();
  begin_ = 0;
  replace(std::move(larger));
}

void Inbox::replace(Storage storage) {
  if (buffers_) buffers_->give(std::move(storage_));
  storage_ = std::move(storage);
  capacity_ = std::min(storage_.capacity, limit_);
}

}  // namespace nacre
