// ChannelCore: the one state behind all copies of a ChannelFlow. Internal.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "flow/byte_queue.hpp"
#include "flow/channel_flow.hpp"
#include "flow/gate.hpp"

namespace nacre {

class SessionCore;

class ChannelCore : public std::enable_shared_from_this<ChannelCore> {
 public:
  enum class Phase : std::uint8_t { opening, open, refused, closed };

  ChannelCore(std::shared_ptr<SessionCore> session, ChannelId id, Phase phase);
  ~ChannelCore();
  ChannelCore(const ChannelCore&) = delete;
  ChannelCore& operator=(const ChannelCore&) = delete;

  ChannelId id() const { return id_; }
  Phase phase() const { return phase_; }
  SessionCore& session() { return *session_; }
  const std::optional<Exit>& exit() const { return exit_; }
  const std::string& refusal() const { return refusal_; }

  // ---- what ChannelFlow's calls are made of
  Awaitable<FlowResult<std::size_t>> read(Buffer into, Stream stream);
  Awaitable<FlowResult<Done>> write(Bytes bytes, Stream stream);
  Awaitable<FlowResult<Done>> finish();
  Awaitable<void> close();
  void close_at_once();
  Tried try_read(Buffer into, Stream stream);
  Tried try_write(Bytes bytes, Stream stream);
  Awaitable<FlowResult<Done>> wait_readable(Stream stream);
  Awaitable<FlowResult<Done>> wait_writable();
  Bytes waiting(Stream stream) const { return incoming(stream).queue.front(); }
  void consume(std::size_t size, Stream stream);
  void set_sink(Stream stream, ChannelFlow::Sink sink);
  Buffer prepare(std::size_t wanted, Stream stream);
  void commit(std::size_t size);
  void flush();
  Awaitable<FlowResult<Done>> request(Request request);
  FlowResult<Done> send(const Request& request);
  Awaitable<void> exit_with(Exit how);
  Awaitable<void> wait_closed();
  bool ended(Stream stream) const;
  bool closed() const;
  std::optional<FlowError> error() const;

  // While held, nothing is sent and everything that would send waits: until a request has been answered.
  void hold() { held_ = true; }
  void release() noexcept;

  // ---- what the session's events do
  void on_opened();
  void on_refused(std::string why);
  void on_data(Stream stream, Bytes data);
  void on_writable() { writable_.open(); }
  void on_eof();
  void on_closed();
  void on_exit(Exit exit);
  void on_session_ended();

 private:
  struct Incoming {
    explicit Incoming(const Executor& executor) : readable(executor) {}
    ByteQueue queue;
    ChannelFlow::Sink sink;
    Buffer place;  // of the read under way: data goes there first
    std::size_t placed = 0;
    Gate readable;
  };
  Incoming& incoming(Stream stream) { return incoming_[stream == Stream::out ? 0 : 1]; }
  const Incoming& incoming(Stream stream) const { return incoming_[stream == Stream::out ? 0 : 1]; }
  void credit(std::size_t size);
  void wake();
  std::optional<FlowError> write_error() const;

  std::shared_ptr<SessionCore> session_;
  ChannelId id_;
  Phase phase_;
  bool eof_ = false;       // the peer's
  bool finished_ = false;  // ours
  bool closing_ = false;   // our CLOSE has been sent, or will be on release
  bool held_ = false;
  std::optional<Exit> exit_;
  std::string refusal_;
  std::array<Incoming, 2> incoming_;
  Gate writable_;
};

}  // namespace nacre
