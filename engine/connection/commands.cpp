// The application's half: what its commands and answers do to channels, windows and requests.
#include <algorithm>

#include "engine/connection/connection.hpp"
#include "engine/connection/request_codec.hpp"
#include "engine/messages.hpp"

namespace nacre {
namespace {

constexpr std::size_t data_header = 1 + 4 + 4;               // number, recipient, size
constexpr std::size_t extended_data_header = 1 + 4 + 4 + 4;  // and the type before the size

// RFC 4250 4.6.1: printable US-ASCII without space or comma.
bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~' && c != ','; });
}

std::size_t header_of(Stream stream) { return stream == Stream::out ? data_header : extended_data_header; }

// Commands of ours that wait for the end of a key exchange leave room for what the peer makes us say.
bool crowded(const Effects& effects) {
  return effects.out.exchanging() && (effects.out.kept_messages() > effects.limits.held_messages / 2 ||
                                      effects.out.kept_bytes() > effects.limits.held_bytes / 2);
}

// As much of the outbox as data may fill: what an engine writes of its own never keeps it from reading, or two that both write
// would wait for each other.
std::size_t most_data(const Limits& limits) {
  constexpr std::size_t around_data = 512;  // headers, padding and tag of a packet
  return limits.outbox_hard > 2 * around_data ? limits.outbox_hard - around_data : limits.outbox_hard / 2;
}

bool keys_are_worn(const Limits& limits, const PacketWriter& out) {
  return out.bytes_under_keys() >= limits.rekey_bytes || out.packets_under_keys() >= limits.rekey_packets;
}

}  // namespace

std::uint32_t Connection::grant(const Limits& limits) {
  const auto left = limits.receive_budget > granted_ ? limits.receive_budget - granted_ : 0;
  const auto window = std::min<std::uint64_t>(limits.window, std::max<std::uint64_t>(left, limits.max_packet));
  granted_ += window;
  return static_cast<std::uint32_t>(window);
}

Expected<ChannelId, Status> Connection::open(std::string_view type, Bytes data, Effects& effects) {
  if (!is_name(type)) return Unexpected{Status::malformed};
  if (type.size() + data.size() > max_own_payload) return Unexpected{Status::too_large};
  if (channels_.used() >= effects.limits.channels || crowded(effects)) return Unexpected{Status::busy};
  auto& channel = channels_.add();
  channel.phase = Channel::Phase::opening;
  channel.granted = channel.receive_window = grant(effects.limits);
  effects.send(ChannelOpen{type, channel.id, channel.receive_window, effects.limits.max_packet, {data}});
  return ChannelId{channel.id};
}

Status Connection::answer(Ticket ticket, const ChannelVerdict& verdict, Effects& effects) {
  if (verdict.text.size() > max_own_payload) return Status::too_large;
  const auto asked = take_undecided(ticket, Kind::open);
  if (!asked) return no_such_ticket(ticket);
  auto& channel = *channels_.find(asked->channel);
  if (!verdict.accept) {
    effects.send(ChannelOpenFailure{channel.peer_id, verdict.reason, verdict.text, {}});
    remove(channel);
    return Status::ok;
  }
  --asked_;
  channel.phase = Channel::Phase::open;
  channel.granted = channel.receive_window = grant(effects.limits);
  effects.send(
      ChannelOpenConfirmation{channel.peer_id, channel.id, channel.receive_window, effects.limits.max_packet, {}});
  return Status::ok;
}

std::size_t Connection::room(const Channel& channel, const Effects& effects) const {
  if (channel.phase != Channel::Phase::open || channel.eof_sent || channel.close_sent) return 0;
  const auto waiting = effects.out.waiting(), most = most_data(effects.limits);
  if (effects.out.exchanging() || keys_are_worn(effects.limits, effects.out) ||
      waiting >= std::min(effects.limits.outbox_soft, most))
    return 0;
  return std::min({std::size_t{channel.send_window}, std::size_t{channel.send_max_packet}, most - waiting});
}

std::size_t Connection::writable(ChannelId id, const Effects& effects) const {
  const auto* channel = channels_.find(id.id);
  return channel ? room(*channel, effects) : 0;
}

Buffer Connection::begin_data(Channel& channel, std::size_t size, Stream stream, Effects& effects) {
  const auto payload = effects.out.begin(header_of(stream) + size);
  SpanSink sink{payload.data()};
  Writer<SpanSink> writer(sink);
  writer.write(stream == Stream::out ? ChannelData::number : ChannelExtendedData::number);
  writer.write(channel.peer_id);
  if (stream == Stream::err) writer.write(ChannelExtendedData::standard_error);
  return payload;
}

void Connection::end_data(Channel& channel, std::size_t size, Stream stream, Effects& effects) {
  effects.out.end(header_of(stream) + size);
  channel.send_window -= static_cast<std::uint32_t>(size);
}

std::size_t Connection::write(ChannelId id, Bytes data, Stream stream, Effects& effects) {
  prepared_.reset();
  auto* channel = channels_.find(id.id);
  if (!channel) return 0;
  std::size_t taken = 0;
  while (taken < data.size()) {
    const auto size = std::min(room(*channel, effects), data.size() - taken);
    if (size == 0) break;
    const auto payload = begin_data(*channel, size, stream, effects);
    const auto header = header_of(stream);
    store_be32(static_cast<std::uint32_t>(size), payload.data() + header - 4);
    std::memcpy(payload.data() + header, data.data() + taken, size);
    end_data(*channel, size, stream, effects);
    taken += size;
  }
  if (taken < data.size()) want_write(*channel);
  return taken;
}

Buffer Connection::prepare(ChannelId id, std::size_t wanted, Stream stream, Effects& effects) {
  prepared_.reset();
  auto* channel = channels_.find(id.id);
  if (!channel || wanted == 0) return {};
  const auto size = std::min(room(*channel, effects), wanted);
  if (size == 0) {
    want_write(*channel);
    return {};
  }
  const auto payload = begin_data(*channel, size, stream, effects);
  prepared_ = Prepared{payload, id.id, stream, effects.out.turn()};
  return prepared_->payload.subspan(header_of(stream));
}

void Connection::commit(ChannelId id, std::size_t size, Effects& effects) {
  const auto prepared = std::exchange(prepared_, std::nullopt);
  auto* channel = channels_.find(id.id);
  if (!prepared || prepared->channel != id.id || !channel || size == 0) return;
  if (prepared->turn != effects.out.turn()) return;  // another call has come between and used the place
  const auto header = header_of(prepared->stream);
  size = std::min(size, prepared->payload.size() - header);
  store_be32(static_cast<std::uint32_t>(size), prepared->payload.data() + header - 4);
  end_data(*channel, size, prepared->stream, effects);
}

void Connection::want_write(Channel& channel) {
  if (channel.phase != Channel::Phase::open || channel.eof_sent || channel.close_sent) return;
  channel.wants_write = true;
  if (channel.send_window != 0) make_ready(channel);
}

void Connection::make_ready(Channel& channel) {
  if (channel.ready) return;
  if (ready_next_ != 0 && ready_.size() == ready_.capacity()) {  // the room of those told already
    ready_.erase(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(ready_next_));
    ready_next_ = 0;
  }
  channel.ready = true;
  ready_.push_back(channel.id);
}

bool Connection::can_tell_writable(const Limits& limits, const PacketWriter& out) const {
  // At half the soft mark, so that an application is not woken for every packet that leaves.
  return ready_next_ < ready_.size() && !out.exchanging() && !keys_are_worn(limits, out) &&
         out.waiting() <= std::min(limits.outbox_soft, most_data(limits)) / 2;
}

void Connection::emit_writable(Effects& effects) {
  if (!can_tell_writable(effects.limits, effects.out)) return;
  while (ready_next_ < ready_.size()) {
    auto& channel = *channels_.find(ready_[ready_next_++]);
    if (ready_next_ == ready_.size()) {
      ready_.clear();
      ready_next_ = 0;
    }
    channel.ready = false;
    if (!channel.wants_write || room(channel, effects) == 0) continue;
    channel.wants_write = false;
    effects.emit(Writable{{channel.id}});
    return;
  }
}

void Connection::consumed(ChannelId id, std::size_t size, Effects& effects) {
  auto* channel = open_channel(id.id);
  if (!channel) return;
  const auto given = static_cast<std::uint32_t>(std::min<std::size_t>(size, channel->lent));
  channel->lent -= given;
  channel->credit += given;
  return_credit(*channel, effects);
}

// During a key exchange the adjustment would wait, and the peer may use only what it has been told of.
void Connection::return_credit(Channel& channel, Effects& effects) {
  if (effects.out.exchanging()) return;
  if (channel.credit == 0 || channel.credit < channel.granted / 2 || channel.eof_received || channel.close_sent) return;
  effects.send(ChannelWindowAdjust{channel.peer_id, channel.credit});
  channel.receive_window += channel.credit;
  channel.credit = 0;
}

void Connection::return_credits(Effects& effects) {
  for (auto& channel : channels_) return_credit(channel, effects);
}

Expected<Ticket, Status> Connection::request(ChannelId id, const Request& request, bool want_reply, Effects& effects) {
  auto* channel = channels_.find(id.id);
  if (!channel) return Unexpected{Status::unknown_channel};
  if (channel->phase != Channel::Phase::open) return Unexpected{Status::too_early};
  if (channel->close_sent) return Unexpected{Status::closed};
  if (crowded(effects) || (want_reply && unanswered_ >= effects.limits.unanswered_requests))
    return Unexpected{Status::busy};
  const auto body = request_body(request);
  const auto name = name_of(request);
  if (!is_name(name)) return Unexpected{Status::malformed};
  if (body.size() + name.size() > max_own_payload) return Unexpected{Status::too_large};
  effects.send(ChannelRequest{channel->peer_id, name, want_reply, {body}});
  const auto ticket = effects.ticket();
  if (want_reply) {
    channel->our_requests.push_back(ticket);
    ++unanswered_;
  }
  return ticket;
}

Expected<Ticket, Status> Connection::global_request(std::string_view name, Bytes data, bool want_reply,
                                                    Effects& effects) {
  if (!is_name(name)) return Unexpected{Status::malformed};
  if (name.size() + data.size() > max_own_payload) return Unexpected{Status::too_large};
  if (crowded(effects) || (want_reply && unanswered_ >= effects.limits.unanswered_requests))
    return Unexpected{Status::busy};
  effects.send(GlobalRequest{name, want_reply, {data}});
  const auto ticket = effects.ticket();
  if (want_reply) {
    our_global_requests_.push_back(ticket);
    ++unanswered_;
  }
  return ticket;
}

Status Connection::reply(Ticket ticket, bool success, Bytes data, Effects& effects) {
  if (data.size() > max_own_payload) return Status::too_large;
  if (!data.empty() && crowded(effects)) return Status::busy;
  if (const auto asked = take_undecided(ticket, Kind::channel_request)) {
    auto& channel = *channels_.find(asked->channel);
    for (auto& each : channel.peer_requests) {
      if (each.ticket == ticket) {
        each.answered = true;
        each.success = success;
      }
    }
    send_answers(channel, effects);
    return Status::ok;
  }
  if (!take_undecided(ticket, Kind::global_request)) return no_such_ticket(ticket);
  for (auto& each : global_requests_) {
    if (each.ticket == ticket) {
      each.answered = true;
      each.success = success;
      each.data = copy_of(data);
    }
  }
  send_global_answers(effects);
  return Status::ok;
}

// Answers leave in the order of their requests, whatever the order they were made in.
void Connection::send_answers(Channel& channel, Effects& effects) {
  std::size_t sent = 0;
  for (; sent < channel.peer_requests.size() && channel.peer_requests[sent].answered; ++sent) {
    if (channel.close_sent) continue;
    if (channel.peer_requests[sent].success)
      effects.send(ChannelSuccess{channel.peer_id});
    else
      effects.send(ChannelFailure{channel.peer_id});
  }
  owed_ -= sent;
  take_front(channel.peer_requests, sent);
}

void Connection::send_global_answers(Effects& effects) {
  std::size_t sent = 0;
  for (; sent < global_requests_.size() && global_requests_[sent].answered; ++sent) {
    if (global_requests_[sent].success)
      effects.send(RequestSuccess{{global_requests_[sent].data}});
    else
      effects.send(RequestFailure{});
  }
  owed_ -= sent;
  take_front(global_requests_, sent);
}

Status Connection::finish(ChannelId id, Effects& effects) {
  auto* channel = channels_.find(id.id);
  if (!channel) return Status::unknown_channel;
  if (channel->phase != Channel::Phase::open) return Status::too_early;
  if (channel->eof_sent || channel->close_sent) return Status::closed;
  if (crowded(effects)) return Status::busy;
  channel->eof_sent = true;
  channel->wants_write = false;
  effects.send(ChannelEof{channel->peer_id});
  return Status::ok;
}

Status Connection::close(ChannelId id, Effects& effects) {
  auto* channel = channels_.find(id.id);
  if (!channel) return Status::unknown_channel;
  if (channel->phase != Channel::Phase::open) return Status::too_early;
  if (channel->close_sent) return Status::closed;
  if (crowded(effects)) return Status::busy;
  channel->close_sent = true;
  channel->wants_write = false;
  forget_requests(*channel);  // no answer may follow
  effects.send(ChannelClose{channel->peer_id});
  return Status::ok;
}

std::optional<Connection::Undecided> Connection::take_undecided(Ticket ticket, Kind kind) {
  const auto at = std::find_if(undecided_.begin(), undecided_.end(),
                               [&](const Undecided& each) { return each.ticket == ticket && each.kind == kind; });
  if (at == undecided_.end()) return std::nullopt;
  const auto found = *at;
  undecided_.erase(at);
  return found;
}

bool Connection::holds(Ticket ticket) const {
  return std::any_of(undecided_.begin(), undecided_.end(),
                     [&](const Undecided& each) { return each.ticket == ticket; });
}

Status Connection::no_such_ticket(Ticket ticket) const {
  return holds(ticket) ? Status::wrong_answer : Status::unknown_ticket;
}

}  // namespace nacre
