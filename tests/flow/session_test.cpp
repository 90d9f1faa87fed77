// client_of_flow with spawn_server over memory: programs with their input, output, errors and exit; ptys, environment,
// signals; several channels; large data.
#include <algorithm>

#include <asio/detached.hpp>

#include "tests/flow/world.hpp"

namespace nacre::testing {
namespace {

// Every way in which a flow may cut bytes, with and without tries.
struct Joint {
  const char* name;
  MemoryLine line;
  bool plain;
};
class SessionOver : public ::testing::TestWithParam<Joint> {
 protected:
  AnyFlow joined(RunProgram program) {
    auto [client, server] = memory_flow(world.io.get_executor(), GetParam().line, GetParam().line);
    if (!GetParam().plain) {
      world.serve(std::move(server), std::move(program));
      return std::move(client);
    }
    world.serve(PlainFlow(std::move(server)), std::move(program));
    return PlainFlow(std::move(client));
  }
  World world;
};

TEST_P(SessionOver, ACommandHasOutputErrorsAndAnExitStatus) {
  run(world.io, [&]() -> Awaitable<void> {
    auto flow = co_await world.connect(joined([](nacre::Run program) -> Awaitable<Exit> {
                                         EXPECT_EQ(program.program.kind, Program::Kind::command);
                                         EXPECT_EQ(program.program.text, "greet 'everybody'");
                                         EXPECT_EQ(program.client.user, "alice");
                                         EXPECT_EQ(program.client.method, "publickey");
                                         return greet(std::move(program));
                                       }),
                                       ChannelWish(RunCommand("greet 'everybody'")));
    EXPECT_TRUE(flow) << (flow ? "" : flow.error().text);
    if (!flow) co_return;
    const auto all = co_await read_all(*flow);
    EXPECT_FALSE(all.error);
    EXPECT_EQ(all.text, "hello");
    EXPECT_EQ(flow->errors(), "beware");
    co_await flow->channel().wait_closed();
    EXPECT_TRUE(flow->exit() && flow->exit()->status == 7u);
    co_await flow->close();
    const auto ended = co_await world.server_ended();
    EXPECT_EQ(flow_error(ended).code, FlowCode::disconnected);
  });
}

TEST_P(SessionOver, LargeDataGoesBothWaysAtOnce) {
  const std::size_t size = GetParam().line.pieces == MemoryLine::Pieces::one_byte ? 20'000 : 5'000'000;
  const auto sent = pattern(size);
  run(world.io, [&]() -> Awaitable<void> {
    auto flow = co_await world.connect(joined(echo), ChannelWish());
    EXPECT_TRUE(flow);
    if (!flow) co_return;
    asio::co_spawn(
        world.io,
        [&]() -> Awaitable<void> {
          auto written = co_await flow->write(sent);
          EXPECT_TRUE(written);
          auto finished = co_await flow->finish();
          EXPECT_TRUE(finished);
        },
        asio::detached);
    const auto all = co_await read_all(*flow);
    EXPECT_FALSE(all.error);
    EXPECT_TRUE(same_bytes(bytes_of(all.text), sent)) << all.text.size();
    co_await flow->channel().wait_closed();
    EXPECT_TRUE(flow->exit() && flow->exit()->status == 0u);
  });
}

INSTANTIATE_TEST_SUITE_P(
    , SessionOver,
    ::testing::Values(Joint{"Whole", {}, false},
                      Joint{"OneByte", {.pieces = MemoryLine::Pieces::one_byte, .cut_after = {}}, false},
                      Joint{"Random", {.pieces = MemoryLine::Pieces::random, .seed = 11, .cut_after = {}}, false},
                      Joint{"Narrow", {.capacity = 100, .cut_after = {}}, false}, Joint{"Plain", {}, true},
                      Joint{"PlainRandom", {.pieces = MemoryLine::Pieces::random, .seed = 3, .cut_after = {}}, true}),
    [](const auto& instance) { return instance.param.name; });

TEST(Session, AShellHasAPtyAndHearsOfResizesAndSignals) {
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    auto end = world.served([](nacre::Run program) -> Awaitable<Exit> {
      EXPECT_EQ(program.program.kind, Program::Kind::shell);
      EXPECT_TRUE(program.pty);
      if (!program.pty) co_return Exit(1);
      EXPECT_EQ(program.pty->term, "vt100");
      EXPECT_EQ(program.pty->size.columns, 132u);
      EXPECT_EQ(program.pty->size.rows, 50u);
      EXPECT_EQ(program.pty->modes, copy_of(bytes_of("\1modes")));
      EXPECT_EQ(program.environment.size(), 2u);
      EXPECT_EQ(program.environment.at(1).first, "LC_ALL");
      EXPECT_EQ(program.environment.at(1).second, "C.UTF-8");
      while (!program.live->size || program.live->signals.empty()) co_await sleep(1ms);
      EXPECT_EQ(program.live->size->columns, 40u);
      EXPECT_EQ(program.live->signals.at(0), "INT");
      co_return Exit::by_signal("INT", true, "interrupted \x1b[31m");
    });
    ChannelWish wish;
    wish.pty = PtyWish{"vt100", 132, 50, 0, 0, copy_of(bytes_of("\1modes"))};
    wish.environment = {{"LANG", "de"}, {"LC_ALL", "C.UTF-8"}};
    auto flow = co_await world.connect(std::move(end), std::move(wish));
    EXPECT_TRUE(flow) << (flow ? "" : flow.error().text);
    if (!flow) co_return;
    EXPECT_TRUE(flow->channel().send(WindowChange{40, 20, 0, 0}));
    EXPECT_TRUE(flow->channel().send(SignalRequest{"INT"}));
    const auto all = co_await read_all(*flow);
    EXPECT_FALSE(all.error);
    co_await flow->channel().wait_closed();
    EXPECT_TRUE(flow->exit() && !flow->exit()->status && flow->exit()->signal == "INT" && flow->exit()->core_dumped);
    EXPECT_EQ(flow->exit()->message, "interrupted \\x1b[31m");
  });
}

TEST(Session, ASubsystemIsNamedAndARefusalIsTold) {
  World world;
  class Picky : public SessionHandler {
   public:
    bool start(Program program, ChannelFlow channel) override {
      if (program.kind != Program::Kind::subsystem || program.text != "sftp") return false;
      asio::co_spawn(
          channel.get_executor(),
          [](ChannelFlow mine) -> Awaitable<void> {
            auto said = co_await mine.write(bytes_of("version"));
            EXPECT_TRUE(said);
            co_await mine.exit_with(Exit(0));
          }(channel),
          asio::detached);
      return true;
    }
  };
  const SessionFactory sessions = [](const ServedClient&) { return std::make_unique<Picky>(); };
  for (const std::string name : {"sftp", "other"}) {
    run(world.io, [&]() -> Awaitable<void> {
      auto [client, server] = memory_flow(world.io.get_executor());
      world.serve(std::move(server), sessions, world.server_options());
      auto flow = co_await world.connect(std::move(client), ChannelWish(RunSubsystem(name)));
      if (name == "other") {
        EXPECT_TRUE(!flow && flow.error().code == FlowCode::request_refused);
        EXPECT_EQ(flow ? "" : flow.error().text, "the peer refused the request subsystem");
        co_return;
      }
      EXPECT_TRUE(flow);
      if (!flow) co_return;
      const auto all = co_await read_all(*flow);
      EXPECT_EQ(all.text, "version");
    });
  }
}

TEST(Session, HalfCloseGoesEachWayByItself) {
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    auto end = world.served([](nacre::Run program) -> Awaitable<Exit> {
      auto said = co_await program.channel.write(bytes_of("first"));
      EXPECT_TRUE(said);
      auto finished = co_await program.channel.finish();  // the server's EOF comes before the client's
      EXPECT_TRUE(finished);
      const auto rest = co_await read_all(program.channel);
      EXPECT_FALSE(rest.error);
      co_return Exit(static_cast<std::uint32_t>(rest.text.size()));
    });
    auto flow = co_await world.connect(std::move(end), ChannelWish());
    EXPECT_TRUE(flow);
    if (!flow) co_return;
    const auto all = co_await read_all(*flow);
    EXPECT_EQ(all.text, "first");
    auto written = co_await flow->write(bytes_of("after the end"));
    EXPECT_TRUE(written);
    auto finished = co_await flow->finish();
    EXPECT_TRUE(finished);
    auto refused = co_await flow->write(bytes_of("x"));
    EXPECT_TRUE(!refused && refused.error().code == FlowCode::closed);
    co_await flow->channel().wait_closed();
    EXPECT_TRUE(flow->exit() && flow->exit()->status == 13u);
  });
}

TEST(Session, OneSlowChannelStopsNobodyElse) {
  World world;
  const auto sent = pattern(4'000'000, 2);
  run(world.io, [&]() -> Awaitable<void> {
    auto end = world.served([&](nacre::Run program) -> Awaitable<Exit> {
      auto written = co_await program.channel.write(sent);
      EXPECT_TRUE(written);
      co_return Exit(0);
    });
    auto session = co_await world.log_in(std::move(end));
    EXPECT_TRUE(session);
    if (!session) co_return;
    std::vector<ChannelFlow> channels;
    for (int i = 0; i < 4; ++i) {
      auto channel = co_await open_channel(*session, ChannelWish(RunCommand("send")));
      EXPECT_TRUE(channel);
      if (channel) channels.push_back(*channel);
    }
    for (std::size_t i = 1; i < channels.size(); ++i) {  // the first is not read while the others are
      const auto all = co_await read_all(channels[i]);
      EXPECT_TRUE(same_bytes(bytes_of(all.text), sent)) << i << ": " << all.text.size();
    }
    EXPECT_FALSE(channels[0].ended());
    const auto late = co_await read_all(channels[0]);
    EXPECT_TRUE(same_bytes(bytes_of(late.text), sent)) << late.text.size();
    co_await session->disconnect();
  });
}

TEST(Session, UnreadDataIsBoundedByTheWindow) {
  World world;
  world.client_config.limits.window = 100'000;
  std::size_t written = 0;
  run(world.io, [&]() -> Awaitable<void> {
    auto end = world.served([&](nacre::Run program) -> Awaitable<Exit> {
      const auto piece = pattern(10'000);
      for (int i = 0; i < 100; ++i) {
        auto said = co_await program.channel.write(piece);
        if (!said) break;
        written += piece.size();
      }
      co_return Exit(0);
    });
    auto flow = co_await world.connect(std::move(end), ChannelWish());
    EXPECT_TRUE(flow);
    if (!flow) co_return;
    co_await sleep(100ms);
    EXPECT_LE(written, 100'000u);
    const auto all = co_await read_all(*flow);
    EXPECT_EQ(all.text.size(), 1'000'000u);
  });
}

TEST(Session, SinksAndPlacesMoveDataWithoutAQueue) {
  World world;
  const auto sent = pattern(3'000'000, 9);
  run(world.io, [&]() -> Awaitable<void> {
    auto flow = co_await world.connect(world.served(echo), ChannelWish());
    EXPECT_TRUE(flow);
    if (!flow) co_return;
    auto channel = flow->channel();
    ByteVector got;
    std::size_t asked = 0;
    channel.set_sink(Stream::out, [&](Bytes bytes) {  // takes less than all now and then, and nothing at times
      if (++asked % 7 == 0) return std::size_t{0};
      const auto part = bytes.first(asked % 5 == 0 ? bytes.size() / 2 : bytes.size());
      append(got, part);
      return part.size();
    });
    asio::co_spawn(
        world.io,
        [&]() -> Awaitable<void> {
          for (Bytes rest = sent; !rest.empty();) {
            auto ready = co_await channel.wait_writable();
            EXPECT_TRUE(ready);
            if (!ready) break;
            const auto place = channel.prepare(rest.size());
            std::memcpy(place.data(), rest.data(), place.size());
            channel.commit(place.size());
            rest = rest.subspan(place.size());
          }
          auto finished = co_await channel.finish();
          EXPECT_TRUE(finished);
        },
        asio::detached);
    for (;;) {  // what the sink left
      auto ready = co_await channel.wait_readable();
      EXPECT_TRUE(ready);
      for (auto piece = channel.waiting(); !piece.empty(); piece = channel.waiting()) {
        append(got, piece);
        channel.consume(piece.size());
      }
      if (channel.ended()) break;
    }
    EXPECT_EQ(got.size(), sent.size());
    EXPECT_TRUE(got == sent);
  });
}

TEST(Session, KeysAreRenewedWhileDataFlows) {
  World world;
  world.client_config.limits.rekey_bytes = 300'000;
  const auto sent = pattern(3'000'000, 4);
  run(world.io, [&]() -> Awaitable<void> {
    auto flow = co_await world.connect(world.served(echo), ChannelWish());
    EXPECT_TRUE(flow);
    if (!flow) co_return;
    asio::co_spawn(
        world.io,
        [&]() -> Awaitable<void> {
          auto written = co_await flow->write(sent);
          EXPECT_TRUE(written);
          auto finished = co_await flow->finish();
          EXPECT_TRUE(finished);
        },
        asio::detached);
    const auto all = co_await read_all(*flow);
    EXPECT_TRUE(same_bytes(bytes_of(all.text), sent)) << all.text.size();
    EXPECT_GT(flow->session().negotiated().exchanges, 5u);
  });
}

TEST(Session, DroppingTheHandlesEndsTheConnection) {
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    {
      auto flow = co_await world.connect(world.served(echo), ChannelWish());
      EXPECT_TRUE(flow);
    }
    const auto ended = co_await world.server_ended();
    EXPECT_TRUE(ended.by_peer);
  });
}

TEST(Session, GlobalRequestsAndRequestsAreAnsweredInOrder) {
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    auto session = co_await world.log_in(world.served(echo));
    EXPECT_TRUE(session);
    if (!session) co_return;
    auto answer = co_await session->global_request("nobody-knows@example.com", {});
    EXPECT_TRUE(answer && !answer->success);
    auto refused = co_await session->open("x11", {});
    EXPECT_TRUE(!refused && refused.error().code == FlowCode::channel_refused) << (refused ? "" : refused.error().text);
    EXPECT_EQ(session->rekey(), Status::ok);
    auto channel = co_await session->open_session();
    EXPECT_TRUE(channel);
    if (!channel) co_return;
    auto unknown = co_await channel->request(OtherRequest{"auth-agent-req@openssh.com", {}});
    EXPECT_TRUE(!unknown && unknown.error().code == FlowCode::request_refused);
    auto shell = co_await channel->request(ShellRequest{});
    EXPECT_TRUE(shell);
    co_await channel->close();
    EXPECT_TRUE(channel->closed());
    co_await session->disconnect();
    EXPECT_TRUE(session->ended());
  });
}

// A server that lets everybody in, and then opens channels of its own: what came of each, by type.
struct ServerThatOpens {
  ServerThatOpens(World& of, AnyFlow flow)
      : world(of),
        engine(world.provider, with_host_keys(world.server_config, {world.host_key})),
        drive(engine, std::move(flow), [this](const Event& event) { on_event(event); }) {}

  void on_event(const Event& event) {
    if (const auto* sign = std::get_if<SignatureWanted>(&event)) {
      const auto blob = world.host_key->sign(sign->algorithm, sign->message, *world.random);
      EXPECT_EQ(engine.answer(sign->ticket, Signature{*blob}), Status::ok);
    } else if (const auto* offered = std::get_if<PublicKeyOffered>(&event)) {
      EXPECT_EQ(engine.answer(offered->ticket, KeyInterest::yes), Status::ok);
    } else if (const auto* proven = std::get_if<PublicKeyProven>(&event)) {
      EXPECT_EQ(engine.answer(proven->ticket, AuthVerdict::accept), Status::ok);
    } else if (std::get_if<Authenticated>(&event)) {
      for (const auto* type : {"x11", "auth-agent@openssh.com", "forwarded-tcpip", "session", "direct-tcpip"}) {
        const auto id = engine.open(type);
        ASSERT_TRUE(id.has_value());
        asked.emplace_back(*id, type);
      }
    } else if (const auto* refused = std::get_if<ChannelRefused>(&event)) {
      for (const auto& [id, type] : asked)
        if (id == refused->channel) answers += type + " refused for " + std::to_string(refused->reason) + "\n";
    } else if (std::get_if<ChannelOpened>(&event)) {
      answers += "opened\n";
    }
    if (std::count(answers.begin(), answers.end(), '\n') == 5) engine.disconnect();
  }

  World& world;
  Server engine;
  Drive drive;
  std::vector<std::pair<ChannelId, std::string>> asked;
  std::string answers;
};

TEST(Session, C06_E08_AServerOpensNothingAtAClient) {
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    auto [near, far] = memory_flow(world.io.get_executor());
    ServerThatOpens server(world, std::move(far));
    bool over = false;
    asio::co_spawn(world.io, server.drive.run(), [&](std::exception_ptr, Ending) { over = true; });
    auto session = co_await world.log_in(std::move(near));
    EXPECT_TRUE(session);
    while (!over) co_await sleep(1ms);
    EXPECT_EQ(server.answers,
              "x11 refused for 3\nauth-agent@openssh.com refused for 3\nforwarded-tcpip refused for 3\n"
              "session refused for 1\ndirect-tcpip refused for 1\n");  // by the engine itself
  });
}

}  // namespace
}  // namespace nacre::testing
