// A program that runs for a client: its process, and the pumps between its descriptors and the channel.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <asio/steady_timer.hpp>

#include "flow/channel_flow.hpp"
#include "flow/stream_flow.hpp"
#include "tools/child.hpp"
#include "tools/program_log.hpp"
#include "tools/sshd_session.hpp"

namespace nacre::tools {

class RunningProgram : public std::enable_shared_from_this<RunningProgram> {
 public:
  RunningProgram(ChannelFlow channel, Child child, Pty pty, std::shared_ptr<RunningPrograms> all,
                 std::shared_ptr<ProgramLog> log);
  ~RunningProgram();

  void start();  // to be called once, by a shared_ptr's holder
  void resize(const WindowChange& size);
  void signal(int number);  // to the program's process group
  void listener_gone();     // the client has closed the channel, or the connection has ended
  void hang_up();           // the server ends

 private:
  Awaitable<void> serve();
  Awaitable<void> pump_input();
  Awaitable<void> pump_output(DescriptorFlow* from, Stream stream);
  Awaitable<void> drain_terminal();
  Awaitable<void> wait_for_change(std::chrono::milliseconds at_most);
  std::size_t offer_input(Bytes bytes);
  void changed() { change_.cancel(); }

  ChannelFlow channel_;
  pid_t pid_;
  Descriptor watch_;
  DescriptorFlow in_;   // the program's stdin; with a terminal, nothing
  DescriptorFlow out_;  // its stdout, or the terminal's master both ways
  DescriptorFlow err_;
  std::shared_ptr<RunningPrograms> all_;
  std::shared_ptr<ProgramLog> log_;
  asio::steady_timer change_;
  unsigned outputs_open_ = 0;
  std::uint64_t moved_ = 0;          // bytes of output
  unsigned waiting_for_client_ = 0;  // outputs that have bytes and no room for them
  bool has_terminal_;
  bool input_closed_ = false;
  bool gone_ = false;
};

}  // namespace nacre::tools
