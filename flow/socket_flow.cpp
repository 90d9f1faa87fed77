// SocketFlow: TCP and Unix stream sockets.
#include "flow/stream_flow.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <asio/ip/tcp.hpp>

#include "flow/system_io.hpp"

namespace nacre {

SocketFlow::SocketFlow(asio::generic::stream_protocol::socket socket) : socket_(std::move(socket)) {
  const int on = 1;  // fails on Unix sockets, which need none
  ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

FlowResult<SocketFlow> SocketFlow::adopt(Executor executor, int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  asio::error_code error;
  asio::generic::stream_protocol::socket socket(executor);
  if (::getsockname(descriptor, static_cast<sockaddr*>(static_cast<void*>(&address)), &size) == 0)
    socket.assign(asio::generic::stream_protocol(address.ss_family, 0), descriptor, error);
  else
    error.assign(errno, asio::system_category());
  if (error) {
    ::close(descriptor);
    return Unexpected{FlowError{FlowCode::system, "not a usable socket: " + error.message()}};
  }
  return SocketFlow(std::move(socket));
}

Executor SocketFlow::get_executor() { return socket_.get_executor(); }
int SocketFlow::descriptor() { return socket_.is_open() ? socket_.native_handle() : -1; }

Tried SocketFlow::try_read(Buffer into) {
  if (!socket_.is_open()) return FlowResult<std::size_t>(Unexpected{system_io::closed()});
  return system_io::attempt([&] { return ::recv(socket_.native_handle(), into.data(), into.size(), MSG_DONTWAIT); });
}

Tried SocketFlow::try_write(Bytes bytes) {
  if (!socket_.is_open() || finished_) return FlowResult<std::size_t>(Unexpected{system_io::closed()});
  return system_io::attempt(
      [&] { return ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL); });
}

Awaitable<FlowResult<Done>> SocketFlow::wait_readable() {
  return system_io::wait(socket_, asio::socket_base::wait_read);
}
Awaitable<FlowResult<Done>> SocketFlow::wait_writable() {
  return system_io::wait(socket_, asio::socket_base::wait_write);
}
Awaitable<FlowResult<std::size_t>> SocketFlow::read(Buffer into) { return system_io::read(*this, into); }
Awaitable<FlowResult<Done>> SocketFlow::write(Bytes bytes) { return system_io::write(*this, bytes); }

Awaitable<FlowResult<Done>> SocketFlow::writev(std::span<const Bytes> several) {
  return system_io::writev(*this, several, [this](iovec* vectors, std::size_t count) -> Tried {
    if (!socket_.is_open() || finished_) return FlowResult<std::size_t>(Unexpected{system_io::closed()});
    msghdr message{};
    message.msg_iov = vectors;
    message.msg_iovlen = count;
    return system_io::attempt(
        [&] { return ::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL); });
  });
}

Awaitable<FlowResult<Done>> SocketFlow::finish() {
  if (!socket_.is_open()) co_return Unexpected{system_io::closed()};
  finished_ = true;
  asio::error_code error;
  socket_.shutdown(asio::socket_base::shutdown_send, error);
  if (error && error != asio::error::not_connected) co_return Unexpected{system_io::error_of(error.value())};
  co_return Done{};
}

Awaitable<void> SocketFlow::close() {
  asio::error_code ignored;
  socket_.close(ignored);
  co_return;
}

std::string SocketFlow::peer() {
  asio::error_code error;
  const auto end = socket_.remote_endpoint(error);
  if (error) return "somebody";
  if (end.data()->sa_family != AF_INET && end.data()->sa_family != AF_INET6) return "a local socket";
  asio::ip::tcp::endpoint address;
  if (end.size() > address.capacity()) return "somebody";
  std::memcpy(address.data(), end.data(), end.size());
  return address.address().to_string() + " port " + std::to_string(address.port());
}

FlowResult<std::pair<SocketFlow, SocketFlow>> socket_pair(Executor executor) {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return Unexpected{system_io::error_of(errno)};
  auto one = SocketFlow::adopt(executor, ends[0]);
  auto other = SocketFlow::adopt(executor, ends[1]);
  if (!one) return Unexpected{one.error()};
  if (!other) return Unexpected{other.error()};
  return std::pair(std::move(*one), std::move(*other));
}

}  // namespace nacre
