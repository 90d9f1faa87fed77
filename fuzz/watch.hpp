// What must hold for every engine whatever is done to it, asserted for the targets that drive one; and the bytes of the
// input that steer an application.
#pragma once

#include "engine/engine.hpp"

namespace nacre::fuzz {

// A finding: the fuzzer keeps the input.
void require(bool condition);

// Decisions of the application, from the fuzzer's bytes; zeros when they have run out.
class Control {
 public:
  explicit Control(Bytes bytes) : bytes_(bytes) {}
  unsigned next() {
    if (bytes_.empty()) return 0;
    const auto value = std::to_integer<unsigned>(bytes_[0]);
    bytes_ = bytes_.subspan(1);
    return value;
  }
  unsigned next16() {
    const auto high = next();
    return high << 8 | next();
  }
  Bytes take(std::size_t size) {
    const auto taken = bytes_.first(std::min(size, bytes_.size()));
    bytes_ = bytes_.subspan(taken.size());
    return taken;
  }
  bool empty() const { return bytes_.empty(); }

 private:
  Bytes bytes_;
};

class Watch {
 public:
  // `most_events`: polling may not give more, or it makes no progress.
  Watch(Engine& engine, std::size_t most_events) : engine_(engine), events_left_(most_events) {}

  // poll(now) has given it: one Closed at most and nothing after it, nothing of the connection protocol before
  // authentication, and views that can be read.
  void event(const Event& event);
  // Until the next poll: what it has lent is still what it was.
  void still_lent(const Event& event) const;
  // poll(now) has given nothing: there is nothing to do before the deadline, and the output is bounded.
  void quiet(TimePoint now);
  // After the end: silence, and commands that say so.
  void ended(TimePoint now);

  bool closed = false;
  bool authenticated = false;

 private:
  Engine& engine_;
  std::size_t events_left_;
  std::uint64_t lent_ = 0;
};

}  // namespace nacre::fuzz
