// The puppet's strings: its key exchange step by step, and the usual answers of the engine's application.
#include "tests/engine/puppet.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/auth/userauth.hpp"
#include "tests/engine/where.hpp"

namespace nacre::test {

Puppet::Puppet(PuppetOptions with)
    : options(std::move(with)),
      engine_random(seeded_random(options.seed * 2 + 1)),
      random(seeded_random(options.seed * 2 + 2)),
      engine_provider(botan_provider(*engine_random)),
      provider(botan_provider(*random)),
      writer(outbox, *random) {
  // Keys are made once a type: making them is the slowest thing here.
  host_key = key_from_seed(options.host_key, 1000);
  user_key = key_from_seed(options.user_key, 2000);
  if (options.algorithms.key_exchanges.empty()) options.algorithms.key_exchanges = {"curve25519-sha256"};
  if (role() == Role::server) {
    if (options.server.host_keys.empty()) options.server.host_keys.push_back(copy_of(host_key->public_key().blob()));
    if (!options.server.keyboard_interactive) options.server.password = true;
    server = std::make_unique<Server>(engine_provider, std::make_shared<ServerConfig>(options.server));
  } else {
    if (options.client.user.empty()) options.client.user = "alice";
    client = std::make_unique<Client>(engine_provider, std::make_shared<ClientConfig>(options.client));
  }
  own_line_ = options.ident.substr(0, options.ident.find_first_of("\r\n"));
}

// ---- steps

void Puppet::start() {
  poll();
  if (std::exchange(started_, true)) return;
  append(wire_, bytes_of(options.ident));
  if (!options.hold_kex_init) send_kex_init();
}

bool Puppet::exchange() {
  start();
  pump();
  return closed == 0 && keys_on && has(NewKeys::number);
}

bool Puppet::begin_service() {
  if (!exchange()) return false;
  if (own_role() == Role::client) {
    send(ServiceRequest{userauth_service});
    pump();
    return has(ServiceAccept::number);
  }
  return has(ServiceRequest::number);
}

bool Puppet::login() {
  if (!begin_service()) return false;
  if (own_role() == Role::client) {
    const auto body = encoded(PasswordBody{false, bytes_of("sesame"), {}});
    send(UserauthRequest{"alice", connection_service, method_password, {body}});
  }
  pump();
  return engine().authenticated() && closed == 0;
}

std::uint32_t Puppet::open() {
  constexpr std::uint32_t window = 1U << 30, packet = 32 * 1024;
  if (own_role() == Role::client) {
    send(ChannelOpen{"session", 7, window, packet, {}});
    pump();
    const auto confirmation = last<ChannelOpenConfirmation>();
    return confirmation ? confirmation->sender : 0xffffffff;
  }
  const auto id = engine().open("session");
  pump();
  const auto opened = last<ChannelOpen>();
  if (!id || !opened) return 0xffffffff;
  const auto number = opened->sender;
  send(ChannelOpenConfirmation{number, 7, window, packet, {}});
  pump();
  return number;
}

void Puppet::send_kex_init() {
  const bool as_client = own_role() == Role::client;
  ClientConfig as_a_client;
  ServerConfig as_a_server;
  as_a_client.algorithms = as_a_server.algorithms = options.algorithms;
  as_a_server.host_keys = {copy_of(host_key->public_key().blob())};
  auto proposal = as_client ? make_proposal(provider, as_a_client) : make_proposal(provider, as_a_server);
  std::string list;
  const auto add = [&](std::string_view name) {
    if (!list.empty()) list += ',';
    list += name;
  };
  for (const auto& name : options.more_key_exchanges) add(name);
  add(proposal.key_exchanges);
  if (first_ && options.extensions) add(as_client ? "ext-info-c" : "ext-info-s");
  if (first_ && options.strict) add(as_client ? "kex-strict-c-v00@openssh.com" : "kex-strict-s-v00@openssh.com");
  proposal.key_exchanges = list;
  auto init = *make_kex_init(proposal, own_role(), false, *random);
  if (options.guess_follows) init[init.size() - 5] = std::byte{1};
  if (options.edit_kex_init) options.edit_kex_init(init);
  send_payload(init);
  own_init_ = std::move(init);
  if (peer_init_) agree();
}

void Puppet::agree() {
  const auto ours = decode<KexInit>(Bytes(*own_init_).subspan(1));
  const auto peers = decode<KexInit>(Bytes(*peer_init_).subspan(1));
  if (!ours || !peers) return;
  const bool as_client = own_role() == Role::client;
  if (std::exchange(first_, false)) {
    const auto marker = as_client ? "kex-strict-s-v00@openssh.com" : "kex-strict-c-v00@openssh.com";
    const auto own_markers = markers_of(*ours, own_role());
    strict = own_markers.strict && peers->key_exchanges.contains(marker);
  }
  const auto agreed = negotiate(provider, as_client ? *ours : *peers, as_client ? *peers : *ours, Limits{});
  if (!agreed) return;
  agreement = *agreed;
  method_ = agreement.key_exchange->make();
  if (as_client && !options.hold_method) send_method();
}

void Puppet::send_method() {
  if (!method_) return;
  ByteVector payload;
  if (own_role() == Role::client) {
    own_value_ = *method_->initiate(*random);
    payload = encoded(KexInitial{own_value_});
  } else {
    payload = std::exchange(pending_reply_, {});
  }
  if (options.edit_method) options.edit_method(payload);
  send_payload(payload);
  if (own_role() == Role::server && !options.hold_new_keys) send_new_keys();
}

void Puppet::on_method(Bytes body) {
  if (!method_) return;
  if (own_role() == Role::client) {
    const auto reply = decode<KexReply>(body);
    auto secret = reply ? method_->finish(reply->value) : std::nullopt;
    if (!secret) return;
    compute(std::move(*secret), reply->host_key, own_value_, reply->value);
    if (!options.hold_new_keys) send_new_keys();
    return;
  }
  const auto initial = decode<KexInitial>(body);
  auto reply = initial ? method_->respond(*random, initial->value) : std::nullopt;
  if (!reply) return;
  const auto key = host_key->public_key().blob();
  compute(std::move(reply->secret), key, initial->value, reply->value);
  const auto signature = host_key->sign(agreement.host_key->name, exchange_hash_value, *random);
  pending_reply_ = encoded(KexReply{key, reply->value, *signature});
  if (!options.hold_method) send_method();
}

void Puppet::compute(Secret secret, Bytes host_blob, Bytes client_value, Bytes server_value) {
  const bool as_client = own_role() == Role::client;
  const auto hash = agreement.key_exchange->hash();
  exchange_hash_value = *exchange_hash(*hash, {.client_ident = as_client ? own_line_ : received_ident,
                                               .server_ident = as_client ? received_ident : own_line_,
                                               .client_init = as_client ? *own_init_ : *peer_init_,
                                               .server_init = as_client ? *peer_init_ : *own_init_,
                                               .host_key = host_blob,
                                               .client_value = client_value,
                                               .server_value = server_value,
                                               .secret = secret.bytes()});
  if (session_id.empty()) session_id = exchange_hash_value;
  if (on_shared_secret) on_shared_secret(secret.bytes());
  const auto keys = [&](const CipherChoice& choice, bool to_server) {
    return *derive_keys(*hash, secret.bytes(), exchange_hash_value, session_id, choice, to_server);
  };
  const auto up = keys(agreement.to_server, true), down = keys(agreement.to_client, false);
  const auto& out = as_client ? agreement.to_server : agreement.to_client;
  const auto& in = as_client ? agreement.to_client : agreement.to_server;
  next_sealer_ = out.cipher->sealer((as_client ? up : down).view(), out.mac);
  next_opener_ = in.cipher->opener((as_client ? down : up).view(), in.mac);
  own_init_.reset();
  peer_init_.reset();
}

void Puppet::send_new_keys() {
  if (!next_sealer_) return;
  send(NewKeys{});
  writer.switch_keys(std::move(next_sealer_), strict);
  keys_on = true;
}

// ---- the stream

void Puppet::take_sealed(ByteVector& into) {
  for (auto bytes = outbox.outgoing(); !bytes.empty(); bytes = outbox.outgoing()) {
    append(into, bytes);
    outbox.sent(bytes.size());
  }
}

bool Puppet::deliver() {
  take_sealed(wire_);
  std::size_t done = 0;
  while (done < wire_.size()) {
    const auto room = engine().incoming();
    if (room.empty()) break;
    const auto size = std::min(room.size(), wire_.size() - done);
    std::memcpy(room.data(), wire_.data() + done, size);
    append(delivered, Bytes(wire_).subspan(done, size));
    engine().received(size);
    done += size;
  }
  wire_.erase(wire_.begin(), wire_.begin() + static_cast<std::ptrdiff_t>(done));
  return done != 0;
}

bool Puppet::collect() {
  if (paused) return false;
  bool moved = false;
  for (auto out = engine().outgoing(); !out.empty(); out = engine().outgoing()) {
    const auto room = inbox.incoming();
    const auto size = std::min(room.size(), out.size());
    if (size == 0) break;
    std::memcpy(room.data(), out.data(), size);
    inbox.received(size);
    engine().sent(size);
    moved = true;
    if (!ident_seen_) {
      const auto text = text_of(inbox.pending());
      const auto newline = text.find("\r\n");
      if (newline == std::string_view::npos) continue;
      received_ident = text.substr(0, newline);
      inbox.take(newline + 2);
      ident_seen_ = true;
    }
    for (;;) {
      const auto packet = reader.next(inbox, 1024 * 1024);
      if (!packet || !*packet) break;
      on_payload((*packet)->payload);
      inbox.take((*packet)->wire_size);
    }
  }
  return moved;
}

bool Puppet::poll() {
  bool moved = false;
  while (auto event = engine().poll(now)) {
    handle(*event);
    moved = true;
  }
  return moved;
}

void Puppet::pump() {
  for (bool moved = true; moved;) {
    moved = deliver();
    moved = poll() || moved;
    moved = collect() || moved;
  }
}

void Puppet::advance(std::chrono::milliseconds time) {
  now += time;
  pump();
}

void Puppet::on_payload(Bytes payload) {
  received.push_back(copy_of(payload));
  const auto body = payload.subspan(1);
  switch (std::to_integer<std::uint8_t>(payload[0])) {
    case KexInit::number: on_kex_init(payload); break;
    case KexInitial::number:
    case KexReply::number: on_method(body); break;
    case NewKeys::number: reader.switch_keys(std::move(next_opener_), strict); break;
    case ServiceRequest::number:
      if (auto_login) send(ServiceAccept{userauth_service});
      break;
    case UserauthRequest::number:
      if (auto_login) send(UserauthSuccess{});
      break;
    default: break;
  }
}

void Puppet::on_kex_init(Bytes payload) {
  peer_init_ = copy_of(payload);
  if (own_init_)
    agree();
  else if (!options.hold_kex_init && started_)
    send_kex_init();
}

// ---- what came back

std::size_t Puppet::count(std::uint8_t number) const {
  return static_cast<std::size_t>(std::count_if(received.begin(), received.end(), [&](const ByteVector& each) {
    return each[0] == static_cast<std::byte>(number);
  }));
}

std::string Puppet::log() const {
  std::string all;
  for (const auto& line : events) all += line + "\n";
  all += "received:";
  for (const auto& each : received) all += " " + std::to_string(std::to_integer<int>(each[0]));
  return all + "\n";
}

std::size_t Puppet::told(std::string_view start) const {
  return static_cast<std::size_t>(
      std::count_if(events.begin(), events.end(), [&](const std::string& line) { return line.starts_with(start); }));
}

std::optional<Reason> Puppet::farewell() const {
  if (received.empty() || received.back()[0] != static_cast<std::byte>(Disconnect::number)) return std::nullopt;
  const auto message = decode<Disconnect>(Bytes(received.back()).subspan(1));
  if (!message) return std::nullopt;
  return static_cast<Reason>(message->reason);
}

// ---- the application

void Puppet::handle(const Event& event) {
  events.push_back(line_of(event));
  if (const auto* end = std::get_if<Closed>(&event)) {
    EXPECT_TRUE(where_fits(end->error)) << events.back();
    ++closed;
    error = end->error;
    reason = end->reason;
    by_peer = end->by_peer;
  }
  if (on_event && on_event(event)) return;
  if (const auto* got = std::get_if<DataReceived>(&event)) {
    data += text_of(got->data);
    if (consume) engine().consumed(got->channel, got->data.size());
  } else if (const auto* sign = std::get_if<SignatureWanted>(&event)) {
    const auto& key = server ? *host_key : *user_key;
    const auto blob = key.sign(sign->algorithm, sign->message, *engine_random);
    static_cast<void>(engine().answer(sign->ticket, Signature{blob ? std::optional<Bytes>(*blob) : std::nullopt}));
  } else if (const auto* trust = std::get_if<HostKeyOffered>(&event)) {
    static_cast<void>(client->answer(trust->ticket, HostKeyVerdict::trust));
  } else if (const auto* wanted = std::get_if<CredentialsWanted>(&event)) {
    static_cast<void>(client->answer(wanted->ticket, Credential(TryPassword{bytes_of("sesame")})));
  } else if (const auto* offered = std::get_if<PublicKeyOffered>(&event)) {
    const bool known = same_bytes(offered->key, user_key->public_key().blob());
    static_cast<void>(server->answer(offered->ticket, known ? KeyInterest::yes : KeyInterest::no));
  } else if (const auto* proven = std::get_if<PublicKeyProven>(&event)) {
    const bool known = same_bytes(proven->key, user_key->public_key().blob());
    static_cast<void>(server->answer(proven->ticket, known ? AuthVerdict::accept : AuthVerdict::reject));
  } else if (const auto* password = std::get_if<PasswordReceived>(&event)) {
    const bool right = text_of(password->password) == "sesame";
    static_cast<void>(server->answer(password->ticket, right ? AuthVerdict::accept : AuthVerdict::reject));
  } else if (const auto* none = std::get_if<NoneReceived>(&event)) {
    static_cast<void>(server->answer(none->ticket, AuthVerdict::reject));
  } else if (const auto* asked = std::get_if<ChannelOpenReceived>(&event)) {
    static_cast<void>(engine().answer(asked->ticket, ChannelVerdict{.accept = true}));
  } else if (const auto* request = std::get_if<RequestReceived>(&event); request && request->want_reply) {
    static_cast<void>(engine().reply(request->ticket, true));
  } else if (const auto* global = std::get_if<GlobalRequestReceived>(&event); global && global->want_reply) {
    static_cast<void>(engine().reply(global->ticket, false));
  }
}

std::unique_ptr<Puppet> logged_in(PuppetOptions options) {
  auto puppet = std::make_unique<Puppet>(std::move(options));
  EXPECT_TRUE(puppet->login()) << puppet->log();
  puppet->forget();
  return puppet;
}

}  // namespace nacre::test
