// Connections of nacre-sshd.
#include "tools/sshd_server.hpp"

#include <netdb.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <utility>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include "tools/files.hpp"

namespace nacre::tools {
namespace {

constexpr auto patience_at_end = std::chrono::seconds(5);
constexpr rlim_t reserve = 32;  // descriptors: a login reads files, a program has up to seven

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

// A descriptor's number tells how many there are below it: a new one gets the lowest that is free.
int last_for_newcomers() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > 1'000'000'000) return 1'000'000'000;
  return static_cast<int>(limit.rlim_cur - std::min(reserve, limit.rlim_cur / 4));
}

Deed deed_of(const LoginState& state, Code code) {
  if (code == Code::login_timeout || code == Code::kex_timeout || code == Code::ident_timeout)
    return Deed::grace_exceeded;
  return state.attempted ? Deed::auth_failed : Deed::no_auth;
}

}  // namespace

SshdServer::SshdServer(asio::io_context& loop, std::shared_ptr<const LoginRules> rules, ServerOptions base)
    : loop_(loop),
      rules_(std::move(rules)),
      base_(std::move(base)),
      sources_(rules_->options.sources),
      last_descriptor_(last_for_newcomers()),
      ended_(loop) {}

Problem SshdServer::listen(const std::vector<ListenPlace>& places) {
  for (const auto& place : places) {
    auto listener = Listener::listen(loop_.get_executor(), place.address, place.port);
    if (!listener) return listener.error().text;
    listener->on_exhausted([this](std::string_view what) {
      if (exhausted_.ask(std::chrono::steady_clock::now()))
        rules_->log->error("no new connections for now: " + std::string(what));
    });
    listeners_.push_back({std::move(*listener), place.address});
  }
  return std::nullopt;
}

void SshdServer::start() {
  for (auto& [listener, address] : listeners_) {
    rules_->log->info("listening on " + address + " port " + std::to_string(listener.port()));
    asio::co_spawn(
        loop_, [this, each = &listener] { return accept_from(each); }, asio::detached);
  }
}

void SshdServer::stop() {
  for (auto& [listener, address] : listeners_) listener.close();
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
  const auto ends = ends_of(flow.descriptor());
  const auto refusal = refusal_of(flow.descriptor(), ends.address);
  if (!refusal) return false;
  const auto line = "Turned away " + ends.peer + ": " + refusal->why;
  const auto held_back = refusal->each ? std::nullopt : turned_away_.ask(std::chrono::steady_clock::now());
  const auto others = " (and " + std::to_string(held_back.value_or(0)) + " others since the last such line)";
  if (held_back)
    rules_->log->info(line + (*held_back > 0 ? others : ""));
  else
    rules_->log->verbose(line);
  (void)flow.try_write(bytes_of(refusal->words));
  return true;
}

std::optional<SshdServer::Refusal> SshdServer::refusal_of(int descriptor, std::string_view address) {
  if (descriptor >= last_descriptor_)
    return Refusal{"the descriptors that are left are for those who are in already", "Too many connections\r\n", false};
  const auto answer = sources_.ask(address, std::chrono::steady_clock::now());
  if (answer == Sources::Answer::penalty)
    return Refusal{"refused for a while (PerSourcePenalties)", "Not allowed at this time\r\n", true};
  if (answer == Sources::Answer::overflow)
    return Refusal{"too many sources have penalties (PerSourcePenalties overflow)", "Not allowed at this time\r\n",
                   false};
  if (turn_away(rules_->options.startups, waiting_, roll(*base_.provider.random)))
    return Refusal{std::to_string(waiting_) + " connections have not logged in yet (MaxStartups)",
                   "Exceeded MaxStartups\r\n", false};
  if (answer == Sources::Answer::startups)
    return Refusal{
        "as many of " + sources_.block_name(address) + " as may have not logged in yet (PerSourceMaxStartups)",
        "Exceeded MaxStartups\r\n", false};
  return std::nullopt;
}

// The connection is none of those that have not logged in any more. Counted once: a password may be judged after the
// connection that sent it has ended.
void SshdServer::settle(LoginState& state) {
  if (std::exchange(state.settled, true)) return;
  --waiting_;
  sources_.settled(state.address);
}

void SshdServer::ended_without_login(LoginState& state, const Ending& ending) {
  settle(state);
  if (stop_.stop_requested()) return;
  const auto deed = deed_of(state, ending.error.code);
  if (const auto time = sources_.punish(state.address, deed, std::chrono::steady_clock::now()))
    rules_->log->info("Refusing " + sources_.block_name(state.address) + " for " + std::to_string(time->count()) +
                      " s (PerSourcePenalties, the last of them " + std::string(name_of(deed)) + ")");
}

Awaitable<void> SshdServer::serve(SocketFlow flow) {
  const auto ends = ends_of(flow.descriptor());
  auto state = std::make_shared<LoginState>();
  state->address = ends.address;
  state->peer = ends.peer;
  state->on_authenticated = [this, owner = state.get()] { settle(*owner); };
  auto options = base_;
  options.peer = ends.peer;
  options.log = std::make_shared<Quieter>(rules_->log);
  options.authorizer = make_login(rules_, state);
  ++connections_;
  ++waiting_;
  sources_.begun(ends.address);
  rules_->log->verbose("Connection from " + ends.peer);
  auto sessions = program_sessions({rules_, state, programs_, ends.connection});
  auto serving = spawn_server(stop_.get_token(), std::move(options), AnyFlow(std::move(flow)), std::move(sessions));
  const auto ending = co_await std::move(serving);
  rules_->log->info("Connection from " + ends.peer + " ended: " + flow_error(ending).text);
  if (!state->authenticated) ended_without_login(*state, ending);
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
