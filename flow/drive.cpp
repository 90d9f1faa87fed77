// Drive: one coroutine reads, one writes, one keeps the time; `pump` between them polls and flushes. All of them run
// on one executor, so nothing is locked. A connection at rest waits for readability and holds no input buffer.
#include "flow/drive.hpp"

#include <algorithm>
#include <array>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/post.hpp>

#include "engine/text.hpp"
#include "flow/gate.hpp"

namespace nacre {

namespace {
using Clock = std::chrono::steady_clock;
// A connection has so much of the loop in a row; then others have their turn.
constexpr unsigned turns_in_a_row = 16;
constexpr auto time_in_a_row = std::chrono::milliseconds(2);
constexpr std::size_t least_read = 4096, most_read = 1024 * 1024;  // bytes of one read
}  // namespace

struct Drive::Inside : std::enable_shared_from_this<Drive::Inside> {
  Inside(Engine& driven, AnyFlow over_flow, Handler to, DriveOptions with)
      : engine(driven),
        flow(std::move(over_flow)),
        handler(std::move(to)),
        options(with),
        executor(flow.get_executor()),
        room(executor),
        output(executor),
        progress(executor),
        clock(executor),
        linger(executor) {}

  Engine& engine;
  AnyFlow flow;
  Handler handler;
  DriveOptions options;
  Executor executor;

  Gate room;      // the reader waits here for incoming() to have a place
  Gate output;    // the writer waits here for something to write
  Gate progress;  // run() waits here for the end
  asio::steady_timer clock, linger;
  TimePoint now = Clock::now();
  TimePoint armed = TimePoint::max();

  bool pumping = false, again = false, wake_posted = false;
  bool blocked = false;        // the writer waits until the flow takes more
  bool output_broken = false;  // writing has failed: output is thrown away
  bool input_over = false;     // the reader has ended
  bool linger_passed = false;
  bool over = false;  // everybody goes home
  unsigned loops = 0;
  // What the next read may bring. Small packets that each want an answer cost a hundred times as much a byte as data, so
  // it is measured by the time that the last read took.
  std::size_t next_read = 64 * 1024;
  Ending ending;

  void start(Awaitable<void> (Inside::*loop)()) {
    ++loops;
    auto self = shared_from_this();
    asio::co_spawn(executor, run_loop(self, loop), asio::detached);
  }
  static Awaitable<void> run_loop(std::shared_ptr<Inside> self, Awaitable<void> (Inside::*loop)()) {
    co_await (*self.*loop)();
    --self->loops;
    self->progress.open();
  }

  // ---- polling and flushing

  void pump() {
    if (pumping) {
      again = true;
      return;
    }
    pumping = true;
    bool more = true;
    for (unsigned turn = 0; more && turn < turns_in_a_row; ++turn) {
      again = false;
      now = Clock::now();
      while (auto event = engine.poll(now)) {
        if (const auto* closed = std::get_if<Closed>(&*event)) note(*closed);
        handler(*event);
      }
      more = flush() || again;
    }
    pumping = false;
    if (more) wake();
    after_pump();
  }

  // Writes what can be written without waiting. Whether anything went out, so that polling again may find something.
  bool flush() {
    if (output_broken) {
      const auto size = engine.outgoing().size();
      engine.sent(size);
      return size != 0;
    }
    if (blocked || over || !flow.is_ready_flow()) return false;
    bool any = false;
    for (auto bytes = engine.outgoing(); !bytes.empty(); bytes = engine.outgoing()) {
      auto tried = flow.try_write(bytes);
      if (!tried) {
        blocked = true;
        return any;
      }
      if (!*tried) {
        write_failed(tried->error());
        return true;
      }
      engine.sent(**tried);
      any = true;
    }
    return any;
  }

  void after_pump() {
    if (const auto due = engine.deadline(); due && *due < armed) clock.cancel();
    room.open();
    if (blocked || (!flow.is_ready_flow() && !engine.outgoing().empty())) output.open();
    if (engine.closed()) progress.open();
  }

  void wake() {
    if (pumping) {
      again = true;
      return;
    }
    if (wake_posted || over) return;
    wake_posted = true;
    asio::post(executor, [self = shared_from_this()] {
      self->wake_posted = false;
      self->pump();
    });
  }

  void note(const Closed& closed) {
    ending.error = closed.error;
    ending.reason = closed.reason;
    ending.text = printable(closed.text);
    ending.by_peer = closed.by_peer;
  }

  // ---- the reader

  Awaitable<void> read() {
    bool wait_first = flow.is_ready_flow();
    auto began = Clock::now();
    for (unsigned turn = 1; !over && !engine.closed(); ++turn) {
      if (turn % turns_in_a_row == 0 || Clock::now() - began >= time_in_a_row) {
        co_await asio::post(executor, asio::use_awaitable);
        began = Clock::now();
      }
      if (wait_first) {
        auto waited = co_await flow.wait_readable();
        began = Clock::now();
        if (over || engine.closed()) break;
        if (!waited) {
          input_ended(waited.error());
          break;
        }
      }
      auto into = engine.incoming();
      into = into.first(std::min(into.size(), next_read));
      if (into.empty()) {
        wait_first = false;
        co_await room.wait();
        continue;
      }
      Tried got;
      if (flow.is_ready_flow()) {
        got = flow.try_read(into);
      } else {
        auto awaited = co_await flow.read(into);
        got = std::move(awaited);
      }
      if (!took(got)) break;
      wait_first = flow.is_ready_flow() && (!got || **got < into.size());
    }
    if (engine.closed() && !over) co_await discard();
    input_over = true;
  }

  // Hands to the engine what a read came to. Whether there may be more.
  bool took(const Tried& got) {
    const auto size = got && *got ? **got : 0;
    engine.received(size);
    if (!got) return true;
    if (size == 0) {
      input_ended(*got ? std::nullopt : std::optional(got->error()));
      return false;
    }
    const auto began = Clock::now();
    pump();
    const auto spent = Clock::now() - began;
    if (spent > time_in_a_row) next_read = std::max(least_read, size / 2);
    if (spent < time_in_a_row / 2) next_read = std::min(most_read, std::max(next_read, 2 * size));
    return true;
  }

  void input_ended(std::optional<FlowError> why) {
    if (why && !ending.stream && !over) ending.stream = std::move(why);
    engine.input_ended();
    pump();
  }

  // What the peer sends after our end is read and thrown away, so that a TCP connection is not reset, which could
  // take our last words with it.
  Awaitable<void> discard() {
    std::array<std::byte, 4096> scratch;
    while (!over) {
      auto got = co_await flow.read(scratch);
      if (!got || *got == 0) break;
    }
  }

  // ---- the writer

  Awaitable<void> write() {
    while (!over) {
      if (flow.is_ready_flow() ? !blocked : (engine.outgoing().empty() || output_broken)) {
        co_await output.wait();
        continue;
      }
      if (flow.is_ready_flow()) {
        auto waited = co_await flow.wait_writable();
        blocked = false;
        if (!waited && !over) write_failed(waited.error());
      } else {
        const auto bytes = engine.outgoing();
        auto written = co_await flow.write(bytes);
        if (written) engine.sent(bytes.size());
        if (!written && !over) write_failed(written.error());
      }
      if (over) break;
      pump();
      progress.open();
    }
  }

  // The reader may still find why: a DISCONNECT that came before the reset. It has `linger` for that.
  void write_failed(FlowError why) {
    output_broken = true;
    if (!ending.stream) ending.stream = std::move(why);
    start_linger();
    progress.open();
  }

  // ---- time

  Awaitable<void> keep_time() {
    while (!over) {
      armed = engine.deadline().value_or(TimePoint::max());
      clock.expires_at(armed);
      asio::error_code error;
      co_await clock.async_wait(asio::redirect_error(asio::use_awaitable, error));
      if (over || error) continue;
      pump();
      if (engine.deadline() && *engine.deadline() <= now) {  // an engine that asks for the past gets a little later
        clock.expires_after(std::chrono::milliseconds(1));
        co_await clock.async_wait(asio::redirect_error(asio::use_awaitable, error));
        pump();
      }
    }
  }

  void start_linger() {
    linger.expires_after(options.linger);
    linger.async_wait([weak = weak_from_this()](asio::error_code error) {
      const auto self = weak.lock();
      if (error || !self) return;
      self->linger_passed = true;
      if (!self->engine.closed()) self->input_ended(std::nullopt);
      self->progress.open();
    });
  }

  // ---- the end

  Awaitable<void> finish() {
    start_linger();
    while (!engine.outgoing().empty() && !output_broken && !linger_passed) co_await progress.wait();
    const bool chosen = ending.error.code == Code::closed_by_application;
    if (!ending.by_peer && !ending.stream && (!chosen || options.drain) && !output_broken && !linger_passed) {
      auto half_closed = co_await flow.finish();
      while (half_closed && !input_over && !linger_passed) co_await progress.wait();
    }
    over = true;
    linger.cancel();
    clock.cancel();
    co_await flow.close();
    room.open();
    output.open();
    while (loops != 0) co_await progress.wait();
  }
};

Drive::Drive(Engine& engine, AnyFlow flow, Handler handler, DriveOptions options)
    : inside_(std::make_shared<Inside>(engine, std::move(flow), std::move(handler), options)) {}
Drive::~Drive() = default;

Awaitable<Ending> Drive::run() {
  const auto self = inside_;
  self->start(&Inside::read);
  self->start(&Inside::write);
  self->start(&Inside::keep_time);
  self->pump();
  while (!self->engine.closed()) co_await self->progress.wait();
  co_await self->finish();
  self->handler = nullptr;
  co_return self->ending;
}

void Drive::wake() { inside_->wake(); }
void Drive::push() { inside_->pump(); }
TimePoint Drive::now() const { return inside_->now; }
Executor Drive::get_executor() { return inside_->executor; }

void Drive::disconnect(Reason reason, std::string_view text) {
  inside_->engine.disconnect(reason, text);
  inside_->wake();
}

}  // namespace nacre
