// Exceptions: out of what the program has handed over, and for want of memory. One connection ends, with a cause that
// says so; the loop and its other connections go on.
#include <array>
#include <stdexcept>

#include <asio/buffer.hpp>
#include <asio/detached.hpp>
#include <asio/redirect_error.hpp>

#include "engine/client.hpp"
#include "flow/drive.hpp"
#include "tests/flow/world.hpp"

namespace nacre::testing {
namespace {

// Throws in the call that is named.
class Thrower : public SessionHandler {
 public:
  explicit Thrower(std::string where) : where_(std::move(where)) {}
  bool pty(const PtyRequest&) override { return throw_in("pty"); }
  void resize(const WindowChange&) override { throw_in("resize"); }
  bool environment(std::string_view, std::string_view) override { return throw_in("environment"); }
  void signal(std::string_view) override { throw_in("signal"); }
  bool start(Program, ChannelFlow channel) override {
    kept_ = channel;
    return throw_in("start");
  }
  void closed() override { throw_in("closed"); }

 private:
  bool throw_in(std::string_view call) const {
    if (call == where_) throw std::runtime_error("no more\npaper");
    return true;
  }
  std::string where_;
  std::optional<ChannelFlow> kept_;
};

class ThrowingIn : public ::testing::TestWithParam<const char*> {};

TEST_P(ThrowingIn, EndsThatConnectionOnly) {
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    auto healthy = co_await world.connect(world.served(echo), ChannelWish());
    EXPECT_TRUE(healthy);
    if (!healthy) co_return;
    auto [client, server] = memory_flow(world.io.get_executor());
    const auto factory = [](const ServedClient&) {
      if (GetParam() == std::string_view("factory")) throw std::runtime_error("no more\npaper");
      return std::make_unique<Thrower>(GetParam());
    };
    world.serve(std::move(server), factory, world.server_options());
    ChannelWish wish(RunCommand("x"));
    wish.pty = PtyWish();
    wish.environment = {{"A", "b"}};
    auto flow = co_await world.connect(std::move(client), std::move(wish));
    if (flow) {
      EXPECT_TRUE(flow->channel().send(WindowChange{80, 25, 0, 0}));
      EXPECT_TRUE(flow->channel().send(SignalRequest{"TERM"}));
      flow->channel().close_at_once();
      const auto ended = co_await flow->session().wait_ended();
      EXPECT_EQ(ended.error.code, Code::disconnected_by_peer) << flow_error(ended).text;
      EXPECT_EQ(ended.text.find("paper"), std::string::npos) << "not the client's business";
    } else {
      EXPECT_EQ(flow.error().code, FlowCode::disconnected) << flow.error().text;
    }
    const auto ended = co_await world.server_ended();
    EXPECT_EQ(flow_error(ended).code, FlowCode::system);
    EXPECT_EQ(flow_error(ended).text, "a callback of the program has thrown: no more\\x0apaper");
    auto written = co_await healthy->write(bytes_of("alive"));
    EXPECT_TRUE(written);
    std::vector<std::byte> buffer(10);
    auto got = co_await healthy->read(buffer);
    EXPECT_TRUE(got && *got == 5u);
  });
}

INSTANTIATE_TEST_SUITE_P(, ThrowingIn,
                         ::testing::Values("factory", "pty", "environment", "start", "resize", "signal", "closed"),
                         [](const auto& instance) { return std::string(instance.param); });

// A handler that hears of the end when the connection has ended has nothing left to end, and the others hear of it too.
TEST(Throwing, WhenTheConnectionHasEndedHarmsNobody) {
  World world;
  unsigned told = 0;
  struct Last : SessionHandler {
    explicit Last(unsigned& count) : told(count) {}
    bool start(Program, ChannelFlow) override { return true; }
    void closed() override {
      ++told;
      throw 1;
    }
    unsigned& told;
  };
  run(world.io, [&]() -> Awaitable<void> {
    auto [client, server] = memory_flow(world.io.get_executor());
    world.serve(
        std::move(server), [&](const ServedClient&) { return std::make_unique<Last>(told); }, world.server_options());
    auto session = co_await world.log_in(std::move(client));
    EXPECT_TRUE(session);
    if (!session) co_return;
    auto one = co_await session->open_session();
    auto other = co_await session->open_session();
    EXPECT_TRUE(one && other);
    co_await session->disconnect();
    const auto ended = co_await world.server_ended();
    EXPECT_EQ(ended.error.code, Code::disconnected_by_peer);
    EXPECT_EQ(told, 2u);
  });
}

// What is awaited by others must not wait for ever for a program whose start has thrown.
TEST(Throwing, AStartThatThrowsLeavesItsProgramNotHeld) {
  World world;
  bool ended = false;
  struct Hasty : SessionHandler {
    Hasty(World& in, bool& flag) : world(in), ended(flag) {}
    bool start(Program, ChannelFlow channel) override {
      asio::co_spawn(
          world.io,
          [](ChannelFlow of, bool& flag) -> Awaitable<void> {
            co_await of.exit_with(Exit(0));
            flag = true;
          }(channel, ended),
          asio::detached);
      throw std::bad_alloc();
    }
    World& world;
    bool& ended;
  };
  run(world.io, [&]() -> Awaitable<void> {
    auto [client, server] = memory_flow(world.io.get_executor());
    world.serve(
        std::move(server), [&](const ServedClient&) { return std::make_unique<Hasty>(world, ended); },
        world.server_options());
    auto flow = co_await world.connect(std::move(client), ChannelWish());
    EXPECT_FALSE(flow);
    const auto how = co_await world.server_ended();
    EXPECT_EQ(flow_error(how).code, FlowCode::system);
    EXPECT_EQ(flow_error(how).text, "out of memory");
    co_await sleep(5ms);
    EXPECT_TRUE(ended);
  });
}

TEST(Throwing, OutOfAnyOtherCallbackDoesTheSame) {
  for (const std::string_view where : {"other channel", "banner", "sink", "authorizer", "judge"}) {
    World world;
    struct Angry : Authorizer {
      Awaitable<bool> key_of_interest(std::string, std::string, ByteVector) override { throw std::runtime_error("no"); }
    };
    run(world.io, [&]() -> Awaitable<void> {
      auto [client, server] = memory_flow(world.io.get_executor());
      if (where == "banner") world.server_config.banner = "welcome";
      auto options = world.server_options();
      if (where == "authorizer") options.authorizer = std::make_shared<Angry>();
      options.other_channel = [](const ServedClient&, std::string_view, Bytes) -> OpenAnswer { throw 1; };
      world.serve(std::move(server), sessions_by(greet), std::move(options));
      auto theirs = world.client_options();
      theirs.banner = [](std::string_view) { throw 1; };
      const auto judge =
          where == "judge" ? trust_by([](OfferedHostKey) -> Awaitable<HostKeyDecision> { throw 1; }) : world.trusting();
      auto session = co_await ClientSession::start(std::move(client), judge, world.with_key(), std::move(theirs));
      EXPECT_EQ(session.has_value(), where == "other channel" || where == "sink") << where;
      if (session && where == "other channel") {
        auto channel = co_await session->open_direct_tcpip("somewhere", 1);
        EXPECT_TRUE(!channel && channel.error().code == FlowCode::disconnected) << where;
      }
      if (session && where == "sink") {
        auto channel = co_await session->open_session();
        EXPECT_TRUE(channel);
        if (!channel) co_return;
        channel->set_sink(Stream::out, [](Bytes) -> std::size_t { throw 1; });
        auto asked = co_await channel->request(ShellRequest{});
        EXPECT_TRUE(asked || asked.error().code == FlowCode::system) << asked.error().text;
        const auto ours = co_await session->wait_ended();
        EXPECT_EQ(flow_error(ours).code, FlowCode::system) << where;
      }
      const auto ended = co_await world.server_ended();
      const bool servers = where == "other channel" || where == "authorizer";
      EXPECT_EQ(flow_error(ended).code, servers ? FlowCode::system : FlowCode::disconnected) << where;
    });
  }
}

// ---- memory

// Runs out of memory, as far as one engine sees it, when told to.
class Scarce : public Random {
 public:
  explicit Scarce(std::uint64_t seed) : inside_(seeded_random(seed)) {}
  bool fill(Buffer out) override {
    if (scarce) throw std::bad_alloc();
    return inside_->fill(out);
  }
  bool scarce = false;

 private:
  std::unique_ptr<Random> inside_;
};

// In poll, when it answers the peer; in a command of a program, outside of poll, whose exception is the program's: the
// connection says what it died of in both cases, without another word from the peer.
TEST(OutOfMemory, AnEngineThatHasRunOutOfItSaysSo) {
  for (const bool in_poll : {true, false}) {
    World world;
    Scarce random(99);
    bool caught = false;
    run(world.io, [&]() -> Awaitable<void> {
      auto options = world.server_options();
      options.provider = botan_provider(random);
      auto [client, server] = memory_flow(world.io.get_executor());
      const auto speaks = [&](nacre::Run program) -> Awaitable<Exit> {
        std::vector<std::byte> buffer(10);
        auto got = co_await program.channel.read(buffer);
        if (!got) co_return Exit(0);
        random.scarce = true;
        try {  // the engine asks for random bytes once for many packets
          for (int i = 0; i < 100; ++i) EXPECT_TRUE(program.channel.try_write(bytes_of("x")));
        } catch (const std::bad_alloc&) {
          caught = true;
        }
        co_await program.channel.wait_closed();
        co_return Exit(0);
      };
      world.serve(std::move(server), sessions_by(speaks), std::move(options));
      auto flow = co_await world.connect(std::move(client), ChannelWish());
      EXPECT_TRUE(flow);
      if (!flow) co_return;
      if (in_poll) {
        random.scarce = true;
        EXPECT_EQ(flow->session().rekey(), Status::ok);  // the server needs random bytes for its answer
      } else {
        auto written = co_await flow->write(bytes_of("go"));
        EXPECT_TRUE(written);
      }
      const auto ended = co_await world.server_ended();
      EXPECT_EQ(ended.error.code, Code::out_of_memory) << in_poll << ": " << flow_error(ended).text;
      EXPECT_EQ(flow_error(ended).code, FlowCode::system);
      EXPECT_EQ(flow_error(ended).text, "out of memory");
      EXPECT_EQ(caught, !in_poll);
      random.scarce = false;
    });
  }
}

// A flow that has no memory to write with is a flow that has failed.
struct Full {
  Full(MemoryFlow over, std::shared_ptr<bool> when) : flow(std::move(over)), full(std::move(when)) {}
  MemoryFlow flow;
  std::shared_ptr<bool> full;
  Executor get_executor() { return flow.get_executor(); }
  Awaitable<FlowResult<std::size_t>> read(Buffer into) { return flow.read(into); }
  Awaitable<FlowResult<Done>> write(Bytes bytes) { return flow.write(bytes); }
  Awaitable<FlowResult<Done>> writev(std::span<const Bytes> several) { return flow.writev(several); }
  Awaitable<FlowResult<Done>> finish() { return flow.finish(); }
  Awaitable<void> close() { return flow.close(); }
  Tried try_read(Buffer into) { return flow.try_read(into); }
  Tried try_write(Bytes bytes) {
    if (*full) throw std::bad_alloc();
    return flow.try_write(bytes);
  }
  Awaitable<FlowResult<Done>> wait_readable() { return flow.wait_readable(); }
  Awaitable<FlowResult<Done>> wait_writable() { return flow.wait_writable(); }
};

// The other kind, which throws in a coroutine.
struct FullAndSlow {
  FullAndSlow(MemoryFlow over, std::shared_ptr<bool> when) : flow(std::move(over)), full(std::move(when)) {}
  MemoryFlow flow;
  std::shared_ptr<bool> full;
  Executor get_executor() { return flow.get_executor(); }
  Awaitable<FlowResult<std::size_t>> read(Buffer into) {
    if (*full) throw std::bad_alloc();
    auto got = co_await flow.read(into);
    co_return got;
  }
  Awaitable<FlowResult<Done>> write(Bytes bytes) {
    if (*full) throw std::bad_alloc();
    auto written = co_await flow.write(bytes);
    co_return written;
  }
  Awaitable<FlowResult<Done>> writev(std::span<const Bytes> several) { return flow.writev(several); }
  Awaitable<FlowResult<Done>> finish() { return flow.finish(); }
  Awaitable<void> close() { return flow.close(); }
};

// Writes for a while, and has no memory to read with meanwhile.
struct SlowWriter {
  Executor executor;
  Bytes* lent;
  Executor get_executor() { return executor; }
  Awaitable<FlowResult<std::size_t>> read(Buffer) {
    co_await sleep(5ms);
    throw std::bad_alloc();
  }
  Awaitable<FlowResult<Done>> write(Bytes bytes) {
    *lent = bytes;
    co_await sleep(30ms);
    *lent = {};
    co_return Done{};
  }
  Awaitable<FlowResult<Done>> writev(std::span<const Bytes>) { co_return Done{}; }
  Awaitable<FlowResult<Done>> finish() { co_return Done{}; }
  Awaitable<void> close() { co_return; }
};

// The place of a write that is under way stays the engine's: shared buffers would hand it to another one.
TEST(OutOfMemory, AWriteUnderWayKeepsItsPlace) {
  World world;
  const auto buffers = std::make_shared<Buffers>();
  const auto config = std::make_shared<ClientConfig>();
  Client client(botan_provider(*world.random), config, buffers);
  Bytes lent;
  Drive drive(client, AnyFlow(SlowWriter{world.io.get_executor(), &lent}), [](const Event&) {});
  bool ended = false;
  run(world.io, [&]() -> Awaitable<void> {
    asio::co_spawn(world.io, drive.run(), [&](std::exception_ptr, const Ending&) { ended = true; });
    co_await sleep(15ms);
    EXPECT_TRUE(client.closed()) << "the reader has thrown";
    EXPECT_FALSE(lent.empty()) << "and the writer is not back";
    const auto out = client.outgoing();
    EXPECT_EQ(out.data(), lent.data());
    EXPECT_EQ(buffers->kept(), 0U);
    while (!ended) co_await sleep(5ms);
    EXPECT_TRUE(lent.empty());
  });
}

template <class F>
class FlowsWithoutMemory : public ::testing::Test {};
using FullFlows = ::testing::Types<Full, FullAndSlow>;
TYPED_TEST_SUITE(FlowsWithoutMemory, FullFlows);

TYPED_TEST(FlowsWithoutMemory, EndTheirConnection) {
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    const auto full = std::make_shared<bool>(false);
    auto flow = co_await world.connect(TypeParam(world.served(echo), full), ChannelWish());
    EXPECT_TRUE(flow);
    if (!flow) co_return;
    *full = true;
    auto written = co_await flow->write(bytes_of("x"));
    static_cast<void>(written.has_value());  // taken by the engine, or too late
    const auto ended = co_await flow->session().wait_ended();
    EXPECT_NE(flow_error(ended).text.find("out of memory"), std::string::npos) << flow_error(ended).text;
    const auto theirs = co_await world.server_ended();
    EXPECT_NE(theirs.error.code, Code::none);
  });
}

// 0 bytes without an error would be asked for again and again.
TEST(AsioStream, AFlowWithoutMemoryIsAnError) {
  asio::io_context io;
  run(io, [&]() -> Awaitable<void> {
    auto [near, far] = memory_flow(io.get_executor());
    AsyncStream stream(FullAndSlow(std::move(near), std::make_shared<bool>(true)));
    std::array<std::byte, 10> buffer{};
    asio::error_code error;
    co_await stream.async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
    EXPECT_EQ(error, asio::error::no_memory);
    co_await stream.async_write_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
    EXPECT_EQ(error, asio::error::no_memory);
  });
}

}  // namespace
}  // namespace nacre::testing
