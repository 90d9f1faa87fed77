// Buffers: places for the stream that many engines of one thread share. An engine that has them holds a buffer only
// while something is in it: what busy engines need is then measured by their traffic and not by their number, and it
// stays in the processor's cache. An engine without keeps its buffers until it has been silent for `give_back_after`.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

namespace nacre {

// A place, and how large it is.
struct Storage {
  std::unique_ptr<std::byte[]> bytes;
  std::size_t capacity = 0;
};

// For one thread, as the engines are that share it. What comes back is not wiped, as freed memory is not: passwords and
// keys are wiped by the engine before.
class Buffers {
 public:
  // Keeps at most so many bytes for whoever asks next. What comes back beyond that goes to the heap.
  explicit Buffers(std::size_t most = 2 * 1024 * 1024) : most_(most) {}
  ~Buffers();
  Buffers(const Buffers&) = delete;
  Buffers& operator=(const Buffers&) = delete;

  // At least `size` bytes, and less than twice as many or `smallest`: the place that came back last, else a new one.
  // Throws std::bad_alloc.
  Storage take(std::size_t size);
  void give(Storage storage) noexcept;

  // Bytes that wait for the next.
  std::size_t kept() const { return kept_; }

  static constexpr std::size_t smallest = 4096;  // bytes of a place

 private:
  static constexpr std::size_t sizes = 10;  // each twice the one before, to 2 MiB; larger places are not kept

  std::size_t most_;
  std::size_t kept_ = 0;
  std::array<std::byte*, sizes> last_{};  // of each size; the first bytes of a place say where the next one is
};

}  // namespace nacre
