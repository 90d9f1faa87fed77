// Two engines joined in memory, as lean as can be: what one has to send is copied once into the other. World is what any
// number of such pairs share; Joined is one pair.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "crypto/botan_provider.hpp"
#include "engine/client.hpp"
#include "engine/server.hpp"

namespace nacre::bench {

// What is negotiated. Empty names: what the engine would offer by itself.
struct Choice {
  std::string key_exchange = "curve25519-sha256";
  std::string cipher = "aes128-gcm@openssh.com";
  std::string mac = {};
  KeyType host_key = KeyType::ed25519;
  KeyType user_key = KeyType::ed25519;
  Limits limits = {};
};

// Keys, configurations, provider and time of any number of connections.
struct World {
  explicit World(const Choice& choice, std::unique_ptr<Random> source = system_random());

  std::unique_ptr<Random> random;
  Provider provider;
  std::shared_ptr<const PrivateKey> host_key, user_key;  // of each type, the same in all worlds of a program
  std::shared_ptr<const ClientConfig> client_config;
  std::shared_ptr<const ServerConfig> server_config;
  std::shared_ptr<Buffers> buffers;  // of all engines, when there are some
  TimePoint now = TimePoint{} + std::chrono::hours(1);
};

// The signature algorithm that is used with a key.
std::string_view algorithm_of(const PrivateKey& key);

// Limits without those that a measurement would run into: rekeying by itself, and a peer that rekeys for sport.
Limits unhurried();

// What the two applications answer: everything is granted. Counts what arrives and gives its credit back at once.
class Side {
 public:
  explicit Side(World& world) : world_(&world) {}
  void on(Client& engine, const Event& event);
  void on(Server& engine, const Event& event);

  std::uint64_t bytes = 0;          // of channel data that have come
  std::uint32_t keys = 0;           // KeysExchanged
  std::uint32_t channels_gone = 0;  // ChannelClosed
  std::optional<ChannelId> channel;
  bool authenticated = false;
  bool closed = false;

 private:
  bool common(Engine& engine, const Event& event);
  World* world_;
};

class Joined {
 public:
  explicit Joined(World& world)
      : client(world.provider, world.client_config, world.buffers),
        server(world.provider, world.server_config, world.buffers),
        at_client(world),
        at_server(world),
        world_(&world) {}

  bool login();    // true: both sides have authenticated
  bool open();     // a session channel: at_client.channel and at_server.channel
  void settle() {  // until nothing moves
    while (step()) continue;
  }
  bool step();  // once there and back; whether anything moved
  bool up() {
    const bool moved = carry(client, server);
    return drain(server, at_server) || moved;
  }
  bool down() {
    const bool moved = carry(server, client);
    return drain(client, at_client) || moved;
  }

  Client client;
  Server server;
  Side at_client, at_server;

 private:
  static constexpr std::size_t most = 256 * 1024;  // bytes carried at once

  static bool carry(Engine& from, Engine& to) {
    bool moved = false;
    for (;;) {
      const auto out = from.outgoing();
      if (out.empty()) return moved;
      const auto room = to.incoming();
      const auto size = std::min({out.size(), room.size(), most});
      if (size != 0) std::memcpy(room.data(), out.data(), size);
      to.received(size);
      if (size == 0) return moved;
      from.sent(size);
      moved = true;
    }
  }

  template <class Role>
  bool drain(Role& engine, Side& side) {
    bool moved = false;
    while (const auto event = engine.poll(world_->now)) {
      side.on(engine, *event);
      moved = true;
    }
    return moved;
  }

  World* world_;
};

}  // namespace nacre::bench
