// SessionCore: what both sides of a session are made of: an engine, its drive, and a table of channels. The role (client
// or server) is a function that sees the events which are not the core's. Internal: programs see ClientSession,
// spawn_server and ChannelFlow.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include <asio/steady_timer.hpp>

#include "engine/client.hpp"
#include "engine/server.hpp"
#include "flow/channel_core.hpp"
#include "flow/client_session.hpp"
#include "flow/drive.hpp"
#include "flow/gate.hpp"
#include "flow/log.hpp"

namespace nacre {

class SessionCore : public std::enable_shared_from_this<SessionCore> {
 public:
  struct Answer {  // to a request of ours
    bool success = false;
    ByteVector data = {};
  };
  // Whether the role has dealt with the event.
  using Role = std::function<bool(const Event& event)>;

  SessionCore(std::variant<Client, Server> engine, AnyFlow flow, std::shared_ptr<Log> log, std::string name);

  // For what is done in answer to an event, whose exceptions the drive sees.
  Engine& engine() { return *engine_; }
  // For all that is done at other times: an engine that throws is dead, and is polled once more so that it can say so.
  template <class Work>
  auto command(Work work) {
    try {
      return work(*engine_);
    } catch (const std::bad_alloc&) {
      drive_.wake();
      throw;
    }
  }
  Client& client() { return std::get<Client>(either_); }  // only on a client
  Server& server() { return std::get<Server>(either_); }  // only on a server
  Drive& drive() { return drive_; }
  Executor get_executor() { return drive_.get_executor(); }
  void set_role(Role role) { role_ = std::move(role); }

  // Runs the session to its end. Keeps `core` alive meanwhile. Cancellation ends it as Drive::run says.
  static Awaitable<void> run(std::shared_ptr<SessionCore> core, std::optional<KeepAlive> keep_alive);
  // Ends it from our side, for the reason given; the first reason counts.
  void end(Reason reason, FlowError cause) noexcept;
  // The same because something that was spawned for it has thrown. Null: nothing has.
  void end_by(const std::exception_ptr& thrown) noexcept;
  // The same because nobody holds it any more.
  void drop() noexcept;
  // The reason of an end that the engine is about to come to by itself.
  void set_cause(FlowError cause) {
    if (!cause_) cause_ = std::move(cause);
  }

  bool ended() const { return ending_.has_value(); }
  const Ending& ending() const { return *ending_; }         // only when ended
  FlowError error() const { return flow_error(*ending_); }  // likewise
  const Negotiated& negotiated() const { return negotiated_; }

  // Opened whenever something has changed that a coroutine may wait for: answers, channels opened or closed, new keys,
  // authentication, the end.
  Gate& changed() { return changed_; }

  Awaitable<FlowResult<std::shared_ptr<ChannelCore>>> open(std::string type, ByteVector data);
  std::shared_ptr<ChannelCore> adopt(ChannelId id);  // a channel that the peer has opened
  Awaitable<FlowResult<Answer>> global_request(std::string name, ByteVector data);
  // `channel`: the wait ends with it as well; null: not bound to one.
  Awaitable<FlowResult<Answer>> answer_to(Ticket ticket, const ChannelCore* channel);

  void add(ChannelCore& channel);
  void remove(const ChannelCore& channel) noexcept;
  ChannelCore* find(ChannelId id);
  void close_channel(ChannelId id) noexcept;  // now, or as soon as the engine takes it

  // `text` is fit to print. The name of the connection is put before it.
  void log(LogLevel level, std::string_view text);
  bool logs() const { return log_ != nullptr; }

 private:
  void on_event(const Event& event);
  bool on_channel_event(const Event& event);
  void on_request(const RequestReceived& request);
  void on_keys(const KeysExchanged& keys);
  void on_answer(Ticket ticket, bool success, Bytes data);
  void close_leftovers();
  void finish(Ending ending);
  static Awaitable<void> keep_alive(std::shared_ptr<SessionCore> core, KeepAlive how);

  std::variant<Client, Server> either_;
  Engine* engine_;
  Drive drive_;
  Role role_;
  std::shared_ptr<Log> log_;
  std::string name_;
  Gate changed_;
  asio::steady_timer quiet_;  // of keep_alive
  Negotiated negotiated_;
  std::optional<FlowError> cause_;
  std::optional<Ending> ending_;
  std::uint64_t heard_ = 0;             // events so far
  std::vector<ChannelCore*> channels_;  // that are open or will be: a number may come again for another one
  std::vector<ChannelId> to_close_;
  std::unordered_map<std::uint32_t, std::optional<Answer>> answers_;  // by ticket: awaited, and perhaps here
};

// For a flow that no session will have.
void close_in_background(AnyFlow flow);

}  // namespace nacre
