// Engines of the null provider that are logged in, at once: the other half of the conversation was recorded before. And
// packets under its keys, which are in the clear.
#pragma once

#include <memory>

#include "engine/client.hpp"
#include "engine/server.hpp"
#include "fuzz/null_provider.hpp"

namespace nacre::fuzz {

std::shared_ptr<const ClientConfig> client_config();
std::shared_ptr<const ServerConfig> server_config();

// What an application answers until it is in; other events are left alone.
void answer_login(Client& client, const Event& event);
void answer_login(Server& server, const Event& event);

// Feeds the recorded bytes. The output is dropped.
void log_in(Client& client, TimePoint now);
void log_in(Server& server, TimePoint now);

// A payload as a packet under the null cipher, and the payloads of a stream of them.
void append_packet(ByteVector& stream, Bytes payload);
template <class Visit>
void each_payload(Bytes stream, Visit visit) {
  while (stream.size() > 4) {
    const std::size_t length = load_be32(stream.data());
    const auto padding = std::to_integer<std::size_t>(stream[4]);
    visit(stream.subspan(5, length - 1 - padding));
    stream = stream.subspan(4 + length);
  }
}

constexpr TimePoint start_time = TimePoint{} + std::chrono::hours(1);

}  // namespace nacre::fuzz
