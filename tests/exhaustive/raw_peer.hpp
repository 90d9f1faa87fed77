// RawPeer: one engine over the provider that protects nothing (fuzz/null_provider.hpp), and a peer that is no engine: it
// frames any payload as a packet and reads what comes back. It can be brought to a state and thrown away in microseconds.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/client.hpp"
#include "engine/messages.hpp"
#include "engine/order.hpp"
#include "engine/server.hpp"
#include "fuzz/null_provider.hpp"

namespace nacre::test {

class RawPeer {
 public:
  RawPeer(Role engine_role, bool strict);
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  void start();              // the engine's first poll, and the peer's identification
  void send(Bytes payload);  // as one packet; then runs the engine until nothing moves
  template <Message M>
  void say(const M& message) {
    send(encoded(message));
  }
  void new_keys();  // NEWKEYS, and what follows stands under keys
  void wait(std::chrono::milliseconds time);
  void forget() { lines.clear(); }

  ByteVector kex_init(bool wrong_guess = false) const;
  ByteVector method_message() const;  // the peer's 30 or 31, a good one

  // What has happened since forget(): events, one line each as line_of writes them, and packets that came, each as ">"
  // and its name, in the order of the engine's turns.
  std::vector<std::string> lines;
  std::size_t heard(std::string_view line) const;

  // Of Closed.
  int closed = 0;
  Error error;
  Reason reason = Reason::none;
  bool by_peer = false;

  // The application: what it does when it is asked.
  bool answers = true;                   // else it leaves every question open, until answer_now
  bool signs = true;                     // else it leaves these open
  bool rejects = false;                  // a server's: passwords
  bool partial = false;                  // likewise: it wants more than a password
  std::optional<Credential> credential;  // a client's, once; without, the question stays open
  void answer_now();                     // the last question that it has left open, and all that come later

  Engine& engine() { return *engine_; }
  Client& client() { return std::get<Client>(role_engine_); }

 private:
  void put(Bytes bytes);
  void run();
  void hear();
  std::string name_of_packet(Bytes payload) const;
  void handle(const Event& event);
  void decide(const Event& event);
  void handle_login(const Event& event);

  const Role role_;  // of the engine
  const bool strict_;
  fuzz::CountingRandom random_;
  std::variant<Client, Server> role_engine_;
  Engine* engine_;
  TimePoint now_ = TimePoint{} + std::chrono::hours(1);
  std::optional<Event> open_question_;  // what it was told with it is gone, its ticket is not
  ByteVector stream_;                   // from the engine
  bool ident_heard_ = false;
  bool under_keys_ = false;    // what the peer sends
  std::uint32_t packets_ = 0;  // that the peer has sent, as the engine numbers them
  std::uint32_t last_ = 0;     // the number of the last one
};

}  // namespace nacre::test
