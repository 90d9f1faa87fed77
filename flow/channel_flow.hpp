// ChannelFlow: one SSH channel (RFC 4254) as a flow. Reading it gives window credit back to the peer, and nothing else
// does, so a reader that rests stops its peer and nobody else. Writing waits for window and room. Also a ReadyFlow,
// and an Asio AsyncReadStream and AsyncWriteStream, so that a library written for those runs over it unchanged.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/event.hpp"
#include "flow/async_stream.hpp"
#include "flow/flow.hpp"

namespace nacre {

// How the program at the other end came to its end (RFC 4254 6.10): by itself with a status, or by a signal.
// (It and ChannelWish have constructors because g++ 12 destroys temporary aggregates wrongly beside a co_await.)
struct Exit {
  Exit() = default;
  explicit Exit(std::uint32_t with_status) : status(with_status) {}
  static Exit by_signal(std::string signal, bool core_dumped = false, std::string message = {}) {
    Exit exit;
    exit.signal = std::move(signal);
    exit.core_dumped = core_dumped;
    exit.message = std::move(message);
    return exit;
  }

  std::optional<std::uint32_t> status;
  std::string signal;  // "TERM", without SIG; empty: none. Escaped when it came from a peer
  bool core_dumped = false;
  std::string message;  // likewise
};

class ChannelCore;

// A handle: copies are the same channel. With the last copy the channel is closed.
class ChannelFlow {
 public:
  using executor_type = Executor;
  using lowest_layer_type = ChannelFlow;
  using Sink = std::function<std::size_t(Bytes)>;

  explicit ChannelFlow(std::shared_ptr<ChannelCore> core);

  Executor get_executor() const;
  ChannelId id() const;

  // ---- Flow. `stream` says which of the two: out is data, err is extended data. Reading: a client reads both, a
  // server's program reads out only. Writing: the other way round. The streams are read independently; what is not
  // read holds its part of the channel's window. finish() ends a write() that waits. Calls that are cancelled throw,
  // and leave the channel as flow.hpp says.
  Awaitable<FlowResult<std::size_t>> read(Buffer into, Stream stream = Stream::out);
  Awaitable<FlowResult<Done>> write(Bytes bytes, Stream stream = Stream::out);
  Awaitable<FlowResult<Done>> writev(std::span<const Bytes> several, Stream stream = Stream::out);
  Awaitable<FlowResult<Done>> finish();  // EOF
  Awaitable<void> close();               // CLOSE; waits for the peer's, unless the connection ends before
  void close_at_once();                  // CLOSE, and no waiting

  // ---- ReadyFlow
  Tried try_read(Buffer into, Stream stream = Stream::out);
  Tried try_write(Bytes bytes, Stream stream = Stream::out);
  Awaitable<FlowResult<Done>> wait_readable(
      Stream stream = Stream::out);             // data or the end is there; an error otherwise
  Awaitable<FlowResult<Done>> wait_writable();  // at least one byte can be written

  // ---- Receiving without a further copy

  // What has come and has not been read: one piece of it. Empty when there is none. Lives until consume() or the next
  // read; more may come behind it meanwhile.
  Bytes waiting(Stream stream = Stream::out) const;
  // `size` bytes of waiting() have been dealt with.
  void consume(std::size_t size, Stream stream = Stream::out);

  // Where data is offered the moment it comes, straight from the engine's buffer, before it is queued: the sink takes
  // what it can without waiting (a write to a pipe that doesn't block) and answers how many bytes. The rest is queued
  // for waiting() and read(), and while any is queued the sink is not asked. It must not suspend, and not destroy the
  // channel. What is queued already is offered at once. An empty function takes the sink away. A sink that throws ends
  // the connection.
  void set_sink(Stream stream, Sink sink);

  // ---- Sending without a copy

  // A place of up to `wanted` bytes inside the packet to come; empty: no room now (wait_writable) or over (see error).
  // To be filled and committed before anything else is called on this connection: no co_await between the two.
  Buffer prepare(std::size_t wanted, Stream stream = Stream::out);
  void commit(std::size_t size);
  // What was written or committed goes to the stream now, not at the end of this turn of the loop: for whoever has
  // nothing to add soon, like a keystroke's.
  void flush();

  // ---- Requests (RFC 4254 6)

  // Asks for an answer and waits for it. Errors: request_refused, and what a lost connection says. Cancelled, it
  // throws, and the answer is dropped.
  Awaitable<FlowResult<Done>> request(Request request);
  // Without an answer: window-change, signal, exit-status, ...
  FlowResult<Done> send(const Request& request);
  // Exit status, EOF and CLOSE, for the end of a server's program. What was written before goes first.
  Awaitable<void> exit_with(Exit how);

  // ---- How it stands

  bool ended(Stream stream = Stream::out) const;  // the peer's EOF or CLOSE has come and everything is read
  bool closed() const;                            // no longer usable in either direction
  std::optional<FlowError> error() const;         // why the connection beneath ended, when it did so too early
  std::optional<Exit> exit() const;  // of the program at the other end: known once it has been read to its end
  Awaitable<void> wait_closed();     // until both sides have closed, or the connection has ended

  // ---- Asio: AsyncReadStream, AsyncWriteStream. The end is asio::error::eof; other errors are of flow_category(),
  // valued by FlowCode. No per-operation cancellation.
  template <class MutableBuffers, class Token>
  auto async_read_some(const MutableBuffers& buffers, Token&& token) {
    return async_read_some_of(*this, buffers, std::forward<Token>(token));
  }
  template <class ConstBuffers, class Token>
  auto async_write_some(const ConstBuffers& buffers, Token&& token) {
    return async_write_some_of(*this, buffers, std::forward<Token>(token));
  }
  ChannelFlow& lowest_layer() { return *this; }

 private:
  std::shared_ptr<ChannelCore> core_;
};

}  // namespace nacre
