// DescriptorFlow: pipes, terminals, files and whatever else has a descriptor.
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <asio/posix/stream_descriptor.hpp>

#include "flow/stream_flow.hpp"
#include "flow/system_io.hpp"

namespace nacre {

namespace {

using asio::posix::descriptor_base;

constexpr std::size_t terminal_piece =
    1024;  // a blocking terminal that is writable takes at least as much, nearly always

// One descriptor. Asio makes whatever it waits on non-blocking, and that flag is shared with every process that has
// the same terminal: so a borrowed terminal is watched through an epoll of its own and keeps its flags.
class Watched {
 public:
  Watched(const Executor& executor, int descriptor, bool owned)
      : watcher_(executor), descriptor_(descriptor), owned_(owned), polls_(!owned && ::isatty(descriptor) == 1) {
    flags_ = ::fcntl(descriptor, F_GETFL);
    if (!polls_ && flags_ != -1) ::fcntl(descriptor, F_SETFL, flags_ | O_NONBLOCK);
    const int watch = polls_ ? inner_epoll(descriptor) : descriptor;
    asio::error_code error;
    if (watch != -1) watcher_.assign(watch, error);
    if (error && polls_) ::close(watch);
  }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;
  ~Watched() { close(); }

  int descriptor() const { return descriptor_; }
  // What one write may be at most: a blocking one of more could wait.
  std::size_t most() const { return polls_ ? terminal_piece : SIZE_MAX; }

  void close() {
    if (descriptor_ == -1) return;
    if (!polls_ && flags_ != -1) ::fcntl(descriptor_, F_SETFL, flags_);
    asio::error_code ignored;
    if (!polls_ && watcher_.is_open()) watcher_.release();
    if (polls_) watcher_.close(ignored);
    if (owned_) ::close(descriptor_);
    descriptor_ = -1;
  }

  // A blocking descriptor is asked first whether it would block.
  bool ready(short what) const {
    if (!polls_) return true;
    pollfd asked{descriptor_, what, 0};
    return ::poll(&asked, 1, 0) > 0;
  }

  Awaitable<FlowResult<Done>> wait(descriptor_base::wait_type what) {
    if (descriptor_ == -1 || !watcher_.is_open() || ready_at_once(what)) co_return Done{};
    auto waited = co_await system_io::wait(watcher_, polls_ ? descriptor_base::wait_read : what);
    co_return waited;
  }

 private:
  // The inner epoll watches one kind of readiness at a time; the outer one sees it as readable.
  bool ready_at_once(descriptor_base::wait_type what) {
    if (!polls_) return false;
    const bool reads = what == descriptor_base::wait_read;
    epoll_event event{};
    event.events = reads ? EPOLLIN : EPOLLOUT;
    if (::epoll_ctl(watcher_.native_handle(), EPOLL_CTL_MOD, descriptor_, &event) != 0) return true;
    return ready(reads ? POLLIN : POLLOUT);
  }
  static int inner_epoll(int descriptor) {
    const int inner = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event event{};
    event.events = EPOLLIN;
    if (inner != -1 && ::epoll_ctl(inner, EPOLL_CTL_ADD, descriptor, &event) == 0) return inner;
    if (inner != -1) ::close(inner);
    return -1;
  }

  asio::posix::stream_descriptor watcher_;
  int descriptor_;
  bool owned_;
  bool polls_;
  int flags_ = -1;
};

}  // namespace

struct DescriptorFlow::Inside {
  Executor executor;
  std::shared_ptr<Watched> from, to;  // the same for one descriptor, unless it must be watched twice
};

DescriptorFlow::DescriptorFlow(Executor executor, int read_from, int write_to, Ownership ownership)
    : inside_(std::make_unique<Inside>(Inside{executor, nullptr, nullptr})) {
  const bool owned = ownership == Ownership::owned;
  const bool twice = read_from == write_to && !owned && ::isatty(read_from) == 1;
  if (read_from != -1) inside_->from = std::make_shared<Watched>(executor, read_from, owned);
  if (write_to == read_from && !twice)
    inside_->to = inside_->from;
  else if (write_to != -1)
    inside_->to = std::make_shared<Watched>(executor, write_to, owned);
}

DescriptorFlow::DescriptorFlow(DescriptorFlow&&) noexcept = default;
DescriptorFlow& DescriptorFlow::operator=(DescriptorFlow&&) noexcept = default;
DescriptorFlow::~DescriptorFlow() = default;

Executor DescriptorFlow::get_executor() { return inside_->executor; }
int DescriptorFlow::read_descriptor() const { return inside_->from ? inside_->from->descriptor() : -1; }
int DescriptorFlow::write_descriptor() const { return inside_->to ? inside_->to->descriptor() : -1; }

Tried DescriptorFlow::try_read(Buffer into) {
  if (!inside_->from) return FlowResult<std::size_t>(std::size_t{0});
  const auto& from = *inside_->from;
  if (from.descriptor() == -1) return FlowResult<std::size_t>(Unexpected{system_io::closed()});
  if (!from.ready(POLLIN)) return std::nullopt;
  return system_io::attempt([&]() -> ssize_t {
    const auto got = ::read(from.descriptor(), into.data(), into.size());
    return got == -1 && errno == EIO ? 0 : got;  // a terminal whose other side is gone
  });
}

Tried DescriptorFlow::try_write(Bytes bytes) {
  if (!inside_->to || inside_->to->descriptor() == -1) return FlowResult<std::size_t>(Unexpected{system_io::closed()});
  const auto& to = *inside_->to;
  if (!to.ready(POLLOUT)) return std::nullopt;
  bytes = bytes.first(std::min(bytes.size(), to.most()));
  return system_io::attempt([&] { return ::write(to.descriptor(), bytes.data(), bytes.size()); });
}

Awaitable<FlowResult<Done>> DescriptorFlow::wait_readable() {
  const auto from = inside_->from;  // outlives a move of the flow
  if (!from) co_return Done{};
  auto waited = co_await from->wait(descriptor_base::wait_read);
  co_return waited;
}

Awaitable<FlowResult<Done>> DescriptorFlow::wait_writable() {
  const auto to = inside_->to;
  if (!to) co_return Done{};
  auto waited = co_await to->wait(descriptor_base::wait_write);
  co_return waited;
}

Awaitable<FlowResult<std::size_t>> DescriptorFlow::read(Buffer into) { return system_io::read(*this, into); }
Awaitable<FlowResult<Done>> DescriptorFlow::write(Bytes bytes) { return system_io::write(*this, bytes); }

Awaitable<FlowResult<Done>> DescriptorFlow::writev(std::span<const Bytes> several) {
  return system_io::writev(*this, several, [this](const iovec* vectors, std::size_t) -> Tried {
    return try_write(Bytes(static_cast<const std::byte*>(vectors[0].iov_base), vectors[0].iov_len));
  });
}

Awaitable<FlowResult<Done>> DescriptorFlow::finish() {
  if (inside_->to && inside_->to != inside_->from) inside_->to->close();
  if (inside_->to != inside_->from) inside_->to.reset();
  co_return Done{};
}

Awaitable<void> DescriptorFlow::close() {
  if (inside_->to) inside_->to->close();  // in the reverse order of opening: the two may share their flags
  if (inside_->from) inside_->from->close();
  co_return;
}

}  // namespace nacre
