// The careless application. What must hold all the while is in watch.hpp; what its answers come to is required here.
#include "fuzz/engine_world.hpp"

#include <algorithm>
#include <cstring>

#include "fuzz/login.hpp"
#include "fuzz/watch.hpp"

namespace nacre::fuzz {
namespace {

struct World {
  Engine& engine;
  Control& control;
  Watch watch;
  TimePoint now = start_time;

  void act_on_connection(const Event& event) {
    if (const auto* open = std::get_if<ChannelOpenReceived>(&event)) {
      const auto status = engine.answer(open->ticket, ChannelVerdict{.accept = control.next() % 4 != 3});
      require(status == Status::ok);
      require(engine.answer(open->ticket, ChannelVerdict{.accept = true}) == Status::unknown_ticket);
    } else if (const auto* data = std::get_if<DataReceived>(&event)) {
      if (control.next() % 3 != 2) engine.consumed(data->channel, data->data.size());
      require(engine.write(data->channel, data->data) <= data->data.size());
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
        watch.event(*event);
        answer(*event);
        act_on_connection(*event);
        watch.still_lent(*event);
      }
      watch.quiet(now);
      if (control.next() % 8 != 7) {  // else the stream takes nothing for a while
        engine.sent(engine.outgoing().size());
      }
    };
    poll_all();
    for (unsigned idle = 0; !stream.empty() && !watch.closed && idle < 4;) {
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
    for (int turn = 0; turn < 4 && !watch.closed; ++turn) {
      now += std::chrono::hours(3);  // whatever waits for time gets it
      poll_all();
    }
    watch.ended(now);
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

// Sizes and payloads become the packets that they would be.
ByteVector packets_of(Bytes input) {
  ByteVector stream;
  Control list(input);
  while (!list.empty()) {
    const auto payload = list.take(list.next16());
    if (!payload.empty()) append_packet(stream, payload);
  }
  return stream;
}

// An event costs the peer a byte at least, and the application's own commands make a few.
std::size_t most_events(Bytes input) { return 1000 + 4 * input.size(); }

void serve(Server& server, const Event& event, Control& control) {
  sign(server, event, control);
  const auto verdict = [&] {
    const auto choice = control.next() % 4;
    return choice == 0 ? AuthVerdict::accept : choice == 1 ? AuthVerdict::partial : AuthVerdict::reject;
  };
  if (const auto* offered = std::get_if<PublicKeyOffered>(&event)) {
    require(server.answer(offered->ticket, AuthVerdict::accept) == Status::wrong_answer);
    require(server.answer(offered->ticket, control.next() % 2 == 0 ? KeyInterest::yes : KeyInterest::no) == Status::ok);
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
}

Credential any_credential(Bytes key, unsigned choice) {
  switch (choice) {
    case 1: return TryPublicKey{key, "ssh-ed25519", true};
    case 2: return TryPassword{bytes_of("sesame")};
    case 3: return TryKeyboardInteractive{};
    case 4: return TryNone{};
    case 5: return GiveUp{};
    default: return TryPublicKey{key, "ssh-ed25519", false};
  }
}

void use(Client& client, const Event& event, Control& control) {
  static const auto key = null_key();
  sign(client, event, control);
  if (const auto* offered = std::get_if<HostKeyOffered>(&event)) {
    require(client.answer(offered->ticket, control.next() == 255 ? HostKeyVerdict::refuse : HostKeyVerdict::trust) ==
            Status::ok);
  } else if (const auto* wanted = std::get_if<CredentialsWanted>(&event)) {
    static_cast<void>(client.answer(wanted->ticket, any_credential(key, control.next() % 6)));
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
}

}  // namespace

void run_server(Bytes input) {
  const auto [steering, stream] = split(input);
  Control control(steering);
  CountingRandom random;
  Server server(null_provider(random), server_config());
  World world{server, control, Watch(server, most_events(input))};
  world.run(stream, [&](const Event& event) { serve(server, event, control); });
}

void run_client(Bytes input) {
  const auto [steering, stream] = split(input);
  Control control(steering);
  CountingRandom random;
  Client client(null_provider(random), client_config());
  World world{client, control, Watch(client, most_events(input))};
  world.run(stream, [&](const Event& event) { use(client, event, control); });
}

void run_open_server(Bytes input) {
  const auto [steering, list] = split(input);
  Control control(steering);
  CountingRandom random;
  Server server(null_provider(random), server_config());
  log_in(server, start_time);
  World world{server, control, Watch(server, most_events(input))};
  world.watch.authenticated = true;
  world.run(packets_of(list), [&](const Event& event) { serve(server, event, control); });
}

void run_open_client(Bytes input) {
  const auto [steering, list] = split(input);
  Control control(steering);
  CountingRandom random;
  Client client(null_provider(random), client_config());
  log_in(client, start_time);
  static_cast<void>(client.open("session"));  // the peer may answer it as channel 0
  World world{client, control, Watch(client, most_events(input))};
  world.watch.authenticated = true;
  world.run(packets_of(list), [&](const Event& event) { use(client, event, control); });
}

}  // namespace nacre::fuzz
