// An application that calls anything at any time with any argument: tickets too late, twice or of another kind, channels
// that are gone or never were, prepare and commit in every wrong way. Two engines, joined by an honest stream; the input
// is the calls. A wrong call is a Status and harms nothing, and no call moves the places of the stream.
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "fuzz/joined.hpp"

namespace {

using namespace nacre;
using fuzz::require;

const ByteVector& much() {
  static const ByteVector bytes(50'000, std::byte{'b'});
  return bytes;
}

class Caller {
 public:
  Caller(fuzz::Control& control, Engine& engine) : control_(control), engine_(engine) {}

  void note(const Event& event) {
    std::visit(
        [&](const auto& each) {
          if constexpr (requires { each.ticket; }) remember(tickets_, each.ticket);
          if constexpr (requires { each.channel; }) remember(channels_, each.channel);
        },
        event);
  }

  void call() {
    const auto incoming = engine_.incoming();
    const auto outgoing = engine_.outgoing();
    const bool was = engine_.authenticated();
    any_call();
    require(engine_.incoming().empty() || engine_.incoming().data() == incoming.data());
    require(outgoing.empty() || engine_.outgoing().data() == outgoing.data());
    require(engine_.outgoing().size() >= outgoing.size());
    require(engine_.authenticated() >= was);
  }

 protected:
  virtual void answer_role(Ticket ticket) = 0;
  ~Caller() = default;

  unsigned next() { return control_.next(); }
  Bytes bytes() { return Bytes(much()).first(next() % 8 == 7 ? control_.next16() % much().size() : next()); }
  std::string_view text() {
    static constexpr std::array<std::string_view, 8> texts{
        "session", "x", "", "sesame", "ssh-ed25519", "a,b", std::string_view("\0\n", 2), "tcpip-forward"};
    return next() % 16 == 15 ? text_of(much()) : texts[next() % texts.size()];
  }

 private:
  template <class Each>
  static void remember(std::vector<Each>& list, Each one) {
    if (list.size() < 64) list.push_back(one);
  }
  template <class Each>
  Each pick(const std::vector<Each>& list) {
    const auto choice = next();
    return choice % 4 == 0 ? list.back() : list[choice % list.size()];
  }

  Request any_request() {
    switch (next() % 11) {
      case 0: return PtyRequest{text(), 1, 2, 3, 4, bytes()};
      case 1: return WindowChange{1, 2, 3, 4};
      case 2: return EnvRequest{text(), text()};
      case 3: return ShellRequest{};
      case 4: return ExecRequest{text()};
      case 5: return SubsystemRequest{text()};
      case 6: return SignalRequest{text()};
      case 7: return BreakRequest{5};
      case 8: return ExitStatus{5};
      case 9: return ExitSignal{text(), true, text(), text()};
      default: return OtherRequest{text(), bytes()};
    }
  }

  // An answer that was taken once is not taken again.
  void answer() {
    const auto ticket = pick(tickets_);
    switch (next() % 5) {
      case 0: {
        const ChannelVerdict verdict{.accept = next() % 4 != 3, .reason = 2, .text = "no"};
        if (engine_.answer(ticket, verdict) == Status::ok)
          require(engine_.answer(ticket, verdict) == Status::unknown_ticket);
        return;
      }
      case 1:
        if (engine_.reply(ticket, next() % 2 == 0, bytes()) == Status::ok) {
          const auto again = engine_.reply(ticket, true);
          require(again == Status::unknown_ticket);
        }
        return;
      case 2:
        static_cast<void>(engine_.answer(ticket, Signature{next() % 2 == 0 ? std::optional(bytes()) : std::nullopt}));
        return;
      default: return answer_role(ticket);
    }
  }

  void prepare_and_commit() {
    const auto channel = pick(channels_);
    const auto place = engine_.prepare(channel, control_.next16(), next() % 2 == 0 ? Stream::out : Stream::err);
    require(place.size() <= engine_.writable(channel));
    std::fill(place.begin(), place.end(), std::byte{'p'});
    switch (next() % 8) {
      case 5: static_cast<void>(engine_.outgoing()); break;
      case 6: engine_.write(pick(channels_), bytes()); break;
      case 7: return;  // never committed
      default: break;
    }
    engine_.commit(next() % 8 == 7 ? pick(channels_) : channel, next() % 8 == 7 ? 1'000'000 : place.size());
  }

  void any_call() {
    const auto channel = pick(channels_);
    switch (next() % 20) {
      case 0:
        if (const auto id = engine_.open(text(), bytes())) remember(channels_, *id);
        return;
      case 1:
      case 2:
      case 3:
      case 4: return answer();
      case 5:
      case 6: {
        const auto data = bytes();
        require(engine_.write(channel, data, next() % 2 == 0 ? Stream::out : Stream::err) <= data.size());
        return;
      }
      case 7:
      case 8: return prepare_and_commit();
      case 9: return engine_.commit(channel, next());
      case 10: return engine_.consumed(channel, control_.next16());
      case 11:
      case 12:
        if (const auto ticket = engine_.request(channel, any_request(), next() % 2 == 0)) remember(tickets_, *ticket);
        return;
      case 13: static_cast<void>(engine_.finish(channel)); return;
      case 14: static_cast<void>(engine_.close(channel)); return;
      case 15: static_cast<void>(engine_.global_request(text(), bytes(), next() % 2 == 0)); return;
      case 16: static_cast<void>(engine_.rekey()); return;
      case 17: static_cast<void>(engine_.ignore(bytes())); return;
      case 18: static_cast<void>(engine_.debug(true, text())); return;
      default:
        if (next() == 77) engine_.disconnect(static_cast<Reason>(next() % 20), text());
        if (next() == 78) engine_.input_ended();
    }
  }

  fuzz::Control& control_;
  Engine& engine_;
  std::vector<Ticket> tickets_{{0}, {1}, {77'777}};
  std::vector<ChannelId> channels_{{0}, {1}, {0xffffffff}};
};

class ClientCaller final : public Caller {
 public:
  ClientCaller(fuzz::Control& control, Client& client) : Caller(control, client), client_(client) {}

 private:
  void answer_role(Ticket ticket) override {
    const auto ignore = [](Status) {};
    const std::array<Bytes, 2> responses{bytes_of("a"), bytes_of("b")};
    switch (next() % 8) {
      case 0: return ignore(client_.answer(ticket, next() == 255 ? HostKeyVerdict::refuse : HostKeyVerdict::trust));
      case 1: return ignore(client_.answer(ticket, Responses{std::span(responses).first(next() % 3)}));
      case 2: return ignore(client_.answer(ticket, NewPassword{bytes(), bytes()}));
      case 3: return ignore(client_.answer(ticket, Credential(TryNone{})));
      case 4: return ignore(client_.answer(ticket, Credential(TryPassword{bytes()})));
      case 5: return ignore(client_.answer(ticket, Credential(TryKeyboardInteractive{text()})));
      case 6: return ignore(client_.answer(ticket, Credential(TryPublicKey{bytes(), text(), next() % 2 == 0})));
      default: return ignore(client_.answer(ticket, Credential(GiveUp{})));
    }
  }
  Client& client_;
};

class ServerCaller final : public Caller {
 public:
  ServerCaller(fuzz::Control& control, Server& server) : Caller(control, server), server_(server) {}

 private:
  void answer_role(Ticket ticket) override {
    const auto ignore = [](Status) {};
    const std::array<Prompt, 2> prompts{Prompt{"a", false}, Prompt{"b", true}};
    switch (next() % 3) {
      case 0: return ignore(server_.answer(ticket, next() % 2 == 0 ? KeyInterest::yes : KeyInterest::no));
      case 1: return ignore(server_.answer(ticket, static_cast<AuthVerdict>(next() % 3)));
      default: return ignore(server_.answer(ticket, Prompts{text(), text(), std::span(prompts).first(next() % 3)}));
    }
  }
  Server& server_;
};

}  // namespace

// The first byte: from the beginning, or logged in; and how well the logins are answered.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > 2000) return 0;
  fuzz::Control control(std::as_bytes(std::span(data, size)).subspan(1));
  fuzz::Joined joined(200'000);
  ClientCaller client(control, joined.client);
  ServerCaller server(control, joined.server);
  const unsigned wild = data[0] % 4;  // of four logins' events so many are left to chance
  const auto answer = [&](auto& engine, const Event& event) {
    constexpr bool on_client = std::is_same_v<std::remove_reference_t<decltype(engine)>, Client>;
    auto& caller = [&]() -> Caller& {
      if constexpr (on_client)
        return client;
      else
        return server;
    }();
    caller.note(event);
    if (wild != 0 && control.next() % 4 < wild)
      caller.call();
    else
      fuzz::answer_login(engine, event);
  };
  const auto carry = [&](Engine& from, Engine& to) {
    const auto out = from.outgoing();
    from.sent(fuzz::Joined::put(to, out.first(std::min<std::size_t>(out.size(), 1 + control.next16()))));
  };
  if (wild == 0) {
    for (int turn = 0; turn < 12; ++turn) {
      joined.poll_both(answer);
      joined.client.sent(fuzz::Joined::put(joined.server, joined.client.outgoing()));
      joined.poll_both(answer);
      joined.server.sent(fuzz::Joined::put(joined.client, joined.server.outgoing()));
    }
    require(joined.client.authenticated() && joined.server.authenticated());
  }
  while (!control.empty()) {
    switch (control.next() % 8) {
      case 0:
      case 1:
      case 2: client.call(); break;
      case 3:
      case 4: server.call(); break;
      case 5: carry(joined.client, joined.server); break;
      case 6: carry(joined.server, joined.client); break;
      default: joined.now += std::chrono::milliseconds(control.next());
    }
    joined.poll_both(answer);
  }
  joined.end(answer, wild == 0);
  return 0;
}
