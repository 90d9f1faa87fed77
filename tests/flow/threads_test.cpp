// Several threads, each with a loop, a Random and the connections that belong to it. Shared are a provider's tables, the
// configurations, the keys, the users, the workers that check passwords, and the stop token (docs/contract.md, 11).
// `./dev soak tsan` runs this under ThreadSanitizer.
#include <array>
#include <latch>
#include <thread>

#include <asio/detached.hpp>
#include <asio/thread_pool.hpp>

#include "tests/flow/world.hpp"

namespace nacre::testing {
namespace {

struct Choice {
  const char* key_exchange;
  const char* cipher;
  const char* method;
};
constexpr std::array choices{
    Choice{"mlkem768x25519-sha256", "aes256-gcm@openssh.com", "publickey"},
    Choice{"curve25519-sha256", "chacha20-poly1305@openssh.com", "password"},
    Choice{"ecdh-sha2-nistp256", "aes256-ctr", "publickey"},
    Choice{"mlkem768x25519-sha256", "aes256-gcm@openssh.com", "password"},
};
constexpr std::size_t size = 300'000;          // bytes of echo
constexpr std::uint64_t new_keys_at = 50'000;  // bytes: so that threads exchange keys while others move data

// What one thread has of its own.
struct Loop {
  std::unique_ptr<Random> random = system_random();
  Provider provider = botan_provider(*random);
  asio::io_context io;
  std::optional<Ending> ending;
  std::size_t echoed = 0;
  unsigned exchanges = 0;
};

class Threads : public ::testing::Test {
 protected:
  Threads() {
    for (auto* algorithms : {&shared.server_config.algorithms, &shared.client_config.algorithms}) {
      for (const auto& choice : choices) {
        algorithms->key_exchanges.emplace_back(choice.key_exchange);
        algorithms->ciphers.emplace_back(choice.cipher);
      }
    }
    options.config = with_host_keys(shared.server_config, {shared.host_key});
    options.host_keys = {shared.host_key};
    options.peer = "a test";
  }

  void serve(Loop& loop, MemoryFlow end) {
    auto mine = options;
    mine.provider = loop.provider;
    mine.authorizer = authorize_by(shared.users, Executor(workers.get_executor()));
    asio::co_spawn(loop.io, spawn_server(shared.stop.get_token(), std::move(mine), std::move(end), echo),
                   [&loop](std::exception_ptr, Ending how) { loop.ending = std::move(how); });
  }

  // One connection: login, data to and fro with new keys all the time, and then until the stop token fires.
  Awaitable<void> connection(Loop& loop, const Choice& choice) {
    auto [client, server] = memory_flow(loop.io.get_executor());
    serve(loop, std::move(server));
    ClientOptions mine;
    mine.provider = loop.provider;
    mine.config = shared.client_config;
    mine.config.algorithms.key_exchanges = {choice.key_exchange};
    mine.config.algorithms.ciphers = {choice.cipher};
    mine.config.limits.rekey_bytes = new_keys_at;
    Credentials credentials;
    credentials.key(shared.user_key).password(Secret(bytes_of("sesame"))).prefer({choice.method});
    auto flow = co_await client_of_flow(shared.trusting(), "alice", credentials, ChannelWish(), std::move(client),
                                        std::move(mine));
    EXPECT_TRUE(flow) << (flow ? "" : flow.error().text);
    if (flow) {
      const auto sent = pattern(size);
      asio::co_spawn(
          loop.io,
          [&]() -> Awaitable<void> {
            auto written = co_await flow->write(sent);
            EXPECT_TRUE(written);
            auto finished = co_await flow->finish();
            EXPECT_TRUE(finished);
          },
          asio::detached);
      const auto all = co_await read_all(*flow);
      EXPECT_TRUE(same_bytes(bytes_of(all.text), sent)) << choice.cipher;
      loop.echoed = all.text.size();
      loop.exchanges = flow->session().negotiated().exchanges;
    }
    done.count_down();
    while (!loop.ending) co_await sleep(1ms);
  }

  World shared;
  ServerOptions options;
  asio::thread_pool workers{2};
  std::latch done{static_cast<std::ptrdiff_t>(choices.size())};
};

TEST_F(Threads, ShareWhatDoesNotChange) {
  std::array<Loop, choices.size()> loops;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < loops.size(); ++i)
    threads.emplace_back([&, i] { run(loops[i].io, [&]() { return connection(loops[i], choices[i]); }); });
  done.wait();
  shared.stop.request_stop();
  for (auto& thread : threads) thread.join();
  workers.join();
  for (const auto& loop : loops) {
    EXPECT_EQ(loop.echoed, size);
    EXPECT_GT(loop.exchanges, 1u) << "no new keys while data moved";
    ASSERT_TRUE(loop.ending);
    EXPECT_EQ(flow_error(*loop.ending).code, FlowCode::stopped);
  }
}

}  // namespace
}  // namespace nacre::testing
