// The server's side of authentication. Every way to fail leads through `fail`, which counts, waits and then says the
// same thing whatever the reason was.
#include "engine/auth/server_auth.hpp"

#include <algorithm>

#include "engine/auth/userauth.hpp"
#include "engine/messages.hpp"

namespace nacre {
namespace {

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

}  // namespace

Error ServerAuth::on_message(std::uint8_t number, Bytes body, Bytes session_id, Effects& effects) {
  switch (number) {
    case ServiceRequest::number: return on_service_request(body, effects);
    case UserauthRequest::number: return on_request(body, session_id, effects);
    case InfoResponse::number: return on_info_response(body, effects);
    default: return unexpected(number);
  }
}

Error ServerAuth::on_service_request(Bytes body, Effects& effects) {
  const auto request = decode<ServiceRequest>(body);
  if (!request) return malformed(ServiceRequest::number);
  if (request->service != userauth_service) return {Code::service_unknown, 0};
  effects.send(ServiceAccept{userauth_service});  // again, too: some clients ask before each attempt
  if (!service_runs_) state_ = Ready{};
  service_runs_ = true;
  return fine();
}

Error ServerAuth::on_request(Bytes body, Bytes session_id, Effects& effects) {
  const auto request = decode<UserauthRequest>(body);
  if (!request) return malformed(UserauthRequest::number);
  if (request->user.size() > effects.limits.user_name) return {Code::user_name_too_long, 0};
  if (has_nul(request->user) || has_nul(request->service) || has_nul(request->method))
    return malformed(UserauthRequest::number);
  if (request->service != connection_service) return {Code::service_unknown, 0};
  const bool first = !asked_;
  if (first) {
    user_ = request->user;
    if (!config_.banner.empty()) effects.send(UserauthBanner{config_.banner, {}});
  }
  asked_ = true;
  if (request->user != user_) return {Code::user_changed, 0};
  if (++requests_ > effects.limits.auth_requests) return {Code::too_many_auth_requests, 0};
  if (std::holds_alternative<Prompted>(state_) && ++failures_ >= effects.limits.auth_failures)  // given up, and counted
    return {Code::too_many_auth_failures, 0};
  state_ = Ready{};
  asked_at_ = effects.now;

  if (request->method == method_none) return on_none(first, effects);
  if (request->method == method_publickey && offers(Method::publickey))
    return on_public_key(request->body.bytes, session_id, effects);
  if (request->method == method_password && offers(Method::password)) return on_password(request->body.bytes, effects);
  if (request->method == method_keyboard_interactive && offers(Method::keyboard_interactive))
    return on_keyboard_interactive(request->body.bytes, effects);
  fail(effects);  // without a look at the body
  return fine();
}

Error ServerAuth::on_none(bool first, Effects& effects) {
  if (config_.none && !passed(Method::none)) {
    effects.emit(NoneReceived{decide(Method::none, effects), user_});
  } else if (first) {  // how clients ask for the list of methods: free, and the same for every user
    send_failure(false, effects);
  } else {
    fail(effects);
  }
  return fine();
}

Error ServerAuth::on_public_key(Bytes body, Bytes session_id, Effects& effects) {
  const auto request = decode<PublicKeyBody>(body);
  if (!request) return malformed(UserauthRequest::number);
  const auto signature = decode<OneString>(request->signature.bytes);
  if (request->has_signature ? !signature : !request->signature.bytes.empty())
    return malformed(UserauthRequest::number);

  const auto* algorithm = find_algorithm(effects.provider.signatures, request->algorithm);
  Reader blob(request->key);
  std::string_view key_type;
  blob.read(key_type);
  const bool usable = algorithm && key_type == algorithm->key_type && algorithm->acceptable(request->key);
  if (!usable) {
    fail(effects);
  } else if (!request->has_signature) {
    const auto& state =
        state_.emplace<Offered>(Offered{effects.ticket(), copy_of(request->key), std::string(request->algorithm)});
    effects.emit(PublicKeyOffered{state.ticket, user_, algorithm->name, state.key});
  } else if (!algorithm->verify(request->key, signed_request(session_id, user_, request->algorithm, request->key),
                                signature->value)) {
    fail(effects);
  } else {
    effects.emit(PublicKeyProven{decide(Method::publickey, effects), user_, algorithm->name, request->key});
  }
  return fine();
}

Error ServerAuth::on_password(Bytes body, Effects& effects) {
  const auto request = decode<PasswordBody>(body);
  if (!request) return malformed(UserauthRequest::number);
  if (request->change ? !decode<OneString>(request->new_password.bytes) : !request->new_password.bytes.empty())
    return malformed(UserauthRequest::number);
  // We never ask for a change, so none is due; and a password beyond the limit costs nothing but its reading.
  if (request->change || request->password.size() > effects.limits.password)
    fail(effects);
  else
    effects.emit(PasswordReceived{decide(Method::password, effects), user_, request->password});
  return fine();
}

Error ServerAuth::on_keyboard_interactive(Bytes body, Effects& effects) {
  const auto request = decode<KeyboardInteractiveBody>(body);
  if (!request) return malformed(UserauthRequest::number);
  effects.emit(KeyboardInteractiveWanted{decide(Method::keyboard_interactive, effects), user_, request->submethods});
  return fine();
}

Error ServerAuth::on_info_response(Bytes body, Effects& effects) {
  const auto* prompted = std::get_if<Prompted>(&state_);
  if (!prompted) return unexpected(InfoResponse::number);
  const auto response = decode<InfoResponse>(body);
  if (!response) return malformed(InfoResponse::number);
  constexpr std::size_t least_response = 4;
  if (response->count > response->responses.bytes.size() / least_response) return malformed(InfoResponse::number);
  asked_at_ = effects.now;
  responses_.clear();
  Reader reader(response->responses.bytes);
  bool fitting = response->count == prompted->count;  // others are counted and not kept
  for (std::uint32_t i = 0; i < response->count; ++i) {
    Bytes each;
    reader.read(each);
    fitting = fitting && each.size() <= effects.limits.password;
    if (fitting) responses_.push_back(each);
  }
  if (!reader.done()) return malformed(InfoResponse::number);
  if (fitting)
    effects.emit(ResponsesReceived{decide(Method::keyboard_interactive, effects), user_, responses_});
  else
    fail(effects);
  return fine();
}

Ticket ServerAuth::decide(Method method, Effects& effects) {
  const auto ticket = effects.ticket();
  state_ = Deciding{ticket, method};
  return ticket;
}

bool ServerAuth::passed(Method method) const {
  return std::find(passed_.begin(), passed_.end(), method) != passed_.end();
}

bool ServerAuth::offers(Method method) const {
  if (passed(method)) return false;
  switch (method) {
    case Method::publickey: return config_.publickey;
    case Method::password: return config_.password;
    case Method::keyboard_interactive: return config_.keyboard_interactive;
    case Method::none: break;
  }
  return false;
}

std::string ServerAuth::methods_left() const {
  std::string list;
  const auto add = [&](Method method, std::string_view name) {
    if (!offers(method)) return;
    if (!list.empty()) list += ',';
    list += name;
  };
  add(Method::publickey, method_publickey);
  add(Method::keyboard_interactive, method_keyboard_interactive);
  add(Method::password, method_password);
  return list;
}

void ServerAuth::fail(Effects& effects) {
  ++failures_;
  state_ = Failing{asked_at_ + effects.limits.failure_delay, false};
}

void ServerAuth::send_failure(bool partial, Effects& effects) {
  const auto methods = methods_left();
  effects.send(UserauthFailure{NameList(methods), partial});
  state_ = Ready{};
}

std::optional<TimePoint> ServerAuth::deadline() const {
  if (const auto* failing = std::get_if<Failing>(&state_)) return failing->at;
  return std::nullopt;
}

Error ServerAuth::send_due_failure(Effects& effects) {
  const auto* failing = std::get_if<Failing>(&state_);
  if (!failing || effects.now < failing->at) return fine();
  if (!failing->partial && failures_ >= effects.limits.auth_failures) return {Code::too_many_auth_failures, 0};
  send_failure(failing->partial, effects);
  return fine();
}

Status ServerAuth::answer(Ticket ticket, KeyInterest interest, Effects& effects) {
  auto* offered = std::get_if<Offered>(&state_);
  if (!offered || offered->ticket != ticket) return Status::unknown_ticket;
  lent_key_ = std::move(offered->key);
  const bool too_many = interest == KeyInterest::yes && ++probes_ > effects.limits.auth_probes;
  if (too_many) failures_ = effects.limits.auth_failures;  // that was the last one
  if (interest != KeyInterest::yes || too_many) {
    fail(effects);
    return Status::ok;
  }
  effects.send(PublicKeyOk{offered->algorithm, lent_key_});
  state_ = Ready{};
  return Status::ok;
}

Status ServerAuth::answer(Ticket ticket, AuthVerdict verdict, Effects& effects) {
  const auto* deciding = std::get_if<Deciding>(&state_);
  if (!deciding || deciding->ticket != ticket) return Status::unknown_ticket;
  if (verdict == AuthVerdict::accept) {
    effects.send(UserauthSuccess{});
    state_ = Done{};
    effects.emit(Authenticated{user_});
  } else if (verdict == AuthVerdict::partial) {
    passed_.push_back(deciding->method);
    if (methods_left().empty()) {  // nothing could follow: that is no step but an end
      passed_.pop_back();
      return Status::malformed;
    }
    state_ = Failing{effects.now, true};
  } else if (deciding->method == Method::none && requests_ == 1) {
    send_failure(false, effects);  // the first is free
  } else {
    fail(effects);
  }
  return Status::ok;
}

Status ServerAuth::answer(Ticket ticket, const Prompts& prompts, Effects& effects) {
  const auto* deciding = std::get_if<Deciding>(&state_);
  if (!deciding || deciding->ticket != ticket) return Status::unknown_ticket;
  if (deciding->method != Method::keyboard_interactive) return Status::wrong_answer;
  auto size = prompts.name.size() + prompts.instruction.size();
  for (const auto& prompt : prompts.prompts) size += prompt.text.size() + 4 + 1;
  if (prompts.prompts.size() > effects.limits.prompts || size > max_own_payload) return Status::too_large;
  ByteVector bytes;
  VectorSink sink{bytes};
  Writer<VectorSink> writer(sink);
  for (const auto& prompt : prompts.prompts) {
    writer.write(prompt.text);
    writer.write(prompt.echo);
  }
  const auto count = static_cast<std::uint32_t>(prompts.prompts.size());
  effects.send(InfoRequest{prompts.name, prompts.instruction, {}, count, {bytes}});
  state_ = Prompted{count};
  return Status::ok;
}

bool ServerAuth::holds(Ticket ticket) const {
  if (const auto* offered = std::get_if<Offered>(&state_)) return offered->ticket == ticket;
  if (const auto* deciding = std::get_if<Deciding>(&state_)) return deciding->ticket == ticket;
  return false;
}

bool ServerAuth::blocks() const {
  return std::holds_alternative<Offered>(state_) || std::holds_alternative<Deciding>(state_) ||
         std::holds_alternative<Failing>(state_);
}

}  // namespace nacre
