// Flows over what the system has: TCP and Unix sockets, and descriptors (pipes, terminals, files).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <asio/generic/stream_protocol.hpp>

#include "flow/flow.hpp"

namespace nacre {

// A connected stream socket. TCP sockets have TCP_NODELAY from their first byte. SIGPIPE is never raised.
class SocketFlow {
 public:
  // Adopts a connected socket, of TCP or Unix.
  explicit SocketFlow(asio::generic::stream_protocol::socket socket);
  // The same for a bare descriptor, which is owned from then on (also when this fails).
  static FlowResult<SocketFlow> adopt(Executor executor, int descriptor);

  Executor get_executor();
  Awaitable<FlowResult<std::size_t>> read(Buffer into);
  Awaitable<FlowResult<Done>> write(Bytes bytes);
  Awaitable<FlowResult<Done>> writev(std::span<const Bytes> several);
  Awaitable<FlowResult<Done>> finish();
  Awaitable<void> close();
  Tried try_read(Buffer into);
  Tried try_write(Bytes bytes);
  Awaitable<FlowResult<Done>> wait_readable();
  Awaitable<FlowResult<Done>> wait_writable();

  int descriptor();    // -1 when closed
  std::string peer();  // "127.0.0.1 port 40522"; "a local socket" for Unix sockets

 private:
  asio::generic::stream_protocol::socket socket_;
  bool finished_ = false;
};

using Duration = std::chrono::steady_clock::duration;

// Connects: each address of the name in turn, all of them within `timeout`. Errors: unreachable, timed_out; their texts
// name host and port and say what the system said.
Awaitable<FlowResult<SocketFlow>> connect_tcp(Executor executor, std::string host, std::uint16_t port,
                                              Duration timeout = std::chrono::seconds(60));
Awaitable<FlowResult<SocketFlow>> connect_unix(Executor executor, std::string path);

// A connected pair of Unix sockets (socketpair).
FlowResult<std::pair<SocketFlow, SocketFlow>> socket_pair(Executor executor);

// Listens on one address, IPv4 or IPv6, as a number ("127.0.0.1", "::1"), port 0 for any free one.
class Listener {
 public:
  static FlowResult<Listener> listen(Executor executor, const std::string& address, std::uint16_t port,
                                     int backlog = 128);
  Listener(Listener&&) noexcept;
  Listener& operator=(Listener&&) noexcept;
  ~Listener();

  std::uint16_t port() const;
  // The next connection. Errors that are only one connection's are passed over; when descriptors have run out it
  // waits a little and goes on. FlowCode::closed after close().
  Awaitable<FlowResult<SocketFlow>> accept();
  // Hears what the system said, once each time that accept() begins to wait for descriptors.
  void on_exhausted(std::function<void(std::string_view what)> tell);
  void close();

 private:
  struct Inside;
  explicit Listener(std::unique_ptr<Inside> inside);
  std::unique_ptr<Inside> inside_;
};

// A pair of descriptors as one flow: the two pipes of a ProxyCommand, a terminal's master (the same twice), standard
// input and output. Pipes, ttys, sockets, regular files and /dev/null all work. Owned: closed with the flow, unless
// borrowed; the non-blocking flag, which is shared with other processes, is put back then. A program that writes to
// pipes must ignore SIGPIPE. The end of a terminal's other side (EIO on Linux) is an end like any other.
// -1 for either: that direction has ended from the start.
class DescriptorFlow {
 public:
  enum class Ownership { owned, borrowed };
  DescriptorFlow(Executor executor, int read_from, int write_to, Ownership ownership = Ownership::owned);
  DescriptorFlow(DescriptorFlow&&) noexcept;
  DescriptorFlow& operator=(DescriptorFlow&&) noexcept;
  ~DescriptorFlow();

  Executor get_executor();
  Awaitable<FlowResult<std::size_t>> read(Buffer into);
  Awaitable<FlowResult<Done>> write(Bytes bytes);
  Awaitable<FlowResult<Done>> writev(std::span<const Bytes> several);
  Awaitable<FlowResult<Done>> finish();  // closes write_to when it is not read_from as well
  Awaitable<void> close();
  Tried try_read(Buffer into);
  Tried try_write(Bytes bytes);
  Awaitable<FlowResult<Done>> wait_readable();
  Awaitable<FlowResult<Done>> wait_writable();

  int read_descriptor() const;   // -1 when closed
  int write_descriptor() const;  // -1 when closed or finished

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace nacre
