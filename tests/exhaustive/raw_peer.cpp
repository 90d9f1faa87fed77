// Framing by hand (RFC 4253 6), and an application that says yes.
#include "tests/exhaustive/raw_peer.hpp"

#include <algorithm>

#include "tests/engine/pair.hpp"

namespace nacre::test {
namespace {

std::variant<Client, Server> make_engine(Role role, Random& random) {
  static const auto client = [] {
    auto config = std::make_shared<ClientConfig>();
    config->user = "alice";
    return std::shared_ptr<const ClientConfig>(config);
  }();
  static const auto server = [] {
    auto config = std::make_shared<ServerConfig>();
    config->host_keys.push_back(fuzz::null_key());
    config->password = config->keyboard_interactive = true;
    return std::shared_ptr<const ServerConfig>(config);
  }();
  const auto provider = fuzz::null_provider(random);
  if (role == Role::client) return Client(provider, client);
  return Server(provider, server);
}

}  // namespace

RawPeer::RawPeer(Role engine_role, bool strict)
    : role_(engine_role),
      strict_(strict),
      role_engine_(make_engine(engine_role, random_)),
      engine_(std::visit([](auto& engine) -> Engine* { return &engine; }, role_engine_)) {}

void RawPeer::start() {
  run();
  put(bytes_of("SSH-2.0-raw\r\n"));
  run();
}

void RawPeer::send(Bytes payload) {
  constexpr std::size_t block = 8, least_padding = 4;
  // The length field counts in the clear, and not under the null cipher, which has the shape of an AEAD.
  const auto counted = (under_keys_ ? 0 : 4) + 1 + payload.size();
  auto padding = block - counted % block;
  if (padding < least_padding) padding += block;
  ByteVector packet;
  VectorSink sink{packet};
  Writer<VectorSink> writer(sink);
  writer.write(static_cast<std::uint32_t>(1 + payload.size() + padding));
  writer.write(static_cast<std::uint8_t>(padding));
  append(packet, payload);
  packet.resize(packet.size() + padding);
  last_ = packets_++;
  put(packet);
  run();
}

void RawPeer::new_keys() {
  say(NewKeys{});
  under_keys_ = true;
  if (strict_) packets_ = 0;
}

void RawPeer::wait(std::chrono::milliseconds time) {
  now_ += time;
  run();
}

ByteVector RawPeer::kex_init(bool wrong_guess) const {
  const bool as_client = role_ == Role::server;
  std::string methods = wrong_guess ? "another-method,curve25519-sha256" : "curve25519-sha256";
  methods += as_client ? ",ext-info-c" : ",ext-info-s";
  if (strict_) methods += as_client ? ",kex-strict-c-v00@openssh.com" : ",kex-strict-s-v00@openssh.com";
  KexInit init;
  init.key_exchanges = NameList(methods);
  init.host_keys = NameList("ssh-ed25519");
  init.ciphers_to_server = init.ciphers_to_client = NameList("aes128-gcm@openssh.com");
  init.compressions_to_server = init.compressions_to_client = NameList("none");
  init.first_packet_follows = wrong_guess;
  return encoded(init);
}

ByteVector RawPeer::method_message() const {
  const ByteVector value(32);
  const auto key = fuzz::null_key(), signature = fuzz::null_signature();
  return role_ == Role::server ? encoded(KexInitial{value}) : encoded(KexReply{key, value, signature});
}

std::size_t RawPeer::heard(std::string_view line) const {
  return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), line));
}

// ---- the stream

void RawPeer::put(Bytes bytes) {
  while (!bytes.empty()) {
    const auto room = engine_->incoming();
    if (room.empty()) return;
    const auto size = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), size);
    engine_->received(size);
    bytes = bytes.subspan(size);
  }
}

void RawPeer::run() {
  while (auto event = engine_->poll(now_)) handle(*event);
  for (auto out = engine_->outgoing(); !out.empty(); out = engine_->outgoing()) {
    append(stream_, out);
    engine_->sent(out.size());
  }
  hear();
}

void RawPeer::hear() {
  Bytes rest = stream_;
  if (!ident_heard_) {
    const auto end = text_of(rest).find("\r\n");
    if (end == std::string_view::npos) return;
    ident_heard_ = true;
    rest = rest.subspan(end + 2);
  }
  while (rest.size() >= 4 && rest.size() >= 4 + load_be32(rest.data())) {
    const auto packet = rest.subspan(4, load_be32(rest.data()));
    const auto padding = std::to_integer<std::size_t>(packet[0]);
    lines.push_back(">" + name_of_packet(packet.subspan(1, packet.size() - 1 - padding)));
    rest = rest.subspan(4 + packet.size());
  }
  stream_.erase(stream_.begin(), stream_.end() - static_cast<std::ptrdiff_t>(rest.size()));
}

std::string RawPeer::name_of_packet(Bytes payload) const {
  const auto body = payload.subspan(1);
  const auto number = std::to_integer<unsigned>(payload[0]);
  if (number == Disconnect::number)
    if (const auto disconnect = decode<Disconnect>(body)) return "DISCONNECT " + std::to_string(disconnect->reason);
  if (number == Unimplemented::number)
    if (const auto unimplemented = decode<Unimplemented>(body))
      return unimplemented->sequence == last_ ? "UNIMPLEMENTED" : "UNIMPLEMENTED of another packet";
  if (number == ChannelOpenFailure::number)
    if (const auto failure = decode<ChannelOpenFailure>(body)) return "92 " + std::to_string(failure->reason);
  if (number == UserauthFailure::number)
    if (const auto failure = decode<UserauthFailure>(body); failure && failure->partial) return "51 partial";
  return std::to_string(number);
}

// ---- the application

void RawPeer::handle(const Event& event) {
  lines.push_back(line_of(event));
  if (const auto* end = std::get_if<Closed>(&event)) {
    ++closed;
    error = end->error;
    reason = end->reason;
    by_peer = end->by_peer;
  }
  if (answers)
    decide(event);
  else
    open_question_ = event;
}

void RawPeer::answer_now() {
  answers = true;
  if (const auto question = std::exchange(open_question_, std::nullopt)) decide(*question);
  run();
}

void RawPeer::decide(const Event& event) {
  Status status = Status::ok;
  if (const auto* sign = std::get_if<SignatureWanted>(&event)) {
    if (!signs) return;
    const auto blob = fuzz::null_signature();
    status = engine_->answer(sign->ticket, Signature{blob});
  } else if (const auto* open = std::get_if<ChannelOpenReceived>(&event)) {
    status = engine_->answer(open->ticket, ChannelVerdict{.accept = true});
  } else if (const auto* request = std::get_if<RequestReceived>(&event); request && request->want_reply) {
    status = engine_->reply(request->ticket, true);
  } else if (const auto* global = std::get_if<GlobalRequestReceived>(&event); global && global->want_reply) {
    status = engine_->reply(global->ticket, false);
  } else if (const auto* data = std::get_if<DataReceived>(&event)) {
    engine_->consumed(data->channel, data->data.size());
  } else {
    handle_login(event);
  }
  if (status != Status::ok) lines.push_back("an answer was refused: " + std::string(describe(status)));
}

void RawPeer::handle_login(const Event& event) {
  Status status = Status::ok;
  if (auto* client = std::get_if<Client>(&role_engine_)) {
    if (const auto* trust = std::get_if<HostKeyOffered>(&event)) {
      status = client->answer(trust->ticket, HostKeyVerdict::trust);
    } else if (const auto* wanted = std::get_if<CredentialsWanted>(&event); wanted && credential) {
      const auto chosen = *std::exchange(credential, std::nullopt);
      status = client->answer(wanted->ticket, chosen);
    }
  } else {
    auto& server = std::get<Server>(role_engine_);
    const auto verdict = rejects ? AuthVerdict::reject : partial ? AuthVerdict::partial : AuthVerdict::accept;
    if (const auto* offered = std::get_if<PublicKeyOffered>(&event)) {
      status = server.answer(offered->ticket, KeyInterest::yes);
    } else if (const auto* proven = std::get_if<PublicKeyProven>(&event)) {
      status = server.answer(proven->ticket, verdict);
    } else if (const auto* password = std::get_if<PasswordReceived>(&event)) {
      status = server.answer(password->ticket, verdict);
    } else if (const auto* interactive = std::get_if<KeyboardInteractiveWanted>(&event)) {
      const Prompt prompts[] = {{"Password: ", false}};
      status = server.answer(interactive->ticket, Prompts{"", "", prompts});
    } else if (const auto* responses = std::get_if<ResponsesReceived>(&event)) {
      status = server.answer(responses->ticket, verdict);
    }
  }
  if (status != Status::ok) lines.push_back("an answer was refused: " + std::string(describe(status)));
}

}  // namespace nacre::test
