// One conversation up to Authenticated is recorded; it is the same each time, as nothing in it is random.
#include "fuzz/login.hpp"

#include <algorithm>
#include <cstdlib>

namespace nacre::fuzz {
namespace {

struct Recorded {
  ByteVector for_client, for_server;
};

void move(Engine& from, Engine& to, ByteVector& record) {
  for (auto out = from.outgoing(); !out.empty(); out = from.outgoing()) {
    const auto room = to.incoming();
    const auto size = std::min(room.size(), out.size());
    std::memcpy(room.data(), out.data(), size);
    append(record, out.first(size));
    to.received(size);
    from.sent(size);
  }
}

template <class Each>
void poll_all(Each& engine, TimePoint now) {
  while (const auto event = engine.poll(now)) answer_login(engine, *event);
}

const Recorded& recorded() {
  static const auto record = [] {
    Recorded made;
    CountingRandom client_random, server_random;
    Client client(null_provider(client_random), client_config());
    Server server(null_provider(server_random), server_config());
    for (int turn = 0; turn < 20; ++turn) {
      poll_all(client, start_time);
      move(client, server, made.for_server);
      poll_all(server, start_time);
      move(server, client, made.for_client);
    }
    if (!client.authenticated() || !server.authenticated()) std::abort();
    return made;
  }();
  return record;
}

template <class Each>
void feed(Each& engine, Bytes stream, TimePoint now) {
  poll_all(engine, now);
  while (!stream.empty()) {
    const auto room = engine.incoming();
    const auto size = std::min(room.size(), stream.size());
    if (size == 0) std::abort();
    std::memcpy(room.data(), stream.data(), size);
    engine.received(size);
    stream = stream.subspan(size);
    poll_all(engine, now);
  }
  while (!engine.outgoing().empty()) engine.sent(engine.outgoing().size());
  if (!engine.authenticated()) std::abort();
}

}  // namespace

std::shared_ptr<const ClientConfig> client_config() {
  static const auto config = [] {
    auto made = std::make_shared<ClientConfig>();
    made->user = "fuzz";
    return std::shared_ptr<const ClientConfig>(made);
  }();
  return config;
}

std::shared_ptr<const ServerConfig> server_config() {
  static const auto config = [] {
    auto made = std::make_shared<ServerConfig>();
    made->host_keys.push_back(null_key());
    made->password = made->keyboard_interactive = made->none = true;
    made->banner = "hello";
    return std::shared_ptr<const ServerConfig>(made);
  }();
  return config;
}

void answer_login(Client& client, const Event& event) {
  if (const auto* offered = std::get_if<HostKeyOffered>(&event)) {
    static_cast<void>(client.answer(offered->ticket, HostKeyVerdict::trust));
  } else if (const auto* wanted = std::get_if<CredentialsWanted>(&event)) {
    static_cast<void>(client.answer(wanted->ticket, TryPassword{bytes_of("sesame")}));
  } else if (const auto* sign = std::get_if<SignatureWanted>(&event)) {
    const auto signature = null_signature();
    static_cast<void>(client.answer(sign->ticket, Signature{Bytes(signature)}));
  }
}

void answer_login(Server& server, const Event& event) {
  if (const auto* sign = std::get_if<SignatureWanted>(&event)) {
    const auto signature = null_signature();
    static_cast<void>(server.answer(sign->ticket, Signature{Bytes(signature)}));
  } else if (const auto* password = std::get_if<PasswordReceived>(&event)) {
    static_cast<void>(server.answer(password->ticket, AuthVerdict::accept));
  }
}

void log_in(Client& client, TimePoint now) { feed(client, recorded().for_client, now); }
void log_in(Server& server, TimePoint now) { feed(server, recorded().for_server, now); }

void append_packet(ByteVector& stream, Bytes payload) {
  constexpr std::size_t block = 8, min_padding = 4;
  const auto padding = min_padding + (block - (1 + payload.size() + min_padding) % block) % block;
  const auto at = stream.size();
  stream.resize(at + 5 + payload.size() + padding);
  store_be32(static_cast<std::uint32_t>(1 + payload.size() + padding), stream.data() + at);
  stream[at + 4] = static_cast<std::byte>(padding);
  std::copy(payload.begin(), payload.end(), stream.begin() + static_cast<std::ptrdiff_t>(at + 5));
}

}  // namespace nacre::fuzz
