// See the header. No signal handler is set: signals wait in a signalfd until the terminal is as it was.
#include "tools/terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "tools/descriptor.hpp"

namespace nacre::tools {

namespace {

constexpr std::size_t max_line = 1024;

Descriptor open_terminal() { return Descriptor(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)); }

// Without those that are ignored, as SIGHUP is by nohup: a blocked one would be heard here all the same.
sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) {
    struct sigaction now {};
    if (::sigaction(number, nullptr, &now) != 0 || now.sa_handler != SIG_IGN) sigaddset(&set, number);
  }
  return set;
}

// Echo off and signals held back for as long as this lives. Held back signals arrive when it dies, with the echo on
// again: the program then ends or stops as it would have.
class Question {
 public:
  Question(int terminal, bool echo) : terminal_(terminal) {
    const auto set = ending_signals();
    ::pthread_sigmask(SIG_BLOCK, &set, &mask_);
    restore_ = !echo && ::tcgetattr(terminal, &settings_) == 0;
    if (!restore_) return;
    auto quiet = settings_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet.c_lflag |= ECHONL | ICANON | ISIG;
    ::tcsetattr(terminal, TCSAFLUSH, &quiet);
  }
  ~Question() {
    if (restore_) ::tcsetattr(terminal_, TCSAFLUSH, &settings_);
    ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

 private:
  int terminal_;
  sigset_t mask_{};
  termios settings_{};
  bool restore_ = false;
};

void write_text(int fd, const std::string& text) {
  std::size_t written = 0;
  while (written < text.size()) {
    const auto n = ::write(fd, text.data() + written, text.size() - written);
    if (n <= 0 && errno != EINTR) return;
    if (n > 0) written += static_cast<std::size_t>(n);
  }
}

enum class Line { whole, none, interrupted };

// A line of `fd` into `into`; stops when `interrupt` (a signalfd, or -1) becomes readable.
Line read_line_into(int fd, int interrupt, Secret& into) {
  Secret line(max_line);
  std::size_t size = 0;
  bool too_long = false;
  for (;;) {
    pollfd waiting[] = {{fd, POLLIN, 0}, {interrupt, POLLIN, 0}};
    if (::poll(waiting, 2, -1) < 0) {
      if (errno == EINTR) continue;
      return Line::none;
    }
    if (waiting[1].revents != 0) return Line::interrupted;
    std::byte byte{};
    const auto n = ::read(fd, &byte, 1);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0 || (n == 0 && size == 0)) return Line::none;
    if (n == 0 || byte == std::byte{'\n'}) break;
    if (size < max_line - 1)
      line.buffer()[size++] = byte;
    else
      too_long = true;
  }
  if (too_long) return Line::none;
  if (size > 0 && line.bytes()[size - 1] == std::byte{'\r'}) --size;
  into = Secret(line.bytes().first(size));
  return Line::whole;
}

std::optional<Secret> ask_on_terminal(const std::string& prompt, bool echo) {
  const auto terminal = open_terminal();
  if (!terminal) return std::nullopt;
  for (;;) {
    Secret answer;
    auto outcome = Line::none;
    {
      const Question question(terminal.get(), echo);
      const auto set = ending_signals();
      const Descriptor signals(::signalfd(-1, &set, SFD_CLOEXEC));
      write_text(terminal.get(), prompt);
      outcome = read_line_into(terminal.get(), signals.get(), answer);
      if (outcome == Line::interrupted) {
        write_text(terminal.get(), "\n");
        sigset_t pending;
        ::sigpending(&pending);
        if (sigismember(&pending, SIGTSTP) == 0) outcome = Line::none;
      }
    }
    if (outcome == Line::whole) return answer;
    if (outcome == Line::none) return std::nullopt;
    // Stopped by Ctrl-Z and continued: the question is put again.
  }
}

}  // namespace

bool has_terminal() { return static_cast<bool>(open_terminal()); }

std::optional<Secret> ask_secret(const std::string& prompt) { return ask_on_terminal(prompt, false); }

std::optional<std::string> ask(const std::string& prompt) {
  const auto answer = ask_on_terminal(prompt, true);
  if (!answer) return std::nullopt;
  return std::string(text_of(answer->bytes()));
}

bool confirm(const std::string& prompt) {
  for (;;) {
    const auto answer = ask(prompt);
    if (!answer || *answer == "no" || *answer == "n") return false;
    if (*answer == "yes" || *answer == "y") return true;
  }
}

std::optional<Secret> read_line(int descriptor) {
  Secret line;
  if (read_line_into(descriptor, -1, line) != Line::whole) return std::nullopt;
  return line;
}

}  // namespace nacre::tools
