// The two applications of a pair, and the links between them.
#include "tests/engine/pair.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "tests/engine/where.hpp"

namespace nacre::test {
namespace {

std::string text(std::string_view view) { return std::string(view); }

std::string hex_of(Bytes bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  for (const auto byte : bytes) {
    result += digits[std::to_integer<unsigned>(byte) >> 4];
    result += digits[std::to_integer<unsigned>(byte) & 15];
  }
  return result;
}

std::string number(std::uint64_t value) { return std::to_string(value); }

struct Describe {
  std::string operator()(const KeysExchanged& e) const {
    return "KeysExchanged first=" + number(e.first) + " strict=" + number(e.strict) + " " + text(e.key_exchange) + " " +
           text(e.host_key) + " " + text(e.cipher_in) + " " + text(e.cipher_out) + " " + text(e.mac_in) + " " +
           text(e.mac_out) + " " + text(e.peer_ident);
  }
  std::string operator()(const SignatureWanted& e) const {
    return "SignatureWanted " + text(e.algorithm) + " " + hex_of(e.message);
  }
  std::string operator()(const DebugReceived& e) const { return "DebugReceived " + text(e.text); }
  std::string operator()(const Closed& e) const {
    return "Closed " + text(describe(e.error.code)) + " where=" + number(e.error.where) +
           " reason=" + number(static_cast<std::uint32_t>(e.reason)) + " by_peer=" + number(e.by_peer) + " " +
           text(e.text);
  }
  std::string operator()(const HostKeyOffered& e) const {
    return "HostKeyOffered " + text(e.algorithm) + " " + hex_of(e.key);
  }
  std::string operator()(const LineReceived& e) const { return "LineReceived " + text(e.text); }
  std::string operator()(const CredentialsWanted& e) const {
    return "CredentialsWanted " + text(e.methods.text()) + " partial=" + number(e.partial);
  }
  std::string operator()(const PromptsReceived& e) const {
    return "PromptsReceived " + text(e.name) + " " + text(e.instruction) + " " + number(e.prompts.size());
  }
  std::string operator()(const PasswordChangeWanted& e) const { return "PasswordChangeWanted " + text(e.prompt); }
  std::string operator()(const BannerReceived& e) const { return "BannerReceived " + text(e.text); }
  std::string operator()(const PublicKeyOffered& e) const {
    return "PublicKeyOffered " + text(e.user) + " " + text(e.algorithm);
  }
  std::string operator()(const PublicKeyProven& e) const {
    return "PublicKeyProven " + text(e.user) + " " + text(e.algorithm);
  }
  std::string operator()(const PasswordReceived& e) const {
    return "PasswordReceived " + text(e.user) + " " + text(text_of(e.password));
  }
  std::string operator()(const NoneReceived& e) const { return "NoneReceived " + text(e.user); }
  std::string operator()(const KeyboardInteractiveWanted& e) const {
    return "KeyboardInteractiveWanted " + text(e.user);
  }
  std::string operator()(const ResponsesReceived& e) const {
    return "ResponsesReceived " + text(e.user) + " " + number(e.responses.size());
  }
  std::string operator()(const Authenticated& e) const { return "Authenticated " + text(e.user); }
  std::string operator()(const ChannelOpenReceived& e) const {
    return "ChannelOpenReceived " + text(e.type) + " " + number(e.channel.id);
  }
  std::string operator()(const ChannelOpened& e) const { return "ChannelOpened " + number(e.channel.id); }
  std::string operator()(const ChannelRefused& e) const {
    return "ChannelRefused " + number(e.channel.id) + " " + number(e.reason) + " " + text(e.text);
  }
  std::string operator()(const DataReceived& e) const {
    return "DataReceived " + number(e.channel.id) + (e.stream == Stream::err ? " err " : " out ") +
           number(e.data.size());
  }
  std::string operator()(const Writable& e) const { return "Writable " + number(e.channel.id); }
  std::string operator()(const EofReceived& e) const { return "EofReceived " + number(e.channel.id); }
  std::string operator()(const ChannelClosed& e) const { return "ChannelClosed " + number(e.channel.id); }
  std::string operator()(const RequestReceived& e) const {
    return "RequestReceived " + number(e.channel.id) + " " + text(name_of(e.request)) +
           " reply=" + number(e.want_reply);
  }
  std::string operator()(const RequestAnswered& e) const {
    return "RequestAnswered " + number(e.channel.id) + " " + number(e.success);
  }
  std::string operator()(const GlobalRequestReceived& e) const {
    return "GlobalRequestReceived " + text(e.name) + " reply=" + number(e.want_reply);
  }
  std::string operator()(const GlobalRequestAnswered& e) const { return "GlobalRequestAnswered " + number(e.success); }
};

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const auto& line : lines) all += line + "\n";
  return all;
}

}  // namespace

std::string line_of(const Event& event) { return std::visit(Describe{}, event); }

std::size_t times(const std::vector<std::string>& lines, std::string_view start) {
  return static_cast<std::size_t>(
      std::count_if(lines.begin(), lines.end(), [&](const std::string& line) { return line.starts_with(start); }));
}

std::unique_ptr<PrivateKey> key_from_seed(KeyType type, std::uint64_t seed) {
  const auto random = seeded_random(seed);
  return generate_key(type, *random);
}

Pair::Pair(PairOptions options) : options_(std::move(options)) {
  client_random = seeded_random(options_.seed * 4 + 1);
  server_random = seeded_random(options_.seed * 4 + 2);
  chunk_random = seeded_random(options_.seed * 4 + 3);
  client_provider = botan_provider(*client_random);
  server_provider = botan_provider(*server_random);
  host_key = key_from_seed(options_.host_key, 1000);
  user_key = key_from_seed(options_.user_key, 2000);
  if (options_.server.host_keys.empty()) options_.server.host_keys.push_back(copy_of(host_key->public_key().blob()));
  if (options_.client.user.empty()) options_.client.user = options_.user;
  client = std::make_unique<Client>(client_provider, std::make_shared<ClientConfig>(options_.client), options_.buffers);
  server = std::make_unique<Server>(server_provider, std::make_shared<ServerConfig>(options_.server), options_.buffers);
  now = TimePoint{} + std::chrono::hours(1);
}

std::string Pair::client_log() const { return joined(client_events); }
std::string Pair::server_log() const { return joined(server_events); }

std::size_t Pair::chunk(std::size_t available) {
  switch (options_.chunks) {
    case Chunks::whole: return available;
    case Chunks::single: return 1;
    case Chunks::random: break;
  }
  std::byte byte{};
  if (!chunk_random->fill({&byte, 1})) return 1;
  return std::min<std::size_t>(available, 1 + std::to_integer<std::size_t>(byte) * 7);
}

bool Pair::carry(Engine& from, Engine& to, Link& link) {
  bool moved = false;
  for (auto out = from.outgoing(); !out.empty(); out = from.outgoing()) {
    const auto size = chunk(out.size());
    append(link.in_flight, out.first(size));
    append(link.record, out.first(size));
    from.sent(size);
    moved = true;
  }
  if (link.cut_after && link.carried + link.in_flight.size() > *link.cut_after)
    link.in_flight.resize(*link.cut_after - link.carried);
  while (!link.in_flight.empty()) {
    const auto room = to.incoming();
    if (room.empty()) break;
    const auto size = std::min(room.size(), chunk(link.in_flight.size()));
    std::memcpy(room.data(), link.in_flight.data(), size);
    if (link.spoil) link.spoil(link.carried, room.first(size));
    to.received(size);
    link.carried += size;
    link.in_flight.erase(link.in_flight.begin(), link.in_flight.begin() + static_cast<std::ptrdiff_t>(size));
    moved = true;
    if (options_.chunks != Chunks::whole) poll_both();
  }
  const bool cut = link.cut_after && link.carried >= *link.cut_after;
  if ((cut || (from.closed() && link.in_flight.empty())) && !std::exchange(link.ended, true)) {
    to.input_ended();
    moved = true;
  }
  return moved;
}

bool Pair::poll_both() {
  bool moved = false;
  while (auto event = client->poll(now)) {
    handle_client(*event);
    moved = true;
  }
  while (auto event = server->poll(now)) {
    handle_server(*event);
    moved = true;
  }
  return moved;
}

bool Pair::step() {
  bool moved = poll_both();
  moved = carry(*client, *server, to_server) || moved;
  moved = poll_both() || moved;
  moved = carry(*server, *client, to_client) || moved;
  return moved;
}

void Pair::run() {
  while (step()) continue;
}

void Pair::run_for(std::chrono::milliseconds limit) {
  const auto end = now + limit;
  for (;;) {
    run();
    auto next = end;
    for (const Engine* engine : {static_cast<const Engine*>(client.get()), static_cast<const Engine*>(server.get())})
      if (const auto at = engine->deadline()) next = std::min(next, *at);
    if (now >= end) return;
    now = std::max(now + std::chrono::milliseconds(1), std::min(next, end));
  }
}

void Pair::handle_client(const Event& event) {
  client_events.push_back(line_of(event));
  if (const auto* closed = std::get_if<Closed>(&event)) {
    EXPECT_TRUE(where_fits(closed->error)) << client_events.back();
    client_error = closed->error;
    ++client_closed;
  }
  if (const auto* data = std::get_if<DataReceived>(&event)) {
    auto& sink = data->stream == Stream::out ? client_data : client_errors;
    sink[data->channel.id] += text_of(data->data);
    if (consume) client->consumed(data->channel, data->data.size());
  }
  if (const auto* opened = std::get_if<ChannelOpened>(&event)) client_channel = opened->channel;
  if (on_client && on_client(event)) return;

  if (const auto* offered = std::get_if<HostKeyOffered>(&event)) {
    const bool right = same_bytes(offered->key, host_key->public_key().blob());
    static_cast<void>(client->answer(offered->ticket, right ? HostKeyVerdict::trust : HostKeyVerdict::refuse));
  } else if (const auto* wanted = std::get_if<CredentialsWanted>(&event)) {
    const auto& key = user_key->public_key();
    const auto algorithm = key.type() == "ssh-rsa" ? std::string_view("rsa-sha2-512") : key.type();
    if (wanted->methods.empty())
      static_cast<void>(client->answer(wanted->ticket, Credential(TryPublicKey{key.blob(), algorithm})));
    else
      static_cast<void>(client->answer(wanted->ticket, Credential(GiveUp{})));
  } else if (const auto* sign = std::get_if<SignatureWanted>(&event)) {
    const auto blob = user_key->sign(sign->algorithm, sign->message, *client_random);
    static_cast<void>(client->answer(sign->ticket, Signature{blob ? std::optional<Bytes>(*blob) : std::nullopt}));
  } else if (const auto* request = std::get_if<GlobalRequestReceived>(&event); request && request->want_reply) {
    static_cast<void>(client->reply(request->ticket, false));
  }
}

void Pair::handle_server(const Event& event) {
  server_events.push_back(line_of(event));
  if (const auto* closed = std::get_if<Closed>(&event)) {
    EXPECT_TRUE(where_fits(closed->error)) << server_events.back();
    server_error = closed->error;
    ++server_closed;
  }
  if (const auto* data = std::get_if<DataReceived>(&event)) {
    server_data[data->channel.id] += text_of(data->data);
    if (consume) server->consumed(data->channel, data->data.size());
  }
  if (const auto* open = std::get_if<ChannelOpenReceived>(&event)) server_channel = open->channel;
  if (on_server && on_server(event)) return;

  if (const auto* sign = std::get_if<SignatureWanted>(&event)) {
    const auto blob = host_key->sign(sign->algorithm, sign->message, *server_random);
    static_cast<void>(server->answer(sign->ticket, Signature{blob ? std::optional<Bytes>(*blob) : std::nullopt}));
  } else if (const auto* offered = std::get_if<PublicKeyOffered>(&event)) {
    const bool known = same_bytes(offered->key, user_key->public_key().blob());
    static_cast<void>(server->answer(offered->ticket, known ? KeyInterest::yes : KeyInterest::no));
  } else if (const auto* proven = std::get_if<PublicKeyProven>(&event)) {
    const bool known = same_bytes(proven->key, user_key->public_key().blob());
    static_cast<void>(server->answer(proven->ticket, known ? AuthVerdict::accept : AuthVerdict::reject));
  } else if (const auto* password = std::get_if<PasswordReceived>(&event)) {
    const bool right = text_of(password->password) == "sesame";
    static_cast<void>(server->answer(password->ticket, right ? AuthVerdict::accept : AuthVerdict::reject));
  } else if (const auto* open = std::get_if<ChannelOpenReceived>(&event)) {
    static_cast<void>(server->answer(open->ticket, ChannelVerdict{.accept = true}));
  } else if (const auto* request = std::get_if<RequestReceived>(&event); request && request->want_reply) {
    static_cast<void>(server->reply(request->ticket, true));
  } else if (const auto* global = std::get_if<GlobalRequestReceived>(&event); global && global->want_reply) {
    static_cast<void>(server->reply(global->ticket, false));
  }
}

void Pair::login() { run(); }

ChannelId Pair::open_session() {
  const auto opened = client->open("session");
  run();
  return opened ? *opened : ChannelId{};
}

}  // namespace nacre::test
