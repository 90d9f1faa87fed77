// The peer's half: what its messages do to channels, windows and requests.
#include "engine/connection/connection.hpp"

#include <algorithm>
#include <limits>

#include "engine/connection/request_codec.hpp"
#include "engine/messages.hpp"

namespace nacre {
namespace {

// Reasons of RFC 4254 5.1.
constexpr std::uint32_t administratively_prohibited = 1;
constexpr std::uint32_t connect_failed = 2;
constexpr std::uint32_t resource_shortage = 4;

constexpr std::string_view session_type = "session";

bool only_servers_take(std::string_view type) { return type == session_type || type.starts_with("direct-"); }

bool is_good_variable(std::string_view name) {
  return !name.empty() &&
         std::none_of(name.begin(), name.end(), [](char c) { return c == '\0' || c == '=' || c == '\n'; });
}

constexpr std::size_t longest_pty = 4096;        // bytes of a pty's name and modes: 160 opcodes take 800 (RFC 4254 8)
constexpr std::size_t longest_signal_name = 64;  // RFC 4254 6.10 gives them no limit; RFC 4250 4.6.1 gives names 64

bool is_good_signal(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '@' || c == '.' ||
           c == '-';
  };
  return !name.empty() && name.size() <= longest_signal_name && std::all_of(name.begin(), name.end(), good);
}

bool starts_program(const Request& request) {
  return std::holds_alternative<ShellRequest>(request) || std::holds_alternative<ExecRequest>(request) ||
         std::holds_alternative<SubsystemRequest>(request);
}

bool tells_exit(const Request& request) {
  return std::holds_alternative<ExitStatus>(request) || std::holds_alternative<ExitSignal>(request);
}

}  // namespace

Error Connection::on_message(std::uint8_t number, Bytes body, Effects& effects) {
  switch (number) {
    case ChannelData::number:
      if (const auto data = decode<ChannelData>(body))
        return on_data(number, data->recipient, Stream::out, true, data->data, effects);
      return malformed(number);
    case ChannelExtendedData::number:
      if (const auto data = decode<ChannelExtendedData>(body))
        return on_data(number, data->recipient, Stream::err, data->type == ChannelExtendedData::standard_error,
                       data->data, effects);
      return malformed(number);
    case ChannelWindowAdjust::number: return on_window_adjust(body, effects);
    case ChannelRequest::number: return on_request(body, effects);
    case ChannelSuccess::number:
    case ChannelFailure::number: return on_request_answer(number, body, effects);
    case ChannelEof::number: return on_eof(body, effects);
    case ChannelClose::number: return on_close(body, effects);
    case ChannelOpen::number: return on_open(body, effects);
    case ChannelOpenConfirmation::number: return on_open_confirmation(body, effects);
    case ChannelOpenFailure::number: return on_open_failure(body, effects);
    case GlobalRequest::number: return on_global_request(body, effects);
    case RequestSuccess::number:
    case RequestFailure::number: return on_global_answer(number, body, effects);
    default: return unexpected(number);
  }
}

Channel* Connection::open_channel(std::uint32_t id) {
  auto* channel = channels_.find(id);
  return channel && channel->phase == Channel::Phase::open ? channel : nullptr;
}

Error Connection::on_open(Bytes body, Effects& effects) {
  const auto open = decode<ChannelOpen>(body);
  if (!open) return malformed(ChannelOpen::number);
  const auto refuse = [&](std::uint32_t reason, std::string_view text) {
    effects.send(ChannelOpenFailure{open->sender, reason, text, {}});
    return fine();
  };
  const bool session = open->type == session_type;
  const auto& limits = effects.limits;
  if (session && no_more_sessions_) return {Code::sessions_refused, 0};
  if (effects.role == Role::client && only_servers_take(open->type))
    return refuse(administratively_prohibited, "a client takes no such channel");
  if (open->max_packet < limits.min_peer_packet) return refuse(connect_failed, "unusable maximum packet size");
  if ((session && sessions_ >= limits.sessions) || channels_.used() >= limits.channels ||
      asked_ >= limits.undecided_channels)
    return refuse(resource_shortage, "too many channels");

  auto& channel = channels_.add();
  channel.phase = Channel::Phase::asked;
  channel.session = session;
  channel.peer_id = open->sender;
  channel.send_window = open->window;
  channel.send_max_packet = std::min(open->max_packet, limits.max_packet);
  if (session) ++sessions_;
  ++asked_;
  const auto ticket = effects.ticket();
  undecided_.push_back({ticket, Kind::open, channel.id});
  effects.emit(ChannelOpenReceived{ticket, {channel.id}, open->type, open->data.bytes});
  return fine();
}

Error Connection::on_open_confirmation(Bytes body, Effects& effects) {
  const auto confirmation = decode<ChannelOpenConfirmation>(body);
  if (!confirmation) return malformed(ChannelOpenConfirmation::number);
  auto* channel = channels_.find(confirmation->recipient);
  if (!channel || channel->phase != Channel::Phase::opening) return {Code::unknown_channel, confirmation->recipient};
  if (confirmation->max_packet < effects.limits.min_peer_packet) return {Code::packet_size_unusable, 0};
  channel->phase = Channel::Phase::open;
  channel->peer_id = confirmation->sender;
  channel->send_window = confirmation->window;
  channel->send_max_packet = std::min(confirmation->max_packet, effects.limits.max_packet);
  effects.emit(ChannelOpened{{channel->id}});
  return fine();
}

Error Connection::on_open_failure(Bytes body, Effects& effects) {
  const auto failure = decode<ChannelOpenFailure>(body);
  if (!failure) return malformed(ChannelOpenFailure::number);
  auto* channel = channels_.find(failure->recipient);
  if (!channel || channel->phase != Channel::Phase::opening) return {Code::unknown_channel, failure->recipient};
  effects.emit(ChannelRefused{{channel->id}, failure->reason, failure->text});
  remove(*channel);
  return fine();
}

Error Connection::on_window_adjust(Bytes body, Effects&) {
  const auto adjust = decode<ChannelWindowAdjust>(body);
  if (!adjust) return malformed(ChannelWindowAdjust::number);
  auto* channel = channels_.find(adjust->recipient);
  if (!channel) return fine();  // it may have crossed our CLOSE
  if (channel->phase != Channel::Phase::open) return {Code::unknown_channel, adjust->recipient};
  if (adjust->bytes > std::numeric_limits<std::uint32_t>::max() - channel->send_window)
    return {Code::window_overflow, adjust->recipient};
  channel->send_window += adjust->bytes;
  if (channel->wants_write && channel->send_window != 0) make_ready(*channel);
  return fine();
}

Error Connection::on_data(std::uint8_t number, std::uint32_t recipient, Stream stream, bool known_stream, Bytes data,
                          Effects& effects) {
  auto* channel = open_channel(recipient);
  if (!channel) return {Code::unknown_channel, recipient};
  if (channel->eof_received) return unexpected(number);
  if (data.size() > effects.limits.max_packet || data.size() > channel->receive_window)
    return {Code::window_exceeded, recipient};
  const auto size = static_cast<std::uint32_t>(data.size());
  channel->receive_window -= size;
  if (channel->close_sent || size == 0) return fine();
  if (!known_stream) {
    channel->credit += size;
    return_credit(*channel, effects);
    return fine();
  }
  channel->lent += size;
  effects.emit(DataReceived{{recipient}, stream, data});
  return fine();
}

Error Connection::on_eof(Bytes body, Effects& effects) {
  const auto eof = decode<ChannelEof>(body);
  if (!eof) return malformed(ChannelEof::number);
  auto* channel = open_channel(eof->recipient);
  if (!channel) return {Code::unknown_channel, eof->recipient};
  const bool again = channel->eof_received;
  channel->eof_received = true;
  if (!again && !channel->close_sent) effects.emit(EofReceived{{channel->id}});
  return fine();
}

Error Connection::on_close(Bytes body, Effects& effects) {
  const auto close = decode<ChannelClose>(body);
  if (!close) return malformed(ChannelClose::number);
  auto* channel = open_channel(close->recipient);
  if (!channel) return {Code::unknown_channel, close->recipient};
  if (!channel->close_sent) effects.send(ChannelClose{channel->peer_id});
  effects.emit(ChannelClosed{{channel->id}});
  remove(*channel);
  return fine();
}

Error Connection::on_request(Bytes body, Effects& effects) {
  const auto message = decode<ChannelRequest>(body);
  if (!message) return malformed(ChannelRequest::number);
  auto* channel = open_channel(message->recipient);
  if (!channel) return {Code::unknown_channel, message->recipient};
  const auto request = parse_request(message->name, message->body.bytes);
  if (!request) return malformed(ChannelRequest::number);
  if (channel->close_sent) return fine();
  const bool again = tells_exit(*request) && std::exchange(channel->exited, true);
  if (!again && is_permitted(*channel, *request, effects)) {
    queue_request(*channel, *request, message->want_reply, effects);
  } else if (message->want_reply) {
    channel->peer_requests.push_back({{}, true, false});
    ++owed_;
    send_answers(*channel, effects);
  }
  return fine();
}

// What a role never takes, and what would harm an application that trusts its input, is refused without asking it.
bool Connection::is_permitted(Channel& channel, const Request& request, const Effects& effects) {
  const bool known = !std::holds_alternative<OtherRequest>(request);
  if (effects.role == Role::client) return !known || tells_exit(request);
  if (tells_exit(request)) return false;
  if (starts_program(request)) return !std::exchange(channel.program, true);
  if (const auto* env = std::get_if<EnvRequest>(&request)) {
    channel.environment_bytes += env->variable.size() + env->value.size();
    return ++channel.environment <= effects.limits.environment &&
           channel.environment_bytes <= effects.limits.environment_bytes && is_good_variable(env->variable) &&
           env->value.find('\0') == std::string_view::npos;
  }
  if (const auto* pty = std::get_if<PtyRequest>(&request)) return pty->term.size() + pty->modes.size() <= longest_pty;
  if (const auto* signal = std::get_if<SignalRequest>(&request)) return is_good_signal(signal->signal);
  return true;
}

void Connection::queue_request(Channel& channel, const Request& request, bool want_reply, Effects& effects) {
  Ticket ticket{};
  if (want_reply) {
    ticket = effects.ticket();
    channel.peer_requests.push_back({ticket});
    undecided_.push_back({ticket, Kind::channel_request, channel.id});
    ++owed_;
  }
  effects.emit(RequestReceived{ticket, {channel.id}, want_reply, request});
}

Error Connection::on_request_answer(std::uint8_t number, Bytes body, Effects& effects) {
  const auto answer = decode<ChannelSuccess>(body);  // both have this one field
  if (!answer) return malformed(number);
  auto* channel = channels_.find(answer->recipient);
  if (!channel || channel->our_requests.empty()) return fine();  // never asked: kept for nothing
  const auto ticket = channel->our_requests.front();
  take_front(channel->our_requests, 1);
  --unanswered_;
  if (!channel->close_sent) effects.emit(RequestAnswered{ticket, {channel->id}, number == ChannelSuccess::number});
  return fine();
}

Error Connection::on_global_request(Bytes body, Effects& effects) {
  const auto request = decode<GlobalRequest>(body);
  if (!request) return malformed(GlobalRequest::number);
  const bool ends_sessions = effects.role == Role::server && request->name == "no-more-sessions@openssh.com";
  if (ends_sessions) no_more_sessions_ = true;
  Ticket ticket{};
  if (request->want_reply) {
    ticket = effects.ticket();
    global_requests_.push_back({ticket, ends_sessions, ends_sessions});
    ++owed_;
    if (ends_sessions) {
      send_global_answers(effects);
      return fine();
    }
    undecided_.push_back({ticket, Kind::global_request, 0});
  }
  if (!ends_sessions)
    effects.emit(GlobalRequestReceived{ticket, request->want_reply, request->name, request->data.bytes});
  return fine();
}

Error Connection::on_global_answer(std::uint8_t number, Bytes body, Effects& effects) {
  if (number == RequestFailure::number && !body.empty()) return malformed(number);
  if (our_global_requests_.empty()) return fine();  // never asked: kept for nothing
  const auto ticket = our_global_requests_.front();
  take_front(our_global_requests_, 1);
  --unanswered_;
  effects.emit(GlobalRequestAnswered{ticket, number == RequestSuccess::number, body});
  return fine();
}

// What the peer has asked of the channel needs no answer any more.
void Connection::forget_requests(Channel& channel) {
  std::erase_if(undecided_,
                [&](const Undecided& each) { return each.kind != Kind::global_request && each.channel == channel.id; });
  owed_ -= channel.peer_requests.size();
  channel.peer_requests.clear();
}

// Nobody is to be told of it: its number goes at once, as new channels may come and go before anything can be written.
void Connection::forget_ready(std::uint32_t id) {
  ready_.erase(std::find(ready_.begin() + static_cast<std::ptrdiff_t>(ready_next_), ready_.end(), id));
  if (ready_next_ == ready_.size()) {
    ready_.clear();
    ready_next_ = 0;
  }
}

void Connection::remove(Channel& channel) {
  if (channel.session) --sessions_;
  if (channel.phase == Channel::Phase::asked) --asked_;
  granted_ -= channel.granted;
  unanswered_ -= channel.our_requests.size();
  if (channel.ready) forget_ready(channel.id);
  forget_requests(channel);
  channels_.remove(channel);
}

}  // namespace nacre
