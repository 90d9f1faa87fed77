// client_of_flow: over any flow, an authenticated SSH session with one program running in it, which is a flow again.
// A jump host is client_of_flow over client_of_flow.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "flow/client_session.hpp"

namespace nacre {

struct PtyWish {
  std::string term = "xterm";
  std::uint32_t columns = 80;
  std::uint32_t rows = 24;
  std::uint32_t width = 0;   // pixels
  std::uint32_t height = 0;  // pixels
  ByteVector modes;          // RFC 4254 8, encoded; empty: none
};

struct RunShell {};
struct RunCommand {
  explicit RunCommand(std::string text) : command(std::move(text)) {}
  std::string command;
};
struct RunSubsystem {
  explicit RunSubsystem(std::string text) : name(std::move(text)) {}
  std::string name;
};
struct ConnectTo {  // no session: a direct-tcpip channel (RFC 4254 7.2) to be carried on from the server
  ConnectTo(std::string to_host, std::uint16_t to_port) : host(std::move(to_host)), port(to_port) {}
  std::string host;
  std::uint16_t port;
};

struct ChannelWish {
  using What = std::variant<RunShell, RunCommand, RunSubsystem, ConnectTo>;
  ChannelWish(What wanted = RunShell{}) : what(std::move(wanted)) {}  // NOLINT: implicit on purpose

  What what;
  std::optional<PtyWish> pty;
  std::vector<std::pair<std::string, std::string>> environment;  // refusals are passed over, as ssh does
};

// Opens the channel and makes the requests in their order. Errors: channel_refused, request_refused, ...
Awaitable<FlowResult<ChannelFlow>> open_channel(ClientSession session, ChannelWish wish);

// A ReadyFlow: reads the program's output, writes its input. Owns the session beneath: closing it ends that too.
class SshFlow {
 public:
  SshFlow(ClientSession session, ChannelFlow channel);

  Executor get_executor() { return channel_.get_executor(); }
  Awaitable<FlowResult<std::size_t>> read(Buffer into) { return channel_.read(into); }
  Awaitable<FlowResult<Done>> write(Bytes bytes) { return channel_.write(bytes); }
  Awaitable<FlowResult<Done>> writev(std::span<const Bytes> several) { return channel_.writev(several); }
  Awaitable<FlowResult<Done>> finish() { return channel_.finish(); }
  Awaitable<void> close();  // channel, DISCONNECT, and the flow beneath
  Tried try_read(Buffer into) { return channel_.try_read(into); }
  Tried try_write(Bytes bytes) { return channel_.try_write(bytes); }
  Awaitable<FlowResult<Done>> wait_readable() { return channel_.wait_readable(); }
  Awaitable<FlowResult<Done>> wait_writable() { return channel_.wait_writable(); }

  // How the program ended, once its output has been read to the end.
  std::optional<Exit> exit() const { return channel_.exit(); }
  // What it wrote to stderr so far: the last 64 KiB of it. Never stops the program.
  std::string errors() const;

  ChannelFlow& channel() { return channel_; }
  ClientSession& session() { return session_; }

  template <class MutableBuffers, class Token>
  auto async_read_some(const MutableBuffers& buffers, Token&& token) {
    return channel_.async_read_some(buffers, std::forward<Token>(token));
  }
  template <class ConstBuffers, class Token>
  auto async_write_some(const ConstBuffers& buffers, Token&& token) {
    return channel_.async_write_some(buffers, std::forward<Token>(token));
  }

 private:
  ClientSession session_;
  ChannelFlow channel_;
  std::shared_ptr<std::string> errors_;
};

// `user` goes before options.config.user. Cancelled (`client_of_flow(...) || timer.async_wait(...)`), it throws as
// Asio's operations do, and the connection is ended in the background.
Awaitable<FlowResult<SshFlow>> client_of_flow(std::shared_ptr<Authenticator> authenticator, std::string user,
                                              Credentials credentials, ChannelWish wish, AnyFlow flow,
                                              ClientOptions options);

}  // namespace nacre
