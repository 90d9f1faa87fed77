// Fairness: one loop serves many connections, and a peer that never stops talking gets its share and no more. Counted in
// turns of the loop, not in time.
#include <asio/post.hpp>

#include "engine/client.hpp"
#include "tests/flow/world.hpp"

namespace nacre::testing {
namespace {

// A client that, once it is logged in, always has more to say than anybody can read. It lives inside the server's flow:
// what the server writes it reads at once, and whenever the server would read there is something.
class Flood {
 public:
  enum class Of { ignore, debug, global_requests, opens };

  struct Inside {
    Inside(World& in, Of what) : world(in), of(what) {
      auto config = std::make_shared<ClientConfig>(world.client_config);
      config->user = "alice";
      client = std::make_unique<Client>(world.provider, std::move(config));
      poll();
    }
    void poll() {
      while (auto event = client->poll({})) {
        if (const auto* key = std::get_if<HostKeyOffered>(&*event))
          static_cast<void>(client->answer(key->ticket, HostKeyVerdict::trust));
        else if (const auto* wanted = std::get_if<CredentialsWanted>(&*event))
          static_cast<void>(client->answer(wanted->ticket, Credential(TryPassword{bytes_of("sesame")})));
      }
    }
    void hear(Bytes bytes) {
      while (!bytes.empty()) {
        const auto room = client->incoming();
        const auto size = std::min(room.size(), bytes.size());
        if (size == 0) return;
        std::memcpy(room.data(), bytes.data(), size);
        client->received(size);
        bytes = bytes.subspan(size);
        poll();
      }
    }
    void talk() {
      if (!client->authenticated()) return;
      const std::string text(1'000, 'x');
      for (int i = 0; i < 100; ++i) {
        if (of == Of::ignore) static_cast<void>(client->ignore(bytes_of(text)));
        if (of == Of::debug) static_cast<void>(client->debug(false, text));
        if (of == Of::global_requests) static_cast<void>(client->global_request("x@flood", {}, false));
        if (of == Of::opens) static_cast<void>(client->open("session"));
      }
    }
    World& world;
    Of of;
    std::unique_ptr<Client> client;
    std::size_t reads = 0;
    bool closed = false;
  };

  explicit Flood(std::shared_ptr<Inside> inside) : inside_(std::move(inside)) {}
  Executor get_executor() { return inside_->world.io.get_executor(); }

  Tried try_read(Buffer into) {
    if (inside_->closed || inside_->client->closed()) return FlowResult<std::size_t>(std::size_t{0});
    if (inside_->client->outgoing().empty()) inside_->talk();
    const auto bytes = inside_->client->outgoing();
    const auto size = std::min(bytes.size(), into.size());
    if (size == 0) return std::nullopt;
    std::memcpy(into.data(), bytes.data(), size);
    inside_->client->sent(size);
    ++inside_->reads;
    return FlowResult<std::size_t>(size);
  }
  Tried try_write(Bytes bytes) {
    inside_->hear(bytes);
    return FlowResult<std::size_t>(bytes.size());
  }
  Awaitable<FlowResult<Done>> wait_readable() {
    const auto inside = inside_;
    while (!inside->closed && !inside->client->authenticated() && inside->client->outgoing().empty())
      co_await asio::post(get_executor(), asio::use_awaitable);
    co_return Done{};
  }
  Awaitable<FlowResult<Done>> wait_writable() { co_return Done{}; }
  Awaitable<FlowResult<std::size_t>> read(Buffer into) {
    for (;;) {
      auto tried = try_read(into);
      if (tried) co_return std::move(*tried);
      auto waited = co_await wait_readable();
      static_cast<void>(waited);
    }
  }
  Awaitable<FlowResult<Done>> write(Bytes bytes) {
    inside_->hear(bytes);
    co_return Done{};
  }
  Awaitable<FlowResult<Done>> writev(std::span<const Bytes> several) {
    for (const auto bytes : several) inside_->hear(bytes);
    co_return Done{};
  }
  Awaitable<FlowResult<Done>> finish() { co_return Done{}; }
  Awaitable<void> close() {
    inside_->closed = true;
    co_return;
  }

 private:
  std::shared_ptr<Inside> inside_;
};
static_assert(ReadyFlow<Flood>);

class Fairness : public ::testing::TestWithParam<Flood::Of> {};

TEST_P(Fairness, AFloodGetsItsTurnAndNoMore) {
  World world;
  const auto flood = std::make_shared<Flood::Inside>(world, GetParam());
  std::stop_source stop;
  bool flood_over = false;
  asio::co_spawn(world.io, spawn_server(stop.get_token(), world.server_options(), Flood(flood), echo),
                 [&](std::exception_ptr, Ending) { flood_over = true; });
  run(world.io, [&]() -> Awaitable<void> {
    while (!flood->client->authenticated()) co_await asio::post(world.io, asio::use_awaitable);
    // Somebody else logs in and is served, while the flood goes on.
    auto session = co_await world.log_in(world.served(echo));
    EXPECT_TRUE(session);
    const auto before = flood->reads;
    std::size_t most = 0;
    for (int turn = 0; turn < 50; ++turn) {
      const auto reads = flood->reads;
      co_await asio::post(world.io, asio::use_awaitable);
      most = std::max(most, flood->reads - reads);
    }
    EXPECT_GT(flood->reads, before) << "there was no flood";
    EXPECT_LE(most, 64U) << "reads of the flood while somebody else waited for a turn of the loop";
    if (session) co_await session->disconnect();
    stop.request_stop();
    while (!flood_over) co_await asio::post(world.io, asio::use_awaitable);
  });
}

INSTANTIATE_TEST_SUITE_P(Flow, Fairness,
                         ::testing::Values(Flood::Of::ignore, Flood::Of::debug, Flood::Of::global_requests,
                                           Flood::Of::opens));

}  // namespace
}  // namespace nacre::testing
