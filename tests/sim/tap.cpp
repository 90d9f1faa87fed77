// The referee's rules, each with the sentence it says when it is broken.
#include "tests/sim/tap.hpp"

#include <algorithm>

#include "engine/messages.hpp"
#include "tests/sim/talk.hpp"

namespace nacre::sim {

void Tap::see(unsigned side, Bytes bytes) {
  auto& from = sides_[side];
  append(from.rest, bytes);
  Bytes rest = from.rest;
  if (!from.ident_seen) {
    const auto newline = text_of(rest).find('\n');
    if (newline == std::string_view::npos) return;
    from.ident_seen = true;
    rest = rest.subspan(newline + 1);
  }
  while (rest.size() > 4) {
    const auto length = load_be32(rest.data());
    if (rest.size() < std::size_t{4} + length) break;
    const auto padding = std::to_integer<std::size_t>(rest[4]);
    require(padding >= 4 && padding + 1 < length, "on the wire: a packet with bad padding");
    packet(side, rest.subspan(5, length - 1 - padding));
    rest = rest.subspan(std::size_t{4} + length);
  }
  from.rest.erase(from.rest.begin(), from.rest.end() - static_cast<std::ptrdiff_t>(rest.size()));
}

void Tap::packet(unsigned side, Bytes payload) {
  auto& from = sides_[side];
  const auto number = std::to_integer<std::uint8_t>(payload[0]);
  require(!from.disconnected, "on the wire: something after DISCONNECT");
  require(number <= 4 || (number >= 20 && number <= 49) || !from.exchanging,
          "on the wire: a message between our KEXINIT and our NEWKEYS that may not be there");
  require(from.keys_on || number < 50, "on the wire: a service without keys");
  switch (number) {
    case Disconnect::number: from.disconnected = true; break;
    case KexInit::number:
      require(!from.exchanging, "on the wire: KEXINIT twice");
      from.exchanging = true;
      break;
    case NewKeys::number:
      require(from.exchanging, "on the wire: NEWKEYS without KEXINIT");
      from.exchanging = false;
      from.keys_on = true;
      break;
    default:
      if (number >= 90 && number <= 100) channel_message(side, number, payload.subspan(1));
      break;
  }
}

Tap::Wired* Tap::find(unsigned owner, std::uint32_t id) {
  for (auto& each : wired_)
    if (each.half[owner].id == id && !each.refused && !(each.half[0].closed && each.half[1].closed)) return &each;
  return nullptr;
}

void Tap::open(unsigned side, Bytes body) {
  const auto open = decode<ChannelOpen>(body);
  require(open.has_value(), "on the wire: a malformed CHANNEL_OPEN");
  require(!find(side, open->sender), "on the wire: a channel number is used that both sides have not closed");
  require(open->window <= window[side], "on the wire: a window beyond the limit");
  std::erase_if(wired_, [](const Wired& each) { return each.refused || (each.half[0].closed && each.half[1].closed); });
  Wired wired;
  auto& half = wired.half[side];
  half.id = open->sender;
  half.granted = half.first_window = open->window;
  half.max_packet = open->max_packet;
  wired_.push_back(wired);
}

void Tap::confirm(unsigned side, Bytes body) {
  const auto confirmation = decode<ChannelOpenConfirmation>(body);
  require(confirmation.has_value(), "on the wire: a malformed CHANNEL_OPEN_CONFIRMATION");
  auto* wired = find(1 - side, confirmation->recipient);
  require(wired && !wired->confirmed, "on the wire: a confirmation of nothing");
  require(!find(side, confirmation->sender), "on the wire: a channel number is used that both sides have not closed");
  require(confirmation->window <= window[side], "on the wire: a window beyond the limit");
  wired->confirmed = true;
  auto& half = wired->half[side];
  half.id = confirmation->sender;
  half.granted = half.first_window = confirmation->window;
  half.max_packet = confirmation->max_packet;
}

void Tap::channel_message(unsigned side, std::uint8_t number, Bytes body) {
  if (number == ChannelOpen::number) return open(side, body);
  if (number == ChannelOpenConfirmation::number) return confirm(side, body);
  Reader reader(body);
  std::uint32_t recipient = 0;
  reader.read(recipient);
  auto* wired = find(1 - side, recipient);
  require(wired, "on the wire: a message to a channel that is not there");
  auto& half = wired->half[side];
  if (number == ChannelOpenFailure::number) {
    require(!wired->confirmed, "on the wire: an open channel is refused");
    wired->refused = true;
    return;
  }
  require(wired->confirmed, "on the wire: a message to a channel that is not open");
  require(!half.closed, "on the wire: something after CLOSE");
  switch (number) {
    case ChannelWindowAdjust::number: {
      const auto message = decode<ChannelWindowAdjust>(body);
      require(message.has_value(), "on the wire: a malformed WINDOW_ADJUST");
      adjust(side, *wired, message->bytes);
      break;
    }
    case ChannelData::number: {
      const auto message = decode<ChannelData>(body);
      require(message.has_value(), "on the wire: malformed DATA");
      data(side, *wired, message->data.size());
      break;
    }
    case ChannelExtendedData::number: {
      const auto message = decode<ChannelExtendedData>(body);
      require(message.has_value(), "on the wire: malformed EXTENDED_DATA");
      data(side, *wired, message->data.size());
      break;
    }
    case ChannelEof::number:
      require(!half.eof, "on the wire: EOF twice");
      half.eof = true;
      break;
    case ChannelClose::number: half.closed = true; break;
    default: break;
  }
}

void Tap::data(unsigned side, Wired& wired, std::size_t size) {
  auto& from = wired.half[side];
  const auto& to = wired.half[1 - side];
  require(size != 0, "on the wire: empty DATA");
  require(!from.eof, "on the wire: DATA after EOF");
  require(size <= to.max_packet, "on the wire: DATA beyond the packet size");
  from.sent += size;
  require(from.sent <= to.granted, "on the wire: DATA beyond the window");
}

void Tap::adjust(unsigned side, Wired& wired, std::uint32_t bytes) {
  auto& own = wired.half[side];
  require(bytes != 0, "on the wire: an empty WINDOW_ADJUST");
  own.granted += bytes;
  require(own.granted <= own.first_window + consumed(side, *own.id),
          "on the wire: credit for more than the application is done with");
}

std::optional<std::uint64_t> Tap::may_send(unsigned side, std::uint32_t own_channel) const {
  for (const auto& each : wired_) {
    const auto& own = each.half[side];
    if (own.id == own_channel && each.confirmed && !own.closed) return each.half[1 - side].granted - own.sent;
  }
  return std::nullopt;
}

}  // namespace nacre::sim
