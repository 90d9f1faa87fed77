// Outbox: sealed bytes on their way to the stream. Two buffers, so that what the stream is taking never moves while
// more is written behind it.
#pragma once

#include <cstdint>
#include <memory>

#include "crypto/bytes.hpp"

namespace nacre {

class Outbox {
 public:
  // The bytes to send next, contiguous; they stay in place until they are sent.
  Bytes outgoing();
  void sent(std::size_t size);

  // Bytes waiting.
  std::size_t size() const { return flight_.size() + filling_.size(); }

  // A place for `size` bytes behind all that waits, good until the next call of reserve; it counts once committed.
  Buffer reserve(std::size_t size);
  void commit(std::size_t size) {
    filling_.end += size;
    ++turn_;
  }
  // Changes with everything that loses the last place: whoever kept one compares.
  std::uint64_t turn() const { return turn_; }

  std::size_t capacity() const { return flight_.capacity + filling_.capacity; }
  // Nothing waits; giving the buffers back to the heap then.
  bool spare() const { return capacity() != 0 && size() == 0; }
  void give_back();

 private:
  struct Storage {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t capacity = 0;
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t size() const { return end - begin; }
  };

  static constexpr std::size_t first_capacity = 4096;

  Storage flight_;
  Storage filling_;
  std::uint64_t turn_ = 0;
};

}  // namespace nacre
