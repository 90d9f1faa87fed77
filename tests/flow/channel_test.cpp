// Channels as both sides keep them: numbers that come again, handles that outlive their channel, calls that meet.
#include <asio/detached.hpp>

#include "tests/flow/world.hpp"

namespace nacre::testing {
namespace {

// Runs one program and reads it to its end.
Awaitable<std::optional<ChannelFlow>> run_once(ClientSession session) {
  auto channel = co_await open_channel(session, ChannelWish(RunCommand("x")));
  EXPECT_TRUE(channel) << channel.error().text;
  if (!channel) co_return std::nullopt;
  const auto all = co_await read_all(*channel, Stream::out);
  EXPECT_EQ(all.text, "hello");
  co_await channel->close();
  co_return *channel;
}

// One channel after another, while both sides keep the handle of the first: what comes later is not for that one. With
// as many channels as an engine permits its numbers come again soonest: the first one's after 4096 uses.
TEST(Channel, AHandleThatIsKeptAnswersToNoLaterChannel) {
  World world;
  world.client_config.limits.channels = world.server_config.limits.channels = (1u << 20) - 1;
  std::optional<ChannelFlow> kept;
  run(
      world.io,
      [&]() -> Awaitable<void> {
        auto end = world.served([&](nacre::Run program) -> Awaitable<Exit> {
          if (!kept) kept = program.channel;
          auto said = co_await program.channel.write(bytes_of("hello"));
          EXPECT_TRUE(said);
          co_return Exit(3);
        });
        auto session = co_await world.log_in(std::move(end));
        EXPECT_TRUE(session);
        if (!session) co_return;
        const auto first = co_await run_once(*session);
        for (int i = 1; i < 4096; ++i) {
          auto channel = co_await session->open_session();
          EXPECT_TRUE(channel);
          if (channel) co_await channel->close();
        }
        const auto last = co_await run_once(*session);
        EXPECT_TRUE(first && last && kept);
        if (!first || !last || !kept) co_return;
        EXPECT_EQ(last->id(), first->id()) << "nothing has been tested";
        EXPECT_TRUE(last->exit() && last->exit()->status == 3u);
        EXPECT_TRUE(first->closed() && kept->closed());
        EXPECT_TRUE(first->waiting().empty());
        co_await session->disconnect();
      },
      60s);
}

// A write that waits for window is over when its own side has said EOF: nothing would wake it any more.
TEST(Channel, FinishEndsAWriteThatWaits) {
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    auto flow = co_await world.connect(world.served([](nacre::Run program) -> Awaitable<Exit> {
      co_await program.channel.wait_closed();
      co_return Exit(0);
    }),
                                       ChannelWish());
    EXPECT_TRUE(flow);
    if (!flow) co_return;
    auto channel = flow->channel();
    unsigned over = 0;
    const auto much = pattern(8'000'000);
    asio::co_spawn(
        world.io,
        [&]() -> Awaitable<void> {
          auto written = co_await channel.write(much);
          EXPECT_TRUE(!written && written.error().code == FlowCode::closed);
          ++over;
        },
        asio::detached);
    for (int full = 0; full < 5; full = channel.prepare(1).empty() ? full + 1 : 0) co_await sleep(10ms);
    asio::co_spawn(
        world.io,
        [&]() -> Awaitable<void> {
          auto writable = co_await channel.wait_writable();
          EXPECT_TRUE(!writable && writable.error().code == FlowCode::closed);
          ++over;
        },
        asio::detached);
    co_await sleep(5ms);
    EXPECT_EQ(over, 0u);
    auto finished = co_await channel.finish();
    EXPECT_TRUE(finished);
    co_await sleep(20ms);
    EXPECT_EQ(over, 2u);
    co_await flow->close();
  });
}

}  // namespace
}  // namespace nacre::testing
