// Pair: a client and a server engine joined in memory, in virtual time, with seeded randomness. It plays the
// application on both sides, writes down every event, and can cut, delay, chop and spoil what goes between them.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "crypto/botan_provider.hpp"
#include "engine/client.hpp"
#include "engine/server.hpp"

namespace nacre::test {

// Under a sanitizer everything is slower, and a long test takes samples.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer);
#else
constexpr bool sanitized = false;
#endif

enum class Chunks { whole, single, random };

struct PairOptions {
  std::uint64_t seed = 1;
  Chunks chunks = Chunks::whole;
  ClientConfig client = {};
  ServerConfig server = {};
  KeyType host_key = KeyType::ed25519;
  KeyType user_key = KeyType::ed25519;
  std::string user = "alice";
  std::shared_ptr<Buffers> buffers = nullptr;  // of both engines
};

// One direction of the stream between the engines.
struct Link {
  ByteVector in_flight;
  std::uint64_t carried = 0;                                // bytes in all
  std::optional<std::uint64_t> cut_after;                   // bytes; then the stream ends
  std::function<void(std::uint64_t offset, Buffer)> spoil;  // sees every byte before it arrives
  ByteVector record;                                        // all that was sent
  bool ended = false;
};

class Pair {
 public:
  explicit Pair(PairOptions options = {});

  // Moves bytes and events until nothing moves any more, firing timers only while `until` has not come.
  void run();
  // The same, and then lets time pass up to the next deadline, again and again, until both have closed or `limit`.
  void run_for(std::chrono::milliseconds limit);
  bool step();  // one round: true when anything moved

  // What the applications do with an event before the usual answers; true: it is dealt with.
  std::function<bool(const Event&)> on_client, on_server;

  std::vector<std::string> client_events, server_events;  // one line each
  std::string client_log() const;
  std::string server_log() const;

  // What arrived on each channel, by channel number, standard output then error.
  std::map<std::uint32_t, std::string> client_data, server_data, client_errors;

  std::optional<ChannelId> client_channel, server_channel;  // the last one opened
  std::optional<Error> client_error, server_error;          // of Closed
  int client_closed = 0, server_closed = 0;                 // Closed events
  bool consume = true;                                      // give credit back at once

  Link to_server, to_client;
  TimePoint now{};

  std::unique_ptr<Random> client_random, server_random, chunk_random;
  Provider client_provider, server_provider;
  std::unique_ptr<PrivateKey> host_key, user_key;
  std::unique_ptr<Client> client;
  std::unique_ptr<Server> server;

  // Client and server are logged in; a session channel is open.
  void login();
  ChannelId open_session();

 private:
  void handle_client(const Event& event);
  void handle_server(const Event& event);
  bool poll_both();
  bool carry(Engine& from, Engine& to, Link& link);
  std::size_t chunk(std::size_t available);

  PairOptions options_;
};

// One line for an event, without addresses or times: the same events give the same lines.
std::string line_of(const Event& event);

// How many of the lines begin with that.
std::size_t times(const std::vector<std::string>& lines, std::string_view start);

std::unique_ptr<PrivateKey> key_from_seed(KeyType type, std::uint64_t seed);

}  // namespace nacre::test
