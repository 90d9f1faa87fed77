// MemoryFlow: two ends joined in memory, for tests and for programs that talk to themselves. How the bytes are cut
// into pieces, how many wait at most, and after how many the line breaks, can be said for each direction.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "flow/flow.hpp"

namespace nacre {

struct MemoryLine {
  enum class Pieces { whole, one_byte, random };
  Pieces pieces = Pieces::whole;           // what one read or try gets at most
  std::uint64_t seed = 1;                  // of random pieces: 1 to 4096 bytes each
  std::size_t capacity = 64 * 1024;        // bytes that wait at most; writers wait for room
  std::optional<std::uint64_t> cut_after;  // bytes that pass; then both ends find the line cut: FlowCode::lost
};

class MemoryFlow {
 public:
  MemoryFlow(MemoryFlow&&) noexcept;
  MemoryFlow& operator=(MemoryFlow&&) noexcept;
  ~MemoryFlow();

  Executor get_executor();
  Awaitable<FlowResult<std::size_t>> read(Buffer into);
  Awaitable<FlowResult<Done>> write(Bytes bytes);
  Awaitable<FlowResult<Done>> writev(std::span<const Bytes> several);
  Awaitable<FlowResult<Done>> finish();
  Awaitable<void> close();
  Tried try_read(Buffer into);
  Tried try_write(Bytes bytes);
  Awaitable<FlowResult<Done>> wait_readable();
  Awaitable<FlowResult<Done>> wait_writable();

  // Breaks the line at once, in both directions, as a pulled plug does.
  void cut();

 private:
  struct Line;
  struct Pair;
  friend std::pair<MemoryFlow, MemoryFlow> memory_flow(Executor, MemoryLine, MemoryLine);
  MemoryFlow(std::shared_ptr<Pair> pair, bool first);
  Line& in();
  Line& out();
  std::shared_ptr<Pair> pair_;
  bool first_ = false;
};

// The two ends. `there` governs what the first end writes, `back` what the second writes.
std::pair<MemoryFlow, MemoryFlow> memory_flow(Executor executor, MemoryLine there = {}, MemoryLine back = {});

// Hides that a flow can be tried, so that only the five calls of Flow are left: for tests of what runs over flows.
template <Flow F>
class PlainFlow {
 public:
  explicit PlainFlow(F flow) : flow_(std::move(flow)) {}
  Executor get_executor() { return flow_.get_executor(); }
  Awaitable<FlowResult<std::size_t>> read(Buffer into) { return flow_.read(into); }
  Awaitable<FlowResult<Done>> write(Bytes bytes) { return flow_.write(bytes); }
  Awaitable<FlowResult<Done>> writev(std::span<const Bytes> several) { return flow_.writev(several); }
  Awaitable<FlowResult<Done>> finish() { return flow_.finish(); }
  Awaitable<void> close() { return flow_.close(); }

 private:
  F flow_;
};

}  // namespace nacre
