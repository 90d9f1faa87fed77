// What the flow tests share: an io_context with a deadline, keys, and a client and a server joined by any pair of flows.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include "crypto/botan_provider.hpp"
#include "flow/client_of_flow.hpp"
#include "flow/memory_flow.hpp"
#include "flow/spawn_server.hpp"
#include "flow/users.hpp"

namespace nacre::testing {

using namespace std::chrono_literals;

// Runs the coroutine that `body` makes, and all that goes on beside it, until it has ended. A test that hangs fails.
template <class Body>
void run(asio::io_context& io, Body body, std::chrono::seconds limit = 30s) {
  bool ended = false;
  asio::co_spawn(io, body(), [&](std::exception_ptr thrown) {
    ended = true;
    EXPECT_FALSE(thrown) << "the test has thrown";
    io.stop();
  });
  io.restart();
  io.run_for(limit);
  EXPECT_TRUE(ended) << "the test hangs";
}

Awaitable<void> sleep(std::chrono::milliseconds time);

// Everything up to the end, or to the error, which is then in `error`.
struct Everything {
  std::string text;
  std::optional<FlowError> error;
};
template <Flow F>
Awaitable<Everything> read_all(F& flow) {
  Everything all;
  std::vector<std::byte> buffer(16 * 1024);
  for (;;) {
    auto got = co_await flow.read(buffer);
    if (!got) all.error = got.error();
    if (!got || *got == 0) co_return all;
    all.text += text_of(Bytes(buffer).first(*got));
  }
}
Awaitable<Everything> read_all(ChannelFlow channel, Stream stream);

// `size` bytes that are the same for the same seed, and tell their order.
ByteVector pattern(std::size_t size, std::uint64_t seed = 1);

class Lines : public Log {
 public:
  void line(LogLevel, std::string_view text) override {
    all += text;
    all += '\n';
  }
  std::string all;
};

// A world of one server and its clients. The user is "alice" with a key, and with the password "sesame".
class World {
 public:
  World();

  ServerOptions server_options();
  ClientOptions client_options();
  Credentials with_key() { return Credentials().key(user_key); }
  std::shared_ptr<Authenticator> trusting() { return trust_key(host_key->public_key()); }

  // Serves `flow` in the background; what it came to is in `ending` afterwards.
  void serve(AnyFlow flow, RunProgram run);
  void serve(AnyFlow flow, SessionFactory sessions, ServerOptions options);
  // Both ends over memory, the server served, the client's end returned.
  MemoryFlow served(RunProgram run, MemoryLine there = {}, MemoryLine back = {});

  Awaitable<FlowResult<SshFlow>> connect(AnyFlow flow, ChannelWish wish);
  Awaitable<FlowResult<ClientSession>> log_in(AnyFlow flow);
  Awaitable<Ending> server_ended();

  std::unique_ptr<Random> random;
  Provider provider;
  asio::io_context io;  // what still runs in it when it dies says goodbye, and needs randomness for that
  std::shared_ptr<const PrivateKey> host_key, user_key, other_key;
  std::shared_ptr<const Users> users;
  ServerConfig server_config;
  ClientConfig client_config;
  std::stop_source stop;
  std::optional<Ending> ending;
  std::shared_ptr<Lines> server_log = std::make_shared<Lines>(), client_log = std::make_shared<Lines>();
};

// Programs for servers.
Awaitable<Exit> echo(Run run);   // writes back what it reads; exit status 0
Awaitable<Exit> greet(Run run);  // "hello" to out, "beware" to err, exit status 7

std::string hash_of_sesame();  // a bcrypt line, cheap enough for tests

}  // namespace nacre::testing
