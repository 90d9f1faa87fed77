// Connecting: names to addresses of the wanted family, each in turn; or a program that carries the bytes.
#include "tools/ssh_connect.hpp"

#include <netdb.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>

#include "flow/stream_flow.hpp"
#include "tools/child.hpp"
#include "tools/files.hpp"

namespace nacre::tools {
namespace {

constexpr auto longest_wait = std::chrono::minutes(5);
using AnyFlowPointer = std::unique_ptr<AnyFlow>;

// The addresses of one family, in numbers.
Names addresses_of(const std::string& host, int family) {
  Names numbers;
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return numbers;
  for (const auto* each = found; each != nullptr; each = each->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(each->ai_addr, each->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0)
      numbers.emplace_back(text.data());
  }
  ::freeaddrinfo(found);
  return numbers;
}

FlowError no_address(const Target& target, AddressFamily family) {
  const auto* kind = family == AddressFamily::inet ? "IPv4" : "IPv6";
  return {FlowCode::unreachable, printable(target.host) + " has no " + kind + " address"};
}

Awaitable<FlowResult<AnyFlowPointer>> connect_directly(Executor executor, const SshOptions& options, Target target) {
  const Duration timeout =
      options.connect_timeout.count() > 0 ? Duration(options.connect_timeout) : Duration(longest_wait);
  Names hosts = {target.host};
  if (options.address_family != AddressFamily::any)
    hosts = addresses_of(target.host, options.address_family == AddressFamily::inet ? AF_INET : AF_INET6);
  auto error = no_address(target, options.address_family);
  for (const auto& host : hosts) {
    auto connecting = connect_tcp(executor, host, target.port, timeout);
    auto flow = co_await std::move(connecting);
    if (flow) co_return std::make_unique<AnyFlow>(std::move(*flow));
    error = flow.error();
  }
  co_return Unexpected<FlowError>{error};
}

FlowResult<AnyFlowPointer> start_proxy(Executor executor, const SshOptions& options, const Target& target,
                                       ProxyProcess& proxy) {
  const auto failed = [](std::string text) {
    return Unexpected<FlowError>{{FlowCode::configuration, "ProxyCommand: " + text}};
  };
  const auto command =
      expand_percent(options.proxy_command,
                     {{'h', target.host}, {'n', target.host}, {'p', std::to_string(target.port)}, {'r', target.user}});
  if (!command) return failed(command.error());
  ChildPlan plan;
  plan.program = "/bin/sh";
  plan.arguments = {"sh", "-c", "exec " + *command};
  for (char** each = environ; *each != nullptr; ++each) plan.environment.emplace_back(*each);
  plan.own_session = false;
  plan.keep_stderr = true;
  auto child = start_child(plan);
  if (!child) return failed(child.error());
  proxy.set(child->pid);
  return std::make_unique<AnyFlow>(DescriptorFlow(executor, child->out.release(), child->in.release()));
}

}  // namespace

ProxyProcess::~ProxyProcess() {
  if (pid_ > 0) ::kill(pid_, SIGHUP);
}

Awaitable<FlowResult<std::unique_ptr<AnyFlow>>> connect_to(Executor executor, const SshOptions& options, Target target,
                                                           ProxyProcess& proxy) {
  if (!options.proxy_command.empty()) co_return start_proxy(executor, options, target, proxy);
  auto connecting = connect_directly(executor, options, std::move(target));
  auto flow = co_await std::move(connecting);
  co_return std::move(flow);
}

}  // namespace nacre::tools
