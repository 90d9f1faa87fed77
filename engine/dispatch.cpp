// What each message does: the order table first, then the part that knows it.
#include <utility>

#include "engine/auth/userauth.hpp"
#include "engine/body.hpp"
#include "engine/messages.hpp"

namespace nacre {

Error Body::handle(const OpenedPacket& packet) {
  const auto number = std::to_integer<std::uint8_t>(packet.payload[0]);
  const auto body = packet.payload.subspan(1);
  if (exchange_.skips_one() && number >= 30 && number <= 49) {
    auto with = effects();
    return exchange_.on_method_message(number, body, with);
  }
  if (success_must_follow_ && number > Debug::number && number != UserauthSuccess::number)
    return unexpected(ExtInfo::number);

  switch (rule(number, role_, stage(), exchange_.strict())) {
    case Ruling::end: return unexpected(number);
    case Ruling::unimplemented: return answer_unimplemented(packet.sequence);
    case Ruling::ignore: return chatter(packet.wire_size);
    case Ruling::taint: tainted_ = true; return chatter(packet.wire_size);
    case Ruling::accept:
    case Ruling::expected:
    case Ruling::hold: break;
  }
  const auto messages_before = writer_.kept_messages(), bytes_before = writer_.kept_bytes();
  if (const auto error = dispatch(number, body, packet); bad(error)) return error;
  return count_held(messages_before, bytes_before);
}

// What the peer makes us say during an exchange. What the application says then has limits of its own (`crowded`).
Error Body::count_held(std::size_t messages_before, std::size_t bytes_before) {
  if (!writer_.exchanging()) {
    held_messages_ = held_bytes_ = 0;
    return fine();
  }
  held_messages_ += writer_.kept_messages() - messages_before;
  held_bytes_ += writer_.kept_bytes() - bytes_before;
  const bool too_much = held_messages_ > limits_.held_messages || held_bytes_ > limits_.held_bytes;
  return too_much ? Error{Code::too_much_held, 0} : fine();
}

Error Body::dispatch(std::uint8_t number, Bytes body, const OpenedPacket& packet) {
  auto with = effects();
  switch (number) {
    case Disconnect::number: return on_disconnect(body);
    case Debug::number: return on_debug(body);
    case ExtInfo::number: return on_ext_info(body);
    case KexInit::number: return on_kex_init(packet);
    case NewKeys::number: return on_new_keys(body);
    case Ping::number: return on_ping(body);
    case KexInitial::number:
    case KexReply::number: {
      const auto error = exchange_.on_method_message(number, body, with);
      after_exchange_step();
      return error;
    }
    default: break;
  }
  return authenticated_ ? connection_.on_message(number, body, with) : on_auth(number, body);
}

Error Body::chatter(std::size_t size) {
  if (authenticated_) return fine();
  chatter_bytes_ += size;
  const bool enough =
      ++chatter_messages_ > limits_.chatter_before_auth || chatter_bytes_ > limits_.chatter_bytes_before_auth;
  return enough ? Error{Code::too_much_chatter, 0} : fine();
}

Error Body::answer_unimplemented(std::uint32_t sequence) {
  if (!authenticated_ && ++unimplemented_ > limits_.unimplemented_before_auth) return {Code::too_many_unimplemented, 0};
  writer_.send(Unimplemented{sequence});
  return fine();
}

// A peer that says goodbye is believed, however short its farewell was cut.
Error Body::on_disconnect(Bytes body) {
  Reader reader(body);
  std::uint32_t reason = 0;
  std::string_view text;
  reader.read(reason);
  reader.read(text);
  end_by_peer(static_cast<Reason>(reason), reader.failed() ? std::string_view{} : text);
  return fine();
}

Error Body::on_debug(Bytes body) {
  const auto debug = decode<Debug>(body);
  if (!debug) return malformed(Debug::number);
  if (const auto error = chatter(body.size()); bad(error)) return error;
  events_.push_back(DebugReceived{debug->always_display, debug->text});
  return fine();
}

Error Body::on_ping(Bytes body) {
  const auto ping = decode<Ping>(body);
  if (!ping) return malformed(Ping::number);
  if (writer_.exchanging() && held_bytes_ + ping->data.size() > limits_.held_bytes)
    return {Code::too_much_held, 0};  // before it is held
  writer_.send(Pong{ping->data});
  return fine();
}

// RFC 8308 2.4: directly behind the peer's first NEWKEYS; from a server also directly before SUCCESS.
Error Body::on_ext_info(Bytes body) {
  const bool first = reader_.packets_under_keys() == 1 && extension_messages_ == 0 && stage() == Stage::service;
  const bool late = role_ == Role::client && stage() == Stage::auth && !success_must_follow_ &&
                    std::get<ClientAuth>(auth_).request_outstanding();
  if (!first && !late) return unexpected(ExtInfo::number);
  auto extensions = read_extensions(body, std::move(extensions_), limits_);
  if (!extensions) return malformed(ExtInfo::number);
  extensions_ = std::move(*extensions);
  ++extension_messages_;
  success_must_follow_ = late;
  return fine();
}

Error Body::on_kex_init(const OpenedPacket& packet) {
  if (authenticated_) {
    if (exchange_.idle()) {  // the peer's idea
      const bool idle = reader_.bytes_under_keys() + writer_.bytes_under_keys() < limits_.idle_rekey_bytes &&
                        now_ < keys_since_ + limits_.idle_rekey_time;
      idle_rekeys_ = idle ? idle_rekeys_ + 1 : 0;
      if (idle_rekeys_ > limits_.idle_rekeys) return {Code::rekey_too_often, 0};
      kex_deadline_ = now_ + limits_.rekey_time;
    }
    rekey_wanted_ = false;
  }
  const bool require_strict = client_config_ ? client_config_->require_strict : server_config_->require_strict;
  auto with = effects();
  return exchange_.on_kex_init(packet.payload, packet.sequence, tainted_, require_strict, with);
}

Error Body::on_new_keys(Bytes body) {
  const bool first = !exchange_.first_done();
  auto with = effects();
  auto opener = exchange_.on_new_keys(body, with);
  if (!opener) return opener.error();
  reader_.switch_keys(std::move(*opener), exchange_.strict());
  keys_since_ = now_;

  const auto& agreed = exchange_.agreement();
  const auto& in = role_ == Role::client ? agreed.to_client : agreed.to_server;
  const auto& out = role_ == Role::client ? agreed.to_server : agreed.to_client;
  const auto mac_name = [](const CipherChoice& choice) { return choice.mac ? choice.mac->name : std::string_view{}; };
  events_.push_back(KeysExchanged{.first = first,
                                  .strict = exchange_.strict(),
                                  .key_exchange = agreed.key_exchange->name,
                                  .host_key = agreed.host_key->name,
                                  .cipher_in = in.cipher->name,
                                  .cipher_out = out.cipher->name,
                                  .mac_in = mac_name(in),
                                  .mac_out = mac_name(out),
                                  .peer_ident = exchange_.peer_ident()});
  return fine();
}

Error Body::on_auth(std::uint8_t number, Bytes body) {
  auto with = effects();
  success_must_follow_ = false;
  const auto error = std::visit([&](auto& auth) { return auth.on_message(number, body, session_id(), with); }, auth_);
  if (!bad(error)) after_auth_step();
  return error;
}

// What goes out directly behind our NEWKEYS: credit that had to wait for it; behind the first one a server's extensions, or a
// client's wish for a service.
void Body::after_exchange_step() {
  if (authenticated_ && !writer_.exchanging()) {
    auto with = effects();
    connection_.return_credits(with);
  }
  if (greeted_ || !exchange_.waits_for_new_keys()) return;
  greeted_ = true;
  if (role_ == Role::server) {
    if (exchange_.peer_takes_extensions()) writer_.send_payload(make_server_extensions(provider_));
    return;
  }
  auto with = effects();
  std::get<ClientAuth>(auth_).request_service(with);
}

bool Body::auth_done() const {
  return std::visit([](const auto& auth) { return auth.done(); }, auth_);
}

bool Body::auth_service_runs() const {
  return std::visit([](const auto& auth) { return auth.service_runs(); }, auth_);
}

void Body::after_auth_step() {
  if (authenticated_ || !auth_done()) return;
  authenticated_ = true;
  inbox_.set_limit(limits_.inbox);
}

// ---- commands and answers

bool Body::holds(Ticket ticket) const {
  return ticket.id != 0 && (exchange_.holds(ticket) || connection_.holds(ticket) ||
                            std::visit([&](const auto& auth) { return auth.holds(ticket); }, auth_));
}

Status Body::settle(Status status, const Error& error) {
  end_when_unsealed();
  if (closed_) return status;
  after_exchange_step();
  after_auth_step();
  if (bad(error)) end(error);
  return status;
}

Status Body::ready() const {
  if (closed_) return Status::closed;
  return authenticated_ ? Status::ok : Status::too_early;
}

Status Body::answer(Ticket ticket, const Signature& signature) {
  if (closed_) return Status::closed;
  if (role_ == Role::client) return answer_auth(ticket, signature);
  auto with = effects();
  Error error;
  const auto status = exchange_.answer(ticket, signature, with, error);
  return settle(status == Status::unknown_ticket && holds(ticket) ? Status::wrong_answer : status, error);
}

Status Body::answer(Ticket ticket, HostKeyVerdict verdict) {
  if (closed_) return Status::closed;
  auto with = effects();
  Error error;
  const auto status = exchange_.answer(ticket, verdict, with, error);
  return settle(status == Status::unknown_ticket && holds(ticket) ? Status::wrong_answer : status, error);
}

Status Body::rekey() {
  if (const auto status = ready(); status != Status::ok) return status;
  rekey_wanted_ = exchange_.idle();
  return Status::ok;
}

Status Body::ignore(Bytes data) {
  if (const auto status = ready(); status != Status::ok) return status;
  if (data.size() > max_own_payload) return Status::too_large;
  if (writer_.exchanging() || outbox_.size() >= limits_.outbox_soft) return Status::busy;
  writer_.send(Ignore{data});
  return Status::ok;
}

Status Body::debug(bool always_display, std::string_view text) {
  if (const auto status = ready(); status != Status::ok) return status;
  if (text.size() > max_own_payload) return Status::too_large;
  if (writer_.exchanging() || outbox_.size() >= limits_.outbox_soft) return Status::busy;
  writer_.send(Debug{always_display, text, {}});
  return Status::ok;
}

void Body::disconnect(Reason reason, std::string_view text) {
  if (closed_) return;
  forget_untold();  // a question among it could not be answered any more
  closing_text_ = text.substr(0, limits_.disconnect_text);
  if (ident_done_) writer_.send(Disconnect{static_cast<std::uint32_t>(reason), closing_text_, {}});
  close({{Code::closed_by_application, 0}, ident_done_ ? reason : Reason::none, closing_text_, false});
}

}  // namespace nacre
