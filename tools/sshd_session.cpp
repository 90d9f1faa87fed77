// The requests of a session channel (RFC 4254 6), up to the start of its program.
#include "tools/sshd_session.hpp"

#include <termios.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "engine/trust/pattern.hpp"
#include "tools/child.hpp"
#include "tools/files.hpp"
#include "tools/signal_names.hpp"
#include "tools/sshd_program.hpp"
#include "tools/tty_modes.hpp"

namespace nacre::tools {
namespace {

constexpr std::size_t shown_command = 200;  // bytes of a command that go into the log

bool is_variable(std::string_view name) {
  return !name.empty() && name.find('=') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

class ProgramSession final : public SessionHandler {
 public:
  explicit ProgramSession(SessionContext context) : context_(std::move(context)) {}
  ~ProgramSession() override {
    if (program_) program_->listener_gone();
  }

  bool pty(const PtyRequest& request) override {
    if (!options().permit_tty || !context_.state->permitted.pty || pty_.master) return false;
    if (request.term.find('\0') != std::string_view::npos) return false;
    auto opened = open_pty();
    if (!opened) {
      log().error(opened.error());
      return false;
    }
    pty_ = std::move(*opened);
    term_ = request.term;
    termios modes{};
    if (::tcgetattr(pty_.slave.get(), &modes) == 0) {
      decode_modes(request.modes, modes);
      (void)::tcsetattr(pty_.slave.get(), TCSANOW, &modes);
    }
    set_window_size(pty_.master.get(), request.columns, request.rows, request.width, request.height);
    return true;
  }

  void resize(const WindowChange& size) override {
    if (program_)
      program_->resize(size);
    else if (pty_.master)
      set_window_size(pty_.master.get(), size.columns, size.rows, size.width, size.height);
  }

  // Kept until the program starts; Limits::environment and environment_bytes bound them.
  bool environment(std::string_view variable, std::string_view value) override {
    if (!is_variable(variable) || value.find('\0') != std::string_view::npos) return false;
    const auto& accepted = options().accept_env;
    if (std::none_of(accepted.begin(), accepted.end(),
                     [&](const std::string& pattern) { return matches_pattern(variable, pattern); }))
      return false;
    wanted_[std::string(variable)] = value;
    return true;
  }

  // What the server has chosen is not the client's to cut short: sshd refuses that too.
  void signal(std::string_view name) override {
    if (const auto number = signal_number(name); program_ && number && is_the_clients_own_) program_->signal(*number);
  }

  bool start(Program program, ChannelFlow channel) override {
    const auto chosen = choose(program);
    if (!chosen) return false;
    auto child = start_child(plan_for(*chosen));
    if (!child) {
      log().error("for " + context_.state->peer + ": " + child.error());
      return false;
    }
    log().verbose("Starting " + describe(program) + " for " + printable(rules().account.name) + " from " +
                  context_.state->peer + ", process " + std::to_string(child->pid));
    is_the_clients_own_ = !chosen->forced && program.kind != Program::Kind::subsystem;
    pty_.slave.reset();
    program_ = std::make_shared<RunningProgram>(std::move(channel), std::move(*child), std::move(pty_),
                                                context_.programs, rules().log);
    program_->start();
    return true;
  }

  void closed() override {
    if (program_) program_->listener_gone();
  }

 private:
  const LoginRules& rules() const { return *context_.rules; }
  const SshdOptions& options() const { return rules().options; }
  ProgramLog& log() const { return *rules().log; }

  static std::string describe(const Program& program) {
    if (program.kind == Program::Kind::shell) return "a shell";
    const auto* word = program.kind == Program::Kind::command ? "command '" : "subsystem '";
    return word + printable(program.text, shown_command) + "'";
  }

  // What runs: the account's shell with -c and the command, or without a command as a login shell.
  struct Chosen {
    std::optional<std::string> command;
    std::optional<std::string> original;  // what was asked for, where something else is forced
    bool forced = false;
  };

  // Nothing: refused.
  std::optional<Chosen> choose(const Program& program) {
    if (program.text.find('\0') != std::string::npos) return std::nullopt;
    Chosen chosen;
    if (program.kind == Program::Kind::command) chosen.command = program.text;
    if (program.kind == Program::Kind::subsystem) {
      chosen.command = subsystem_command(program.text);
      if (!chosen.command) {
        log().info("No " + describe(program) + " here, asked for by " + context_.state->peer);
        return std::nullopt;
      }
    }
    // An empty command is one too: it does nothing, and is no shell.
    const auto& forced = options().force_command ? options().force_command : context_.state->permitted.command;
    if (forced) chosen = {forced, chosen.command, true};
    return chosen;
  }

  std::optional<std::string> subsystem_command(const std::string& name) const {
    for (const auto& [known, command] : options().subsystems)
      if (known == name && !command.empty() && command != "internal-sftp") return command;
    return std::nullopt;
  }

  ChildPlan plan_for(const Chosen& chosen) {
    const auto& account = rules().account;
    ChildPlan plan;
    plan.program = account.shell;
    plan.folder = account.home;
    plan.environment = environment_of(chosen);
    if (chosen.command)
      plan.arguments = {base_name(account.shell), "-c", *chosen.command};
    else
      plan.arguments = {"-" + base_name(account.shell)};
    if (pty_.master) plan.pty = &pty_;
    return plan;
  }

  // The client's wishes come first: the server's own variables and the administrator's take their place.
  Names environment_of(const Chosen& chosen) const {
    const auto& account = rules().account;
    const auto& connection = context_.ssh_connection;
    auto variables = wanted_;
    variables["USER"] = variables["LOGNAME"] = account.name;
    variables["HOME"] = account.home;
    variables["PATH"] = options().path;
    variables["SHELL"] = account.shell;
    variables["SSH_CONNECTION"] = connection;
    if (const auto* zone = std::getenv("TZ")) variables["TZ"] = zone;
    // Of "client port server port", SSH_CLIENT has the first, the second and the last.
    const auto parts = split_list(connection, ' ');
    for (const auto* name : {"SSH_CLIENT", "SSH_TTY", "SSH_ORIGINAL_COMMAND"}) variables.erase(name);
    if (parts.size() == 4) variables["SSH_CLIENT"] = parts[0] + " " + parts[1] + " " + parts[3];
    if (pty_.master) {
      variables["SSH_TTY"] = pty_.name;
      if (!term_.empty()) variables["TERM"] = term_;
    }
    if (chosen.original) variables["SSH_ORIGINAL_COMMAND"] = *chosen.original;
    for (const auto& each : options().set_env) {
      const auto equals = each.find('=');
      variables[each.substr(0, equals)] = each.substr(equals + 1);
    }
    Names lines;
    for (const auto& [name, value] : variables) lines.push_back(name + "=" + value);
    return lines;
  }

  SessionContext context_;
  Pty pty_;
  std::string term_;
  std::map<std::string, std::string> wanted_;  // variables that the client has set
  bool is_the_clients_own_ = false;            // the program is what the client asked for
  std::shared_ptr<RunningProgram> program_;
};

}  // namespace

SessionFactory program_sessions(SessionContext context) {
  return [context = std::move(context)](const ServedClient&) -> std::unique_ptr<SessionHandler> {
    return std::make_unique<ProgramSession>(context);
  };
}

}  // namespace nacre::tools
