// Effects: all that the handlers of messages can touch. They read values, and send, tell and ask through this.
#pragma once

#include <chrono>
#include <utility>
#include <vector>

#include "crypto/provider.hpp"
#include "engine/event.hpp"
#include "engine/limits.hpp"
#include "engine/order.hpp"
#include "engine/transport/packet_writer.hpp"

namespace nacre {

using TimePoint = std::chrono::steady_clock::time_point;  // the type only: nobody below flow/ asks a clock

// Bytes that the application may put into one message of ours other than channel data: that fits any packet.
constexpr std::size_t max_own_payload = 32 * 1024 - 256;

struct Effects {
  Role role;
  const Provider& provider;
  const Limits& limits;
  PacketWriter& out;
  std::vector<Event>& events;  // for the application, in order
  std::uint32_t& last_ticket;
  TimePoint now;

  template <Message M>
  void send(const M& message) {
    out.send(message);
  }
  void emit(Event event) { events.push_back(std::move(event)); }
  Ticket ticket() { return {++last_ticket != 0 ? last_ticket : ++last_ticket}; }  // 0 is none
};

inline Error fine() { return {}; }
inline Error unexpected(std::uint8_t number) { return {Code::unexpected_message, number}; }
inline Error malformed(std::uint8_t number) { return {Code::malformed_message, number}; }

// A handler's way out when a step has failed.
inline bool bad(const Error& error) { return error.code != Code::none; }

}  // namespace nacre
