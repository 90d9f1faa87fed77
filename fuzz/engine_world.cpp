// The careless application and the invariants: one Closed at most and nothing after it, bounded output, no event that
// the state does not permit, a deadline that polling moves.
#include "fuzz/engine_world.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "fuzz/null_provider.hpp"

namespace nacre::fuzz {
namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

// Decisions of the application, and sizes of reads, from the fuzzer's bytes; zeros when they have run out.
class Control {
 public:
  explicit Control(Bytes bytes) : bytes_(bytes) {}
  unsigned next() {
    if (bytes_.empty()) return 0;
    const auto value = std::to_integer<unsigned>(bytes_[0]);
    bytes_ = bytes_.subspan(1);
    return value;
  }

 private:
  Bytes bytes_;
};

struct World {
  Engine& engine;
  Control& control;
  bool closed = false;
  bool authenticated = false;
  std::uint64_t written = 0;
  std::uint64_t lent = 0;
  TimePoint now = TimePoint{} + std::chrono::hours(1);

  void check(const Event& event) {
    require(!closed);
    closed = std::holds_alternative<Closed>(event);
    if (std::holds_alternative<Authenticated>(event)) authenticated = true;
    const bool of_connection =
        std::holds_alternative<ChannelOpenReceived>(event) || std::holds_alternative<DataReceived>(event) ||
        std::holds_alternative<RequestReceived>(event) || std::holds_alternative<GlobalRequestReceived>(event);
    require(!of_connection || authenticated);
  }

  void act_on_connection(const Event& event) {
    if (const auto* open = std::get_if<ChannelOpenReceived>(&event)) {
      const auto status = engine.answer(open->ticket, ChannelVerdict{.accept = control.next() % 4 != 3});
      require(status == Status::ok);
      require(engine.answer(open->ticket, ChannelVerdict{.accept = true}) == Status::unknown_ticket);
    } else if (const auto* data = std::get_if<DataReceived>(&event)) {
      lent += data->data.size();
      if (control.next() % 3 != 2) engine.consumed(data->channel, data->data.size());
      written += engine.write(data->channel, data->data);
    } else if (const auto* request = std::get_if<RequestReceived>(&event)) {
      if (request->want_reply && control.next() % 4 != 3)
        require(engine.reply(request->ticket, control.next() % 2 == 0) == Status::ok);
    } else if (const auto* global = std::get_if<GlobalRequestReceived>(&event)) {
      if (global->want_reply) require(engine.reply(global->ticket, false) == Status::ok);
    } else if (const auto* eof = std::get_if<EofReceived>(&event)) {
      static_cast<void>(engine.finish(eof->channel));
      static_cast<void>(engine.close(eof->channel));
    }
    meddle();
  }

  // Commands at no good moment.
  void meddle() {
    const ChannelId channel{control.next() % 4};
    switch (control.next()) {
      case 1: static_cast<void>(engine.open("session")); break;
      case 2: static_cast<void>(engine.close(channel)); break;
      case 3: static_cast<void>(engine.rekey()); break;
      case 4: static_cast<void>(engine.request(channel, ExecRequest{"true"}, true)); break;
      case 5: static_cast<void>(engine.global_request("keepalive@openssh.com", {}, true)); break;
      case 6: engine.commit(channel, engine.prepare(channel, 100).size()); break;
      case 7: engine.consumed(channel, 1000); break;
      case 8: engine.disconnect(); break;
      case 9: static_cast<void>(engine.ignore({})); break;
      default: break;
    }
  }

  template <class Answer>
  void run(Bytes stream, Answer answer) {
    const auto poll_all = [&] {
      for (auto event = engine.poll(now); event; event = engine.poll(now)) {
        check(*event);
        answer(*event);
        act_on_connection(*event);
      }
      if (control.next() % 8 != 7) {  // else the stream takes nothing for a while
        const auto size = engine.outgoing().size();
        require(size < std::size_t{2} << 20);
        engine.sent(size);
      }
    };
    poll_all();
    for (unsigned idle = 0; !stream.empty() && !closed && idle < 4;) {
      const auto room = engine.incoming();
      const auto chunk = control.next();
      const auto size = std::min({room.size(), stream.size(), chunk == 0 ? stream.size() : std::size_t{chunk}});
      if (size != 0) std::memcpy(room.data(), stream.data(), size);
      engine.received(size);
      stream = stream.subspan(size);
      idle = size == 0 ? idle + 1 : 0;
      now += std::chrono::milliseconds(control.next());
      poll_all();
    }
    engine.input_ended();
    for (int turn = 0; turn < 4 && !closed; ++turn) {
      now += std::chrono::hours(3);  // whatever waits for time gets it
      poll_all();
    }
    require(closed);
    require(!engine.poll(now) && engine.incoming().empty());
    require(!engine.open("session") && engine.write(ChannelId{0}, bytes_of("x")) == 0);
  }
};

// The application of either role as far as signatures go.
void sign(Engine& engine, const Event& event, Control& control) {
  const auto* wanted = std::get_if<SignatureWanted>(&event);
  if (!wanted) return;
  const auto blob = null_signature();
  require(engine.answer(wanted->ticket, Signature{control.next() == 255 ? std::nullopt : std::optional<Bytes>(blob)}) ==
          Status::ok);
}

struct Input {
  Bytes control, stream;
};

Input split(Bytes input) {
  if (input.empty()) return {};
  const auto wanted = std::to_integer<std::size_t>(input[0]) * 4;
  input = input.subspan(1);
  const auto size = std::min(wanted, input.size());
  return {input.first(size), input.subspan(size)};
}

}  // namespace

void run_server(Bytes input) {
  const auto [steering, stream] = split(input);
  Control control(steering);
  CountingRandom random;
  static const auto config = [] {
    auto made = std::make_shared<ServerConfig>();
    made->host_keys.push_back(null_key());
    made->password = made->keyboard_interactive = made->none = true;
    made->banner = "hello";
    return std::shared_ptr<const ServerConfig>(made);
  }();
  Server server(null_provider(random), config);
  World world{server, control};
  world.run(stream, [&](const Event& event) {
    sign(server, event, control);
    const auto verdict = [&] {
      const auto choice = control.next() % 4;
      return choice == 0 ? AuthVerdict::accept : choice == 1 ? AuthVerdict::partial : AuthVerdict::reject;
    };
    if (const auto* offered = std::get_if<PublicKeyOffered>(&event)) {
      require(server.answer(offered->ticket, AuthVerdict::accept) == Status::wrong_answer);
      require(server.answer(offered->ticket, control.next() % 2 == 0 ? KeyInterest::yes : KeyInterest::no) ==
              Status::ok);
    } else if (const auto* proven = std::get_if<PublicKeyProven>(&event)) {
      static_cast<void>(server.answer(proven->ticket, verdict()));
    } else if (const auto* password = std::get_if<PasswordReceived>(&event)) {
      static_cast<void>(server.answer(password->ticket, verdict()));
    } else if (const auto* none = std::get_if<NoneReceived>(&event)) {
      static_cast<void>(server.answer(none->ticket, AuthVerdict::reject));
    } else if (const auto* interactive = std::get_if<KeyboardInteractiveWanted>(&event)) {
      const Prompt prompts[] = {{"one", false}, {"two", true}};
      static_cast<void>(
          server.answer(interactive->ticket, Prompts{"", "", std::span(prompts).first(control.next() % 3)}));
    } else if (const auto* responses = std::get_if<ResponsesReceived>(&event)) {
      static_cast<void>(server.answer(responses->ticket, verdict()));
    }
  });
}

void run_client(Bytes input) {
  const auto [steering, stream] = split(input);
  Control control(steering);
  CountingRandom random;
  static const auto config = [] {
    auto made = std::make_shared<ClientConfig>();
    made->user = "fuzz";
    return std::shared_ptr<const ClientConfig>(made);
  }();
  Client client(null_provider(random), config);
  World world{client, control};
  const auto key = null_key();
  world.run(stream, [&](const Event& event) {
    sign(client, event, control);
    if (const auto* offered = std::get_if<HostKeyOffered>(&event)) {
      require(client.answer(offered->ticket, control.next() == 255 ? HostKeyVerdict::refuse : HostKeyVerdict::trust) ==
              Status::ok);
    } else if (const auto* wanted = std::get_if<CredentialsWanted>(&event)) {
      Credential credential = TryPublicKey{key, "ssh-ed25519", false};
      switch (control.next() % 6) {
        case 1: credential = TryPublicKey{key, "ssh-ed25519", true}; break;
        case 2: credential = TryPassword{bytes_of("sesame")}; break;
        case 3: credential = TryKeyboardInteractive{}; break;
        case 4: credential = TryNone{}; break;
        case 5: credential = GiveUp{}; break;
        default: break;
      }
      static_cast<void>(client.answer(wanted->ticket, credential));
    } else if (const auto* prompts = std::get_if<PromptsReceived>(&event)) {
      const std::vector<Bytes> answers(prompts->prompts.size(), bytes_of("answer"));
      require(client.answer(prompts->ticket, Responses{answers}) == Status::ok);
    } else if (const auto* change = std::get_if<PasswordChangeWanted>(&event)) {
      static_cast<void>(client.answer(change->ticket, NewPassword{bytes_of("old"), bytes_of("new")}));
    } else if (std::holds_alternative<Authenticated>(event)) {
      static_cast<void>(client.open("session"));
    } else if (const auto* opened = std::get_if<ChannelOpened>(&event)) {
      static_cast<void>(client.request(opened->channel, ShellRequest{}, true));
      client.write(opened->channel, bytes_of("input"));
    }
  });
}

}  // namespace nacre::fuzz
