// The acts, the two applications, and the links that follow their plans.
#include "tests/exhaustive/session.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "crypto/botan_provider.hpp"
#include "engine/messages.hpp"
#include "tests/engine/pair.hpp"
#include "tests/engine/where.hpp"
#include "tests/exhaustive/quick_provider.hpp"

namespace nacre::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t act_count = 6;

struct Configs {
  std::shared_ptr<ClientConfig> client = std::make_shared<ClientConfig>();
  std::shared_ptr<ServerConfig> server = std::make_shared<ServerConfig>();
};

struct Keys {
  std::unique_ptr<PrivateKey> host = key_from_seed(KeyType::ed25519, 1000),
                              user = key_from_seed(KeyType::ed25519, 2000);
};
const Keys& real_keys() {
  static const Keys keys;
  return keys;
}

const Configs& configs_of(const Makings& makings) {
  static std::map<std::string, Configs> made;
  auto& configs = made[makings.name()];
  if (!configs.client->user.empty()) return configs;
  configs.client->user = "alice";
  configs.server->banner = "hello";
  configs.server->host_keys.push_back(makings.real ? copy_of(real_keys().host->public_key().blob()) : quick_key('h'));
  for (auto* names : {&configs.client->algorithms, &configs.server->algorithms}) {
    names->key_exchanges = {"curve25519-sha256"};
    names->host_keys = {"ssh-ed25519"};
    names->ciphers = {makings.cipher};
    names->macs = {makings.mac.empty() ? "hmac-sha2-256" : makings.mac};
  }
  return configs;
}

// As line_of, with the data, and without what nobody has vouched for yet: what a server is to sign.
std::string full_line_of(const Event& event, bool of_server) {
  if (const auto* sign = std::get_if<SignatureWanted>(&event); sign && of_server)
    return "SignatureWanted " + std::string(sign->algorithm);
  auto line = line_of(event);
  if (const auto* data = std::get_if<DataReceived>(&event)) line += " " + std::string(text_of(data->data));
  if (const auto* open = std::get_if<ChannelOpenReceived>(&event)) line += " " + std::string(text_of(open->data));
  if (const auto* request = std::get_if<RequestReceived>(&event)) {
    if (const auto* exec = std::get_if<ExecRequest>(&request->request)) line += " " + std::string(exec->command);
    if (const auto* exit = std::get_if<ExitStatus>(&request->request)) line += " " + std::to_string(exit->status);
  }
  return line;
}

}  // namespace

struct Session::Parties {
  QuickRandom client_random{1}, server_random{2};
  bool real;
  Client client;
  Server server;

  explicit Parties(const Makings& makings)
      : real(makings.real),
        client(provider(client_random), configs_of(makings).client),
        server(provider(server_random), configs_of(makings).server) {}

  Provider provider(Random& random) const { return real ? botan_provider(random) : quick_provider(random); }
  ByteVector user_key() const { return real ? copy_of(real_keys().user->public_key().blob()) : quick_key('u'); }
  ByteVector sign(bool as_host, Bytes key, std::string_view algorithm, Bytes message) {
    if (!real) return quick_signature(key, message);
    const auto& holder = as_host ? *real_keys().host : *real_keys().user;
    return *holder.sign(algorithm, message, as_host ? server_random : client_random);
  }
};

Session::Session(const Makings& makings)
    : parties_(std::make_unique<Parties>(makings)),
      client_engine_(&parties_->client),
      server_engine_(&parties_->server) {}

Session::~Session() = default;

// ---- the acts

bool Session::act(std::size_t number) {
  note_sizes(Direction::to_server);
  act_as_client(number);
  note_sizes(Direction::to_client);
  act_as_server(number);
  return number < act_count;
}

void Session::act_as_client(std::size_t number) {
  auto& engine = *client_engine_;
  switch (number) {
    case 0: break;  // they log in by themselves
    case 1:
      static_cast<void>(engine.global_request("keepalive@example.org", bytes_of("?"), true));
      static_cast<void>(engine.open("session"));
      break;
    case 2:
      static_cast<void>(engine.request(client_channel_, EnvRequest{"LANG", "C"}, false));
      static_cast<void>(engine.request(client_channel_, ExecRequest{"true"}, true));
      engine.write(client_channel_, bytes_of("from the client, before the keys change"));
      break;
    case 3: static_cast<void>(engine.rekey()); break;
    case 4: engine.write(client_channel_, bytes_of("from the client, after that")); break;
    case 5: static_cast<void>(engine.finish(client_channel_)); break;
    default: engine.disconnect(Reason::by_application, "done"); break;
  }
}

void Session::act_as_server(std::size_t number) {
  auto& engine = *server_engine_;
  switch (number) {
    case 2:
      engine.write(server_channel_, bytes_of("from the server, before the keys change"));
      engine.write(server_channel_, bytes_of("an error"), Stream::err);
      break;
    case 4: engine.write(server_channel_, bytes_of("from the server, after that")); break;
    case 5:
      static_cast<void>(engine.request(server_channel_, ExitStatus{7}, false));
      static_cast<void>(engine.finish(server_channel_));
      static_cast<void>(engine.close(server_channel_));
      break;
    default: break;
  }
}

void Session::run(const Recording* like) {
  for (std::size_t number = 0; act(number); ++number) {
    settle();
    if (recording_) {
      recording_->client_counts.push_back(client.lines.size());
      recording_->server_counts.push_back(server.lines.size());
    } else if (client.lines.size() != like->client_counts[number] ||
               server.lines.size() != like->server_counts[number]) {
      break;
    }
  }
  finish();
}

void Session::note_sizes(Direction direction) {
  if (recording_) note_sealed_sizes(sizes_[static_cast<std::size_t>(direction)]);
}

const Recording& record(const Makings& makings) {
  static std::map<std::string, Recording> kept;
  auto [at, fresh] = kept.try_emplace(makings.name());
  auto& recording = at->second;
  if (!fresh) return recording;
  std::vector<std::size_t> sizes[2];
  Session session(makings);
  session.recording_ = &recording;
  session.sizes_[0] = &sizes[0];
  session.sizes_[1] = &sizes[1];
  session.run(nullptr);
  note_sealed_sizes(nullptr);
  recording.client = session.client;
  recording.server = session.server;
  for (const std::size_t direction : {0U, 1U}) {
    const auto& bytes = recording.sent[direction] = session.sent[direction];
    auto& packets = recording.packets[direction];
    packets = {0, text_of(bytes).find("\r\n") + 2};
    for (bool new_keys = false; !new_keys;) {
      const auto packet = Bytes(bytes).subspan(packets.back());
      new_keys = packet[5] == std::byte{NewKeys::number};
      packets.push_back(packets.back() + 4 + load_be32(packet.data()));
    }
    recording.clear_packets[direction] = packets.size() - 1;
    for (const auto size : sizes[direction]) packets.push_back(packets.back() + size);
  }
  return recording;
}

void Session::settle() {
  while (step()) continue;
}

// Whoever waits, waits no longer: the limits of identification, of key exchange, of login; then the streams end.
void Session::finish() {
  settle();
  for (const auto time : {16s, 15s, 30s, 60s}) {
    if (client.closed != 0 && server.closed != 0) break;
    now_ += time;
    settle();
  }
  for (auto& link : links_) link.plan.parts.resize(std::min(link.part, link.plan.parts.size()));
  settle();
  now_ += 24h;
  settle();
}

// ---- the turn

bool Session::step() {
  bool moved = poll(*client_engine_, client);
  moved = poll(*server_engine_, server) || moved;
  moved = collect(*client_engine_, sent[0]) || moved;
  moved = collect(*server_engine_, sent[1]) || moved;
  moved = deliver(links_[0], sent[0], *client_engine_, *server_engine_) || moved;
  return deliver(links_[1], sent[1], *server_engine_, *client_engine_) || moved;
}

bool Session::poll(Engine& engine, Side& side) {
  bool moved = false;
  note_sizes(&side == &server ? Direction::to_client : Direction::to_server);
  while (auto event = engine.poll(now_)) {
    moved = true;
    if (side.closed != 0) side.moved_after_end = true;
    if (const auto* end = std::get_if<Closed>(&*event)) {
      EXPECT_TRUE(where_fits(end->error)) << describe(end->error.code);
      ++side.closed;
      side.error = end->error;
      side.reason = end->reason;
      side.by_peer = end->by_peer;
      continue;
    }
    const bool of_server = &side == &server;
    side.lines.push_back(full_line_of(*event, of_server));
    of_server ? on_server(*event) : on_client(*event);
  }
  return moved;
}

bool Session::collect(Engine& engine, ByteVector& to) {
  const auto before = to.size();
  for (auto out = engine.outgoing(); !out.empty(); out = engine.outgoing()) {
    append(to, out);
    engine.sent(out.size());
  }
  return to.size() != before;
}

// What the plan lets arrive of what has been sent, up to the next pause.
bool Session::deliver(Link& link, const ByteVector& from, const Engine& sender, Engine& receiver) {
  bool moved = false;
  const auto pause = link.pause < link.plan.pauses.size() ? link.plan.pauses[link.pause] : link.delivered + from.size();
  while (link.part < link.plan.parts.size()) {
    const auto& part = link.plan.parts[link.part];
    const auto begin = part.from + link.done;
    if (begin >= part.to) {
      ++link.part;
      link.done = 0;
      continue;
    }
    const auto end = std::min<std::uint64_t>(part.to, from.size());
    if (link.delivered >= pause) {
      ++link.pause;
      return true;
    }
    const auto room = receiver.incoming();
    if (begin >= end || room.empty()) break;
    const auto size = std::min<std::uint64_t>({end - begin, pause - link.delivered, room.size()});
    std::memcpy(room.data(), from.data() + begin, size);
    if (link.plan.at >= begin && link.plan.at < begin + size) room[link.plan.at - begin] ^= link.plan.change;
    receiver.received(size);
    link.done += size;
    link.delivered += size;
    moved = true;
  }
  const bool over = link.part >= link.plan.parts.size();
  const bool nothing_follows = sender.closed() && !moved;
  if ((over || nothing_follows) && !std::exchange(link.ended, true)) {
    receiver.input_ended();
    return true;
  }
  return moved;
}

// ---- the applications

void Session::on_client(const Event& event) {
  auto& engine = *client_engine_;
  if (const auto* offered = std::get_if<HostKeyOffered>(&event)) {
    static_cast<void>(engine.answer(offered->ticket, HostKeyVerdict::trust));
  } else if (const auto* wanted = std::get_if<CredentialsWanted>(&event)) {
    const auto key = parties_->user_key();
    static_cast<void>(engine.answer(wanted->ticket, Credential(TryPublicKey{key, "ssh-ed25519"})));
  } else if (const auto* sign = std::get_if<SignatureWanted>(&event)) {
    const auto signature = parties_->sign(false, sign->key, sign->algorithm, sign->message);
    static_cast<void>(engine.answer(sign->ticket, Signature{signature}));
  } else if (const auto* opened = std::get_if<ChannelOpened>(&event)) {
    client_channel_ = opened->channel;
  } else if (const auto* data = std::get_if<DataReceived>(&event)) {
    engine.consumed(data->channel, data->data.size());
  }
}

void Session::on_server(const Event& event) {
  auto& engine = *server_engine_;
  if (const auto* sign = std::get_if<SignatureWanted>(&event)) {
    const auto signature = parties_->sign(true, sign->key, sign->algorithm, sign->message);
    static_cast<void>(engine.answer(sign->ticket, Signature{signature}));
  } else if (const auto* offered = std::get_if<PublicKeyOffered>(&event)) {
    static_cast<void>(engine.answer(offered->ticket, KeyInterest::yes));
  } else if (const auto* proven = std::get_if<PublicKeyProven>(&event)) {
    static_cast<void>(engine.answer(proven->ticket, AuthVerdict::accept));
  } else if (const auto* open = std::get_if<ChannelOpenReceived>(&event)) {
    server_channel_ = open->channel;
    static_cast<void>(engine.answer(open->ticket, ChannelVerdict{.accept = true}));
  } else if (const auto* request = std::get_if<RequestReceived>(&event); request && request->want_reply) {
    static_cast<void>(engine.reply(request->ticket, true));
  } else if (const auto* global = std::get_if<GlobalRequestReceived>(&event); global && global->want_reply) {
    static_cast<void>(engine.reply(global->ticket, false));
  } else if (const auto* data = std::get_if<DataReceived>(&event)) {
    engine.consumed(data->channel, data->data.size());
  }
}

}  // namespace nacre::test
