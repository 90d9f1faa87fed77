// The two applications, and the stream between them. Every call of an engine is made `in` it: what it throws ends at the
// turn of that side, and the engine has to be dead then.
#include "tests/faults/conversation.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "tests/engine/pair.hpp"

namespace nacre::test {
namespace {

const std::string first_text(20'000, 'a');
const std::string second_text(300, 'b');
const std::string error_text = "a word on standard error";

template <class EngineType>
struct Seat {
  Side side;
  Party& party;
  std::unique_ptr<EngineType> engine = nullptr;
  bool must_close = false;  // it has thrown: the next event is the last
  bool told_end = false;

  template <class Work>
  decltype(auto) in(Work work) {
    const AtWork here(side);
    return work(*engine);
  }
  // The same, whatever it comes to.
  template <class Work>
  void tell(Work work) {
    static_cast<void>(in(work));
  }
  bool over() const { return !engine || party.closes != 0; }
};

class Conversation {
 public:
  explicit Conversation(const ConversationOptions& options) : options_(options) {}

  Outcome run() {
    make_engines();
    for (int quiet = 0; quiet < 5 && !(client_.over() && server_.over());) {
      bool moved = turn(client_) || false;
      moved = carry(client_, server_) || moved;
      moved = turn(server_) || moved;
      moved = carry(server_, client_) || moved;
      quiet = moved ? 0 : quiet + 1;
      if (!moved) pass_time();
    }
    finish(client_);
    finish(server_);
    return std::move(outcome_);
  }

 private:
  // To what either engine waits for.
  void pass_time() {
    auto next = now_ + std::chrono::hours(2);
    if (client_.engine) next = std::min(next, client_.engine->deadline().value_or(next));
    if (server_.engine) next = std::min(next, server_.engine->deadline().value_or(next));
    now_ = std::max(next, now_ + std::chrono::milliseconds(1));
  }

  void complain(std::string text) { outcome_.problems.push_back(std::move(text)); }

  // What an engine throws is noted; then it is dead.
  template <class EngineType, class Work>
  void guarded(Seat<EngineType>& seat, Work work) {
    try {
      work();
    } catch (const std::bad_alloc&) {
      ++seat.party.thrown;
      if (!seat.engine) return;
      if (seat.must_close) complain("a dead engine threw");
      seat.must_close = true;
      if (seat.engine->closed()) complain("closed before the event has told so");
      if (seat.engine->open("session")) complain("a dead engine opened a channel");
      if (seat.engine->write(ChannelId{0}, bytes_of("x")) != 0) complain("a dead engine took data");
      if (seat.engine->rekey() != Status::closed) complain("a dead engine promised new keys");
      if (!seat.engine->incoming().empty()) complain("a dead engine wants input");
      if (seat.engine->deadline().value_or(TimePoint::max()) > now_) complain("a dead engine does not want to tell");
    }
  }

  void make_engines() {
    auto client = std::make_shared<ClientConfig>();
    client->user = "alice";
    auto server = std::make_shared<ServerConfig>();
    server->host_keys.push_back(copy_of(options_.host_key->public_key().blob()));
    server->password = server->keyboard_interactive = true;
    server->banner = "be good";
    client->algorithms.key_exchanges = server->algorithms.key_exchanges = {"curve25519-sha256"};
    client->limits.login_time = server->limits.login_time = std::chrono::minutes(1);
    guarded(client_, [&] {
      const AtWork here(Side::client);
      client_.engine = std::make_unique<Client>(options_.client, client);
    });
    guarded(server_, [&] {
      const AtWork here(Side::server);
      server_.engine = std::make_unique<Server>(options_.server, server);
    });
  }

  template <class EngineType>
  bool turn(Seat<EngineType>& seat) {
    bool moved = false;
    if (!seat.engine) return false;
    int deaths = 0;
    for (bool more = true; more;) {
      more = false;
      guarded(seat, [&] {
        const auto event = seat.in([&](auto& engine) { return engine.poll(now_); });
        if (!event) return;
        more = moved = true;
        note(seat, *event);
        handle(seat, *event);
      });
      if (seat.must_close && seat.party.closes == 0 && ++deaths < 3) more = true;  // its last word is to be heard
    }
    return moved;
  }

  template <class EngineType>
  void note(Seat<EngineType>& seat, const Event& event) {
    const auto* closed = std::get_if<Closed>(&event);
    if (seat.party.closes != 0) complain("an event after Closed: " + line_of(event));
    if (seat.must_close && (!closed || closed->error.code != Code::out_of_memory))
      complain("after an exception: " + line_of(event));
    if (!closed) return seat.party.events.push_back(line_of(event));
    ++seat.party.closes;
    seat.party.closed = closed->error;
    if (!seat.engine->closed()) complain("not closed after Closed");
  }

  template <class From, class To>
  bool carry(Seat<From>& from, Seat<To>& to) {
    bool moved = false;
    if (from.engine)
      guarded(from, [&] {
        for (auto out = from.in([](auto& e) { return e.outgoing(); }); !out.empty();
             out = from.in([](auto& e) { return e.outgoing(); })) {
          const auto size = deliver(out, to);
          if (size == 0) break;
          from.tell([&](auto& e) {
            e.sent(size);
            return 0;
          });
          moved = true;
        }
      });
    if (from.over() && !std::exchange(to.told_end, true) && to.engine) {
      guarded(to, [&] {
        to.tell([](auto& e) {
          e.input_ended();
          return 0;
        });
      });
      moved = true;
    }
    return moved;
  }

  // How much of it the other side has taken; what nobody reads is gone.
  template <class To>
  std::size_t deliver(Bytes out, Seat<To>& to) {
    auto size = out.size();
    if (to.over() || to.must_close) return size;
    guarded(to, [&] {
      const auto room = to.in([](auto& e) { return e.incoming(); });
      size = std::min(room.size(), out.size());
      if (size != 0) std::memcpy(room.data(), out.data(), size);
      to.tell([&](auto& e) {
        e.received(size);
        return 0;
      });
    });
    turn(to);
    return size;
  }

  template <class EngineType>
  void finish(Seat<EngineType>& seat) {
    if (!seat.engine) return;
    if (seat.party.closes != 1) complain("Closed came " + std::to_string(seat.party.closes) + " times");
    if (seat.engine->poll(now_)) complain("an event after the end");
    if (seat.engine->deadline()) complain("a deadline after the end");
  }

  // ---- the client's application

  void handle(Seat<Client>& seat, const Event& event) {
    if (const auto* offered = std::get_if<HostKeyOffered>(&event)) {
      seat.tell([&](Client& e) { return e.answer(offered->ticket, HostKeyVerdict::trust); });
    } else if (const auto* wanted = std::get_if<CredentialsWanted>(&event)) {
      const auto credential = attempts_++ == 0 ? first_credential() : Credential(GiveUp{});
      seat.tell([&](Client& e) { return e.answer(wanted->ticket, credential); });
    } else if (const auto* sign = std::get_if<SignatureWanted>(&event)) {
      const auto blob = options_.user_key->sign(sign->algorithm, sign->message, *options_.client.random);
      seat.tell([&](Client& e) {
        return e.answer(sign->ticket, Signature{blob ? std::optional<Bytes>(*blob) : std::nullopt});
      });
    } else if (const auto* prompts = std::get_if<PromptsReceived>(&event)) {
      const std::vector<Bytes> answers(prompts->prompts.size(), bytes_of("sesame"));
      seat.tell([&](Client& e) { return e.answer(prompts->ticket, Responses{answers}); });
    } else if (std::holds_alternative<Authenticated>(event)) {
      if (const auto id = seat.in([](Client& e) { return e.open("session"); })) channel_ = *id;
      seat.tell([](Client& e) { return e.global_request("keepalive@openssh.com", bytes_of("?"), true); });
    } else if (std::holds_alternative<ChannelOpened>(event)) {
      seat.tell([&](Client& e) { return e.request(channel_, EnvRequest{"LANG", "C"}, false); });
      seat.tell([&](Client& e) { return e.request(channel_, PtyRequest{"xterm", 80, 24, 0, 0, {}}, true); });
      seat.tell([&](Client& e) { return e.request(channel_, ExecRequest{"cat"}, true); });
    } else if (const auto* answered = std::get_if<RequestAnswered>(&event)) {
      if (answered->success && ++granted_ == 2)
        written_ += seat.in([&](Client& e) { return e.write(channel_, bytes_of(first_text)); });
    } else if (const auto* keys = std::get_if<KeysExchanged>(&event); keys && !keys->first) {
      send_second(seat);
    } else {
      on_channel(seat, event);
    }
  }

  Credential first_credential() const {
    if (options_.way == Way::password) return TryPassword{bytes_of("sesame")};
    if (options_.way == Way::prompts) return TryKeyboardInteractive{};
    const auto& key = options_.user_key->public_key();
    return TryPublicKey{key.blob(), key.type()};
  }

  void send_second(Seat<Client>& seat) {
    const auto place = seat.in([&](Client& e) { return e.prepare(channel_, second_text.size()); });
    std::copy_n(std::as_bytes(std::span(second_text)).begin(), place.size(), place.begin());
    seat.tell([&](Client& e) {
      e.commit(channel_, place.size());
      return 0;
    });
    written_ += place.size();
    seat.tell([&](Client& e) { return e.ignore(bytes_of("noise")); });
    seat.tell([&](Client& e) { return e.finish(channel_); });
  }

  void on_channel(Seat<Client>& seat, const Event& event) {
    if (const auto* data = std::get_if<DataReceived>(&event)) {
      (data->stream == Stream::out ? echo_ : errors_) += text_of(data->data);
      seat.tell([&](Client& e) {
        e.consumed(data->channel, data->data.size());
        return 0;
      });
      if (echo_ == first_text) seat.tell([](Client& e) { return e.rekey(); });
    } else if (const auto* request = std::get_if<RequestReceived>(&event)) {
      const auto* exit = std::get_if<ExitStatus>(&request->request);
      exited_ = exit && exit->status == 7;
    } else if (std::holds_alternative<ChannelClosed>(event)) {
      seat.tell([](Client& e) {
        e.disconnect();
        return 0;
      });
    } else if (const auto* closed = std::get_if<Closed>(&event)) {
      seat.party.done = exited_ && echo_ == first_text + second_text && errors_ == error_text &&
                        closed->error.code == Code::closed_by_application;
    }
  }

  // ---- the server's

  void handle(Seat<Server>& seat, const Event& event) {
    const auto accept = [&](Ticket ticket) {
      seat.tell([&](Server& e) { return e.answer(ticket, AuthVerdict::accept); });
    };
    if (const auto* sign = std::get_if<SignatureWanted>(&event)) {
      const auto blob = options_.host_key->sign(sign->algorithm, sign->message, *options_.server.random);
      seat.tell([&](Server& e) {
        return e.answer(sign->ticket, Signature{blob ? std::optional<Bytes>(*blob) : std::nullopt});
      });
    } else if (const auto* offered = std::get_if<PublicKeyOffered>(&event)) {
      seat.tell([&](Server& e) { return e.answer(offered->ticket, KeyInterest::yes); });
    } else if (const auto* proven = std::get_if<PublicKeyProven>(&event)) {
      accept(proven->ticket);
    } else if (const auto* password = std::get_if<PasswordReceived>(&event)) {
      accept(password->ticket);
    } else if (const auto* interactive = std::get_if<KeyboardInteractiveWanted>(&event)) {
      const Prompt prompts[] = {{"Password: ", false}};
      seat.tell([&](Server& e) { return e.answer(interactive->ticket, Prompts{"", "", prompts}); });
    } else if (const auto* responses = std::get_if<ResponsesReceived>(&event)) {
      accept(responses->ticket);
    } else if (const auto* open = std::get_if<ChannelOpenReceived>(&event)) {
      seat.tell([&](Server& e) { return e.answer(open->ticket, ChannelVerdict{.accept = true}); });
    } else {
      serve(seat, event);
    }
  }

  void serve(Seat<Server>& seat, const Event& event) {
    if (const auto* request = std::get_if<RequestReceived>(&event)) {
      commanded_ = commanded_ || std::holds_alternative<ExecRequest>(request->request);
      if (request->want_reply) seat.tell([&](Server& e) { return e.reply(request->ticket, true); });
    } else if (const auto* global = std::get_if<GlobalRequestReceived>(&event)) {
      seat.tell([&](Server& e) { return e.reply(global->ticket, true, bytes_of("here")); });
      seat.tell([](Server& e) { return e.debug(false, "a remark"); });
    } else if (const auto* data = std::get_if<DataReceived>(&event)) {
      heard_ += text_of(data->data);
      seat.tell([&](Server& e) { return e.write(data->channel, data->data); });
      seat.tell([&](Server& e) {
        e.consumed(data->channel, data->data.size());
        return 0;
      });
    } else if (const auto* eof = std::get_if<EofReceived>(&event)) {
      seat.tell([&](Server& e) { return e.write(eof->channel, bytes_of(error_text), Stream::err); });
      seat.tell([&](Server& e) { return e.request(eof->channel, ExitStatus{7}, false); });
      seat.tell([&](Server& e) { return e.finish(eof->channel); });
      seat.tell([&](Server& e) { return e.close(eof->channel); });
    } else if (const auto* closed = std::get_if<Closed>(&event)) {
      seat.party.done =
          commanded_ && heard_ == first_text + second_text && closed->error.code == Code::disconnected_by_peer;
    }
  }

  const ConversationOptions& options_;
  Outcome outcome_;
  Seat<Client> client_{Side::client, outcome_.client};
  Seat<Server> server_{Side::server, outcome_.server};
  TimePoint now_ = TimePoint{} + std::chrono::hours(1);
  int attempts_ = 0;
  int granted_ = 0;
  ChannelId channel_;
  std::size_t written_ = 0;
  std::string echo_, errors_, heard_;
  bool exited_ = false;
  bool commanded_ = false;
};

}  // namespace

Outcome converse(const ConversationOptions& options) { return Conversation(options).run(); }

}  // namespace nacre::test
