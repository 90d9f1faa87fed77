// MemoryFlow: pieces, back-pressure, half-close, close, cuts.
#include <asio/detached.hpp>

#include "tests/flow/world.hpp"

namespace nacre::testing {
namespace {

static_assert(ReadyFlow<MemoryFlow>);
static_assert(Flow<PlainFlow<MemoryFlow>> && !ReadyFlow<PlainFlow<MemoryFlow>>);
static_assert(Flow<AnyFlow>);

TEST(MemoryFlow, CarriesBytesInPiecesOfEverySize) {
  for (const auto pieces : {MemoryLine::Pieces::whole, MemoryLine::Pieces::one_byte, MemoryLine::Pieces::random}) {
    asio::io_context io;
    auto [one, other] =
        memory_flow(io.get_executor(), {.pieces = pieces, .seed = 5, .capacity = 1000, .cut_after = {}});
    const auto sent = pattern(20'000);
    asio::co_spawn(
        io,
        [&]() -> Awaitable<void> {
          auto written = co_await one.write(sent);
          EXPECT_TRUE(written);
          auto finished = co_await one.finish();
          EXPECT_TRUE(finished);
        },
        asio::detached);
    run(io, [&]() -> Awaitable<void> {
      const auto all = co_await read_all(other);
      EXPECT_FALSE(all.error);
      EXPECT_TRUE(same_bytes(bytes_of(all.text), sent));
    });
  }
}

TEST(MemoryFlow, WritersWaitForRoom) {
  asio::io_context io;
  auto [one, other] = memory_flow(io.get_executor(), {.capacity = 10, .cut_after = {}});
  run(io, [&]() -> Awaitable<void> {
    const auto tried = one.try_write(pattern(25));
    EXPECT_TRUE(tried && *tried && **tried == 10);
    const auto again = one.try_write(pattern(1));
    EXPECT_FALSE(again);
    std::vector<std::byte> buffer(4);
    auto got = co_await other.read(buffer);
    EXPECT_EQ(got ? *got : 0, 4u);
    const auto third = one.try_write(pattern(25));
    EXPECT_TRUE(third && *third && **third == 4);
  });
}

TEST(MemoryFlow, HalfCloseLeavesTheOtherDirectionOpen) {
  asio::io_context io;
  auto [one, other] = memory_flow(io.get_executor());
  run(io, [&]() -> Awaitable<void> {
    auto finished = co_await one.finish();
    EXPECT_TRUE(finished);
    const auto nothing = co_await read_all(other);
    EXPECT_FALSE(nothing.error);
    auto written = co_await other.write(bytes_of("still here"));
    EXPECT_TRUE(written);
    co_await other.close();
    const auto rest = co_await read_all(one);
    EXPECT_EQ(rest.text, "still here");
    auto refused = co_await one.write(bytes_of("x"));
    EXPECT_FALSE(refused);
  });
}

TEST(MemoryFlow, CloseEndsWhatIsUnderWay) {
  asio::io_context io;
  auto [one, other] = memory_flow(io.get_executor());
  bool ended = false;
  asio::co_spawn(
      io,
      [&]() -> Awaitable<void> {
        std::vector<std::byte> buffer(4);
        auto got = co_await one.read(buffer);
        EXPECT_TRUE(!got && got.error().code == FlowCode::closed);
        ended = true;
      },
      asio::detached);
  run(io, [&]() -> Awaitable<void> {
    co_await sleep(1ms);
    co_await one.close();
    co_await sleep(1ms);
    EXPECT_TRUE(ended);
  });
}

TEST(MemoryFlow, ACutLosesTheLineForBothEnds) {
  asio::io_context io;
  auto [one, other] = memory_flow(io.get_executor(), {.cut_after = 7});
  run(io, [&]() -> Awaitable<void> {
    auto written = co_await one.write(bytes_of("0123456789"));
    EXPECT_TRUE(!written && written.error().code == FlowCode::lost);
    const auto all = co_await read_all(other);
    EXPECT_EQ(all.text, "0123456");
    EXPECT_TRUE(all.error && all.error->code == FlowCode::lost);
    const auto back = co_await read_all(one);
    EXPECT_TRUE(back.error && back.error->code == FlowCode::lost);
  });
}

}  // namespace
}  // namespace nacre::testing
