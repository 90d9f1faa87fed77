// The session of nacre-ssh: one channel with a shell, a command or a subsystem, joined to stdin, stdout and stderr.
#pragma once

#include <memory>
#include <string>

#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>

#include "flow/client_session.hpp"
#include "flow/stream_flow.hpp"
#include "tools/escapes.hpp"
#include "tools/program_log.hpp"
#include "tools/raw_terminal.hpp"
#include "tools/ssh_options.hpp"

namespace nacre::tools {

inline constexpr int connection_failed = 255;  // the exit status of whatever is not the remote command's own

struct SessionPlan {
  SshOptions options;
  std::string command;  // or the subsystem's name; empty: a shell
};

class InteractiveSession : public std::enable_shared_from_this<InteractiveSession> {
 public:
  InteractiveSession(ClientSession session, SessionPlan plan, std::shared_ptr<ProgramLog> log);

  // Runs it to its end; the answer is the exit status for our own caller.
  Awaitable<int> run();

  // Puts the terminal back as it was, for whoever has to leave at once.
  void restore();

 private:
  Awaitable<bool> open();
  Awaitable<bool> prepare_channel();
  Awaitable<void> pump_input();
  Awaitable<void> pump_typing();
  Awaitable<bool> act(EscapeAction action);
  Awaitable<void> pump_output(DescriptorFlow* to, Stream stream);
  Awaitable<void> watch_size();
  Awaitable<void> wait_for_outputs();
  std::size_t offer_output(DescriptorFlow& to, Bytes bytes);
  bool wants_terminal() const;
  PtyRequest pty_request(const ByteVector& modes) const;
  void send_environment();
  void suspend();
  int exit_code();
  void start_pumps();
  void output_failed(const FlowError& error);

  ClientSession session_;
  SessionPlan plan_;
  std::shared_ptr<ProgramLog> log_;
  std::optional<ChannelFlow> channel_;
  RawTerminal terminal_;
  DescriptorFlow in_;
  DescriptorFlow out_;
  DescriptorFlow err_;
  asio::signal_set resized_;
  asio::steady_timer change_;
  unsigned outputs_open_ = 0;
  bool has_pty_ = false;
  bool output_broken_ = false;
  bool left_by_escape_ = false;
  std::string term_;
};

}  // namespace nacre::tools
