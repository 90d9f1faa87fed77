// A flow as what Asio calls AsyncReadStream and AsyncWriteStream: reads and writes that take any completion token.
// AsyncStream wraps any Flow; ChannelFlow has the two calls itself.
#pragma once

#include <exception>
#include <memory>
#include <utility>

#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/error.hpp>
#include <asio/error_code.hpp>
#include <asio/post.hpp>

#include "flow/flow.hpp"

namespace nacre {

// Its values are those of FlowCode, plus one.
const asio::error_category& flow_category();
asio::error_code to_error_code(const FlowError& error);
// What async_read_some says of a read: eof for 0 bytes.
asio::error_code code_of_read(const FlowResult<std::size_t>& result);

namespace detail {

struct Moved {
  asio::error_code error;
  std::size_t size = 0;
};

// Flows throw for want of memory only. Without an error, 0 bytes would be asked for again and again.
inline Moved failed() {
  Moved moved;
  moved.error = asio::error::no_memory;
  return moved;
}

template <class F>
Awaitable<Moved> read_some(F& flow, Buffer into) {
  if (into.empty()) co_return Moved();
  auto result = co_await flow.read(into);
  Moved moved;
  moved.error = code_of_read(result);
  moved.size = result ? *result : 0;
  co_return moved;
}

// All of one buffer: more than `some` promises, and the cheapest for a flow.
template <class F>
Awaitable<Moved> write_some(F& flow, Bytes bytes) {
  Moved moved;
  moved.size = bytes.size();
  if (bytes.empty()) co_return moved;
  auto written = co_await flow.write(bytes);
  if (written) co_return moved;
  moved.error = to_error_code(written.error());
  moved.size = 0;
  co_return moved;
}

// Never from within the call that has begun the operation, as Asio demands.
template <class Handler>
void complete(Executor executor, Handler handler, Moved moved) {
  auto on = asio::get_associated_executor(handler, executor);
  asio::post(on, [handler = std::move(handler), moved]() mutable { std::move(handler)(moved.error, moved.size); });
}

template <class Place, class Buffers>
Place first_of(const Buffers& buffers) {
  for (auto it = asio::buffer_sequence_begin(buffers); it != asio::buffer_sequence_end(buffers); ++it)
    if (it->size() != 0) return Place(static_cast<typename Place::pointer>(it->data()), it->size());
  return {};
}

}  // namespace detail

// `flow` must outlive the operation.
template <class F, class MutableBuffers, class Token>
auto async_read_some_of(F& flow, const MutableBuffers& buffers, Token&& token) {
  return asio::async_initiate<Token, void(asio::error_code, std::size_t)>(
      [&flow](auto handler, Buffer into) {
        auto executor = Executor(flow.get_executor());
        asio::co_spawn(
            executor, detail::read_some(flow, into),
            [executor, handler = std::move(handler)](std::exception_ptr thrown, detail::Moved moved) mutable {
              detail::complete(executor, std::move(handler), thrown ? detail::failed() : moved);
            });
      },
      token, detail::first_of<Buffer>(buffers));
}

template <class F, class ConstBuffers, class Token>
auto async_write_some_of(F& flow, const ConstBuffers& buffers, Token&& token) {
  return asio::async_initiate<Token, void(asio::error_code, std::size_t)>(
      [&flow](auto handler, Bytes bytes) {
        auto executor = Executor(flow.get_executor());
        asio::co_spawn(
            executor, detail::write_some(flow, bytes),
            [executor, handler = std::move(handler)](std::exception_ptr thrown, detail::Moved moved) mutable {
              detail::complete(executor, std::move(handler), thrown ? detail::failed() : moved);
            });
      },
      token, detail::first_of<Bytes>(buffers));
}

template <Flow F>
class AsyncStream {
 public:
  using executor_type = Executor;
  using lowest_layer_type = AsyncStream;

  explicit AsyncStream(F flow) : flow_(std::move(flow)) {}
  Executor get_executor() { return flow_.get_executor(); }
  AsyncStream& lowest_layer() { return *this; }
  F& flow() { return flow_; }

  template <class MutableBuffers, class Token>
  auto async_read_some(const MutableBuffers& buffers, Token&& token) {
    return async_read_some_of(flow_, buffers, std::forward<Token>(token));
  }
  template <class ConstBuffers, class Token>
  auto async_write_some(const ConstBuffers& buffers, Token&& token) {
    return async_write_some_of(flow_, buffers, std::forward<Token>(token));
  }

 private:
  F flow_;
};

}  // namespace nacre
