// The example of the README, run against a server.
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "flow/stream_flow.hpp"
#include "tests/examples/poll_client.hpp"
#include "tests/flow/world.hpp"

namespace nacre::testing {
namespace {

class PollClient : public ::testing::Test {
 protected:
  // The example on a thread of its own: it blocks.
  std::uint32_t run_example(Bytes host_key, std::shared_ptr<const PrivateKey> key) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    std::uint32_t status = 0;
    run(world.io, [&]() -> Awaitable<void> {
      auto server = SocketFlow::adopt(world.io.get_executor(), ends[0]);
      EXPECT_TRUE(server);
      world.serve(std::move(*server), greet);
      std::thread blocking([&] {
        const auto random = system_random();
        const auto provider = botan_provider(*random);
        Client ssh(provider, std::make_shared<const ClientConfig>(world.client_config));
        status = nacre::run(ssh, ends[1], Login{host_key, *key, *random, "greet"});
        ::close(ends[1]);
      });
      const auto ended = co_await world.server_ended();
      EXPECT_TRUE(ended.by_peer) << flow_error(ended).text;
      blocking.join();
    });
    return status;
  }
  World world;
};

TEST_F(PollClient, PrintsTheOutputAndAnswersTheStatus) {
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const auto status = run_example(world.host_key->public_key().blob(), world.user_key);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "hello");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "beware");
  EXPECT_EQ(status, 7u);
}

TEST_F(PollClient, RefusesAnotherHostKey) {
  EXPECT_EQ(run_example(world.other_key->public_key().blob(), world.user_key), 255u);
}

TEST_F(PollClient, GivesUpWhenItsKeyIsNotTaken) {
  EXPECT_EQ(run_example(world.host_key->public_key().blob(), world.other_key), 255u);
}

}  // namespace
}  // namespace nacre::testing
