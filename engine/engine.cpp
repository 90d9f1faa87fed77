// The public face: each call asks whether it is possible now and hands itself to the part it is for.
#include "engine/engine.hpp"

#include <type_traits>
#include <utility>

#include "engine/body.hpp"

namespace nacre {

Engine::Engine(std::unique_ptr<Body> body) : body_(std::move(body)) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

namespace {

// A command of the connection protocol, where it is possible now.
template <class Work>
auto command(Body& body, Work work) {
  using Answer = decltype(work(body.connection(), std::declval<Effects&>()));
  return body.run([&]() -> Answer {
    const auto status = body.ready();
    if (status == Status::ok) {
      auto effects = body.effects();
      return work(body.connection(), effects);
    }
    if constexpr (std::is_same_v<Answer, Status>)
      return status;
    else if constexpr (std::is_constructible_v<Answer, Unexpected<Status>>)
      return Unexpected{status};
    else
      return Answer();
  });
}

}  // namespace

Buffer Engine::incoming() {
  return body_->run([&] { return body_->incoming(); });
}
void Engine::received(std::size_t size) { body_->received(size); }
void Engine::input_ended() { body_->input_ended(); }
std::optional<Event> Engine::poll(TimePoint now) {
  return body_->run([&] { return body_->poll(now); });
}
Bytes Engine::outgoing() { return body_->outgoing(); }
void Engine::sent(std::size_t size) { body_->sent(size); }
std::optional<TimePoint> Engine::deadline() const { return body_->deadline(); }
bool Engine::closed() const { return body_->closed(); }

Expected<ChannelId, Status> Engine::open(std::string_view type, Bytes data) {
  return command(*body_, [&](Connection& all, Effects& effects) { return all.open(type, data, effects); });
}

Status Engine::answer(Ticket ticket, const ChannelVerdict& verdict) {
  const auto work = [&](Connection& all, Effects& effects) { return all.answer(ticket, verdict, effects); };
  return body_->run([&] { return body_->answer_connection(work, false); });
}

std::size_t Engine::write(ChannelId channel, Bytes data, Stream stream) {
  return command(*body_, [&](Connection& all, Effects& effects) { return all.write(channel, data, stream, effects); });
}

Buffer Engine::prepare(ChannelId channel, std::size_t wanted, Stream stream) {
  return command(*body_,
                 [&](Connection& all, Effects& effects) { return all.prepare(channel, wanted, stream, effects); });
}

void Engine::commit(ChannelId channel, std::size_t size) {
  command(*body_, [&](Connection& all, Effects& effects) { all.commit(channel, size, effects); });
}

void Engine::consumed(ChannelId channel, std::size_t size) {
  command(*body_, [&](Connection& all, Effects& effects) { all.consumed(channel, size, effects); });
}

Expected<Ticket, Status> Engine::request(ChannelId channel, const Request& request, bool want_reply) {
  return command(*body_,
                 [&](Connection& all, Effects& effects) { return all.request(channel, request, want_reply, effects); });
}

Status Engine::reply(Ticket ticket, bool success, Bytes data) {
  const auto work = [&](Connection& all, Effects& effects) { return all.reply(ticket, success, data, effects); };
  return body_->run([&] { return body_->answer_connection(work, true); });
}

Status Engine::finish(ChannelId channel) {
  return command(*body_, [&](Connection& all, Effects& effects) { return all.finish(channel, effects); });
}

Status Engine::close(ChannelId channel) {
  return command(*body_, [&](Connection& all, Effects& effects) { return all.close(channel, effects); });
}

std::size_t Engine::writable(ChannelId channel) const {
  if (body_->ready() != Status::ok) return 0;
  const auto effects = body_->effects();
  return body_->connection().writable(channel, effects);
}

Expected<Ticket, Status> Engine::global_request(std::string_view name, Bytes data, bool want_reply) {
  return command(
      *body_, [&](Connection& all, Effects& effects) { return all.global_request(name, data, want_reply, effects); });
}

Status Engine::answer(Ticket ticket, const Signature& signature) {
  return body_->run([&] { return body_->answer(ticket, signature); });
}
Status Engine::rekey() { return body_->rekey(); }
Status Engine::ignore(Bytes data) {
  return body_->run([&] { return body_->ignore(data); });
}
Status Engine::debug(bool always_display, std::string_view text) {
  return body_->run([&] { return body_->debug(always_display, text); });
}
void Engine::disconnect(Reason reason, std::string_view text) {
  body_->run([&] { body_->disconnect(reason, text); });
}
bool Engine::authenticated() const { return body_->authenticated(); }
Bytes Engine::session_id() const { return body_->session_id(); }
std::string_view Engine::peer_ident() const { return body_->peer_ident(); }
NameList Engine::server_signature_algorithms() const { return body_->signature_algorithms(); }

}  // namespace nacre
