// Puppet: a raw peer for one engine under test. It speaks identification and key exchange properly, with the engine's
// own parts, and then sends any payload at any time and sees every payload it gets. Each of its steps can be held
// back, changed or done wrongly. It plays the client against a server, and the server against a client.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/messages.hpp"
#include "engine/transport/inbox.hpp"
#include "engine/transport/key_schedule.hpp"
#include "engine/transport/negotiation.hpp"
#include "engine/transport/outbox.hpp"
#include "engine/transport/packet_reader.hpp"
#include "engine/transport/packet_writer.hpp"
#include "tests/engine/pair.hpp"

namespace nacre::test {

struct PuppetOptions {
  Role engine = Role::server;  // of the engine under test
  std::uint64_t seed = 1;
  ClientConfig client = {};  // the engine's configuration: one of the two counts
  ServerConfig server = {};
  KeyType host_key = KeyType::ed25519;
  KeyType user_key = KeyType::ed25519;

  // The puppet's own.
  AlgorithmNames algorithms = {};
  std::string ident = "SSH-2.0-puppet\r\n";
  bool strict = true;                                   // whether it lists the marker of its role
  bool extensions = true;                               // likewise ext-info
  std::vector<std::string> more_key_exchanges = {};     // names put in front of its list
  bool guess_follows = false;                           // first_kex_packet_follows, and a wrong packet behind it
  std::function<void(ByteVector&)> edit_kex_init = {};  // the payload, before it is sent and hashed
  std::function<void(ByteVector&)> edit_method = {};    // the payload of 30 or 31
  bool hold_kex_init = false, hold_method = false, hold_new_keys = false;  // not by itself then
};

class Puppet {
 public:
  explicit Puppet(PuppetOptions options = {});

  // ---- steps
  void start();          // polls the engine once and sends the puppet's identification and KEXINIT
  bool exchange();       // start, and the whole first key exchange
  bool begin_service();  // and ssh-userauth runs
  bool login();          // and the user is in, by password "sesame"
  std::uint32_t open();  // a session channel; the engine's number of it. The puppet's is 7
  void send_kex_init();
  void send_method();  // what is due of 30 or 31
  void send_new_keys();

  // ---- raw
  template <Message M>
  void send(const M& message) {
    writer.send(message);
  }
  void send_payload(Bytes payload) { writer.send_payload(payload); }
  void send_number(std::uint8_t number) {
    const auto byte = static_cast<std::byte>(number);
    writer.send_payload({&byte, 1});
  }
  void send_raw(Bytes bytes) {
    take_sealed(wire_);
    append(wire_, bytes);
  }
  ByteVector sealed() {  // what has been sent and not delivered, taken out
    ByteVector bytes;
    take_sealed(bytes);
    return bytes;
  }
  void pump();                                   // bytes and events, until nothing moves
  void advance(std::chrono::milliseconds time);  // and then pump
  void end_input() { engine().input_ended(); }
  ByteVector delivered;                         // all that the engine was given, to be given to another one again
  std::function<void(Bytes)> on_shared_secret;  // K of each exchange, as it is hashed

  // ---- what came back
  std::vector<ByteVector> received;  // payloads, since the last forget()
  std::string received_ident;
  void forget() { received.clear(), events.clear(); }
  std::size_t count(std::uint8_t number) const;
  bool has(std::uint8_t number) const { return count(number) != 0; }
  template <Message M>
  std::optional<M> last() const {
    for (auto each = received.rbegin(); each != received.rend(); ++each)
      if ((*each)[0] == static_cast<std::byte>(M::number)) return decode<M>(Bytes(*each).subspan(1));
    return std::nullopt;
  }

  // ---- the engine and its application
  std::vector<std::string> events;  // one line each, since the last forget()
  std::string log() const;
  std::size_t told(std::string_view start) const;  // events whose line begins like this
  std::function<bool(const Event&)> on_event;      // before the usual answers; true: dealt with
  bool consume = true;
  std::string data;  // of all channels
  int closed = 0;
  Error error;  // of Closed
  Reason reason = Reason::none;
  bool by_peer = false;
  Code code() const { return error.code; }
  // The reason in the DISCONNECT that came, if one did, and it was the last thing said.
  std::optional<Reason> farewell() const;

  Engine& engine() { return server ? static_cast<Engine&>(*server) : static_cast<Engine&>(*client); }
  Role role() const { return options.engine; }

  PuppetOptions options;
  TimePoint now = TimePoint{} + std::chrono::hours(1);
  bool auto_login = true;  // as a server: accepts the service and any login
  bool paused = false;     // takes nothing from the engine
  bool strict = false;
  bool keys_on = false;  // its own NEWKEYS is out
  std::unique_ptr<PrivateKey> host_key, user_key;

  std::unique_ptr<Random> engine_random, random;
  Provider engine_provider, provider;
  std::unique_ptr<Client> client;
  std::unique_ptr<Server> server;
  Outbox outbox;
  Inbox inbox{1024 * 1024};
  PacketWriter writer;
  PacketReader reader;
  ByteVector session_id, exchange_hash_value;
  Agreement agreement;

  Role own_role() const { return role() == Role::client ? Role::server : Role::client; }

 private:
  void take_sealed(ByteVector& into);
  bool deliver();
  bool collect();
  bool poll();
  void on_payload(Bytes payload);
  void on_kex_init(Bytes payload);
  void agree();
  void on_method(Bytes body);
  void compute(Secret secret, Bytes host_blob, Bytes client_value, Bytes server_value);
  void handle(const Event& event);

  ByteVector wire_;  // on its way to the engine
  bool started_ = false;
  bool first_ = true;
  bool ident_seen_ = false;
  std::string own_line_;
  std::optional<ByteVector> own_init_, peer_init_;
  std::unique_ptr<KeyExchange> method_;
  ByteVector own_value_;
  std::optional<ByteVector> peer_value_;
  ByteVector pending_reply_;
  std::unique_ptr<Sealer> next_sealer_;
  std::unique_ptr<Opener> next_opener_;
};

// A puppet that has logged in, and has forgotten what was said for it. A test that cannot log in fails.
std::unique_ptr<Puppet> logged_in(PuppetOptions options = {});

inline constexpr std::array both{Role::server, Role::client};

}  // namespace nacre::test
