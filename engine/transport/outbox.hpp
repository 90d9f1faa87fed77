// Outbox: sealed bytes on their way to the stream. Two buffers, so that what the stream is taking never moves while
// more is written behind it.
#pragma once

#include <cstdint>

#include "crypto/bytes.hpp"
#include "engine/buffers.hpp"

namespace nacre {

class Outbox {
 public:
  // `buffers`, where there are some, must outlive it.
  explicit Outbox(Buffers* buffers = nullptr) : buffers_(buffers) {}
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

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

  std::size_t capacity() const { return flight_.storage.capacity + filling_.storage.capacity; }
  // Nothing waits; giving the buffers back then, to the heap or the shared buffers.
  bool spare() const { return capacity() != 0 && size() == 0; }
  void give_back();

 private:
  struct Half {
    Storage storage;
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t size() const { return end - begin; }
    std::byte* bytes() const { return storage.bytes.get(); }
  };
  void drop(Half& half);

  static constexpr std::size_t first_capacity = 4096;

  Buffers* buffers_;
  Half flight_;
  Half filling_;
  std::size_t expected_ = 0;  // that will be needed, after what was when a shared buffer was given back
  std::uint64_t turn_ = 0;
};

}  // namespace nacre
