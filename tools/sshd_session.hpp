// One session channel of nacre-sshd: shells, commands and subsystems as processes of the account, with pipes or a
// pseudo terminal.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "flow/spawn_server.hpp"
#include "tools/sshd_login.hpp"

namespace nacre::tools {

class RunningProgram;

// The programs that run for the clients of a server, so that they can be told when it ends.
class RunningPrograms {
 public:
  void add(RunningProgram& program) { programs_.insert(&program); }
  void remove(RunningProgram& program) { programs_.erase(&program); }
  void hang_up_all();
  std::size_t size() const { return programs_.size(); }

 private:
  std::set<RunningProgram*> programs_;
};

// What the sessions of one connection need to know.
struct SessionContext {
  std::shared_ptr<const LoginRules> rules;
  std::shared_ptr<const LoginState> state;
  std::shared_ptr<RunningPrograms> programs;
  std::string ssh_connection;  // "client port server port", for the environment
};

SessionFactory program_sessions(SessionContext context);

}  // namespace nacre::tools
