// MemoryFlow: two queues of bytes between two ends.
#include "flow/memory_flow.hpp"

#include <algorithm>

#include "flow/byte_queue.hpp"
#include "flow/gate.hpp"

namespace nacre {

// One direction.
struct MemoryFlow::Line {
  Line(const Executor& executor, MemoryLine how)
      : options(how), random(how.seed | 1), readable(executor), writable(executor) {}

  void wake() {
    readable.open();
    writable.open();
  }
  std::size_t piece() {
    switch (options.pieces) {
      case MemoryLine::Pieces::whole: return options.capacity;
      case MemoryLine::Pieces::one_byte: return 1;
      case MemoryLine::Pieces::random: break;
    }
    random ^= random << 13;  // xorshift: the same on every machine
    random ^= random >> 7;
    random ^= random << 17;
    return 1 + random % 4096;
  }
  std::size_t room() const {
    auto room = options.capacity - std::min(options.capacity, queue.size());
    if (options.cut_after) room = static_cast<std::size_t>(std::min<std::uint64_t>(room, *options.cut_after - passed));
    return room;
  }

  MemoryLine options;
  std::uint64_t random;
  std::uint64_t passed = 0;
  ByteQueue queue;
  bool finished = false;       // the writer has no more
  bool reader_closed = false;  // nobody reads any more
  bool writer_closed = false;
  Gate readable, writable;
};

struct MemoryFlow::Pair {
  Pair(Executor on, MemoryLine there, MemoryLine back)
      : executor(std::move(on)), lines{{executor, there}, {executor, back}} {
    if (lines[0].options.cut_after == 0u || lines[1].options.cut_after == 0u) cut = true;
  }
  void cut_now() {
    cut = true;
    for (auto& line : lines) line.wake();
  }
  Executor executor;
  Line lines[2];
  bool cut = false;
};

MemoryFlow::MemoryFlow(std::shared_ptr<Pair> pair, bool first) : pair_(std::move(pair)), first_(first) {}
MemoryFlow::MemoryFlow(MemoryFlow&&) noexcept = default;

MemoryFlow& MemoryFlow::operator=(MemoryFlow&& other) noexcept {
  MemoryFlow was(std::move(*this));
  pair_ = std::move(other.pair_);
  first_ = other.first_;
  return *this;
}

namespace {

void close_ends(auto& in, auto& out) {
  in.reader_closed = true;
  out.writer_closed = true;
  out.finished = true;
  in.wake();
  out.wake();
}

}  // namespace

MemoryFlow::~MemoryFlow() {
  if (pair_) close_ends(in(), out());
}

MemoryFlow::Line& MemoryFlow::in() { return pair_->lines[first_ ? 1 : 0]; }
MemoryFlow::Line& MemoryFlow::out() { return pair_->lines[first_ ? 0 : 1]; }
Executor MemoryFlow::get_executor() { return pair_->executor; }

Tried MemoryFlow::try_read(Buffer into) {
  auto& line = in();
  if (line.reader_closed) return FlowResult<std::size_t>(Unexpected{FlowError{FlowCode::closed, "the flow is closed"}});
  if (const auto size = line.queue.read(into.first(std::min(into.size(), line.piece()))); size != 0) {
    line.writable.open();
    return FlowResult<std::size_t>(size);
  }
  if (pair_->cut) return FlowResult<std::size_t>(Unexpected{FlowError{FlowCode::lost, "the line was cut"}});
  if (line.finished) return FlowResult<std::size_t>(std::size_t{0});
  return std::nullopt;
}

Tried MemoryFlow::try_write(Bytes bytes) {
  auto& line = out();
  if (line.finished)
    return FlowResult<std::size_t>(Unexpected{FlowError{FlowCode::closed, "the flow is closed for writing"}});
  if (pair_->cut) return FlowResult<std::size_t>(Unexpected{FlowError{FlowCode::lost, "the line was cut"}});
  if (line.reader_closed)
    return FlowResult<std::size_t>(Unexpected{FlowError{FlowCode::lost, "the other end is closed"}});
  const auto size = std::min(bytes.size(), line.room());
  if (size == 0) return bytes.empty() ? Tried(std::size_t{0}) : std::nullopt;
  line.queue.push(bytes.first(size));
  line.passed += size;
  line.readable.open();
  if (line.options.cut_after == line.passed) pair_->cut_now();
  return FlowResult<std::size_t>(size);
}

Awaitable<FlowResult<Done>> MemoryFlow::wait_readable() {
  const auto pair = pair_;  // outlives this end
  auto& line = in();
  if (line.queue.empty() && !line.finished && !line.reader_closed && !pair->cut) co_await line.readable.wait();
  co_return Done{};
}

Awaitable<FlowResult<Done>> MemoryFlow::wait_writable() {
  const auto pair = pair_;
  auto& line = out();
  if (line.room() == 0 && !line.finished && !line.reader_closed && !pair->cut) co_await line.writable.wait();
  co_return Done{};
}

Awaitable<FlowResult<std::size_t>> MemoryFlow::read(Buffer into) {
  const auto pair = pair_;
  auto& line = in();
  for (;;) {
    if (line.reader_closed) co_return Unexpected{FlowError{FlowCode::closed, "the flow is closed"}};
    auto tried = try_read(into);
    if (tried) co_return std::move(*tried);
    co_await line.readable.wait();
  }
}

Awaitable<FlowResult<Done>> MemoryFlow::write(Bytes bytes) {
  const auto pair = pair_;
  auto& line = out();
  while (!bytes.empty()) {
    if (line.writer_closed) co_return Unexpected{FlowError{FlowCode::closed, "the flow is closed"}};
    auto tried = try_write(bytes);
    if (!tried) {
      co_await line.writable.wait();
      continue;
    }
    if (!*tried) co_return Unexpected{tried->error()};
    bytes = bytes.subspan(**tried);
  }
  co_return Done{};
}

Awaitable<FlowResult<Done>> MemoryFlow::writev(std::span<const Bytes> several) {
  for (const auto bytes : several) {
    auto written = co_await write(bytes);
    if (!written) co_return written;
  }
  co_return Done{};
}

Awaitable<FlowResult<Done>> MemoryFlow::finish() {
  out().finished = true;
  out().wake();
  co_return Done{};
}

Awaitable<void> MemoryFlow::close() {
  close_ends(in(), out());
  co_return;
}

void MemoryFlow::cut() { pair_->cut_now(); }

std::pair<MemoryFlow, MemoryFlow> memory_flow(Executor executor, MemoryLine there, MemoryLine back) {
  const auto pair = std::make_shared<MemoryFlow::Pair>(std::move(executor), there, back);
  return {MemoryFlow(pair, true), MemoryFlow(pair, false)};
}

}  // namespace nacre
