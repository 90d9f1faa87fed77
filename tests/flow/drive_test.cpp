// Drive: what it asks of a flow and when; its time; its end.
#include <asio/detached.hpp>

#include "tests/flow/world.hpp"

namespace nacre::testing {
namespace {

// Counts what is asked of the flow inside.
struct Asked {
  unsigned waits = 0, reads = 0, writes = 0;
  bool reading_late = true;  // no try_read before a wait said that there is something
  bool waited = false;
  bool closed = false;
};
class Spied {
 public:
  Spied(MemoryFlow flow, std::shared_ptr<Asked> asked) : flow_(std::move(flow)), asked_(std::move(asked)) {}
  Executor get_executor() { return flow_.get_executor(); }
  Awaitable<FlowResult<std::size_t>> read(Buffer into) { return flow_.read(into); }
  Awaitable<FlowResult<Done>> write(Bytes bytes) { return flow_.write(bytes); }
  Awaitable<FlowResult<Done>> writev(std::span<const Bytes> several) { return flow_.writev(several); }
  Awaitable<FlowResult<Done>> finish() { return flow_.finish(); }
  Awaitable<void> close() {
    asked_->closed = true;
    return flow_.close();
  }
  Tried try_read(Buffer into) {
    ++asked_->reads;
    if (!asked_->waited) asked_->reading_late = false;
    auto tried = flow_.try_read(into);
    if (!tried || !*tried || **tried < into.size()) asked_->waited = false;
    return tried;
  }
  Tried try_write(Bytes bytes) {
    ++asked_->writes;
    return flow_.try_write(bytes);
  }
  Awaitable<FlowResult<Done>> wait_readable() {
    ++asked_->waits;
    auto result = co_await flow_.wait_readable();
    asked_->waited = true;
    co_return result;
  }
  Awaitable<FlowResult<Done>> wait_writable() { return flow_.wait_writable(); }

 private:
  MemoryFlow flow_;
  std::shared_ptr<Asked> asked_;
};
static_assert(ReadyFlow<Spied>);

TEST(Drive, AConnectionAtRestHoldsNoBufferAndAsksForNothing) {
  World world;
  const auto asked = std::make_shared<Asked>();
  run(world.io, [&]() -> Awaitable<void> {
    auto session = co_await world.log_in(Spied(world.served(echo), asked));
    EXPECT_TRUE(session);
    if (!session) co_return;
    co_await sleep(20ms);
    const auto before = *asked;
    co_await sleep(200ms);
    EXPECT_EQ(asked->waits, before.waits);
    EXPECT_EQ(asked->reads, before.reads);
    EXPECT_EQ(asked->writes, before.writes);
    EXPECT_TRUE(asked->reading_late) << "incoming() is asked for only when there is something to read";
    co_await session->disconnect();
    EXPECT_TRUE(asked->closed);
  });
}

TEST(Drive, ManyCommandsInOneTurnAreOneWrite) {
  World world;
  const auto asked = std::make_shared<Asked>();
  run(world.io, [&]() -> Awaitable<void> {
    auto flow = co_await world.connect(Spied(world.served(echo), asked), ChannelWish());
    EXPECT_TRUE(flow);
    if (!flow) co_return;
    co_await sleep(20ms);
    const auto before = asked->writes;
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(flow->channel().send(WindowChange{80, 25, 0, 0}));
    co_await sleep(5ms);
    EXPECT_EQ(asked->writes, before + 1);
  });
}

// A bare engine: the time is kept, and the ending says what happened.
TEST(Drive, KeepsTheEnginesTime) {
  World world;
  world.client_config.limits.ident_time = 40ms;
  run(world.io, [&]() -> Awaitable<void> {
    auto [near, far] = memory_flow(world.io.get_executor());
    Client client(world.provider, std::make_shared<const ClientConfig>(world.client_config));
    unsigned closed = 0;
    Drive drive(client, std::move(near),
                [&](const Event& event) { closed += std::holds_alternative<Closed>(event) ? 1u : 0u; });
    const auto begun = std::chrono::steady_clock::now();
    const auto ending = co_await drive.run();
    const auto took = std::chrono::steady_clock::now() - begun;
    EXPECT_EQ(ending.error.code, Code::ident_timeout);
    EXPECT_EQ(flow_error(ending).code, FlowCode::timed_out);
    EXPECT_EQ(closed, 1u);
    EXPECT_GE(took, 40ms);
    const auto said = co_await read_all(far);
    EXPECT_TRUE(said.text.starts_with("SSH-2.0-nacre_0.1\r\n"));  // and our KEXINIT, which waits for nobody
    EXPECT_FALSE(said.error);
  });
}

TEST(Drive, DisconnectIsBoundedInTimeWhenNobodyReads) {
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    auto [near, far] =
        memory_flow(world.io.get_executor(), {.capacity = 5, .cut_after = {}});  // not even the ident fits
    Client client(world.provider, std::make_shared<const ClientConfig>(world.client_config));
    Drive drive(client, std::move(near), [](const Event&) {}, {.linger = 50ms});
    asio::co_spawn(
        world.io,
        [&]() -> Awaitable<void> {
          co_await sleep(10ms);
          drive.disconnect(Reason::by_application, "enough");
        },
        asio::detached);
    const auto begun = std::chrono::steady_clock::now();
    const auto ending = co_await drive.run();
    const auto took = std::chrono::steady_clock::now() - begun;
    EXPECT_EQ(ending.error.code, Code::closed_by_application);
    EXPECT_LT(took, 5s);
  });
}

}  // namespace
}  // namespace nacre::testing
