// The steps of a key exchange. Nothing is sent under new keys before the signature is verified and the host key
// trusted: send_new_keys can't be reached without both proofs on a client.
#include "engine/transport/exchange.hpp"

#include <algorithm>
#include <utility>

namespace nacre {
namespace {

// The type inside a key blob must be the agreed algorithm's, and the key within bounds.
bool fits(const SignatureAlgorithm& algorithm, Bytes blob) {
  Reader reader(blob);
  std::string_view type;
  reader.read(type);
  return !reader.failed() && type == algorithm.key_type && algorithm.acceptable(blob);
}

// What an event has lent stays where it is; a copy goes on.
void keep_lent(ByteVector& bytes, ByteVector& keeper) {
  keeper = copy_of(bytes);
  std::swap(bytes, keeper);
}

}  // namespace

void Exchange::set_idents(std::string_view ours, std::string_view peers) {
  our_ident_ = ours;
  peer_ident_ = peers;
}

Error Exchange::start(Effects& effects) {
  const auto proposal = client_ ? make_proposal(effects.provider, *client_) : make_proposal(effects.provider, *server_);
  auto init = make_kex_init(proposal, role(), !first_done_, *effects.provider.random);
  if (!init) return {Code::random_failed, 0};
  effects.out.begin_exchange();
  effects.out.send_payload(*init);
  state_ = Proposed{std::move(*init)};
  return fine();
}

Error Exchange::on_kex_init(Bytes payload, std::uint32_t sequence, bool tainted, bool require_strict,
                            Effects& effects) {
  const auto peer = decode<KexInit>(payload.subspan(1));
  if (!peer) return malformed(KexInit::number);
  if (const auto error = check_kex_init(*peer, payload.size(), effects.limits); bad(error)) return error;
  if (idle()) {  // the peer begins
    if (const auto error = start(effects); bad(error)) return error;
  }
  auto* proposed = std::get_if<Proposed>(&state_);
  if (!proposed) return unexpected(KexInit::number);
  auto our_init = std::move(proposed->our_init);
  state_ = Failed{};

  if (!first_done_) {  // later markers mean nothing
    const auto markers = markers_of(*peer, role() == Role::client ? Role::server : Role::client);
    strict_ = markers.strict;
    peer_extensions_ = markers.extensions;
    if (require_strict && !strict_) return {Code::not_strict, 0};
    if (strict_ && (tainted || sequence != 0)) return unexpected(KexInit::number);
  }
  const auto ours = decode<KexInit>(Bytes(our_init).subspan(1));
  if (!ours) return {Code::configuration, 0};
  const auto& client = role() == Role::client ? *ours : *peer;
  const auto& server = role() == Role::client ? *peer : *ours;
  auto agreement = negotiate(effects.provider, client, server, effects.limits);
  if (!agreement) {
    explanation_ = describe_no_common(agreement.error().where, *peer, effects.limits.disconnect_text);
    return agreement.error();
  }

  Agreed agreed{*agreement, copy_of(payload), std::move(our_init)};
  if (role() == Role::client) std::swap(agreed.client_init, agreed.server_init);
  return begin_method(std::move(agreed), peer->first_packet_follows, effects);
}

Error Exchange::begin_method(Agreed agreed, bool guess_follows, Effects& effects) {
  const bool skip = guess_follows && !agreed.algorithms.guess_is_right;
  if (role() == Role::server) {
    state_ = AwaitInitial{std::move(agreed), skip};
    return fine();
  }
  auto method = agreed.algorithms.key_exchange->make();
  auto value = method ? method->initiate(*effects.provider.random) : std::nullopt;
  if (!value) return {Code::crypto_failed, 0};
  effects.send(KexInitial{*value});
  state_ = AwaitReply{std::move(agreed), std::move(method), std::move(*value), skip};
  return fine();
}

Error Exchange::on_method_message(std::uint8_t number, Bytes body, Effects& effects) {
  auto* initial = std::get_if<AwaitInitial>(&state_);
  auto* reply = std::get_if<AwaitReply>(&state_);
  if (skips_one()) {  // whatever it holds, it was made for another method
    (initial ? initial->skip_one : reply->skip_one) = false;
    return fine();
  }
  auto state = std::exchange(state_, Failed{});
  initial = std::get_if<AwaitInitial>(&state);
  reply = std::get_if<AwaitReply>(&state);
  if (initial && number == KexInitial::number) return on_initial(std::move(*initial), body, effects);
  if (reply && number == KexReply::number) return on_reply(std::move(*reply), body, effects);
  return unexpected(number);
}

std::optional<Secrets> Exchange::compute(const Agreed& agreed, Secret secret, Bytes host_key, Bytes client_value,
                                         Bytes server_value) {
  const auto hash = agreed.algorithms.key_exchange->hash();
  if (!hash) return std::nullopt;
  const auto& client_line = role() == Role::client ? our_ident_ : peer_ident_;
  const auto& server_line = role() == Role::client ? peer_ident_ : our_ident_;
  auto value = exchange_hash(*hash, {.client_ident = client_line,
                                     .server_ident = server_line,
                                     .client_init = agreed.client_init,
                                     .server_init = agreed.server_init,
                                     .host_key = host_key,
                                     .client_value = client_value,
                                     .server_value = server_value,
                                     .secret = secret.bytes()});
  if (!value) return std::nullopt;
  if (session_id_.empty()) session_id_ = *value;
  return Secrets{agreed.algorithms, std::move(secret), std::move(*value)};
}

Error Exchange::on_initial(AwaitInitial state, Bytes body, Effects& effects) {
  const auto initial = decode<KexInitial>(body);
  if (!initial) return malformed(KexInitial::number);
  const auto& algorithm = *state.agreed.algorithms.host_key;
  const auto& keys = server_->host_keys;
  const auto key = std::find_if(keys.begin(), keys.end(), [&](Bytes blob) { return fits(algorithm, blob); });
  if (key == keys.end()) return {Code::configuration, 0};

  const auto method = state.agreed.algorithms.key_exchange->make();
  if (!method) return {Code::crypto_failed, 0};
  auto reply = method->respond(*effects.provider.random, initial->value);
  if (!reply) return {Code::key_exchange_value, 0};
  auto secrets = compute(state.agreed, std::move(reply->secret), *key, initial->value, reply->value);
  if (!secrets) return {Code::crypto_failed, 0};

  auto& waiting = state_.emplace<AwaitSignature>(
      AwaitSignature{std::move(*secrets), *key, std::move(reply->value), effects.ticket()});
  effects.emit(SignatureWanted{waiting.ticket, waiting.host_key, algorithm.name, waiting.secrets.hash});
  return fine();
}

Status Exchange::answer(Ticket ticket, const Signature& signature, Effects& effects, Error& error) {
  auto* waiting = std::get_if<AwaitSignature>(&state_);
  if (!waiting || waiting->ticket != ticket) return Status::unknown_ticket;
  keep_lent(waiting->host_key, lent_key_);
  keep_lent(waiting->secrets.hash, lent_hash_);
  auto state = std::move(*waiting);
  state_ = Failed{};
  if (!signature.blob) {
    error = {Code::signature_refused, 0};
    return Status::ok;
  }
  // A faulty signature may give the private key away: none leaves unverified.
  if (!state.secrets.algorithms.host_key->verify(state.host_key, state.secrets.hash, *signature.blob)) {
    error = {Code::signature_wrong, 0};
    return Status::ok;
  }
  effects.send(KexReply{state.host_key, state.our_value, *signature.blob});
  error = send_new_keys(std::move(state.secrets), effects);
  return Status::ok;
}

Error Exchange::on_reply(AwaitReply state, Bytes body, Effects& effects) {
  const auto reply = decode<KexReply>(body);
  if (!reply) return malformed(KexReply::number);
  const auto& algorithm = *state.agreed.algorithms.host_key;
  if (!fits(algorithm, reply->host_key)) return {Code::host_key_unacceptable, 0};
  auto secret = state.method->finish(reply->value);
  if (!secret) return {Code::key_exchange_value, 0};
  auto secrets = compute(state.agreed, std::move(*secret), reply->host_key, state.our_value, reply->value);
  if (!secrets) return {Code::crypto_failed, 0};
  if (!algorithm.verify(reply->host_key, secrets->hash, reply->signature)) return {Code::host_key_signature, 0};

  AwaitTrust next{std::move(*secrets), copy_of(reply->host_key), SignatureVerified(), {}};
  if (!host_key_.empty()) {  // trusted once; another one now is nobody's right
    if (!same_bytes(host_key_, next.host_key)) return {Code::host_key_changed, 0};
    return accept_host_key(std::move(next), HostKeyTrusted(), effects);
  }
  next.ticket = effects.ticket();
  const auto& waiting = state_.emplace<AwaitTrust>(std::move(next));
  effects.emit(HostKeyOffered{waiting.ticket, waiting.host_key, algorithm.name});
  return fine();
}

Status Exchange::answer(Ticket ticket, HostKeyVerdict verdict, Effects& effects, Error& error) {
  auto* waiting = std::get_if<AwaitTrust>(&state_);
  if (!waiting || waiting->ticket != ticket) return Status::unknown_ticket;
  keep_lent(waiting->host_key, lent_key_);
  auto state = std::move(*waiting);
  state_ = Failed{};
  if (verdict == HostKeyVerdict::trust)
    error = accept_host_key(std::move(state), HostKeyTrusted(), effects);
  else
    error = {Code::host_key_refused, 0};
  return Status::ok;
}

Error Exchange::accept_host_key(AwaitTrust state, HostKeyTrusted, Effects& effects) {
  host_key_ = std::move(state.host_key);
  return send_new_keys(std::move(state.secrets), effects);
}

Error Exchange::send_new_keys(Secrets secrets, Effects& effects) {
  const auto& agreed = secrets.algorithms;
  const auto hash = agreed.key_exchange->hash();
  if (!hash) return {Code::crypto_failed, 0};
  const auto to_server = derive_keys(*hash, secrets.secret.bytes(), secrets.hash, session_id_, agreed.to_server, true);
  const auto to_client = derive_keys(*hash, secrets.secret.bytes(), secrets.hash, session_id_, agreed.to_client, false);
  if (!to_server || !to_client) return {Code::crypto_failed, 0};
  const bool client = role() == Role::client;
  const auto& [out, out_keys] =
      client ? std::tie(agreed.to_server, *to_server) : std::tie(agreed.to_client, *to_client);
  const auto& [in, in_keys] = client ? std::tie(agreed.to_client, *to_client) : std::tie(agreed.to_server, *to_server);
  auto sealer = out.cipher->sealer(out_keys.view(), out.mac);
  auto opener = in.cipher->opener(in_keys.view(), in.mac);
  if (!sealer || !opener) return {Code::crypto_failed, 0};

  // NEWKEYS is the last packet under the old keys; the switch stands right behind it.
  effects.send(NewKeys{});
  effects.out.switch_keys(std::move(sealer), strict_);
  effects.out.end_exchange();
  state_ = AwaitNewKeys{agreed, std::move(opener)};
  return fine();
}

Result<std::unique_ptr<Opener>> Exchange::on_new_keys(Bytes body, Effects&) {
  auto* waiting = std::get_if<AwaitNewKeys>(&state_);
  if (!waiting) return Unexpected{unexpected(NewKeys::number)};
  if (!decode<NewKeys>(body)) return Unexpected{malformed(NewKeys::number)};
  lent_key_ = lent_hash_ = {};
  auto opener = std::move(waiting->opener);
  agreement_ = waiting->algorithms;
  first_done_ = true;
  state_ = Quiet{};
  return opener;
}

// An end between an event and the next poll, by disconnect() or by want of memory, leaves what was lent where it is.
void Exchange::fail() noexcept {
  if (auto* trust = std::get_if<AwaitTrust>(&state_)) lent_key_ = std::move(trust->host_key);
  if (auto* signature = std::get_if<AwaitSignature>(&state_)) {
    lent_key_ = std::move(signature->host_key);
    lent_hash_ = std::move(signature->secrets.hash);
  }
  state_ = Failed{};
}

bool Exchange::holds(Ticket ticket) const {
  if (const auto* trust = std::get_if<AwaitTrust>(&state_)) return trust->ticket == ticket;
  if (const auto* signature = std::get_if<AwaitSignature>(&state_)) return signature->ticket == ticket;
  return false;
}

}  // namespace nacre
