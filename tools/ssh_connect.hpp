// The way to the server: a TCP connection, or the two pipes of a ProxyCommand.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

#include "flow/flow.hpp"
#include "tools/ssh_options.hpp"

namespace nacre::tools {

// A ProxyCommand under way: hung up when this dies.
class ProxyProcess {
 public:
  ProxyProcess() = default;
  explicit ProxyProcess(pid_t pid) : pid_(pid) {}
  ProxyProcess(const ProxyProcess&) = delete;
  ProxyProcess& operator=(const ProxyProcess&) = delete;
  ~ProxyProcess();
  void set(pid_t pid) { pid_ = pid; }

 private:
  pid_t pid_ = -1;
};

struct Target {
  std::string host;  // to connect to
  std::uint16_t port = 22;
  std::string user;
};

// Errors name the target.
Awaitable<FlowResult<std::unique_ptr<AnyFlow>>> connect_to(Executor executor, const SshOptions& options, Target target,
                                                           ProxyProcess& proxy);

}  // namespace nacre::tools
