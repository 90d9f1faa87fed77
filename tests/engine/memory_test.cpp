// What an engine costs: allocations counted by replaced operators new and delete. None for a packet of data, little for
// an idle connection, and nothing that grows with what a peer is refused.
#include <gtest/gtest.h>

#include <malloc.h>

#include <cstdlib>
#include <new>

#include "tests/engine/puppet.hpp"

namespace {

struct Heap {
  std::size_t allocations = 0;
  std::size_t bytes = 0;  // in use
};
Heap heap;

void* allocate(std::size_t size) {
  void* place = std::malloc(size);
  if (!place) throw std::bad_alloc();
  ++heap.allocations;
  heap.bytes += malloc_usable_size(place);
  return place;
}

void release(void* place) noexcept {
  if (place) heap.bytes -= malloc_usable_size(place);
  std::free(place);
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void operator delete(void* place) noexcept { release(place); }
void operator delete[](void* place) noexcept { release(place); }
void operator delete(void* place, std::size_t) noexcept { release(place); }
void operator delete[](void* place, std::size_t) noexcept { release(place); }

namespace nacre::test {
namespace {

using namespace std::chrono_literals;

// Two engines joined with nothing between them that allocates.
struct Wire {
  Engine& from;
  Engine& to;

  bool carry(TimePoint now) {
    bool moved = false;
    for (auto out = from.outgoing(); !out.empty(); out = from.outgoing()) {
      const auto room = to.incoming();
      const auto size = std::min(room.size(), out.size());
      if (size == 0) break;
      std::memcpy(room.data(), out.data(), size);
      to.received(size);
      from.sent(size);
      moved = true;
      while (auto event = to.poll(now))
        if (const auto* data = std::get_if<DataReceived>(&*event)) {
          bytes += data->data.size();
          to.consumed(data->channel, data->data.size());
        }
    }
    return moved;
  }
  std::size_t bytes = 0;
};

class PerPacket : public testing::TestWithParam<std::pair<std::string, std::string>> {};

TEST_P(PerPacket, NothingIsAllocatedAfterTheWarmUp) {
  const auto& [cipher, mac] = GetParam();
  for (const auto& [prepared, sharing] : {std::pair(false, false), {true, false}, {false, true}}) {
    PairOptions options;
    if (sharing) options.buffers = std::make_shared<Buffers>();
    for (auto* names : {&options.client.algorithms, &options.server.algorithms}) {
      names->ciphers = {cipher};
      if (!mac.empty()) names->macs = {mac};
      names->key_exchanges = {"curve25519-sha256"};
    }
    Pair pair(options);
    pair.login();
    const auto up = pair.open_session();
    const auto down = *pair.server_channel;
    Wire to_server{*pair.client, *pair.server}, to_client{*pair.server, *pair.client};
    const std::string text(32 * 1024, 'x');
    const auto round = [&](std::size_t size) {
      const auto put = [&, by_prepare = prepared](Engine& engine, ChannelId id) {
        if (!by_prepare) return engine.write(id, bytes_of(std::string_view(text).substr(0, size)));
        const auto place = engine.prepare(id, size);
        std::memcpy(place.data(), text.data(), place.size());
        engine.commit(id, place.size());
        return place.size();
      };
      const auto taken = put(*pair.client, up) + put(*pair.server, down);
      for (bool moved = true; moved;) {
        moved = to_server.carry(pair.now);
        moved = to_client.carry(pair.now) || moved;
      }
      while (pair.client->poll(pair.now)) continue;
      while (pair.server->poll(pair.now)) continue;
      return taken;
    };
    std::size_t sent = 0;
    for (int i = 0; i < 300; ++i) sent += round(i % 3 == 0 ? 1 : text.size());
    const auto before = heap.allocations;
    for (int i = 0; i < 3'000; ++i) sent += round(i % 3 == 0 ? 1 : i % 3 == 1 ? 1000 : text.size());
    const auto after = heap.allocations;
    EXPECT_EQ(after - before, 0U) << cipher << " " << mac << (prepared ? " prepared" : " written")
                                  << (sharing ? " shared" : "");
    EXPECT_EQ(to_server.bytes + to_client.bytes, sent);
    EXPECT_GT(sent, 3'000U * 22'000);
  }
}

INSTANTIATE_TEST_SUITE_P(Memory, PerPacket,
                         testing::Values(std::pair("chacha20-poly1305@openssh.com", ""),
                                         std::pair("aes128-gcm@openssh.com", ""),
                                         std::pair("aes256-gcm@openssh.com", ""),
                                         std::pair("aes128-ctr", "hmac-sha2-256"),
                                         std::pair("aes256-ctr", "hmac-sha2-512-etm@openssh.com"),
                                         std::pair("aes192-ctr", "hmac-sha2-256-etm@openssh.com")));

// Bytes on the heap that go when the engine does: what it holds.
std::size_t held_by(std::unique_ptr<Client>& client, std::unique_ptr<Server>& server) {
  const auto before = heap.bytes;
  client.reset();
  server.reset();
  return before - heap.bytes;
}

TEST(Memory, AnIdleConnectionIsSmall) {
  for (const auto* cipher : {"aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes256-ctr"})
    for (const auto role : {Role::server, Role::client}) {
      PuppetOptions options{.engine = role};
      options.algorithms.key_exchanges = {"mlkem768x25519-sha256"};
      options.algorithms.ciphers = {cipher};
      Puppet puppet(options);
      ASSERT_TRUE(puppet.login());
      const ChannelId id{puppet.open()};
      const std::string much(100'000, 'x');
      puppet.engine().write(id, bytes_of(much));
      for (int i = 0; i < 20; ++i) puppet.send(ChannelData{id.id, bytes_of(std::string_view(much).substr(0, 30'000))});
      puppet.pump();
      puppet.engine().received(0);  // no read is under way
      for (int i = 0; i < 10; ++i) {
        puppet.now += 1s;
        while (puppet.engine().poll(puppet.now)) continue;
      }
      const auto bytes = held_by(puppet.client, puppet.server);
      const auto* name = role == Role::server ? "server" : "client";
      std::printf("an idle %s with a channel, %s: %zu bytes\n", name, cipher, bytes);
      testing::Test::RecordProperty(std::string("idle_") + name, static_cast<int>(bytes));
      EXPECT_LT(bytes, 32U * 1024);
    }
}

// Two hundred busy connections whose engines share their buffers hold those of one.
TEST(Memory, SharedBuffersAreMeasuredByTheTraffic) {
  const auto busy = [](std::shared_ptr<Buffers> buffers) {
    std::vector<std::unique_ptr<Pair>> pairs;
    for (int i = 0; i < 200; ++i) {
      PairOptions options;
      options.buffers = buffers;
      pairs.push_back(std::make_unique<Pair>(std::move(options)));
      pairs.back()->login();
      pairs.back()->open_session();
    }
    const auto before = heap.bytes;
    const std::string text(32 * 1024, 'x');
    std::size_t moved = 0;
    for (auto& pair : pairs) {
      Wire to_server{*pair->client, *pair->server};
      pair->client->write(*pair->client_channel, bytes_of(text));
      to_server.carry(pair->now);
      moved += to_server.bytes;
    }
    EXPECT_EQ(moved, 200 * text.size());
    return static_cast<double>(heap.bytes) - static_cast<double>(before);
  };
  EXPECT_GT(busy(nullptr), 200.0 * 32 * 1024);
  EXPECT_LT(busy(std::make_shared<Buffers>()), 1024.0 * 1024);
}

TEST(Memory, C05_RefusedOpensLeaveNothing) {
  PuppetOptions options;
  options.server.limits.sessions = 1;
  Puppet puppet(options);
  ASSERT_TRUE(puppet.login());
  puppet.open();
  const auto flood = [&](int times) {
    for (int i = 0; i < times; ++i) {
      puppet.send(ChannelOpen{"session", 5, 1000, 1000, {}});
      if (i % 100 == 0) puppet.pump(), puppet.forget();
    }
    puppet.pump();
    puppet.forget();
    puppet.received.shrink_to_fit();
    puppet.events.shrink_to_fit();
    ByteVector().swap(puppet.delivered);
  };
  flood(5'000);
  const auto before = heap.bytes;
  flood(100'000);
  EXPECT_LE(heap.bytes, before + 64 * 1024) << before;
  EXPECT_EQ(puppet.closed, 0);
}

// A peer that reads so slowly that nothing can be written, and opens and closes channels that wait for it in vain.
TEST(Memory, C05_ChannelsThatWaitedToBeWritableLeaveNothing) {
  Puppet puppet;
  ASSERT_TRUE(puppet.login());
  auto& engine = puppet.engine();
  const ChannelId full{puppet.open()};
  std::uint32_t opened = 0;
  puppet.on_event = [&](const Event& event) {
    const auto* asked = std::get_if<ChannelOpenReceived>(&event);
    if (!asked) return false;
    opened = asked->channel.id;
    EXPECT_EQ(engine.answer(asked->ticket, ChannelVerdict{.accept = true}), Status::ok);
    EXPECT_EQ(engine.write(asked->channel, bytes_of("x")), 0U);
    return true;
  };
  puppet.paused = true;
  const ByteVector text(1024);
  const auto cycle = [&](int times) {
    for (int i = 0; i < times; ++i) {
      while (engine.write(full, text) != 0) continue;
      puppet.send(ChannelOpen{"session", 5, 1000, 1000, {}});
      puppet.pump();
      puppet.send(ChannelClose{opened});
      puppet.pump();
      engine.sent(std::min<std::size_t>(100, engine.outgoing().size()));
      puppet.forget();
      if (i % 100 == 0) ByteVector().swap(puppet.delivered);
    }
    ByteVector().swap(puppet.delivered);
  };
  cycle(10'000);
  const auto before = heap.bytes;
  cycle(50'000);
  EXPECT_LE(heap.bytes, before + 16 * 1024) << before;
  EXPECT_EQ(puppet.closed, 0) << describe(puppet.code());
}

TEST(Memory, OpenedAndClosedChannelsLeaveNothing) {
  Puppet puppet;
  ASSERT_TRUE(puppet.login());
  const auto cycle = [&](int times) {
    for (int i = 0; i < times; ++i) {
      const auto id = puppet.open();
      puppet.send(ChannelRequest{id, "shell", true, {}});
      puppet.send(ChannelClose{id});
      puppet.pump();
      puppet.forget();
      puppet.received.shrink_to_fit();
      puppet.events.shrink_to_fit();
    }
    ByteVector().swap(puppet.delivered);
  };
  cycle(500);
  const auto before = heap.bytes;
  cycle(10'000);
  EXPECT_LE(heap.bytes, before + 16 * 1024);
}

// Channels that take turns in being writable: the list of them must not remember each turn.
TEST(Memory, WritableForEverLeavesNothing) {
  PairOptions options;
  options.server.limits.window = 1000;
  Pair pair(options);
  pair.login();
  std::vector<ChannelId> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(pair.open_session());
  Wire to_server{*pair.client, *pair.server};
  const std::string text(5'000, 'x');
  const auto rounds = [&](int times) {
    for (int i = 0; i < times; ++i) {
      for (const auto id : ids) pair.client->write(id, bytes_of(text));
      to_server.carry(pair.now);
      for (auto out = pair.server->outgoing(); !out.empty(); out = pair.server->outgoing()) {
        const auto room = pair.client->incoming();
        std::memcpy(room.data(), out.data(), out.size());
        pair.client->received(out.size());
        pair.server->sent(out.size());
      }
      // One poll only: the others that could be told stay in the list.
      if (auto event = pair.client->poll(pair.now))
        if (const auto* writable = std::get_if<Writable>(&*event))
          pair.client->write(writable->channel, bytes_of(text));
    }
  };
  rounds(2'000);
  const auto before = heap.allocations;
  rounds(20'000);
  EXPECT_EQ(heap.allocations - before, 0U);
}

// A peer's word about a length allocates nothing: only bytes do.
TEST(Memory, I07_AnnouncedLengthsAllocateNothing) {
  for (const auto role : {Role::server, Role::client}) {
    Puppet puppet({.engine = role, .hold_kex_init = true});
    puppet.start();
    puppet.pump();
    ByteVector head(4);
    store_be32(role == Role::server ? 34'996 : 256 * 1024 - 4, head.data());
    const auto before = heap.bytes;
    puppet.send_raw(head);
    puppet.pump();
    EXPECT_EQ(puppet.closed, 0);
    EXPECT_LE(heap.bytes, before + 8 * 1024);
  }
}

}  // namespace
}  // namespace nacre::test
