// Programs started by nacre: with pipes or a pseudo terminal, in a session of their own, waited for without blocking.
#pragma once

#include <sys/types.h>
#include <termios.h>

#include <optional>
#include <string>
#include <vector>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include "crypto/expected.hpp"
#include "tools/descriptor.hpp"

namespace nacre::tools {

struct Pty {
  Descriptor master;
  Descriptor slave;
  std::string name;  // "/dev/pts/3"
};

// A new pseudo terminal; the modes and the size are for its owner to set.
Expected<Pty, std::string> open_pty();
void set_window_size(int terminal, unsigned columns, unsigned rows, unsigned width, unsigned height);

struct ChildPlan {
  std::string program;                   // an absolute path
  std::vector<std::string> arguments;    // argv, [0] included
  std::vector<std::string> environment;  // "NAME=value"
  std::string folder;                    // empty: as ours; one that can't be entered: "/"
  Pty* pty = nullptr;                    // its slave becomes stdin, stdout, stderr and the controlling terminal
  bool own_session = true;               // false: stays in our session and process group (a ProxyCommand)
  bool keep_stderr = false;              // stderr stays ours; without it there is a pipe for it
};

struct Child {
  pid_t pid = -1;
  Descriptor watch;  // becomes readable when the child has ended
  Descriptor in;     // our ends of the pipes, non-blocking; none with a pty
  Descriptor out;
  Descriptor err;
};

// Starts the program. What fails before the program runs is an error; a program that can't be executed ends with
// status 127 (or 126) and says so on its stderr, as with a shell.
Expected<Child, std::string> start_child(const ChildPlan& plan);

struct ChildEnd {
  std::optional<int> status;
  int signal = 0;  // 0: none
  bool core_dumped = false;
};

// Waits for the end and reaps. `watch` is closed afterwards.
asio::awaitable<ChildEnd> wait_for_child(asio::any_io_executor executor, pid_t pid, Descriptor watch);

// The same signal to the child's whole group. Nothing happens when it is gone.
void signal_group(pid_t leader, int signal);

}  // namespace nacre::tools
