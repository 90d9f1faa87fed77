// Connecting and listening: TCP and Unix sockets, with deadlines and errors in words.
#include <asio/connect.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/steady_timer.hpp>

#include "flow/stream_flow.hpp"
#include "flow/system_io.hpp"

namespace nacre {

using asio::ip::tcp;

namespace {

// One connect, with what its timer may cancel.
struct Attempt {
  explicit Attempt(const Executor& executor) : resolver(executor), socket(executor), timer(executor) {}
  tcp::resolver resolver;
  tcp::socket socket;
  asio::steady_timer timer;
  bool timed_out = false;
};

void start_timer(const std::shared_ptr<Attempt>& attempt, Duration timeout) {
  attempt->timer.expires_after(timeout);
  attempt->timer.async_wait([weak = std::weak_ptr(attempt)](asio::error_code error) {
    const auto alive = weak.lock();
    if (error || !alive) return;
    alive->timed_out = true;
    alive->resolver.cancel();
    asio::error_code ignored;
    alive->socket.close(ignored);
  });
}

FlowError unreachable(const std::string& where, const asio::error_code& error) {
  return {FlowCode::unreachable, "could not connect to " + where + ": " + error.message()};
}

}  // namespace

Awaitable<FlowResult<SocketFlow>> connect_tcp(Executor executor, std::string host, std::uint16_t port,
                                              Duration timeout) {
  const auto attempt = std::make_shared<Attempt>(executor);
  start_timer(attempt, timeout);
  const auto where = host + " port " + std::to_string(port);
  const FlowError late{FlowCode::timed_out, "could not connect to " + where + ": timed out"};

  asio::error_code error;
  const auto found = co_await attempt->resolver.async_resolve(
      host, std::to_string(port), tcp::resolver::numeric_service, asio::redirect_error(asio::use_awaitable, error));
  if (attempt->timed_out) co_return Unexpected{late};
  if (error) co_return Unexpected{unreachable(where, error)};

  for (const auto& entry : found) {
    attempt->socket.close(error);
    attempt->socket.open(entry.endpoint().protocol(), error);
    if (error) continue;
    attempt->socket.set_option(tcp::no_delay(true), error);
    co_await attempt->socket.async_connect(entry.endpoint(), asio::redirect_error(asio::use_awaitable, error));
    if (attempt->timed_out) co_return Unexpected{late};
    if (!error) break;
  }
  if (error) co_return Unexpected{unreachable(where, error)};
  attempt->timer.cancel();
  asio::generic::stream_protocol::socket socket(std::move(attempt->socket));
  co_return SocketFlow(std::move(socket));
}

Awaitable<FlowResult<SocketFlow>> connect_unix(Executor executor, std::string path) {
  if (path.size() >= sizeof(sockaddr_un::sun_path))
    co_return Unexpected{FlowError{FlowCode::unreachable, "could not connect to " + path + ": the path is too long"}};
  asio::local::stream_protocol::socket socket(executor);
  const asio::local::stream_protocol::endpoint endpoint(path);
  asio::error_code error;
  co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return Unexpected{unreachable(path, error)};
  asio::generic::stream_protocol::socket generic(std::move(socket));
  co_return SocketFlow(std::move(generic));
}

// ---- Listener

struct Listener::Inside {
  explicit Inside(Executor executor) : acceptor(executor), pause(executor) {}
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  std::function<void(std::string_view)> tell;
  bool exhausted = false;
};

Listener::Listener(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Listener::Listener(Listener&&) noexcept = default;
Listener& Listener::operator=(Listener&&) noexcept = default;
Listener::~Listener() = default;

FlowResult<Listener> Listener::listen(Executor executor, const std::string& address, std::uint16_t port, int backlog) {
  const auto where = address + " port " + std::to_string(port);
  asio::error_code error;
  const auto number = asio::ip::make_address(address, error);
  if (error) return Unexpected{FlowError{FlowCode::configuration, "not an IP address: " + address}};
  auto inside = std::make_unique<Inside>(executor);
  auto& acceptor = inside->acceptor;
  const tcp::endpoint endpoint(number, port);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && number.is_v6()) acceptor.set_option(asio::ip::v6_only(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(backlog, error);
  if (error) return Unexpected{FlowError{FlowCode::system, "could not listen on " + where + ": " + error.message()}};
  return Listener(std::move(inside));
}

std::uint16_t Listener::port() const {
  asio::error_code ignored;
  return inside_->acceptor.local_endpoint(ignored).port();
}

Awaitable<FlowResult<SocketFlow>> Listener::accept() {
  auto& acceptor = inside_->acceptor;
  for (;;) {
    if (!acceptor.is_open()) co_return Unexpected{system_io::closed()};
    asio::error_code error;
    tcp::socket socket(acceptor.get_executor());
    co_await acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
    if (!error) {
      inside_->exhausted = false;
      asio::generic::stream_protocol::socket generic(std::move(socket));
      co_return SocketFlow(std::move(generic));
    }
    if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor)
      co_return Unexpected{system_io::closed()};
    const auto exhausted =
        error.value() == EMFILE || error.value() == ENFILE || error.value() == ENOBUFS || error.value() == ENOMEM;
    if (!exhausted) continue;  // only this connection's: gone before it was accepted
    if (!std::exchange(inside_->exhausted, true) && inside_->tell) inside_->tell(error.message());
    inside_->pause.expires_after(std::chrono::milliseconds(100));
    co_await inside_->pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
}

void Listener::on_exhausted(std::function<void(std::string_view)> tell) { inside_->tell = std::move(tell); }

void Listener::close() {
  asio::error_code ignored;
  inside_->acceptor.close(ignored);
  inside_->pause.cancel();
}

}  // namespace nacre
