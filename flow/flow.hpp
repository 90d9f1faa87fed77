// Flow: a stream of bytes both ways, as Mirage has it: read, write, writev, half-close, close, all of them Asio
// coroutines. Nothing throws out of a flow: what goes wrong is a FlowError in the result.
// AnyFlow holds any of them, so that whatever works over flows is compiled once.
//
// Cancellation, as by `flow.read(buffer) || timer.async_wait(use_awaitable)` of Asio's awaitable_operators, harms no
// flow: the call is over at once, with an exception (asio::error::operation_aborted) or with FlowCode::closed, and the
// flow can still be used. What a cancelled read has read is lost with it, and how much a cancelled write has written is
// not known; wait_readable() and wait_writable() of a ReadyFlow move nothing and may be cancelled as often as one likes.
// A close() that is cancelled goes on.
//
// One flow, and all that stands on it, belongs to one executor that runs one thing at a time: an io_context run by
// one thread, or a strand. There are no locks.
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include "crypto/bytes.hpp"
#include "crypto/expected.hpp"

namespace nacre {

using Executor = asio::any_io_executor;
template <class T>
using Awaitable = asio::awaitable<T>;

enum class FlowCode : std::uint8_t {
  closed,  // by us: the flow was closed, or is being used after its end
  lost,    // the other side vanished: reset, broken pipe, an end in the middle
  timed_out,
  unreachable,       // could not connect: no such name, refused, no route
  not_ssh,           // the peer speaks something else, or a version of SSH that we don't
  no_agreement,      // no algorithm in common
  protocol,          // the peer broke the protocol, or what came was damaged
  host_key_refused,  // by the authenticator
  auth_failed,       // nothing more to authenticate with that the server takes; the text names its methods
  disconnected,      // the peer said so; the text has its words
  channel_refused,   // the peer did not open the channel
  request_refused,   // the peer refused the request on it
  stopped,           // by the stop token, or by cancellation
  configuration,     // ours is wrong; the text says what
  misuse,            // the caller's mistake; nothing has changed
  system,            // the system refused: the text has its words
};

struct FlowError {
  FlowCode code = FlowCode::closed;
  std::string text;  // one line for people, without a full stop; the peer's words in it are escaped already
};

struct Done {};  // the value of what has none

template <class T>
using FlowResult = Expected<T, FlowError>;

std::string_view describe(FlowCode code);  // two or three words

// read: at least one byte, or 0 at the end of the stream; `into` must not be empty.
// write, writev: all of it, or an error.
// finish: half-close; no more will be written, reading goes on. A second time does nothing.
// close: both directions, in good order. Whatever is under way on the flow ends with FlowCode::closed.
// Bytes lent to a call must live until it has completed. One read and one write may be under way at a time.
// A flow that dies closes at once and waits for nothing.
template <class F>
concept Flow = std::movable<F> && requires(F& flow, Buffer into, Bytes bytes, std::span<const Bytes> several) {
  { flow.read(into) } -> std::same_as<Awaitable<FlowResult<std::size_t>>>;
  { flow.write(bytes) } -> std::same_as<Awaitable<FlowResult<Done>>>;
  { flow.writev(several) } -> std::same_as<Awaitable<FlowResult<Done>>>;
  { flow.finish() } -> std::same_as<Awaitable<FlowResult<Done>>>;
  { flow.close() } -> std::same_as<Awaitable<void>>;
  { flow.get_executor() } -> std::convertible_to<Executor>;
};

// What a try came to: nothing when it would have had to wait.
using Tried = std::optional<FlowResult<std::size_t>>;

// A Flow that can also be tried without waiting. `drive` prefers these: a connection at rest then holds no buffer,
// and bulk data needs no coroutine for each piece. try_read answers as read does; try_write writes some.
// After a wait that says Done, trying again is worth it, though it may still find nothing.
template <class F>
concept ReadyFlow = Flow<F> && requires(F& flow, Buffer into, Bytes bytes) {
  { flow.try_read(into) } -> std::same_as<Tried>;
  { flow.try_write(bytes) } -> std::same_as<Tried>;
  { flow.wait_readable() } -> std::same_as<Awaitable<FlowResult<Done>>>;
  { flow.wait_writable() } -> std::same_as<Awaitable<FlowResult<Done>>>;
};

// Any Flow, owned. Itself a Flow. Empty after it has been moved from; then only assignment and destruction are allowed.
class AnyFlow {
 public:
  template <Flow F>
  requires(!std::same_as<F, AnyFlow>) AnyFlow(F flow)
      : held_(std::make_unique<Held<F>>(std::move(flow))) {}  // NOLINT: implicit on purpose

  Executor get_executor() { return held_->get_executor(); }
  Awaitable<FlowResult<std::size_t>> read(Buffer into) { return held_->read(into); }
  Awaitable<FlowResult<Done>> write(Bytes bytes) { return held_->write(bytes); }
  Awaitable<FlowResult<Done>> writev(std::span<const Bytes> several) { return held_->writev(several); }
  Awaitable<FlowResult<Done>> finish() { return held_->finish(); }
  Awaitable<void> close() { return held_->close(); }

  // Whether the flow inside is a ReadyFlow. The four below may be called only then.
  bool is_ready_flow() const { return held_->is_ready_flow(); }
  Tried try_read(Buffer into) { return held_->try_read(into); }
  Tried try_write(Bytes bytes) { return held_->try_write(bytes); }
  Awaitable<FlowResult<Done>> wait_readable() { return held_->wait_readable(); }
  Awaitable<FlowResult<Done>> wait_writable() { return held_->wait_writable(); }

 private:
  struct Holder {
    virtual ~Holder() = default;
    virtual Executor get_executor() = 0;
    virtual Awaitable<FlowResult<std::size_t>> read(Buffer into) = 0;
    virtual Awaitable<FlowResult<Done>> write(Bytes bytes) = 0;
    virtual Awaitable<FlowResult<Done>> writev(std::span<const Bytes> several) = 0;
    virtual Awaitable<FlowResult<Done>> finish() = 0;
    virtual Awaitable<void> close() = 0;
    virtual bool is_ready_flow() const { return false; }
    virtual Tried try_read(Buffer) { return std::nullopt; }
    virtual Tried try_write(Bytes) { return std::nullopt; }
    virtual Awaitable<FlowResult<Done>> wait_readable() { co_return Done{}; }
    virtual Awaitable<FlowResult<Done>> wait_writable() { co_return Done{}; }
  };

  template <class F>
  struct Held : Holder {
    explicit Held(F from) : flow(std::move(from)) {}
    Executor get_executor() override { return flow.get_executor(); }
    Awaitable<FlowResult<std::size_t>> read(Buffer into) override { return flow.read(into); }
    Awaitable<FlowResult<Done>> write(Bytes bytes) override { return flow.write(bytes); }
    Awaitable<FlowResult<Done>> writev(std::span<const Bytes> several) override { return flow.writev(several); }
    Awaitable<FlowResult<Done>> finish() override { return flow.finish(); }
    Awaitable<void> close() override { return flow.close(); }
    F flow;
  };

  template <ReadyFlow F>
  struct Held<F> : Holder {
    explicit Held(F from) : flow(std::move(from)) {}
    Executor get_executor() override { return flow.get_executor(); }
    Awaitable<FlowResult<std::size_t>> read(Buffer into) override { return flow.read(into); }
    Awaitable<FlowResult<Done>> write(Bytes bytes) override { return flow.write(bytes); }
    Awaitable<FlowResult<Done>> writev(std::span<const Bytes> several) override { return flow.writev(several); }
    Awaitable<FlowResult<Done>> finish() override { return flow.finish(); }
    Awaitable<void> close() override { return flow.close(); }
    bool is_ready_flow() const override { return true; }
    Tried try_read(Buffer into) override { return flow.try_read(into); }
    Tried try_write(Bytes bytes) override { return flow.try_write(bytes); }
    Awaitable<FlowResult<Done>> wait_readable() override { return flow.wait_readable(); }
    Awaitable<FlowResult<Done>> wait_writable() override { return flow.wait_writable(); }
    F flow;
  };

  std::unique_ptr<Holder> held_;
};

}  // namespace nacre
