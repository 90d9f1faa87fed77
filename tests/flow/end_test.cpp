// How connections end: by either side, by the stop token, by a cut at every place, by silence. Never a hang, always a
// typed error; and what was on its way before the end still arrives.
#include <thread>

#include <asio/detached.hpp>

#include "tests/flow/world.hpp"

namespace nacre::testing {
namespace {

TEST(End, TheStopTokenEndsTheServer) {
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    auto flow = co_await world.connect(world.served(echo), ChannelWish());
    EXPECT_TRUE(flow);
    if (!flow) co_return;
    std::thread elsewhere([&] { world.stop.request_stop(); });
    elsewhere.join();
    std::vector<std::byte> buffer(100);
    auto got = co_await flow->read(buffer);
    EXPECT_TRUE(!got && got.error().code == FlowCode::disconnected) << (got ? "read" : got.error().text);
    EXPECT_TRUE(!got && got.error().text.find("the server is stopping") != std::string::npos) << got.error().text;
    const auto ended = co_await world.server_ended();
    EXPECT_EQ(flow_error(ended).code, FlowCode::stopped);
  });
}

TEST(End, AStopTokenThatHasFiredBeforeEndsAtOnce) {
  World world;
  world.stop.request_stop();
  run(world.io, [&]() -> Awaitable<void> {
    auto flow = co_await world.connect(world.served(echo), ChannelWish());
    EXPECT_FALSE(flow);
    const auto ended = co_await world.server_ended();
    EXPECT_EQ(flow_error(ended).code, FlowCode::stopped);
  });
}

// Cuts the line after every so many bytes, in one direction and then in the other.
class CutAfter : public ::testing::TestWithParam<bool> {};

TEST_P(CutAfter, EveryPlaceIsATypedErrorAndNoHang) {
  std::size_t survived = 0, place = 0;
  for (; survived < 2 && place < 20'000; place += place < 100 ? 7 : 61) {
    World world;
    run(
        world.io,
        [&]() -> Awaitable<void> {
          MemoryLine cut, whole;
          cut.cut_after = place;
          auto end = GetParam() ? world.served(greet, cut, whole) : world.served(greet, whole, cut);
          auto flow = co_await world.connect(std::move(end), ChannelWish(RunCommand("greet")));
          if (flow) {
            const auto all = co_await read_all(*flow);
            if (!all.error) co_await flow->channel().wait_closed();
            if (flow->exit() && !all.error) {
              ++survived;
              co_return;
            }
            EXPECT_TRUE(!all.error || all.error->code == FlowCode::lost) << place << ": " << all.error->text;
          } else {
            EXPECT_EQ(flow.error().code, FlowCode::lost) << place << ": " << flow.error().text;
          }
          const auto ended = co_await world.server_ended();
          EXPECT_EQ(flow_error(ended).code, FlowCode::lost) << place << ": " << flow_error(ended).text;
        },
        10s);
    if (::testing::Test::HasFailure()) break;
  }
  EXPECT_GE(survived, 1u) << "no place was late enough: nothing has been tested";
  EXPECT_GT(place, 1000u);
}

INSTANTIATE_TEST_SUITE_P(, CutAfter, ::testing::Bool(),
                         [](const auto& instance) { return instance.param ? "ToTheServer" : "ToTheClient"; });

TEST(End, AnEndInsteadOfAServerIsSaid) {
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    auto [client, server] = memory_flow(world.io.get_executor());
    co_await server.close();
    auto flow = co_await world.connect(std::move(client), ChannelWish());
    EXPECT_TRUE(!flow && flow.error().code == FlowCode::lost) << (flow ? "" : flow.error().text);
  });
}

TEST(End, APeerThatIsNotSshIsSaid) {
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    auto [client, server] = memory_flow(world.io.get_executor());
    auto said = co_await server.write(bytes_of("SMTP-ready\r\nSSH-1.5-old\r\n"));
    EXPECT_TRUE(said);
    auto flow = co_await world.connect(std::move(client), ChannelWish());
    EXPECT_TRUE(!flow && flow.error().code == FlowCode::not_ssh) << (flow ? "" : flow.error().text);
  });
}

TEST(End, ASilentPeerIsATimeout) {
  World world;
  world.client_config.limits.ident_time = 50ms;
  run(world.io, [&]() -> Awaitable<void> {
    auto [client, server] = memory_flow(world.io.get_executor());
    auto flow = co_await world.connect(std::move(client), ChannelWish());
    EXPECT_TRUE(!flow && flow.error().code == FlowCode::timed_out) << (flow ? "" : flow.error().text);
  });
}

TEST(End, KeepalivesFindAPeerThatIsGone) {
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    auto options = world.client_options();
    options.keep_alive = KeepAlive{30ms, 2};
    auto [outer, relay] = memory_flow(world.io.get_executor());
    auto flow = world.served(echo);
    bool carries = true;
    const auto carry = [&](auto& from, auto& to) -> Awaitable<void> {
      std::vector<std::byte> buffer(4096);
      for (;;) {
        auto got = co_await from.read(buffer);
        if (!got || *got == 0) co_return;
        if (!carries) continue;  // swallowed without a word
        auto put = co_await to.write(Bytes(buffer).first(*got));
        if (!put) co_return;
      }
    };
    asio::co_spawn(world.io, carry(relay, flow), asio::detached);
    asio::co_spawn(world.io, carry(flow, relay), asio::detached);
    auto session =
        co_await ClientSession::start(std::move(outer), world.trusting(), world.with_key(), std::move(options));
    EXPECT_TRUE(session);
    if (!session) co_return;
    co_await sleep(200ms);
    EXPECT_FALSE(session->ended()) << "keepalives that are answered keep a session";
    carries = false;
    const auto ended = co_await session->wait_ended();
    EXPECT_EQ(flow_error(ended).code, FlowCode::timed_out);
    co_await relay.close();
    co_await flow.close();
    co_await sleep(5ms);
  });
}

TEST(End, WhatWasWrittenBeforeDisconnectArrives) {
  World world;
  ByteVector got;
  const auto sent = pattern(50'000);
  run(world.io, [&]() -> Awaitable<void> {
    auto flow = co_await world.connect(world.served([&](nacre::Run program) -> Awaitable<Exit> {
      const auto all = co_await read_all(program.channel);
      got = copy_of(bytes_of(all.text));
      co_return Exit(0);
    }),
                                       ChannelWish());
    EXPECT_TRUE(flow);
    if (!flow) co_return;
    auto written = co_await flow->write(sent);
    EXPECT_TRUE(written);
    co_await flow->close();
    const auto ended = co_await world.server_ended();
    EXPECT_EQ(ended.error.code, Code::disconnected_by_peer);
    co_await sleep(1ms);
    EXPECT_TRUE(got == sent) << got.size();
  });
}

TEST(End, ProgramsAreToldWhenTheirClientGoes) {
  World world;
  bool told = false;
  run(world.io, [&]() -> Awaitable<void> {
    auto flow = co_await world.connect(world.served([&](nacre::Run program) -> Awaitable<Exit> {
      program.live->closed = [&] { told = true; };
      co_await program.channel.wait_closed();
      co_return Exit(0);
    }),
                                       ChannelWish());
    EXPECT_TRUE(flow);
    if (!flow) co_return;
    co_await sleep(5ms);
    EXPECT_FALSE(told);
    flow->channel().close_at_once();
    co_await sleep(20ms);
    EXPECT_TRUE(told);
    EXPECT_FALSE(world.ending) << "one channel's end is not the connection's";
  });
}

// Over a channel of another connection, closing waits for that one's server: for `linger`, and then nobody waits.
TEST(End, AJumpHostThatIsFrozenHoldsNobodyUp) {
  World world;
  world.client_config.limits.ident_time = 50ms;
  run(world.io, [&]() -> Awaitable<void> {
    std::vector<ChannelFlow> kept;  // the server's ends, which say nothing
    auto options = world.server_options();
    options.other_channel = [&](const ServedClient&, std::string_view, Bytes) {
      OpenAnswer answer;
      answer.run = [&](ChannelFlow channel) { kept.push_back(std::move(channel)); };
      return answer;
    };
    auto [outer, relay] = memory_flow(world.io.get_executor());
    auto [client, server] = memory_flow(world.io.get_executor());
    world.serve(std::move(server), sessions_by(echo), std::move(options));
    bool carries = true;
    const auto carry = [&](auto& from, auto& to) -> Awaitable<void> {
      std::vector<std::byte> buffer(4096);
      for (;;) {
        auto got = co_await from.read(buffer);
        if (!got || *got == 0) co_return;
        if (!carries) continue;
        auto put = co_await to.write(Bytes(buffer).first(*got));
        if (!put) co_return;
      }
    };
    asio::co_spawn(world.io, carry(relay, client), asio::detached);
    asio::co_spawn(world.io, carry(client, relay), asio::detached);
    auto session = co_await world.log_in(std::move(outer));
    EXPECT_TRUE(session);
    if (!session) co_return;
    auto through = co_await session->open_direct_tcpip("inner", 22);
    EXPECT_TRUE(through);
    if (!through) co_return;
    carries = false;
    const auto begun = std::chrono::steady_clock::now();
    auto inner = co_await world.log_in(std::move(*through));
    EXPECT_TRUE(!inner && inner.error().code == FlowCode::timed_out) << (inner ? "" : inner.error().text);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 4s) << "DriveOptions::linger is 2 s";
    EXPECT_FALSE(session->ended()) << "only what stood on the channel is over";
    co_await relay.close();
    co_await client.close();
    kept.clear();
    co_await session->wait_ended();
    co_await world.server_ended();
  });
}

// A loop that waits and finds nothing must not wait and find nothing for ever.
TEST(End, WaitingOnALostConnectionIsAnError) {
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    auto [client, server] = memory_flow(world.io.get_executor());
    world.serve(std::move(server), echo);
    auto session = co_await world.log_in(std::move(client));
    EXPECT_TRUE(session);
    if (!session) co_return;
    auto channel = co_await open_channel(*session, ChannelWish());
    EXPECT_TRUE(channel);
    if (!channel) co_return;
    world.stop.request_stop();
    unsigned turns = 0;
    for (; turns < 100; ++turns) {
      auto ready = co_await channel->wait_readable();
      if (!ready) break;
    }
    EXPECT_LT(turns, 10u);
    auto writable = co_await channel->wait_writable();
    EXPECT_FALSE(writable);
    EXPECT_TRUE(channel->error() && channel->closed() && !channel->ended());
  });
}

// A context that dies with a conversation in full swing must leave nothing behind: the sanitizers look.
TEST(End, AContextMayDieInTheMiddle) {
  World world;
  auto flow = world.served(echo);
  asio::co_spawn(
      world.io,
      [&]() -> Awaitable<void> {
        auto connected = co_await world.connect(std::move(flow), ChannelWish());
        for (const auto sent = pattern(100'000); connected;) {
          auto written = co_await connected->write(sent);
          if (!written) break;
        }
      },
      asio::detached);
  world.io.run_for(50ms);
}

}  // namespace
}  // namespace nacre::testing
