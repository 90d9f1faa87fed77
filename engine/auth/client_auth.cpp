// The client's side of authentication. A request is out or the application is being asked, never both.
#include "engine/auth/client_auth.hpp"

#include <utility>

#include "engine/auth/userauth.hpp"
#include "engine/messages.hpp"

namespace nacre {

void ClientAuth::request_service(Effects& effects) { effects.send(ServiceRequest{userauth_service}); }

bool ClientAuth::request_outstanding() const {
  return std::holds_alternative<NoneSent>(state_) || std::holds_alternative<PasswordSent>(state_) ||
         std::holds_alternative<KeyOffered>(state_) || std::holds_alternative<KeySent>(state_) ||
         std::holds_alternative<PromptsAwaited>(state_);
}

Error ClientAuth::on_message(std::uint8_t number, Bytes body, Bytes session_id, Effects& effects) {
  switch (number) {
    case ServiceAccept::number: return on_service_accept(body, effects);
    case UserauthBanner::number: return on_banner(body, effects);
    default: break;
  }
  if (!request_outstanding()) return unexpected(number);
  switch (number) {
    case UserauthFailure::number: return on_failure(body, effects);
    case UserauthSuccess::number: return on_success(body, effects);
    case PublicKeyOk::number: return on_sixty(body, session_id, effects);
    default: return unexpected(number);
  }
}

Error ClientAuth::on_service_accept(Bytes body, Effects& effects) {
  const auto accept = decode<ServiceAccept>(body);
  if (!accept) return malformed(ServiceAccept::number);
  if (service_runs_ || accept->service != userauth_service) return unexpected(ServiceAccept::number);
  service_runs_ = true;
  choose(effects);
  return fine();
}

// Whatever was tried before counts for nothing in what is tried next.
void ClientAuth::choose(Effects& effects) {
  credential_used_ = false;
  const auto ticket = effects.ticket();
  state_ = Choosing{ticket};
  effects.emit(CredentialsWanted{ticket, NameList(methods_), partial_});
}

Error ClientAuth::on_failure(Bytes body, Effects& effects) {
  const auto failure = decode<UserauthFailure>(body);
  if (!failure) return malformed(UserauthFailure::number);
  if (failure->methods.text().size() > effects.limits.name_list_bytes ||
      failure->methods.size() > effects.limits.name_list_names)
    return malformed(UserauthFailure::number);
  methods_ = failure->methods.text();
  partial_ = failure->partial;
  if (partial_ && credential_used_) step_passed_ = true;
  choose(effects);
  return fine();
}

Error ClientAuth::on_success(Bytes body, Effects& effects) {
  if (!decode<UserauthSuccess>(body)) return malformed(UserauthSuccess::number);
  // A probe can't succeed, and neither may a login to which nobody contributed anything.
  if (std::holds_alternative<KeyOffered>(state_)) return {Code::auth_unasked, 0};
  if (!credential_used_ && !step_passed_ && !allow_no_credential_) return {Code::auth_unasked, 0};
  state_ = Done{};
  effects.emit(Authenticated{user_});
  return fine();
}

Error ClientAuth::on_banner(Bytes body, Effects& effects) {
  const auto banner = decode<UserauthBanner>(body);
  if (!banner) return malformed(UserauthBanner::number);
  banner_bytes_ += banner->text.size();
  if (++banners_ > effects.limits.banners || banner_bytes_ > effects.limits.banner_bytes)
    return {Code::too_many_banners, 0};
  effects.emit(BannerReceived{banner->text});
  return fine();
}

Error ClientAuth::on_sixty(Bytes body, Bytes session_id, Effects& effects) {
  if (auto* offered = std::get_if<KeyOffered>(&state_))
    return on_public_key_ok(std::move(*offered), body, session_id, effects);
  if (const auto* prompts = std::get_if<PromptsAwaited>(&state_))
    return on_info_request(prompts->rounds, body, effects);
  if (std::holds_alternative<PasswordSent>(state_)) {
    const auto change = decode<PasswordChangeRequest>(body);
    if (!change) return malformed(PasswordChangeRequest::number);
    const auto ticket = effects.ticket();
    state_ = ChangingPassword{ticket};
    effects.emit(PasswordChangeWanted{ticket, change->prompt});
    return fine();
  }
  return unexpected(PublicKeyOk::number);
}

Error ClientAuth::on_public_key_ok(KeyOffered offered, Bytes body, Bytes session_id, Effects& effects) {
  const auto ok = decode<PublicKeyOk>(body);
  if (!ok) return malformed(PublicKeyOk::number);
  if (ok->algorithm != offered.algorithm || !same_bytes(ok->key, offered.key)) return unexpected(PublicKeyOk::number);
  ask_for_signature(std::move(offered.key), std::move(offered.algorithm), session_id, effects);
  return fine();
}

void ClientAuth::ask_for_signature(ByteVector key, std::string algorithm, Bytes session_id, Effects& effects) {
  auto message = signed_request(session_id, user_, algorithm, key);
  const auto& state = state_.emplace<Signing>(
      Signing{effects.ticket(), std::move(key), copy_of(bytes_of(algorithm)), std::move(message)});
  effects.emit(SignatureWanted{state.ticket, state.key, text_of(state.algorithm), state.message});
}

Error ClientAuth::on_info_request(std::uint32_t rounds, Bytes body, Effects& effects) {
  const auto request = decode<InfoRequest>(body);
  if (!request) return malformed(InfoRequest::number);
  constexpr std::size_t least_prompt = 4 + 1;
  if (request->count > effects.limits.prompts || request->count * least_prompt > request->prompts.bytes.size())
    return {Code::too_many_prompts, 0};
  if (rounds >= effects.limits.prompt_rounds) return {Code::too_many_prompts, 0};

  Answering next{effects.ticket(), rounds + 1, {}};
  Reader reader(request->prompts.bytes);
  for (std::uint32_t i = 0; i < request->count; ++i) {
    Prompt prompt{};
    reader.read(prompt.text);
    reader.read(prompt.echo);
    next.prompts.push_back(prompt);
  }
  if (!reader.done()) return malformed(InfoRequest::number);
  const auto& state = state_.emplace<Answering>(std::move(next));
  effects.emit(PromptsReceived{state.ticket, request->name, request->instruction, state.prompts});
  return fine();
}

template <Structure Body>
void ClientAuth::send_request(std::string_view method, const Body& body, Effects& effects) {
  auto bytes = encoded(body);
  effects.send(UserauthRequest{user_, connection_service, method, {bytes}});
  wipe(bytes);
}

Status ClientAuth::answer(Ticket ticket, const Credential& credential, Bytes session_id, Effects& effects,
                          Error& error) {
  const auto* choosing = std::get_if<Choosing>(&state_);
  if (!choosing || choosing->ticket != ticket) return Status::unknown_ticket;
  if (std::holds_alternative<GiveUp>(credential)) {
    error = {Code::no_more_methods, 0};
  } else if (std::holds_alternative<TryNone>(credential)) {
    effects.send(UserauthRequest{user_, connection_service, method_none, {}});
    state_ = NoneSent{};
  } else if (const auto* password = std::get_if<TryPassword>(&credential)) {
    if (password->password.size() > effects.limits.password) return Status::too_large;
    send_request(method_password, PasswordBody{false, password->password, {}}, effects);
    credential_used_ = true;
    state_ = PasswordSent{};
  } else if (const auto* interactive = std::get_if<TryKeyboardInteractive>(&credential)) {
    if (interactive->submethods.size() > max_own_payload) return Status::too_large;
    send_request(method_keyboard_interactive, KeyboardInteractiveBody{{}, interactive->submethods}, effects);
    state_ = PromptsAwaited{0};
  } else if (const auto* key = std::get_if<TryPublicKey>(&credential)) {
    if (key->key.size() + key->algorithm.size() > max_own_payload / 2) return Status::too_large;
    if (key->signed_at_once) {
      ask_for_signature(copy_of(key->key), std::string(key->algorithm), session_id, effects);
      return Status::ok;
    }
    send_request(method_publickey, PublicKeyBody{false, key->algorithm, key->key, {}}, effects);
    state_ = KeyOffered{copy_of(key->key), std::string(key->algorithm)};
  }
  return Status::ok;
}

Status ClientAuth::answer(Ticket ticket, const Signature& signature, Effects& effects) {
  auto* signing = std::get_if<Signing>(&state_);
  if (!signing || signing->ticket != ticket) return Status::unknown_ticket;
  if (!signature.blob) {  // the application can't after all: something else, then
    answered_ = std::move(state_);
    choose(effects);
    return Status::ok;
  }
  if (signature.blob->size() + signing->message.size() > max_own_payload) return Status::too_large;
  const auto blob = encoded(OneString{*signature.blob});
  send_request(method_publickey, PublicKeyBody{true, text_of(signing->algorithm), signing->key, {blob}}, effects);
  credential_used_ = true;
  answered_ = std::exchange(state_, KeySent{});
  return Status::ok;
}

Status ClientAuth::answer(Ticket ticket, const Responses& responses, Effects& effects) {
  const auto* answering = std::get_if<Answering>(&state_);
  if (!answering || answering->ticket != ticket) return Status::unknown_ticket;
  if (responses.responses.size() != answering->prompts.size()) return Status::malformed;
  std::size_t size = 0;
  for (const auto response : responses.responses) {
    if (response.size() > effects.limits.password) return Status::too_large;
    size += 4 + response.size();
  }
  if (size > max_own_payload) return Status::too_large;
  ByteVector bytes;
  bytes.reserve(size);  // no growth leaves a copy behind
  VectorSink sink{bytes};
  for (const auto response : responses.responses) Writer<VectorSink>(sink).write(response);
  effects.send(InfoResponse{static_cast<std::uint32_t>(responses.responses.size()), {bytes}});
  wipe(bytes);
  if (!responses.responses.empty()) credential_used_ = true;
  const auto rounds = answering->rounds;
  answered_ = std::exchange(state_, PromptsAwaited{rounds});
  return Status::ok;
}

Status ClientAuth::answer(Ticket ticket, const NewPassword& passwords, Effects& effects) {
  const auto* changing = std::get_if<ChangingPassword>(&state_);
  if (!changing || changing->ticket != ticket) return Status::unknown_ticket;
  if (!passwords.old_password) {
    choose(effects);
    return Status::ok;
  }
  if (passwords.old_password->size() > effects.limits.password ||
      passwords.new_password.size() > effects.limits.password)
    return Status::too_large;
  auto new_password = encoded(OneString{passwords.new_password});
  send_request(method_password, PasswordBody{true, *passwords.old_password, {new_password}}, effects);
  wipe(new_password);
  state_ = PasswordSent{};
  return Status::ok;
}

bool ClientAuth::holds(Ticket ticket) const {
  if (const auto* s = std::get_if<Choosing>(&state_)) return s->ticket == ticket;
  if (const auto* s = std::get_if<Signing>(&state_)) return s->ticket == ticket;
  if (const auto* s = std::get_if<Answering>(&state_)) return s->ticket == ticket;
  if (const auto* s = std::get_if<ChangingPassword>(&state_)) return s->ticket == ticket;
  return false;
}

}  // namespace nacre
