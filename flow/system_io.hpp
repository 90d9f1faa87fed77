// What socket and descriptor flows share: system calls that answer as flows do, and waiting by Asio.
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include <sys/types.h>
#include <sys/uio.h>

#include <asio/error.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include "flow/flow.hpp"

namespace nacre::system_io {

inline FlowError error_of(int number) {
  const auto lost = number == ECONNRESET || number == EPIPE || number == ECONNABORTED || number == ETIMEDOUT ||
                    number == ENETDOWN || number == EHOSTUNREACH || number == ENETUNREACH || number == EIO;
  return {lost ? FlowCode::lost : FlowCode::system, asio::error_code(number, asio::system_category()).message()};
}

inline FlowError closed() { return {FlowCode::closed, "the flow is closed"}; }

// Repeats `call` while signals interrupt it; nothing when it would have blocked.
template <class Call>
Tried attempt(Call call) {
  for (;;) {
    const ssize_t result = call();
    if (result >= 0) return FlowResult<std::size_t>(static_cast<std::size_t>(result));
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return std::nullopt;
    return FlowResult<std::size_t>(Unexpected{error_of(errno)});
  }
}

// Up to 16 spans at a time as the system wants them, less what has been written already.
class Gathered {
 public:
  explicit Gathered(std::span<const Bytes> several) : several_(several) { skip_empty(); }
  bool done() const { return several_.empty(); }
  std::size_t fill(std::array<iovec, 16>& into) const {
    const auto count = std::min(several_.size(), into.size());
    for (std::size_t i = 0; i < count; ++i) {
      const auto part = several_[i].subspan(i == 0 ? begun_ : 0);
      into[i] = {const_cast<std::byte*>(part.data()), part.size()};  // iovec knows no const; it is only read
    }
    return count;
  }
  void advance(std::size_t size) {
    while (size != 0) {
      const auto left = several_.front().size() - begun_;
      const auto part = std::min(left, size);
      begun_ += part;
      size -= part;
      skip_empty();
    }
  }

 private:
  void skip_empty() {
    while (!several_.empty() && begun_ == several_.front().size()) {
      several_ = several_.subspan(1);
      begun_ = 0;
    }
  }
  std::span<const Bytes> several_;
  std::size_t begun_ = 0;
};

// Waits on an Asio socket or descriptor. What epoll can't watch (regular files) is always ready.
template <class Object, class What>
Awaitable<FlowResult<Done>> wait(Object& object, What what) {
  asio::error_code error;
  co_await object.async_wait(what, asio::redirect_error(asio::use_awaitable, error));
  if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) co_return Unexpected{closed()};
  if (error && error != asio::error::operation_not_supported) co_return Unexpected{error_of(error.value())};
  co_return Done{};
}

// read, write and writev of any ReadyFlow, out of its tries and waits.
template <class F>
Awaitable<FlowResult<std::size_t>> read(F& flow, Buffer into) {
  for (;;) {
    auto tried = flow.try_read(into);
    if (tried) co_return std::move(*tried);
    auto waited = co_await flow.wait_readable();
    if (!waited) co_return Unexpected{waited.error()};
  }
}

template <class F>
Awaitable<FlowResult<Done>> write(F& flow, Bytes bytes) {
  while (!bytes.empty()) {
    auto tried = flow.try_write(bytes);
    if (!tried) {
      auto waited = co_await flow.wait_writable();
      if (!waited) co_return waited;
      continue;
    }
    if (!*tried) co_return Unexpected{tried->error()};
    bytes = bytes.subspan(**tried);
  }
  co_return Done{};
}

// `put` writes some of the vectors it gets and answers as try_write does.
template <class F, class Put>
Awaitable<FlowResult<Done>> writev(F& flow, std::span<const Bytes> several, Put put) {
  Gathered gathered(several);
  std::array<iovec, 16> vectors;
  while (!gathered.done()) {
    const auto count = gathered.fill(vectors);
    Tried tried = put(vectors.data(), count);
    if (!tried) {
      auto waited = co_await flow.wait_writable();
      if (!waited) co_return waited;
      continue;
    }
    if (!*tried) co_return Unexpected{tried->error()};
    gathered.advance(**tried);
  }
  co_return Done{};
}

}  // namespace nacre::system_io
