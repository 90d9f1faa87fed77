// The turn: timers, then packets until something happens that the application should know. What each message does is
// in messages of dispatch.cpp; what the parts do is theirs.
#include "engine/body.hpp"

#include <algorithm>
#include <utility>

namespace nacre {
namespace {

constexpr std::string_view ident_start = "SSH-2.0-";
constexpr std::uint64_t least_rekey_bytes_before_auth = 1024 * 1024;  // however often keys are to change later
constexpr std::size_t packet_overhead = 4 + 64;                       // the length in front, the largest tag behind

std::variant<ClientAuth, ServerAuth> make_auth(const ClientConfig* client, const ServerConfig* server) {
  if (client) return ClientAuth(client->user, client->allow_no_credential);
  return ServerAuth(*server);
}

}  // namespace

Body::Body(const Provider& provider, const std::shared_ptr<const ClientConfig>& config,
           std::shared_ptr<Buffers> buffers)
    : Body(Role::client, provider, config->limits, config, nullptr, std::move(buffers)) {}

Body::Body(const Provider& provider, const std::shared_ptr<const ServerConfig>& config,
           std::shared_ptr<Buffers> buffers)
    : Body(Role::server, provider, config->limits, nullptr, config, std::move(buffers)) {}

Body::Body(Role role, const Provider& provider, const Limits& limits, std::shared_ptr<const ClientConfig> client,
           std::shared_ptr<const ServerConfig> server, std::shared_ptr<Buffers> buffers)
    : role_(role),
      provider_(provider),
      client_config_(std::move(client)),
      server_config_(std::move(server)),
      limits_(limits),
      buffers_(std::move(buffers)),
      inbox_(std::min(limits_.inbox,
                      role == Role::server ? limits_.packet_length_before_auth + packet_overhead : limits_.inbox),
             buffers_.get()),
      outbox_(buffers_.get()),
      reader_(limits_.packets_per_key),
      writer_(outbox_, *provider_.random, limits_.packets_per_key),
      exchange_(client_config_.get(), server_config_.get()),
      auth_(make_auth(client_config_.get(), server_config_.get())),
      connection_(limits_) {}

Effects Body::effects() {
  return {.role = role_,
          .provider = provider_,
          .limits = limits_,
          .out = writer_,
          .events = events_,
          .last_ticket = last_ticket_,
          .now = now_};
}

// ---- the stream

Buffer Body::incoming() {
  if (closed_ || input_ended_) return {};
  return inbox_.incoming();
}

void Body::received(std::size_t size) {
  inbox_.received(size);
  if (size != 0) active_ = unread_ = true;
}

void Body::sent(std::size_t size) {
  outbox_.sent(size);
  active_ = true;
}

// ---- the turn

std::optional<Event> Body::poll(TimePoint now) {
  now_ = std::max(now_, now);
  end_when_unsealed();
  if (auto event = next_event()) return event;
  if (closed_) return std::nullopt;
  if (!started_) start();
  do {
    fire_timers();
    while (!closed_ && events_.empty() && step()) continue;
  } while (!closed_ && events_.empty() && failure_is_due());  // without a delay, at once
  if (events_.empty() && !blocked()) unread_ = false;
  if (!closed_ && events_.empty()) {
    if (const auto error = rekey_when_due(); bad(error)) end(error);
    auto with = effects();
    connection_.emit_writable(with);
  }
  end_when_unsealed();
  thinking_ = peer_is_timed() && waits_for_application();
  auto event = next_event();
  if (!event) give_back_when_idle();
  return event;
}

// Events are handed out one a poll; the packet they speak of is given up when the last of them is done with.
std::optional<Event> Body::next_event() {
  if (next_event_ == events_.size()) {
    release_packet();
    events_.clear();
    next_event_ = packet_events_ = 0;
    if (const auto last = std::exchange(farewell_, std::nullopt)) return *last;
    return std::nullopt;
  }
  if (next_event_ >= packet_events_) release_packet();  // what is left has come of the application's answers
  return events_[next_event_++];
}

void Body::release_packet() {
  if (std::exchange(packet_lent_, false)) inbox_.release(lent_secret_);
}

void Body::start() {
  started_ = true;
  last_activity_ = last_turn_ = now_;
  ident_deadline_ = now_ + limits_.ident_time;
  kex_deadline_ = now_ + limits_.kex_time;
  login_deadline_ = now_ + limits_.login_time;
  const auto problem = client_config_ ? check(provider_, *client_config_) : check(provider_, *server_config_);
  if (problem) {
    end({Code::configuration, 0}, problem->field + ": " + problem->text);
    return;
  }
  const auto& software = client_config_ ? client_config_->software : server_config_->software;
  const auto line = std::string(ident_start) + software;
  exchange_.set_idents(line, {});
  const auto place = outbox_.reserve(line.size() + 2);
  std::memcpy(place.data(), line.data(), line.size());
  std::memcpy(place.data() + line.size(), "\r\n", 2);
  outbox_.commit(place.size());
  auto with = effects();
  if (const auto error = exchange_.start(with); bad(error)) end(error);
}

bool Body::blocked() const {
  if (exchange_.waits_for_application()) return true;
  if (const auto* auth = std::get_if<ServerAuth>(&auth_); auth && auth->blocks()) return true;
  // Above the hard mark nothing is read, so a peer that asks and does not listen is held up by its own stream. When
  // the stream has ended, what is left is bounded by the inbox.
  const bool stranger = role_ == Role::server && !authenticated_;
  const auto mark = stranger ? std::min(limits_.outbox_before_auth, limits_.outbox_hard) : limits_.outbox_hard;
  return connection_.blocks(limits_) || (outbox_.size() >= mark && !input_ended_);
}

bool Body::step() {
  if (blocked()) {
    if (input_ended_ && inbox_.size() == 0) end_of_input();  // no answer matters any more
    return false;
  }
  const bool progress = ident_done_ ? step_packet() : step_ident();
  packet_events_ = events_.size();
  if (events_.empty()) release_packet();
  return progress;
}

bool Body::step_ident() {
  const auto line = ident_.next(text_of(inbox_.pending()), role_, limits_);
  if (!line) {
    end(line.error());
    return false;
  }
  if (!*line) return end_of_input();
  const auto& [text, size, is_ident] = **line;
  inbox_.lend(size);
  packet_lent_ = true;
  lent_secret_ = false;
  if (is_ident) {
    exchange_.set_idents(std::string(exchange_.our_ident()), text);
    ident_done_ = true;
  } else {
    events_.push_back(LineReceived{text});
  }
  return true;
}

bool Body::step_packet() {
  const auto limit =
      role_ == Role::server && !authenticated_ ? limits_.packet_length_before_auth : limits_.packet_length;
  const auto packet = reader_.next(inbox_, limit);
  if (!packet) {
    end(packet.error());
    return false;
  }
  if (!*packet) return end_of_input();
  inbox_.lend((*packet)->wire_size);
  packet_lent_ = true;
  lent_secret_ = !authenticated_;
  if (const auto error = handle(**packet); bad(error)) end(error);
  return true;
}

// More bytes are needed: fine, unless none will come.
bool Body::end_of_input() {
  if (!input_ended_) return false;
  end({inbox_.size() == 0 ? Code::connection_lost : Code::cut_in_packet, 0});
  return false;
}

// ---- time

// The peer's time stands still while our own side thinks: a person may read a fingerprint for as long as it takes.
// Only a server's login has one limit for all of it.
bool Body::waits_for_application() const {
  if (exchange_.waits_for_application()) return true;
  if (authenticated_) return connection_.blocks(limits_);
  const auto* auth = std::get_if<ClientAuth>(&auth_);
  return auth && auth->service_runs() && !auth->done() && !auth->request_outstanding();
}

void Body::stop_clocks() {
  const auto passed = now_ - std::exchange(last_turn_, now_);
  if (!thinking_) return;
  kex_deadline_ += passed;
  if (role_ == Role::client) login_deadline_ += passed;
}

bool Body::peer_is_timed() const { return !authenticated_ || !exchange_.idle(); }

void Body::fire_timers() {
  if (closed_) return;
  stop_clocks();
  if (!peer_is_timed()) return;
  const bool ours = waits_for_application();
  if (!ident_done_ && now_ >= ident_deadline_) return end({Code::ident_timeout, 0});
  if (!exchange_.idle() && !ours && now_ >= kex_deadline_)
    return end({authenticated_ ? Code::rekey_timeout : Code::kex_timeout, 0});
  if (!authenticated_ && (!ours || role_ == Role::server) && now_ >= login_deadline_)
    return end({Code::login_timeout, 0});
  if (auto* auth = std::get_if<ServerAuth>(&auth_)) {
    auto with = effects();
    if (const auto error = auth->send_due_failure(with); bad(error)) end(error);
  }
}

bool Body::failure_is_due() const {
  const auto* auth = std::get_if<ServerAuth>(&auth_);
  return auth && auth->deadline() && *auth->deadline() <= now_;
}

// Whether poll has something to do now: what a command, an answer or the stream has made possible since the last one.
bool Body::can_progress() const {
  if (writer_.failure() != Code::none) return true;
  if (unread_ && (!blocked() || (input_ended_ && inbox_.size() == 0))) return true;
  return connection_.can_tell_writable(limits_, writer_);
}

std::optional<TimePoint> Body::deadline() const {
  if (next_event_ < events_.size() || farewell_) return now_;
  if (closed_) return std::nullopt;
  if (!started_ || can_progress()) return now_;
  std::optional<TimePoint> earliest;
  const auto consider = [&](TimePoint at) { earliest = earliest ? std::min(*earliest, at) : at; };
  const bool ours = waits_for_application();
  if (!ident_done_) consider(ident_deadline_);
  if (!exchange_.idle() && !ours) consider(kex_deadline_);
  if (!authenticated_ && (!ours || role_ == Role::server)) consider(login_deadline_);
  if (const auto* auth = std::get_if<ServerAuth>(&auth_))
    if (const auto at = auth->deadline()) consider(*at);
  if (authenticated_ && exchange_.idle())
    consider(rekey_wanted_ || keys_are_worn() ? now_ : keys_since_ + limits_.rekey_interval);
  if (!buffers_ && has_spare_buffers()) consider(last_activity_ + limits_.give_back_after);
  return earliest;
}

bool Body::has_spare_buffers() const { return inbox_.spare() || outbox_.spare(); }

// Shared buffers at once, own ones after a while.
void Body::give_back_when_idle() {
  if (std::exchange(active_, false)) last_activity_ = now_;
  if (!has_spare_buffers() || (!buffers_ && now_ < last_activity_ + limits_.give_back_after)) return;
  inbox_.give_back();
  outbox_.give_back();
  if (!buffers_) events_.shrink_to_fit();
}

// ---- keys

bool Body::keys_are_worn() const {
  return writer_.bytes_under_keys() >= limits_.rekey_bytes || reader_.bytes_under_keys() >= limits_.rekey_bytes ||
         writer_.packets_under_keys() >= limits_.rekey_packets || reader_.packets_under_keys() >= limits_.rekey_packets;
}

Error Body::rekey_when_due() {
  if (!exchange_.idle()) return fine();
  if (!authenticated_) {  // new keys are for later; only an absurd amount before is a reason to end
    const auto bytes = std::max(writer_.bytes_under_keys(), reader_.bytes_under_keys());
    const bool absurd = bytes >= std::max(limits_.rekey_bytes, least_rekey_bytes_before_auth);
    return exchange_.first_done() && absurd ? Error{Code::rekey_before_auth, 0} : fine();
  }
  if (!rekey_wanted_ && !keys_are_worn() && now_ < keys_since_ + limits_.rekey_interval) return fine();
  rekey_wanted_ = false;
  kex_deadline_ = now_ + limits_.rekey_time;
  auto with = effects();
  return exchange_.start(with);
}

Stage Body::stage() const {
  if (closed_) return Stage::closed;
  if (!exchange_.first_done()) {
    if (exchange_.proposed()) return Stage::kex_init;
    return exchange_.waits_for_new_keys() ? Stage::kex_new_keys : Stage::kex_method;
  }
  if (!authenticated_) return auth_service_runs() ? Stage::auth : Stage::service;
  if (exchange_.idle()) return Stage::open;
  return exchange_.proposed() ? Stage::rekey_ours : Stage::rekey_theirs;
}

// ---- the end

void Body::end(const Error& error, std::string_view text) {
  if (closed_) return;
  const auto reason = reason_of(error.code);
  closing_text_ = text.empty() ? describe(error.code) : text;
  const bool tell = reason != Reason::none && ident_done_ && writer_.failure() == Code::none;
  if (tell) writer_.send(Disconnect{static_cast<std::uint32_t>(reason), closing_text_, {}});
  if (!exchange_.explanation().empty())
    closing_text_ = exchange_.explanation();  // for us; the peer knows its own offer
  close({error, tell ? reason : Reason::none, closing_text_, false});
}

// A packet could not be made: what was to be told along with it has not happened.
void Body::end_when_unsealed() {
  if (closed_ || writer_.failure() == Code::none) return;
  forget_untold();
  end({writer_.failure(), 0});
}

// What has been told stays, with what it lends, until the next poll.
void Body::forget_untold() { events_.erase(events_.begin() + static_cast<std::ptrdiff_t>(next_event_), events_.end()); }

void Body::end_by_peer(Reason reason, std::string_view text) {
  closing_text_ = text.substr(0, limits_.disconnect_text);
  close({{Code::disconnected_by_peer, 0}, reason, closing_text_, true});
}

void Body::close(const Closed& closed) noexcept {
  closed_ = true;
  exchange_.fail();
  reader_.drop_keys();
  writer_.drop_keys();
  farewell_ = closed;
}

// Whatever was half done when memory ran out is of no use any more, and neither are the events that it has made.
void Body::die() noexcept {
  if (closed_) return;
  events_.clear();
  next_event_ = packet_events_ = 0;
  close({{Code::out_of_memory, 0}, Reason::none, describe(Code::out_of_memory), false});
}

}  // namespace nacre
