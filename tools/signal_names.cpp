// Signals by name and number.
#include "tools/signal_names.hpp"

#include <csignal>

#include <array>
#include <utility>

namespace nacre::tools {
namespace {

constexpr std::array<std::pair<std::string_view, int>, 13> signals = {{{"ABRT", SIGABRT},
                                                                       {"ALRM", SIGALRM},
                                                                       {"FPE", SIGFPE},
                                                                       {"HUP", SIGHUP},
                                                                       {"ILL", SIGILL},
                                                                       {"INT", SIGINT},
                                                                       {"KILL", SIGKILL},
                                                                       {"PIPE", SIGPIPE},
                                                                       {"QUIT", SIGQUIT},
                                                                       {"SEGV", SIGSEGV},
                                                                       {"TERM", SIGTERM},
                                                                       {"USR1", SIGUSR1},
                                                                       {"USR2", SIGUSR2}}};

}  // namespace

std::optional<int> signal_number(std::string_view name) {
  for (const auto& [each, number] : signals)
    if (each == name) return number;
  return std::nullopt;
}

std::string_view signal_name(int number) {
  for (const auto& [name, value] : signals)
    if (value == number) return name;
  return "SIG@openssh.com";  // RFC 4254 6.10: names of one's own have an '@'
}

}  // namespace nacre::tools
