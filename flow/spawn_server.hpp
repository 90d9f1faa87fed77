// spawn_server: the server's side of one connection over any flow. It authenticates the client, and hands each channel
// request to the application: pty, resize, environment, exec, shell, subsystem, signals.
//
// Two ways in. The simple one gives a coroutine that runs a program and returns how it ended:
//
//   auto ending = co_await spawn_server(stop, options, flow, [](Run run) -> Awaitable<Exit> {
//     auto said = co_await run.channel.write(bytes_of("hello\n"));
//     co_return Exit(0);
//   });
//
// The other gives a SessionHandler for each session channel, which sees each request as it comes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/server.hpp"
#include "flow/authorizer.hpp"
#include "flow/channel_flow.hpp"
#include "flow/client_session.hpp"
#include "flow/drive.hpp"
#include "flow/flow.hpp"
#include "flow/log.hpp"

namespace nacre {

// What the client wants to have run. The bytes are the client's, bounded and not escaped.
struct Program {
  enum class Kind { shell, command, subsystem };
  Kind kind = Kind::shell;
  std::string text;  // the command, or the subsystem's name
};

// What the server knows of its client once it has authenticated.
struct ServedClient {
  std::string user;    // as authenticated, not escaped
  std::string method;  // "publickey", "password", "keyboard-interactive", "none"
  std::string peer;    // as ServerOptions::peer says
  Negotiated negotiated;
};

// One session channel of one client. Calls come in the order of the requests, on the connection's executor; views in
// them live until the call returns. They must not suspend: what takes time is spawned. Refusing (false) tells the
// client so and harms nothing. Throwing ends this connection, and no other, with FlowCode::system for a cause; so does
// whatever else spawn_server calls: the factory, OtherChannel, the callbacks of Run::Live, the Authorizer. Destroyed
// when the channel or the connection has ended.
class SessionHandler {
 public:
  virtual ~SessionHandler() = default;
  virtual bool pty(const PtyRequest&) { return false; }
  virtual void resize(const WindowChange&) {}
  virtual bool environment(std::string_view /*variable*/, std::string_view /*value*/) { return false; }
  virtual void signal(std::string_view /*name, without SIG*/) {}
  virtual bool wants_break(std::uint32_t /*milliseconds*/) { return false; }
  virtual bool other(const OtherRequest&) { return false; }
  // exec, shell or subsystem: at most one for each channel. True: it runs; read its input from the channel, write its
  // output (Stream::out, Stream::err) to it, and end with channel.exit_with(). Keeping no copy of the channel closes it.
  // What is written before this returns waits until the request has been answered.
  virtual bool start(Program program, ChannelFlow channel) = 0;
  // The client has closed the channel, or the connection has ended: nobody listens any more.
  virtual void closed() {}
};

using SessionFactory = std::function<std::unique_ptr<SessionHandler>(const ServedClient& client)>;

// For the simple way: all that was asked before the program was started, and what comes later.
struct Run {
  struct Pty {
    std::string term;
    WindowChange size;
    ByteVector modes;
  };
  struct Live {                        // what comes later, kept here until the program wants to hear of it
    std::optional<WindowChange> size;  // the last resize
    std::function<void(const WindowChange&)> resized;
    std::vector<std::string> signals;  // those that came while `signalled` was empty
    std::function<void(std::string_view)> signalled;
    std::function<void()> closed;  // the client has gone
  };
  ServedClient client;
  Program program;
  std::optional<Pty> pty;
  std::vector<std::pair<std::string, std::string>> environment;
  ChannelFlow channel;  // in, out and err
  std::shared_ptr<Live> live;
};
using RunProgram = std::function<Awaitable<Exit>(Run run)>;

// Runs what `run` returns for each program; accepts pty and environment. Ends each channel with the Exit returned.
SessionFactory sessions_by(RunProgram run);

// Another type of channel than "session", asked by the client. `data` and `type` live until the call returns. Of
// "direct-tcpip" parse_direct_tcpip (engine/direct_tcpip.hpp) reads the data, and refuses what no resolver should see.
struct OpenAnswer {
  std::function<void(ChannelFlow channel)> run;  // empty: refused
  std::uint32_t reason = 3;                      // RFC 4254 5.1: unknown channel type
  std::string text = "unknown channel type";
};
using OtherChannel = std::function<OpenAnswer(const ServedClient& client, std::string_view type, Bytes data)>;

struct ServerOptions {
  // Its tables and Random must outlive the connection, and so the context that may die with it.
  Provider provider;
  // host_keys in it may be left empty: those of `host_keys` below are taken.
  std::shared_ptr<const ServerConfig> config;
  std::vector<std::shared_ptr<const PrivateKey>> host_keys;
  std::shared_ptr<Buffers> buffers;        // shared with other engines of this thread; null: its own
  Signer host_key_signer;                  // for keys of config->host_keys whose private halves are elsewhere
  std::shared_ptr<Authorizer> authorizer;  // this connection's own; null: nobody gets in
  OtherChannel other_channel;              // empty: refused
  std::optional<KeepAlive> keep_alive;
  std::shared_ptr<Log> log;
  std::string peer = "somebody";  // for log lines: where the client comes from
};

// A configuration with the host keys of `keys` filled in: made once, shared by all connections.
std::shared_ptr<const ServerConfig> with_host_keys(ServerConfig config,
                                                   const std::vector<std::shared_ptr<const PrivateKey>>& keys);

// Returns when the connection has ended: by the stop token (which may fire from any thread), by cancellation, by the
// peer, or by an error. The Ending says which; flow_error(ending) puts it into words. Cancelled, as by
// `spawn_server(...) || timer.async_wait(...)`, it says goodbye and closes the flow before it returns, which takes two
// seconds at most (DriveOptions::linger). Nothing is thrown.
// Programs and questions to the Authorizer that are under way when it returns are not cancelled: they go on, find the
// connection ended, and keep alive what they need of it.
Awaitable<Ending> spawn_server(std::stop_token stop, ServerOptions options, AnyFlow flow, SessionFactory sessions);
Awaitable<Ending> spawn_server(std::stop_token stop, ServerOptions options, AnyFlow flow, RunProgram run);

}  // namespace nacre
