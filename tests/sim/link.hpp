// Link: one direction between two parties. It holds few bytes, takes its time, stalls, and can be cut.
#pragma once

#include <deque>
#include <optional>

#include "engine/engine.hpp"
#include "tests/sim/chance.hpp"

namespace nacre::sim {

class Link {
 public:
  std::size_t capacity = 64 * 1024;
  Duration delay{};

  std::size_t room() const { return cut_ ? capacity : capacity - std::min(capacity, bytes_.size() - begin_); }
  void put(Bytes bytes, TimePoint now) {
    if (bytes.empty() || cut_) return;
    append(bytes_, bytes);
    last_ = std::max({last_, now + delay, stalled_until_});
    arrivals_.push_back({last_, bytes.size()});
  }

  // When the first bytes, or the end, can be had.
  std::optional<TimePoint> next_arrival() const {
    if (!arrivals_.empty()) return std::max(arrivals_.front().at, stalled_until_);
    if (ended_) return last_;
    return std::nullopt;
  }
  Bytes arrived(TimePoint now) const {
    if (now < stalled_until_) return {};
    std::size_t size = 0;
    for (const auto& each : arrivals_) {
      if (each.at > now) break;
      size += each.size;
    }
    return Bytes(bytes_).subspan(begin_, size);
  }
  void take(std::size_t size) {
    begin_ += size;
    while (size != 0) {
      const auto part = std::min(size, arrivals_.front().size);
      size -= part;
      if ((arrivals_.front().size -= part) == 0) arrivals_.pop_front();
    }
    if (begin_ == bytes_.size()) {
      bytes_.clear();
      begin_ = 0;
    } else if (begin_ > capacity) {
      bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(begin_));
      begin_ = 0;
    }
  }
  bool empty() const { return arrivals_.empty(); }
  // Nothing more will come, and all that came has been taken.
  bool is_over(TimePoint now) const { return ended_ && arrivals_.empty() && now >= last_; }

  void end(TimePoint now) {  // by the sender
    if (ended_) return;
    ended_ = true;
    last_ = std::max(last_, now + delay);
  }
  void stall(TimePoint until) { stalled_until_ = std::max(stalled_until_, until); }
  void cut(TimePoint now) {  // what is under way is lost
    arrivals_.clear();
    bytes_.clear();
    begin_ = 0;
    last_ = now;
    stalled_until_ = {};
    cut_ = ended_ = true;
  }

 private:
  struct Arrival {
    TimePoint at;
    std::size_t size;
  };

  ByteVector bytes_;
  std::size_t begin_ = 0;
  std::deque<Arrival> arrivals_;
  TimePoint last_{};  // arrival of the last byte
  TimePoint stalled_until_{};
  bool ended_ = false;
  bool cut_ = false;
};

}  // namespace nacre::sim
