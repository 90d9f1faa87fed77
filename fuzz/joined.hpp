// A client and a server of the null provider, each watched, with a stream between them that a target carries by hand.
#pragma once

#include <algorithm>

#include "fuzz/login.hpp"
#include "fuzz/watch.hpp"

namespace nacre::fuzz {

struct Joined {
  explicit Joined(std::size_t most_events) : client_watch(client, most_events), server_watch(server, most_events) {}

  CountingRandom client_random, server_random;
  Client client{null_provider(client_random), client_config()};
  Server server{null_provider(server_random), server_config()};
  Watch client_watch, server_watch;
  TimePoint now = start_time;

  // Polls one side until it has nothing to tell; `answer` is its application.
  template <class Each, class Answer>
  void poll(Each& engine, Watch& watch, Answer answer) {
    while (const auto event = engine.poll(now)) {
      watch.event(*event);
      answer(engine, *event);
      watch.still_lent(*event);
    }
    watch.quiet(now);
  }
  template <class Answer>
  void poll_both(Answer answer) {
    poll(client, client_watch, answer);
    poll(server, server_watch, answer);
  }

  // What fits; how much it was.
  static std::size_t put(Engine& to, Bytes bytes) {
    const auto room = to.incoming();
    const auto size = std::min(room.size(), bytes.size());
    if (size != 0) std::memcpy(room.data(), bytes.data(), size);
    to.received(size);
    return size;
  }

  // The stream ends on both sides, time passes, and both have to have ended. An application that has left a question open,
  // of a message that came before the end, has to end by its own word: the engine waits for it as long as it takes.
  template <class Answer>
  void end(Answer answer, bool answers_all) {
    client.input_ended();
    server.input_ended();
    for (int turn = 0; turn < 4; ++turn) {
      client.sent(client.outgoing().size());
      server.sent(server.outgoing().size());
      now += std::chrono::hours(3);
      poll_both(answer);
    }
    if (!answers_all) {
      client.disconnect();
      server.disconnect();
      poll_both(answer);
    }
    client_watch.ended(now);
    server_watch.ended(now);
  }
};

}  // namespace nacre::fuzz
