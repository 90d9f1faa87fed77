// Connections of nacre-sshd.
#include "tools/sshd_server.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <chrono>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include "tools/files.hpp"

namespace nacre::tools {
namespace {

constexpr auto patience_at_end = std::chrono::seconds(5);

// "address port", in numbers.
std::string numbers_of(const sockaddr_storage& address, socklen_t size) {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  const auto* generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  if (::getnameinfo(generic, size, host.data(), host.size(), port.data(), port.size(),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return "unknown 0";
  return std::string(host.data()) + " " + port.data();
}

struct Ends {
  std::string address;     // of the client
  std::string peer;        // "127.0.0.1 port 40522"
  std::string connection;  // "127.0.0.1 40522 127.0.0.1 22"
};

Ends ends_of(int socket) {
  sockaddr_storage address{};
  auto* generic = static_cast<sockaddr*>(static_cast<void*>(&address));
  socklen_t size = sizeof address;
  auto client = ::getpeername(socket, generic, &size) == 0 ? numbers_of(address, size) : std::string("unknown 0");
  size = sizeof address;
  const auto server = ::getsockname(socket, generic, &size) == 0 ? numbers_of(address, size) : std::string("unknown 0");
  const auto blank = client.find(' ');
  return {client.substr(0, blank), client.substr(0, blank) + " port " + client.substr(blank + 1),
          client + " " + server};
}

// nacre-sshd has lines of its own for what is worth one; those of the driver beneath are for who wants to know more.
class Quieter final : public Log {
 public:
  explicit Quieter(std::shared_ptr<Log> log) : log_(std::move(log)) {}
  void line(LogLevel level, std::string_view text) override {
    log_->line(level == LogLevel::info ? LogLevel::verbose : level, text);
  }

 private:
  std::shared_ptr<Log> log_;
};

unsigned roll(Random& random) {
  std::array<std::byte, 4> bytes{};
  return random.fill(bytes) ? load_be32(bytes.data()) % 100 : 0;
}

}  // namespace

SshdServer::SshdServer(asio::io_context& loop, std::shared_ptr<const LoginRules> rules, ServerOptions base)
    : loop_(loop), rules_(std::move(rules)), base_(std::move(base)), ended_(loop) {}

Problem SshdServer::listen(const std::vector<ListenPlace>& places) {
  for (const auto& place : places) {
    auto listener = Listener::listen(loop_.get_executor(), place.address, place.port);
    if (!listener) return listener.error().text;
    listener->on_exhausted(
        [log = rules_->log](std::string_view what) { log->error("no new connections for now: " + std::string(what)); });
    listeners_.push_back(std::move(*listener));
  }
  for (std::size_t i = 0; i < places.size(); ++i)
    rules_->log->info("listening on " + places[i].address + " port " + std::to_string(listeners_[i].port()));
  return std::nullopt;
}

void SshdServer::start() {
  for (auto& listener : listeners_)
    asio::co_spawn(
        loop_, [this, each = &listener] { return accept_from(each); }, asio::detached);
}

void SshdServer::stop() {
  for (auto& listener : listeners_) listener.close();
  programs_->hang_up_all();
  stop_.request_stop();
  asio::co_spawn(
      loop_, [this] { return wait_for_the_last(); }, asio::detached);
}

Awaitable<void> SshdServer::accept_from(Listener* listener) {
  for (;;) {
    auto accepting = listener->accept();
    auto flow = co_await std::move(accepting);
    if (!flow) co_return;
    if (is_turned_away(*flow)) continue;
    auto held = std::make_shared<SocketFlow>(std::move(*flow));
    asio::co_spawn(
        loop_, [this, held] { return serve(std::move(*held)); }, asio::detached);
  }
}

bool SshdServer::is_turned_away(SocketFlow& flow) {
  if (!turn_away(rules_->options.startups, waiting_, roll(*base_.provider.random))) return false;
  rules_->log->info("Turned away " + ends_of(flow.descriptor()).peer + ": " + std::to_string(waiting_) +
                    " connections have not logged in yet (MaxStartups)");
  (void)flow.try_write(bytes_of("Exceeded MaxStartups\r\n"));
  return true;
}

Awaitable<void> SshdServer::serve(SocketFlow flow) {
  const auto ends = ends_of(flow.descriptor());
  auto state = std::make_shared<LoginState>();
  state->address = ends.address;
  state->peer = ends.peer;
  state->on_authenticated = [this] { --waiting_; };
  auto options = base_;
  options.peer = ends.peer;
  options.log = std::make_shared<Quieter>(rules_->log);
  options.authorizer = make_login(rules_, state);
  ++connections_;
  ++waiting_;
  rules_->log->verbose("Connection from " + ends.peer);
  auto sessions = program_sessions({rules_, state, programs_, ends.connection});
  auto serving = spawn_server(stop_.get_token(), std::move(options), AnyFlow(std::move(flow)), std::move(sessions));
  const auto ending = co_await std::move(serving);
  rules_->log->info("Connection from " + ends.peer + " ended: " + flow_error(ending).text);
  if (!state->authenticated) --waiting_;
  --connections_;
  ended_.cancel();
}

Awaitable<void> SshdServer::wait_for_the_last() {
  const auto until = std::chrono::steady_clock::now() + patience_at_end;
  while (connections_ > 0 && std::chrono::steady_clock::now() < until) {
    asio::error_code ignored;
    ended_.expires_at(until);
    auto waiting = ended_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_await std::move(waiting);
  }
  loop_.stop();
}

}  // namespace nacre::tools
