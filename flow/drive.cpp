// Drive: one coroutine reads, one writes, one keeps the time; `pump` between them polls and flushes. All of them run
// on one executor, so nothing is locked. A connection at rest waits for readability and holds no input buffer.
// The engine is the caller's and may be gone when run() has ended, in whatever way: from then on `over` is set, and
// whoever comes back from a wait asks for it before anything else.
#include "flow/drive.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <new>
#include <utility>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/post.hpp>

#include "engine/text.hpp"
#include "flow/gate.hpp"
#include "flow/thrown.hpp"

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
  bool writing = false;        // the flow has a place of the engine's in hand, which stays until it returns
  bool input_over = false;     // the reader has ended
  bool lingering = false, linger_passed = false;
  bool half_closing = false;  // flow.finish() is under way
  bool flow_closed = false;   // flow.close() has returned
  bool over = false;          // nobody touches the engine any more; everybody goes home
  unsigned loops = 0;         // those that may have a place of the engine in hand
  // What the next read may bring. Small packets that each want an answer cost a hundred times as much a byte as data, so
  // it is measured by the time that the last read took.
  std::size_t next_read = 64 * 1024;
  Ending ending;

  using Loop = Awaitable<void> (Inside::*)();

  void start(Loop loop) { asio::co_spawn(executor, run_loop(shared_from_this(), loop), asio::detached); }

  static Awaitable<void> run_loop(std::shared_ptr<Inside> self, Loop loop) {
    struct Counted {
      explicit Counted(Inside& in) : inside(in) { ++inside.loops; }
      ~Counted() {
        --inside.loops;
        inside.progress.open();
      }
      Inside& inside;
    };
    const Counted counted(*self);
    try {
      co_await (*self.*loop)();
    } catch (...) {
      self->loop_failed(loop, std::current_exception());
    }
  }

  // ---- polling and flushing

  void pump() noexcept {
    if (over) return;
    if (pumping) {
      again = true;
      return;
    }
    pumping = true;
    bool more = true;
    for (unsigned turn = 0; more && turn < turns_in_a_row; ++turn) {
      again = false;
      now = Clock::now();
      poll_events();
      more = flush() || again;
    }
    pumping = false;
    if (more) wake();
    after_pump();
  }

  void poll_events() noexcept {
    try {
      while (auto event = engine.poll(now)) {
        if (const auto* closed = std::get_if<Closed>(&*event)) note(*closed);
        handler(*event);
      }
    } catch (...) {
      failed(std::current_exception());
    }
  }

  // Out of the handler, or out of the engine, which is dead then: both end this connection and nothing else. What is
  // left to do is to poll, until the engine has said that it is closed.
  void failed(const std::exception_ptr& thrown) noexcept {
    if (!engine.closed() && !ending.cause) ending.cause = error_of(thrown);
    disconnect(Reason::by_application, "internal error");
    again = true;
  }

  void disconnect(Reason reason, std::string_view text) noexcept {
    if (over) return;
    try {
      engine.disconnect(reason, text);
    } catch (const std::bad_alloc&) {  // it is dead: the next poll says so
    }
  }

  // A reader or a writer that has thrown can't go on, so nothing that it was to do is waited for.
  void loop_failed(Loop loop, const std::exception_ptr& thrown) noexcept {
    if (loop == &Inside::write) writing = false;
    if (over) return;
    input_over = output_broken = true;
    failed(thrown);
    pump();
  }

  // Writes what can be written without waiting. Whether anything went out, so that polling again may find something.
  bool flush() noexcept {
    if (output_broken) {
      if (writing) return false;
      const auto size = engine.outgoing().size();
      engine.sent(size);
      return size != 0;
    }
    if (blocked || over || !flow.is_ready_flow()) return false;
    bool any = false;
    for (auto bytes = engine.outgoing(); !bytes.empty(); bytes = engine.outgoing()) {
      auto tried = try_write(bytes);
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

  Tried try_write(Bytes bytes) noexcept {
    try {
      return flow.try_write(bytes);
    } catch (...) {
      return FlowResult<std::size_t>(Unexpected{error_of(std::current_exception())});
    }
  }

  void after_pump() noexcept {
    if (const auto due = engine.deadline(); due && *due < armed) clock.cancel();
    room.open();
    if (blocked || (!flow.is_ready_flow() && !engine.outgoing().empty())) output.open();
    if (engine.closed()) progress.open();
  }

  void wake() noexcept {
    if (pumping) {
      again = true;
      return;
    }
    if (wake_posted || over) return;
    wake_posted = true;
    try {
      asio::post(executor, [self = shared_from_this()] {
        self->wake_posted = false;
        self->pump();
      });
    } catch (const std::bad_alloc&) {  // the clock, which waits already, needs no memory to look at the time
      wake_posted = false;
      clock.cancel();
    }
  }

  void note(const Closed& closed) {
    ending.error = closed.error;
    ending.reason = closed.reason;
    ending.by_peer = closed.by_peer;
    ending.text = printable(closed.text);
  }

  // ---- the reader

  Awaitable<void> read() {
    bool wait_first = flow.is_ready_flow();
    auto began = Clock::now();
    for (unsigned turn = 1; !over && !engine.closed(); ++turn) {
      if (turn % turns_in_a_row == 0 || Clock::now() - began >= time_in_a_row) {
        co_await asio::post(executor, asio::use_awaitable);
        began = Clock::now();
        if (over || engine.closed()) break;
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
        if (over) co_return;
        got = std::move(awaited);
      }
      if (!took(got)) break;
      wait_first = flow.is_ready_flow() && (!got || **got < into.size());
    }
    if (!over && engine.closed()) co_await discard();
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
        if (over) break;
        blocked = false;
        if (!waited) write_failed(waited.error());
      } else {
        const auto bytes = engine.outgoing();
        writing = true;
        auto written = co_await flow.write(bytes);
        writing = false;
        if (over) break;
        if (written) engine.sent(bytes.size());
        if (!written) write_failed(written.error());
      }
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
    if (std::exchange(lingering, true)) return;
    linger.expires_after(options.linger);
    linger.async_wait([weak = weak_from_this()](asio::error_code error) {
      const auto self = weak.lock();
      if (error || !self) return;
      self->linger_passed = true;
      if (!self->over && !self->engine.closed()) self->input_ended(std::nullopt);
      self->progress.open();
    });
  }

  // ---- the end

  // Of run(), from outside: as orderly as any other that we choose.
  void cancel() {
    if (engine.closed()) return;
    if (!ending.cause) ending.cause = FlowError{FlowCode::stopped, "cancelled"};
    disconnect(Reason::by_application, "cancelled");
    pump();
  }

  // All of it takes `linger` at most. What the flow has not done by then (one that is a channel waits for the peer of
  // another connection) goes on by itself.
  Awaitable<void> finish() {
    start_linger();
    while (!engine.outgoing().empty() && !output_broken && !linger_passed) co_await progress.wait();
    const bool chosen = ending.error.code == Code::closed_by_application;
    if (!ending.by_peer && !ending.stream && (!chosen || options.drain) && !output_broken && !linger_passed) {
      half_closing = true;
      asio::co_spawn(executor, half_close(shared_from_this()), asio::detached);
      while ((half_closing || !input_over) && !output_broken && !linger_passed) co_await progress.wait();
    }
    leave();
    asio::co_spawn(executor, close_flow(shared_from_this()), asio::detached);
    while (loops != 0 || (!flow_closed && !linger_passed)) co_await progress.wait();
    linger.cancel();
  }

  static Awaitable<void> half_close(std::shared_ptr<Inside> self) {
    auto half_closed = co_await self->flow.finish();
    self->half_closing = false;
    if (!half_closed) self->input_over = true;  // then there is no use in reading on
    self->progress.open();
  }

  static Awaitable<void> close_flow(std::shared_ptr<Inside> self) {
    co_await self->flow.close();
    self->flow_closed = true;
    self->progress.open();
  }

  void leave() {
    over = true;
    clock.cancel();
    room.open();
    output.open();
  }

  // run() has not come to its end, and the engine may go now. Those who wait on the flow are sent home by its closing.
  void abandon() noexcept {
    if (over) return;
    leave();
    linger.cancel();
    try {
      asio::co_spawn(executor, close_flow(shared_from_this()), asio::detached);
    } catch (const std::bad_alloc&) {  // the flow closes when the last of them lets go of it
    }
  }
};

Drive::Drive(Engine& engine, AnyFlow flow, Handler handler, DriveOptions options)
    : inside_(std::make_shared<Inside>(engine, std::move(flow), std::move(handler), options)) {}
Drive::~Drive() { inside_->over = true; }

Awaitable<Ending> Drive::run() {
  const auto self = inside_;
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  std::exception_ptr thrown;
  try {
    self->start(&Inside::read);
    self->start(&Inside::write);
    self->start(&Inside::keep_time);
    self->pump();
    while (!self->engine.closed()) {
      co_await self->progress.wait();
      const auto cancellation = co_await asio::this_coro::cancellation_state;
      if (cancellation.cancelled() != asio::cancellation_type::none) self->cancel();
    }
    co_await self->finish();
  } catch (...) {  // no memory to wait with
    thrown = std::current_exception();
    self->abandon();
  }
  self->handler = nullptr;
  co_await asio::this_coro::throw_if_cancelled(throws);
  if (thrown) std::rethrow_exception(thrown);
  co_return self->ending;
}

void Drive::wake() { inside_->wake(); }
void Drive::push() { inside_->pump(); }
TimePoint Drive::now() const { return inside_->now; }
Executor Drive::get_executor() { return inside_->executor; }

void Drive::disconnect(Reason reason, std::string_view text) {
  inside_->disconnect(reason, text);
  inside_->wake();
}

}  // namespace nacre
