// Party: an engine and its application, at one end of two links. Each turn it reads, polls, acts and writes, as its
// manner has it, and holds what it sees against what must be.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "crypto/keys.hpp"
#include "engine/client.hpp"
#include "engine/server.hpp"
#include "tests/engine/heap.hpp"
#include "tests/sim/link.hpp"
#include "tests/sim/plan.hpp"
#include "tests/sim/talk.hpp"
#include "tests/sim/tap.hpp"
#include "tests/sim/trace.hpp"

namespace nacre::sim {

using test::Charged;
using test::Heap;

// What the parties of a world share.
struct Scene {
  Trace& trace;
  TimePoint now = dawn;
  bool gentle = true;
  bool real_keys = false;
  bool requests = true;
  std::shared_ptr<Buffers> buffers = nullptr;  // of all engines
  std::uint64_t next_number = 1;
};

// How far a world has gone, for its end and for the sum of many.
struct Tally {
  std::uint64_t turns = 0, logins = 0, channels = 0, bytes = 0, exchanges = 0, requests = 0, refusals = 0,
                writables = 0;
  std::uint64_t parties = 0, well_ended = 0;
  std::size_t most_memory = 0;  // of one engine
};

class Party {
 public:
  Party(Scene& scene, Tally& tally, const ConnectionPlan& plan, unsigned side, std::string name, std::uint64_t seed);
  ~Party();
  void meet(Party& other, Talk& talk, Link& in, Link& out, Tap* tap);

  void begin() { next_act_ = scene_.now; }

  // When it has something to do. Nothing: only when its links move.
  std::optional<TimePoint> wakes() const;
  void turn();

  void want_rekey();
  void hang_up();      // whatever is under way
  std::size_t bury();  // the engine goes; bytes that it leaves on the heap
  bool closed() const { return closed_.has_value(); }
  bool waits_for_itself() const { return !pending_.empty(); }
  bool has_nothing_to_do() const;
  bool is_overdue(TimePoint at) const;
  bool is_in() const { return authenticated_; }
  std::optional<Code> end() const { return closed_; }
  const std::string& name() const { return name_; }
  std::uint64_t granted_back(ChannelId id) const;  // bytes of it that the application is done with
  std::string state() const;                       // one line, for a world that does not end

 private:
  struct Pending;

  // ---- the engine, each call of it charged to it
  class Use {
   public:
    Use(Heap& heap, Engine& engine) : charged_(heap), engine_(engine) {}
    Engine* operator->() { return &engine_; }

   private:
    Charged charged_;
    Engine& engine_;
  };
  Use engine() {
    stirred_ = true;
    return {*heap_, *engine_};
  }
  template <class Answer>
  Status answer_as_client(Ticket ticket, const Answer& answer);
  template <class Answer>
  Status answer_as_server(Ticket ticket, const Answer& answer);

  // ---- driving (party.cpp)
  bool read();
  void poll();
  void write();
  void check_memory();
  void note(std::string_view what, std::uint64_t a = 0, std::uint64_t b = 0) {
    scene_.trace.note(scene_.now, name_, what, a, b);
  }
  Duration soon(Duration most) { return chance_.up_to(most); }

  // ---- events (events.cpp)
  void on(const Event& event);
  void on_event(const KeysExchanged&);
  void on_event(const SignatureWanted&);
  void on_event(const DebugReceived&) {}
  void on_event(const Closed&);
  void on_event(const HostKeyOffered&);
  void on_event(const LineReceived&) { throw Broken("a line before the identification"); }
  void on_event(const CredentialsWanted&);
  void on_event(const PromptsReceived&);
  void on_event(const PasswordChangeWanted&) { throw Broken("a new password is wanted, which no server asked for"); }
  void on_event(const BannerReceived&);
  void on_event(const PublicKeyOffered&);
  void on_event(const PublicKeyProven&);
  void on_event(const PasswordReceived&);
  void on_event(const NoneReceived&) { throw Broken("none was not to be asked about"); }
  void on_event(const KeyboardInteractiveWanted&);
  void on_event(const ResponsesReceived&);
  void on_event(const Authenticated&);
  void on_event(const ChannelOpenReceived&);
  void on_event(const ChannelOpened&);
  void on_event(const ChannelRefused&);
  void on_event(const DataReceived&);
  void on_event(const Writable&);
  void on_event(const EofReceived&);
  void on_event(const ChannelClosed&);
  void on_event(const RequestReceived&);
  void on_event(const RequestAnswered&);
  void on_event(const GlobalRequestReceived&);
  void on_event(const GlobalRequestAnswered&);
  Pipe& pipe_of(ChannelId id);
  void check_close(Pipe& pipe);

  // ---- answers (answers.cpp)
  Pending& ask(Ticket ticket, int kind);
  bool answer(Pending& pending);  // true: it is settled
  bool answer_credentials(Pending& pending);
  Status sign(Pending& pending);
  void answer_due();

  // ---- acts (acts.cpp)
  void act();
  void do_something();
  void open_channel();
  void write_some(Pipe& pipe);
  void send_request(Pipe& pipe);
  void send_global_request();
  void consume_due();
  void wind_down();
  bool may_close(const End& end) const;
  void call_wrongly();
  Pipe* any_pipe();

  Scene& scene_;
  Tally& tally_;
  ConnectionPlan plan_;
  Manner manner_;
  const unsigned side_;
  const std::string name_;
  Chance chance_;
  std::unique_ptr<Random> random_;
  std::unique_ptr<PrivateKey> key_;  // with real keys: the host's or the user's
  std::unique_ptr<Heap> heap_ = std::make_unique<Heap>();
  std::unique_ptr<Engine> engine_;
  Client* client_ = nullptr;
  Server* server_ = nullptr;
  Party* other_ = nullptr;
  Talk* talk_ = nullptr;
  Link* in_ = nullptr;
  Link* out_ = nullptr;
  Tap* tap_ = nullptr;

  // The driver's.
  Buffer reading_{};  // a read is under way
  Bytes writing_{};   // a write is under way
  std::uint64_t writing_sum_ = 0;
  bool more_to_write_ = false;
  bool can_read_ = true;
  bool input_ended_ = false;
  bool stirred_ = true;  // something has been done to the engine since it had nothing more to tell
  std::optional<TimePoint> deadline_;
  std::optional<TimePoint> next_act_;
  TimePoint next_io_{};
  bool authenticated_ = false;
  std::optional<Code> closed_;

  // The application's.
  struct Pending {
    Ticket ticket;
    int kind;
    TimePoint due;
    Pipe* pipe = nullptr;
    std::uint32_t number = 0;
    bool good = false;
    bool partial = false;
    std::size_t count = 0;
    ByteVector bytes = {};
    std::string text = {};
  };
  struct Consuming {
    TimePoint due;
    Pipe* pipe;
    std::size_t size;
  };
  std::vector<Pending> pending_;
  std::deque<Consuming> consuming_;
  unsigned acts_left_;
  unsigned channels_left_;
  unsigned rekeys_left_;
  unsigned wrong_left_;
  unsigned tries_ = 0;
  unsigned passed_ = 0;  // server: methods
  unsigned rounds_ = 0;  // server: of keyboard-interactive
  bool try_is_wrong_ = false;
  bool offered_good_ = false;
  std::uint64_t exchanges_ = 0;
};

}  // namespace nacre::sim
