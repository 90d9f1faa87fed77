// Questions: which way to ask (ssh(1), SSH_ASKPASS and SSH_ASKPASS_REQUIRE), and asking a program.
#include "tools/questions.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "tools/child.hpp"
#include "tools/terminal.hpp"
#include "tools/values.hpp"

namespace nacre::tools {
namespace {

constexpr std::size_t answer_limit = 1024;  // bytes: no password is longer

std::string variable(const char* name) {
  const auto* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

// The program to ask; empty: the terminal is to be asked.
std::string askpass_program() {
  const auto program = variable("SSH_ASKPASS");
  const auto require = in_lower_case(variable("SSH_ASKPASS_REQUIRE"));
  const bool has_display = !variable("DISPLAY").empty() || !variable("WAYLAND_DISPLAY").empty();
  if (program.empty() || require == "never") return {};
  if (require == "force") return program;
  if (require == "prefer") return has_display || !has_terminal() ? program : std::string();
  return has_display && !has_terminal() ? program : std::string();
}

Names own_environment() {
  Names lines;
  for (char** each = environ; *each != nullptr; ++each) lines.emplace_back(*each);
  return lines;
}

// Reads to the end of the program's output, or to the limit. The descriptor doesn't block, so it is waited for.
Secret read_answer(int from) {
  Secret all(answer_limit);
  std::size_t size = 0;
  while (size < all.size()) {
    pollfd waiting{from, POLLIN, 0};
    if (::poll(&waiting, 1, -1) < 0 && errno != EINTR) break;
    const auto got = ::read(from, all.buffer().data() + size, all.size() - size);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) break;
    if (got > 0) size += static_cast<std::size_t>(got);
  }
  auto answer = text_of(all.bytes().first(size));
  answer = answer.substr(0, answer.find_first_of("\r\n"));
  return Secret(bytes_of(answer));
}

std::optional<Secret> ask_program(const std::string& program, const std::string& prompt) {
  ChildPlan plan;
  plan.program = program;
  plan.arguments = {program, prompt};
  plan.environment = own_environment();
  plan.own_session = false;
  plan.keep_stderr = true;
  auto child = start_child(plan);
  if (!child) return std::nullopt;
  child->in.reset();
  auto answer = read_answer(child->out.get());
  int status = 0;
  pid_t ended = -1;
  do ended = ::waitpid(child->pid, &status, 0);
  while (ended < 0 && errno == EINTR);
  if (ended < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::nullopt;
  return answer;
}

}  // namespace

bool Questions::possible() const { return !forbidden_ && (!askpass_program().empty() || has_terminal()); }

std::optional<Secret> Questions::secret(const std::string& prompt) const { return text(prompt, false); }

std::optional<Secret> Questions::text(const std::string& prompt, bool echo) const {
  if (!possible()) return std::nullopt;
  if (const auto program = askpass_program(); !program.empty()) return ask_program(program, prompt);
  if (!echo) return ask_secret(prompt);
  const auto answer = ask(prompt);
  if (!answer) return std::nullopt;
  return Secret(bytes_of(*answer));
}

}  // namespace nacre::tools
