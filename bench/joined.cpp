// The applications on both sides: they trust, sign and grant.
#include "bench/joined.hpp"

#include <map>

namespace nacre::bench {
namespace {

// Made once, since an RSA key takes longer than what is measured with it.
std::shared_ptr<const PrivateKey> key_of(KeyType type, bool host, Random& random) {
  static std::map<std::pair<KeyType, bool>, std::shared_ptr<const PrivateKey>> keys;
  auto& key = keys[{type, host}];
  if (!key) key = generate_key(type, random);
  return key;
}

}  // namespace

std::string_view algorithm_of(const PrivateKey& key) {
  const auto type = key.public_key().type();
  return type == "ssh-rsa" ? std::string_view("rsa-sha2-512") : type;
}

Limits unhurried() {
  Limits limits;
  limits.rekey_bytes = std::uint64_t{1} << 36;
  limits.idle_rekeys = 0xffff'ffff;
  return limits;
}

World::World(const Choice& choice, std::unique_ptr<Random> source)
    : random(std::move(source)),
      provider(botan_provider(*random)),
      host_key(key_of(choice.host_key, true, *random)),
      user_key(key_of(choice.user_key, false, *random)) {
  AlgorithmNames names;
  names.host_keys = {std::string(algorithm_of(*host_key))};
  if (!choice.key_exchange.empty()) names.key_exchanges = {choice.key_exchange};
  if (!choice.cipher.empty()) names.ciphers = {choice.cipher};
  if (!choice.mac.empty()) names.macs = {choice.mac};
  ClientConfig client;
  client.user = "alice";
  client.algorithms = names;
  client.limits = choice.limits;
  ServerConfig server;
  server.algorithms = names;
  server.limits = choice.limits;
  server.host_keys.push_back(copy_of(host_key->public_key().blob()));
  client_config = std::make_shared<ClientConfig>(std::move(client));
  server_config = std::make_shared<ServerConfig>(std::move(server));
}

// What both roles do alike; true: it is dealt with.
bool Side::common(Engine& engine, const Event& event) {
  if (const auto* data = std::get_if<DataReceived>(&event)) {
    bytes += data->data.size();
    engine.consumed(data->channel, data->data.size());
    return true;
  }
  if (std::holds_alternative<KeysExchanged>(event)) return ++keys != 0;
  if (std::holds_alternative<Authenticated>(event)) return authenticated = true;
  if (std::holds_alternative<ChannelClosed>(event)) return ++channels_gone != 0;
  if (std::holds_alternative<Closed>(event)) return closed = true;
  return false;
}

void Side::on(Client& engine, const Event& event) {
  if (common(engine, event)) return;
  if (const auto* offered = std::get_if<HostKeyOffered>(&event)) {
    static_cast<void>(engine.answer(offered->ticket, HostKeyVerdict::trust));
  } else if (const auto* wanted = std::get_if<CredentialsWanted>(&event)) {
    const auto& key = *world_->user_key;
    static_cast<void>(
        engine.answer(wanted->ticket, Credential(TryPublicKey{key.public_key().blob(), algorithm_of(key)})));
  } else if (const auto* sign = std::get_if<SignatureWanted>(&event)) {
    const auto blob = world_->user_key->sign(sign->algorithm, sign->message, *world_->random);
    static_cast<void>(engine.answer(sign->ticket, Signature{blob ? std::optional<Bytes>(*blob) : std::nullopt}));
  } else if (const auto* opened = std::get_if<ChannelOpened>(&event)) {
    channel = opened->channel;
  }
}

void Side::on(Server& engine, const Event& event) {
  if (common(engine, event)) return;
  if (const auto* sign = std::get_if<SignatureWanted>(&event)) {
    const auto blob = world_->host_key->sign(sign->algorithm, sign->message, *world_->random);
    static_cast<void>(engine.answer(sign->ticket, Signature{blob ? std::optional<Bytes>(*blob) : std::nullopt}));
  } else if (const auto* known = std::get_if<PublicKeyOffered>(&event)) {
    static_cast<void>(engine.answer(known->ticket, KeyInterest::yes));
  } else if (const auto* proven = std::get_if<PublicKeyProven>(&event)) {
    static_cast<void>(engine.answer(proven->ticket, AuthVerdict::accept));
  } else if (const auto* open = std::get_if<ChannelOpenReceived>(&event)) {
    channel = open->channel;
    static_cast<void>(engine.answer(open->ticket, ChannelVerdict{.accept = true}));
  }
}

bool Joined::step() {
  bool moved = drain(client, at_client);
  moved = drain(server, at_server) || moved;
  moved = up() || moved;
  return down() || moved;
}

bool Joined::login() {
  settle();
  return at_client.authenticated && at_server.authenticated;
}

bool Joined::open() {
  at_client.channel = at_server.channel = std::nullopt;
  if (!client.open("session")) return false;
  settle();
  return at_client.channel && at_server.channel;
}

}  // namespace nacre::bench
