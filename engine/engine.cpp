// The public face: each call asks whether it is possible now and hands itself to the part it is for.
#include "engine/engine.hpp"

#include <utility>

#include "engine/body.hpp"

namespace nacre {

Engine::Engine(std::unique_ptr<Body> body) : body_(std::move(body)) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

Buffer Engine::incoming() { return body_->incoming(); }
void Engine::received(std::size_t size) { body_->received(size); }
void Engine::input_ended() { body_->input_ended(); }
std::optional<Event> Engine::poll(TimePoint now) { return body_->poll(now); }
Bytes Engine::outgoing() { return body_->outgoing(); }
void Engine::sent(std::size_t size) { body_->sent(size); }
std::optional<TimePoint> Engine::deadline() const { return body_->deadline(); }
bool Engine::closed() const { return body_->closed(); }

Expected<ChannelId, Status> Engine::open(std::string_view type, Bytes data) {
  if (const auto status = body_->ready(); status != Status::ok) return Unexpected{status};
  auto effects = body_->effects();
  return body_->connection().open(type, data, effects);
}

Status Engine::answer(Ticket ticket, const ChannelVerdict& verdict) {
  if (const auto status = body_->ready(); status != Status::ok) return status;
  auto effects = body_->effects();
  return body_->connection().answer(ticket, verdict, effects);
}

std::size_t Engine::write(ChannelId channel, Bytes data, Stream stream) {
  if (body_->ready() != Status::ok) return 0;
  auto effects = body_->effects();
  return body_->connection().write(channel, data, stream, effects);
}

Buffer Engine::prepare(ChannelId channel, std::size_t wanted, Stream stream) {
  if (body_->ready() != Status::ok) return {};
  auto effects = body_->effects();
  return body_->connection().prepare(channel, wanted, stream, effects);
}

void Engine::commit(ChannelId channel, std::size_t size) {
  if (body_->ready() != Status::ok) return;
  auto effects = body_->effects();
  body_->connection().commit(channel, size, effects);
}

void Engine::consumed(ChannelId channel, std::size_t size) {
  if (body_->ready() != Status::ok) return;
  auto effects = body_->effects();
  body_->connection().consumed(channel, size, effects);
}

Expected<Ticket, Status> Engine::request(ChannelId channel, const Request& request, bool want_reply) {
  if (const auto status = body_->ready(); status != Status::ok) return Unexpected{status};
  auto effects = body_->effects();
  return body_->connection().request(channel, request, want_reply, effects);
}

Status Engine::reply(Ticket ticket, bool success, Bytes data) {
  if (const auto status = body_->ready(); status != Status::ok) return status;
  auto effects = body_->effects();
  return body_->connection().reply(ticket, success, data, effects);
}

Status Engine::finish(ChannelId channel) {
  if (const auto status = body_->ready(); status != Status::ok) return status;
  auto effects = body_->effects();
  return body_->connection().finish(channel, effects);
}

Status Engine::close(ChannelId channel) {
  if (const auto status = body_->ready(); status != Status::ok) return status;
  auto effects = body_->effects();
  return body_->connection().close(channel, effects);
}

std::size_t Engine::writable(ChannelId channel) const {
  if (body_->ready() != Status::ok) return 0;
  const auto effects = body_->effects();
  return body_->connection().writable(channel, effects);
}

Expected<Ticket, Status> Engine::global_request(std::string_view name, Bytes data, bool want_reply) {
  if (const auto status = body_->ready(); status != Status::ok) return Unexpected{status};
  auto effects = body_->effects();
  return body_->connection().global_request(name, data, want_reply, effects);
}

Status Engine::answer(Ticket ticket, const Signature& signature) { return body_->answer(ticket, signature); }
Status Engine::rekey() { return body_->rekey(); }
Status Engine::ignore(Bytes data) { return body_->ignore(data); }
Status Engine::debug(bool always_display, std::string_view text) { return body_->debug(always_display, text); }
void Engine::disconnect(Reason reason, std::string_view text) { body_->disconnect(reason, text); }
bool Engine::authenticated() const { return body_->authenticated(); }
Bytes Engine::session_id() const { return body_->session_id(); }
std::string_view Engine::peer_ident() const { return body_->peer_ident(); }
NameList Engine::server_signature_algorithms() const { return body_->signature_algorithms(); }

}  // namespace nacre
