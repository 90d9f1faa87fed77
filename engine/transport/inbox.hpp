// Inbox: the one input buffer. The stream is read straight into it, packets are opened where they lie, and what they
// hold is lent out from there. Bytes move only when nobody looks at them.
#pragma once

#include "crypto/bytes.hpp"
#include "engine/buffers.hpp"

namespace nacre {

class Inbox {
 public:
  // `buffers`, where there are some, must outlive it.
  explicit Inbox(std::size_t limit, Buffers* buffers = nullptr) : buffers_(buffers), limit_(limit) {}
  ~Inbox();
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  // Room for the stream: empty when the buffer is as full as the limit permits. Stays in place until `received`.
  Buffer incoming();
  void received(std::size_t size);

  // What has arrived and was not taken yet.
  Buffer pending() { return {storage_.bytes.get() + begin_, end_ - begin_}; }
  std::size_t size() const { return end_ - begin_; }

  // The first bytes are being lent: nothing moves until `release`.
  void lend(std::size_t size) { lent_ = size; }
  // What was lent is gone: wiped when it was secret (and in debug builds always, so that a stale view is noticed).
  void release(bool secret);
  void take(std::size_t size) { begin_ += size; }

  void set_limit(std::size_t limit) { limit_ = limit; }
  std::size_t capacity() const { return capacity_; }

  // The buffer is empty and nobody reads into it; giving it back then, to the heap or the shared buffers.
  bool spare() const { return capacity_ != 0 && size() == 0 && lent_ == 0 && offered_ == 0; }
  void give_back();

 private:
  void grow();
  void replace(Storage storage);

  static constexpr std::size_t first_capacity = 4096;

  Buffers* buffers_;
  Storage storage_;
  std::size_t capacity_ = 0;  // as much of the storage as the limit permits
  std::size_t expected_ = 0;  // that will be needed, after what was when a shared buffer was given back
  std::size_t limit_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t lent_ = 0;
  std::size_t offered_ = 0;  // given out by incoming, not received yet
  bool filled_ = false;      // the last read took all that was offered: a larger buffer would serve
};

}  // namespace nacre
