// Whole connections, rekeys and one-byte echoes of two engines in memory, beside the public-key operations that they
// can't do without. Time is CPU time of both sides together.
//   handshake/KEX/HOST/USER    from two new engines to both authenticated, and their end
//   operations/KEX/HOST/USER   the same key exchange, two signatures, two verifications, by themselves
//   rekey/KEX/HOST, rekey-operations/KEX/HOST
//   echo/CIPHER                a byte there and a byte back
#include <benchmark/benchmark.h>

#include <array>
#include <functional>

#include "bench/joined.hpp"
#include "bench/parts.hpp"

namespace nacre::bench {
namespace {

struct NamedKey {
  const char* name;
  KeyType type;
};

void handshake(benchmark::State& state, const Choice& choice) {
  World world(choice);
  for (auto _ : state) {
    Joined pair(world);
    if (!pair.login()) return state.SkipWithError("no login");
  }
  state.SetItemsProcessed(state.iterations());
}

bool exchange(World& world, const KeyExchangeAlgorithm& method) {
  const auto client = method.make();
  const auto server = method.make();
  const auto offer = client->initiate(*world.random);
  const auto reply = offer ? server->respond(*world.random, *offer) : std::nullopt;
  const auto secret = reply ? client->finish(reply->value) : std::nullopt;
  return secret.has_value();
}

// A signature by one side and its verification by the other.
bool prove(World& world, const PrivateKey& key) {
  static constexpr std::array<std::byte, 200> message{};  // about what is signed for a user
  const auto name = algorithm_of(key);
  const auto* algorithm = find_algorithm(world.provider.signatures, name);
  const auto signature = key.sign(name, message, *world.random);
  return signature && algorithm && algorithm->verify(key.public_key().blob(), message, *signature);
}

void operations(benchmark::State& state, const Choice& choice, bool user) {
  World world(choice);
  const auto* method = find_algorithm(world.provider.key_exchanges, choice.key_exchange);
  if (!method) return state.SkipWithError("no such key exchange");
  for (auto _ : state) {
    const bool good =
        exchange(world, *method) && prove(world, *world.host_key) && (!user || prove(world, *world.user_key));
    if (!good) return state.SkipWithError("an operation failed");
  }
  state.SetItemsProcessed(state.iterations());
}

void rekey(benchmark::State& state, const Choice& choice) {
  World world(choice);
  Joined pair(world);
  if (!pair.login()) return state.SkipWithError("no login");
  for (auto _ : state) {
    const auto before = pair.at_server.keys;
    if (pair.client.rekey() != Status::ok) return state.SkipWithError("no rekey");
    pair.settle();
    if (pair.at_server.keys != before + 1) return state.SkipWithError("no new keys");
  }
  state.SetItemsProcessed(state.iterations());
}

void echo(benchmark::State& state, const Suite& suite) {
  Choice choice{.cipher = std::string(suite.cipher->name), .limits = unhurried()};
  if (suite.mac) choice.mac = suite.mac->name;
  World world(choice);
  Joined pair(world);
  if (!pair.login() || !pair.open()) return state.SkipWithError("no connection");
  const std::array<std::byte, 1> byte{std::byte{'x'}};
  const auto before = pair.at_client.bytes;
  for (auto _ : state) {
    pair.client.write(*pair.at_client.channel, byte);
    pair.up();
    pair.server.write(*pair.at_server.channel, byte);
    pair.down();
  }
  if (pair.at_client.bytes - before != static_cast<std::uint64_t>(state.iterations()))
    return state.SkipWithError("bytes were lost");
  state.SetItemsProcessed(state.iterations());
}

void add(const std::string& name, const std::function<void(benchmark::State&)>& run) {
  benchmark::RegisterBenchmark(name.c_str(), run)->Unit(benchmark::kMicrosecond);
}

}  // namespace

void add_handshake(const Provider& provider) {
  static constexpr NamedKey keys[] = {
      {"ed25519", KeyType::ed25519}, {"ecdsa256", KeyType::ecdsa_p256}, {"rsa", KeyType::rsa}};
  for (const auto& method : provider.key_exchanges) {
    if (method.name.find('@') != std::string_view::npos) continue;  // another name of one that is there
    for (const auto& key : keys) {
      // Every key exchange with ed25519, every type of key with curve25519.
      if (key.type != KeyType::ed25519 && method.name != "curve25519-sha256") continue;
      const Choice choice{
          .key_exchange = std::string(method.name), .host_key = key.type, .user_key = key.type, .limits = unhurried()};
      const auto kind = std::string(method.name) + "/" + key.name;
      add("handshake/" + kind + "/" + key.name, [choice](auto& state) { handshake(state, choice); });
      add("operations/" + kind + "/" + key.name, [choice](auto& state) { operations(state, choice, true); });
      add("rekey/" + kind, [choice](auto& state) { rekey(state, choice); });
      add("rekey-operations/" + kind, [choice](auto& state) { operations(state, choice, false); });
    }
  }
  for (const auto& suite : suites(provider)) add("echo/" + suite.name(), [suite](auto& state) { echo(state, suite); });
}

}  // namespace nacre::bench
