// Session: a whole life of a connection between two engines, always the same: identification, key exchange, login by
// public key, a channel with a program and data both ways, new keys, more data, the end. What travels can be damaged:
// each direction has a plan of what arrives instead of what was sent.
#pragma once

#include <chrono>
#include <limits>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "engine/client.hpp"
#include "engine/server.hpp"

namespace nacre::test {

// What happens to one direction.
struct Plan {
  struct Part {  // of what was sent, in bytes
    std::uint64_t from = 0;
    std::uint64_t to = std::numeric_limits<std::uint64_t>::max();
  };
  std::vector<Part> parts{Part{}};                               // what arrives, in order; then the stream ends
  std::uint64_t at = std::numeric_limits<std::uint64_t>::max();  // a byte of what was sent
  std::byte change{};                                            // and the bits of it that are turned over
  std::vector<std::uint64_t> pauses;                             // places in what arrives: more comes only a turn later
};

enum class Direction { to_server, to_client };

// What a session is made of. The same makings give the same bytes.
struct Makings {
  std::string cipher = "chacha20-poly1305@openssh.com";
  std::string mac = {};
  bool real = false;  // the provider of Botan, not the quick one

  std::string name() const { return cipher + (mac.empty() ? "" : " with " + mac) + (real ? ", real keys" : ""); }
  friend std::ostream& operator<<(std::ostream& out, const Makings& makings) { return out << makings.name(); }
};

// What one side saw and how it ended.
struct Side {
  std::vector<std::string> lines;  // events but Closed
  int closed = 0;
  Error error;
  Reason reason = Reason::none;
  bool by_peer = false;
  bool moved_after_end = false;
};

// A session that was left alone, to compare others with.
struct Recording {
  Side client, server;
  std::vector<std::size_t> client_counts, server_counts;  // of lines, at the end of each of the session's acts
  ByteVector sent[2];                                     // by direction
  std::vector<std::uint64_t> packets[2];  // where each begins; the identification is the first. One more: the end
  std::size_t clear_packets[2] = {0, 0};  // how many of them are not encrypted
};
const Recording& record(const Makings& makings);  // kept: one for each makings

class Session {
 public:
  explicit Session(const Makings& makings);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  Plan& plan(Direction direction) { return links_[static_cast<std::size_t>(direction)].plan; }
  // Runs it all. Acts follow one another as long as both have seen what `like` saw; then, or when all is done, time
  // passes, and at last both streams end.
  void run(const Recording* like);

  Side client, server;
  ByteVector sent[2];

 private:
  friend const Recording& record(const Makings& makings);
  struct Parties;
  struct Link {
    Plan plan;
    std::size_t part = 0;         // of the plan
    std::uint64_t done = 0;       // of that part
    std::uint64_t delivered = 0;  // in all
    std::size_t pause = 0;
    bool ended = false;
  };

  bool act(std::size_t number);
  void act_as_client(std::size_t number);
  void act_as_server(std::size_t number);
  void settle();
  bool step();
  bool poll(Engine& engine, Side& side);
  bool collect(Engine& engine, ByteVector& sent);
  bool deliver(Link& link, const ByteVector& from, const Engine& sender, Engine& receiver);
  void on_client(const Event& event);
  void on_server(const Event& event);
  void finish();
  void note_sizes(Direction direction);

  std::vector<std::size_t>* sizes_[2] = {nullptr, nullptr};  // of sealed packets, while a recording is made
  Recording* recording_ = nullptr;
  std::unique_ptr<Parties> parties_;
  Client* client_engine_;
  Server* server_engine_;
  Link links_[2];
  TimePoint now_ = TimePoint{} + std::chrono::hours(1);
  ChannelId client_channel_, server_channel_;
};

}  // namespace nacre::test
