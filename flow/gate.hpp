// Gate: where coroutines wait for something to happen. Opening it lets through all that wait at that moment.
#pragma once

#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include "flow/flow.hpp"

namespace nacre {

class Gate {
 public:
  explicit Gate(Executor executor) : timer_(std::move(executor), asio::steady_timer::time_point::max()) {}

  // Until the next open(). Whoever waits asks its condition again afterwards. What the gate stands in must live on.
  Awaitable<void> wait() {
    ++waiting_;
    asio::error_code error;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }

  void open() {
    if (waiting_ == 0) return;
    waiting_ = 0;
    timer_.cancel();
  }

 private:
  asio::steady_timer timer_;
  std::size_t waiting_ = 0;
};

}  // namespace nacre
