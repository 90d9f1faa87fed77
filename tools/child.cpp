// Child processes. A new one shares the memory of its parent, which stands still, until it becomes its program: a server with
// many connections would spend more on copying its page tables than on all else. So nothing is allocated or changed in
// between, and only what is async-signal-safe is called.
#include "tools/child.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include <asio/posix/stream_descriptor.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

namespace nacre::tools {
namespace {

constexpr std::size_t child_stack = 64 * 1024;  // bytes, until it has one of its own
constexpr int pipe_bytes = 256 * 1024;          // fewer turns of the loop for bulk data; a wish, not a need

Unexpected<std::string> failed(std::string_view what) {
  return Unexpected<std::string>{std::string(what) + ": " + std::strerror(errno)};
}

struct Pipe {
  Descriptor read;
  Descriptor write;
};

bool open_pipe(Pipe& pipe, bool we_read) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  pipe.read.reset(ends[0]);
  pipe.write.reset(ends[1]);
  (void)::fcntl(ends[0], F_SETPIPE_SZ, pipe_bytes);
  const int ours = we_read ? ends[0] : ends[1];
  return ::fcntl(ours, F_SETFL, ::fcntl(ours, F_GETFL) | O_NONBLOCK) == 0;
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const auto& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// What the new process needs, laid out before it begins.
struct Prepared {
  const char* program;
  char* const* arguments;
  char* const* environment;
  const char* folder;
  int in, out, err;
  int terminal;  // -1: none
  bool own_session;
  std::array<int, 3> kept;  // in, out and err in their order as numbers
};

void complain(std::string_view text) {
  if (::write(2, text.data(), text.size()) < 0) ::_exit(126);
}

void reset_signals() {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &action, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void close_range(unsigned first, unsigned last) {
  if (first > last || ::syscall(SYS_close_range, first, last, 0U) == 0) return;
  const long open_max = ::sysconf(_SC_OPEN_MAX);
  const auto most = static_cast<unsigned>(open_max > 0 ? open_max : 1024);
  for (auto i = first; i <= last && i < most; ++i) ::close(static_cast<int>(i));
}

void close_from(unsigned first) { close_range(first, UINT_MAX); }

// A server that has run out of descriptors starts its programs with none left: they would be copies of its own 0 to 2.
void close_all_but(const std::array<int, 3>& kept) {
  unsigned first = 3;
  for (const int number : kept) {
    const auto next = static_cast<unsigned>(number);
    if (next < first) continue;
    close_range(first, next - 1);
    first = next + 1;
  }
  close_from(first);
}

// The three may be numbered 0 to 2 themselves, in any order: first out of the way, then into place.
void place_descriptors(const Prepared& prepared) {
  close_all_but(prepared.kept);
  const int in = ::fcntl(prepared.in, F_DUPFD, 3);
  const int out = ::fcntl(prepared.out, F_DUPFD, 3);
  const int err = ::fcntl(prepared.err, F_DUPFD, 3);
  ::dup2(in, 0);
  ::dup2(out, 1);
  ::dup2(err, 2);
  close_from(3);
}

// (An address sanitizer would speak of the strange stack at _exit.)
[[gnu::no_sanitize_address]] int become(void* what) {
  const auto& prepared = *static_cast<const Prepared*>(what);
  if (prepared.own_session) ::setsid();
  if (prepared.terminal >= 0) ::ioctl(prepared.terminal, TIOCSCTTY, 0);
  reset_signals();
  place_descriptors(prepared);
  if (prepared.folder != nullptr && ::chdir(prepared.folder) != 0 && ::chdir("/") != 0) ::_exit(126);
  ::execve(prepared.program, prepared.arguments, prepared.environment);
  const int error = errno;
  complain(prepared.program);
  complain(error == ENOENT ? ": not found\n" : ": can't be executed\n");
  ::_exit(error == ENOENT ? 127 : 126);
}

// The number of the new process, or -1. No handler of ours may run in it, as it would in our memory.
pid_t begin(Prepared& prepared) {
  const auto stack = std::make_unique_for_overwrite<std::byte[]>(child_stack);
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::clone(become, stack.get() + child_stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &prepared);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

Descriptor watch_of(pid_t pid) {
  return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)));  // close-on-exec by itself
}

}  // namespace

Expected<Pty, std::string> open_pty() {
  Pty pty;
  pty.master.reset(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  if (!pty.master) return failed("can't open a terminal");
  if (::grantpt(pty.master.get()) != 0 || ::unlockpt(pty.master.get()) != 0) return failed("can't unlock a terminal");
  std::array<char, 128> name{};
  if (::ptsname_r(pty.master.get(), name.data(), name.size()) != 0) return failed("a terminal has no name");
  pty.name = name.data();
  pty.slave.reset(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!pty.slave) return failed("can't open " + pty.name);
  return pty;
}

void set_window_size(int terminal, unsigned columns, unsigned rows, unsigned width, unsigned height) {
  const auto narrow = [](unsigned value) { return static_cast<unsigned short>(value > USHRT_MAX ? USHRT_MAX : value); };
  winsize size{};
  size.ws_col = narrow(columns);
  size.ws_row = narrow(rows);
  size.ws_xpixel = narrow(width);
  size.ws_ypixel = narrow(height);
  (void)::ioctl(terminal, TIOCSWINSZ, &size);
}

Expected<Child, std::string> start_child(const ChildPlan& plan) {
  Pipe in, out, err;
  if (plan.pty == nullptr) {
    if (!open_pipe(in, false) || !open_pipe(out, true)) return failed("can't make a pipe");
    if (!plan.keep_stderr && !open_pipe(err, true)) return failed("can't make a pipe");
  }
  const auto arguments = pointers_to(plan.arguments);
  const auto environment = pointers_to(plan.environment);
  const int terminal = plan.pty != nullptr ? plan.pty->slave.get() : -1;
  Prepared prepared{plan.program.c_str(),
                    arguments.data(),
                    environment.data(),
                    plan.folder.empty() ? nullptr : plan.folder.c_str(),
                    terminal >= 0 ? terminal : in.read.get(),
                    terminal >= 0 ? terminal : out.write.get(),
                    terminal >= 0 ? terminal : (plan.keep_stderr ? 2 : err.write.get()),
                    terminal,
                    plan.own_session,
                    {}};
  prepared.kept = {prepared.in, prepared.out, prepared.err};
  std::sort(prepared.kept.begin(), prepared.kept.end());
  const pid_t pid = begin(prepared);
  if (pid < 0) return failed("can't start a process");
  Child child;
  child.pid = pid;
  child.watch = watch_of(pid);
  child.in = std::move(in.write);
  child.out = std::move(out.read);
  child.err = std::move(err.read);
  return child;
}

asio::awaitable<ChildEnd> wait_for_child(asio::any_io_executor executor, pid_t pid, Descriptor watch) {
  asio::error_code ignored;
  asio::posix::stream_descriptor ready(executor);
  if (watch) ready.assign(watch.release());
  asio::steady_timer timer(executor);
  int status = 0;
  for (;;) {
    const pid_t reaped = ::waitpid(pid, &status, WNOHANG);
    if (reaped == pid) break;
    if (reaped < 0 && errno != EINTR) co_return ChildEnd{};
    if (ready.is_open()) {
      auto waiting = ready.async_wait(asio::posix::stream_descriptor::wait_read,
                                      asio::redirect_error(asio::use_awaitable, ignored));
      co_await std::move(waiting);
    } else {  // a kernel without pidfd
      timer.expires_after(std::chrono::milliseconds(20));
      auto waiting = timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      co_await std::move(waiting);
    }
  }
  ChildEnd end;
  if (WIFEXITED(status)) end.status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) {
    end.signal = WTERMSIG(status);
    end.core_dumped = WCOREDUMP(status);
  }
  co_return end;
}

void signal_group(pid_t leader, int signal) {
  if (leader > 1) (void)::kill(-leader, signal);
}

}  // namespace nacre::tools
