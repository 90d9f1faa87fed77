// The requests of a session channel (RFC 4254 6), up to the start of its program.
#include "tools/sshd_session.hpp"

#include <termios.h>

#include <cstdlib>

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

  bool environment(std::string_view variable, std::string_view value) override {
    if (!is_variable(variable) || value.find('\0') != std::string_view::npos) return false;
    for (const auto& patterns : options().accept_env)
      if (matches_pattern(variable, patterns)) {
        wanted_.emplace_back(variable, value);
        return true;
      }
    return false;
  }

  void signal(std::string_view name) override {
    if (const auto number = signal_number(name); program_ && number) program_->signal(*number);
  }

  bool start(Program program, ChannelFlow channel) override {
    const auto command = command_for(program);
    if (!command) return false;
    const auto plan = plan_for(program, *command);
    auto child = start_child(plan);
    if (!child) {
      log().error("for " + context_.state->peer + ": " + child.error());
      return false;
    }
    log().verbose("Starting " + describe(program) + " for " + printable(rules().account.name) + " from " +
                  context_.state->peer + ", process " + std::to_string(child->pid));
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

  // What the shell is to be given with -c: empty for a login shell. Nothing: refused.
  std::optional<std::string> command_for(const Program& program) {
    if (program.text.find('\0') != std::string::npos) return std::nullopt;
    std::string command = program.kind == Program::Kind::command ? program.text : std::string();
    if (program.kind == Program::Kind::subsystem) {
      for (const auto& [name, runs] : options().subsystems)
        if (name == program.text) command = runs;
      if (command.empty() || command == "internal-sftp") {
        log().info("No " + describe(program) + " here, asked for by " + context_.state->peer);
        return std::nullopt;
      }
    }
    const auto& permitted = context_.state->permitted;
    const auto forced = !options().force_command.empty() ? options().force_command : permitted.command.value_or("");
    if (forced.empty()) return command;
    original_ = program.kind == Program::Kind::command ? program.text : command;
    return forced;
  }

  ChildPlan plan_for(const Program&, const std::string& command) {
    const auto& account = rules().account;
    ChildPlan plan;
    plan.program = account.shell;
    plan.folder = account.home;
    plan.environment = environment_of();
    if (command.empty())
      plan.arguments = {"-" + base_name(account.shell)};
    else
      plan.arguments = {base_name(account.shell), "-c", command};
    if (pty_.master) plan.pty = &pty_;
    return plan;
  }

  Names environment_of() const {
    const auto& account = rules().account;
    const auto& connection = context_.ssh_connection;
    std::vector<std::pair<std::string, std::string>> variables = {
        {"USER", account.name},   {"LOGNAME", account.name}, {"HOME", account.home},
        {"PATH", options().path}, {"SHELL", account.shell},  {"SSH_CONNECTION", connection}};
    if (const auto* zone = std::getenv("TZ")) variables.emplace_back("TZ", zone);
    // Of "client port server port", SSH_CLIENT has the first, the second and the last.
    const auto parts = split_list(connection, ' ');
    if (parts.size() == 4) variables.emplace_back("SSH_CLIENT", parts[0] + " " + parts[1] + " " + parts[3]);
    if (pty_.master) {
      variables.emplace_back("SSH_TTY", pty_.name);
      if (!term_.empty()) variables.emplace_back("TERM", term_);
    }
    if (!original_.empty()) variables.emplace_back("SSH_ORIGINAL_COMMAND", original_);
    for (const auto& [name, value] : wanted_) put(variables, name, value);
    for (const auto& each : options().set_env) {
      const auto equals = each.find('=');
      put(variables, each.substr(0, equals), each.substr(equals + 1));
    }
    Names lines;
    for (const auto& [name, value] : variables) lines.push_back(name + "=" + value);
    return lines;
  }

  static void put(std::vector<std::pair<std::string, std::string>>& variables, const std::string& name,
                  const std::string& value) {
    for (auto& each : variables)
      if (each.first == name) {
        each.second = value;
        return;
      }
    variables.emplace_back(name, value);
  }

  SessionContext context_;
  Pty pty_;
  std::string term_;
  std::string original_;  // SSH_ORIGINAL_COMMAND
  std::vector<std::pair<std::string, std::string>> wanted_;
  std::shared_ptr<RunningProgram> program_;
};

}  // namespace

SessionFactory program_sessions(SessionContext context) {
  return [context = std::move(context)](const ServedClient&) -> std::unique_ptr<SessionHandler> {
    return std::make_unique<ProgramSession>(context);
  };
}

}  // namespace nacre::tools
