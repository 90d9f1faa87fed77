// Cancellation by Asio: what `||` with a timer does to a server, a session and a channel. The sanitizers look on.
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/post.hpp>

#include "tests/flow/world.hpp"

namespace nacre::testing {
namespace {

using namespace asio::experimental::awaitable_operators;

// The loops of a connection outlive the coroutine that was cancelled by some turns of the executor: what they would
// touch is gone by then, and the client's words would wake them.
TEST(Cancel, AServerBesideATimerEndsInOrder) {
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    auto [client, server] = memory_flow(world.io.get_executor());
    auto first = co_await (
        spawn_server(world.stop.get_token(), world.server_options(), AnyFlow(std::move(server)), echo) || sleep(20ms));
    EXPECT_EQ(first.index(), 1u);
    const auto written = co_await client.write(bytes_of("SSH-2.0-late\r\n"));
    EXPECT_TRUE(!written && written.error().code == FlowCode::lost) << "the server's end is closed";
    co_await sleep(20ms);
  });
}

TEST(Cancel, AServerSaysGoodbyeAndWhy) {
  World world;
  asio::cancellation_signal signal;
  auto [client, server] = memory_flow(world.io.get_executor());
  asio::co_spawn(
      world.io,
      spawn_server(world.stop.get_token(), world.server_options(), AnyFlow(std::move(server)), sessions_by(echo)),
      asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr thrown, Ending how) {
        EXPECT_FALSE(thrown);
        world.ending = std::move(how);
      }));
  run(world.io, [&]() -> Awaitable<void> {
    auto flow = co_await world.connect(std::move(client), ChannelWish());
    EXPECT_TRUE(flow);
    if (!flow) co_return;
    signal.emit(asio::cancellation_type::terminal);
    const auto all = co_await read_all(*flow);
    EXPECT_TRUE(all.error && all.error->code == FlowCode::disconnected) << (all.error ? all.error->text : "no error");
    const auto ended = co_await world.server_ended();
    EXPECT_EQ(ended.error.code, Code::closed_by_application);
    EXPECT_EQ(flow_error(ended).code, FlowCode::stopped);
    EXPECT_EQ(flow_error(ended).text, "cancelled");
  });
}

// A second cancellation finds the first one's end under way; a peer that neither reads nor closes holds it up for
// `linger`.
TEST(Cancel, ADriveEndsOnceHoweverOftenItIsCancelled) {
  World world;
  asio::cancellation_signal signal;
  auto [near, far] = memory_flow(world.io.get_executor(), {.capacity = 5, .cut_after = {}});
  auto client = std::make_unique<Client>(world.provider, std::make_shared<const ClientConfig>(world.client_config));
  auto drive = std::make_unique<Drive>(
      *client, std::move(near), [](const Event&) {}, DriveOptions{.linger = 50ms});
  asio::co_spawn(world.io, drive->run(),
                 asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr thrown, Ending how) {
                   EXPECT_FALSE(thrown);
                   world.ending = std::move(how);
                   drive.reset();
                   client.reset();
                 }));
  run(world.io, [&]() -> Awaitable<void> {
    co_await sleep(5ms);
    for (int i = 0; i < 3; ++i) {
      signal.emit(asio::cancellation_type::terminal);
      co_await sleep(5ms);
    }
    const auto ended = co_await world.server_ended();
    EXPECT_EQ(flow_error(ended).code, FlowCode::stopped);
    const auto said = co_await read_all(far);
    EXPECT_FALSE(said.error);
    co_await sleep(5ms);
  });
}

// Whoever has gone for good may leave the drive's posted work behind.
TEST(Cancel, ADriveMayGoBeforeItsWakeIsDone) {
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    auto [near, far] = memory_flow(world.io.get_executor());
    auto client = std::make_unique<Client>(world.provider, std::make_shared<const ClientConfig>(world.client_config));
    auto drive = std::make_unique<Drive>(*client, std::move(near), [](const Event&) {});
    drive->wake();
    drive.reset();
    client.reset();
    const auto said = co_await read_all(far);
    EXPECT_EQ(said.text, "");
  });
}

TEST(Cancel, ALoginBesideATimerIsGivenUp) {
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    auto [client, server] = memory_flow(world.io.get_executor());
    auto first = co_await (world.connect(std::move(client), ChannelWish()) || sleep(20ms));
    EXPECT_EQ(first.index(), 1u);
    const auto said = co_await read_all(server);  // the flow is closed in the background
    EXPECT_TRUE(said.text.starts_with("SSH-2.0-"));
    EXPECT_FALSE(said.error);
  });
}

// The server never answers requests nor opens what is asked for; the session outlives all that was cancelled.
class Mute : public SessionHandler {
 public:
  bool start(Program, ChannelFlow channel) override {
    kept.push_back(channel);
    return true;
  }
  std::vector<ChannelFlow> kept;
};

TEST(Cancel, CallsOfAChannelAreGivenUpAndTheChannelServesOn) {
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    auto flow = co_await world.connect(world.served(echo), ChannelWish());
    EXPECT_TRUE(flow);
    if (!flow) co_return;
    auto channel = flow->channel();
    std::vector<std::byte> buffer(100);
    for (int i = 0; i < 3; ++i) {
      auto reading = co_await (channel.read(buffer) || sleep(2ms));
      EXPECT_EQ(reading.index(), 1u);
      auto waiting = co_await (channel.wait_readable() || sleep(2ms));
      EXPECT_EQ(waiting.index(), 1u);
      auto ending = co_await (channel.wait_closed() || sleep(2ms));
      EXPECT_EQ(ending.index(), 1u);
    }
    auto written = co_await channel.write(bytes_of("still here"));
    EXPECT_TRUE(written);
    auto got = co_await channel.read(buffer);
    EXPECT_TRUE(got && *got == 10u);
    buffer.clear();
    buffer.shrink_to_fit();  // no read is under way that could still write into it
    auto more = co_await channel.write(bytes_of("more"));
    EXPECT_TRUE(more);
    auto come = co_await channel.wait_readable();
    EXPECT_TRUE(come);
    EXPECT_EQ(text_of(channel.waiting()), "more");
  });
}

TEST(Cancel, WritesAndRequestsAreGivenUpToo) {
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    auto [client, server] = memory_flow(world.io.get_executor());
    world.serve(
        std::move(server), [](const ServedClient&) { return std::make_unique<Mute>(); }, world.server_options());
    auto session = co_await world.log_in(std::move(client));
    EXPECT_TRUE(session);
    if (!session) co_return;
    auto channel = co_await open_channel(*session, ChannelWish());
    EXPECT_TRUE(channel);
    if (!channel) co_return;
    const auto much = pattern(8'000'000);
    auto writing = co_await (channel->write(much) || sleep(50ms));
    EXPECT_EQ(writing.index(), 1u) << "nobody reads, so the window is used up";
    auto waiting = co_await (channel->wait_writable() || sleep(2ms));
    EXPECT_EQ(waiting.index(), 1u);
    for (int i = 0; i < 3; ++i) {
      const Request none = OtherRequest{"nobody-answers@nacre", {}};
      auto asked = co_await (channel->request(none) || asio::post(world.io, asio::use_awaitable));
      EXPECT_EQ(asked.index(), 1u);
      auto opened = co_await (session->open_session() || asio::post(world.io, asio::use_awaitable));
      EXPECT_EQ(opened.index(), 1u);
      auto answered = co_await (session->global_request("what@nacre", {}) || asio::post(world.io, asio::use_awaitable));
      EXPECT_EQ(answered.index(), 1u);
    }
    co_await sleep(20ms);
    EXPECT_FALSE(session->ended());
    auto left = co_await (session->disconnect() || asio::post(world.io, asio::use_awaitable));
    EXPECT_EQ(left.index(), 1u);
    co_await session->wait_ended();
  });
}

}  // namespace
}  // namespace nacre::testing
