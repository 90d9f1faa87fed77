// The one loop: whoever has something to do next does it; nobody may sleep for ever, and everybody comes to an end.
#include "tests/sim/world.hpp"

#include <cstdio>

namespace nacre::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t most_turns = 1'000'000;
constexpr auto latest = dawn + 10'000h;
constexpr auto after_the_cut = 30s;  // for whoever has been told that the stream has ended

struct Connection {
  Talk talk;
  Tap tap;
  Link to_server, to_client;
  std::unique_ptr<Party> client, server;

  bool over() const { return client->closed() && server->closed(); }
};

class World {
 public:
  World(std::uint64_t seed, unsigned without, Trace& trace, Tally& tally)
      : plan_(make_plan(seed, without)), tally_(tally), scene_{trace,
                                                               dawn,
                                                               plan_.gentle,
                                                               plan_.real_keys,
                                                               plan_.requests,
                                                               plan_.sharing ? std::make_shared<Buffers>() : nullptr} {
    for (std::size_t i = 0; i < plan_.connections.size(); ++i) add(i, seed * 8 + i);
  }

  void run() {
    while (!over()) {
      auto [at, who] = next();
      require(at.has_value(), "nobody will ever wake up");
      scene_.now = std::max(scene_.now, *at);
      require(++turns_ < most_turns && scene_.now < latest, "the world does not end");
      if (who)
        who->turn();
      else if (next_mishap_ < plan_.mishaps.size() && plan_.mishaps[next_mishap_].at <= scene_.now)
        happen(plan_.mishaps[next_mishap_++]);
      else
        cut_all();
      for (auto& connection : connections_) see_off(*connection);
    }
    for (auto& connection : connections_) {
      if (plan_.gentle) check_all_arrived(*connection);
      const auto left = connection->client->bury() + connection->server->bury();
      require(left == 0 || plan_.real_keys || plan_.sharing, "an engine has left something on the heap");
    }
  }

  std::size_t connections() const { return connections_.size(); }
  TimePoint now() const { return scene_.now; }
  std::string state() const {
    std::string text;
    for (const auto& connection : connections_)
      text += connection->client->state() + "\n" + connection->server->state() + "\n";
    return text;
  }

 private:
  void add(std::size_t i, std::uint64_t seed) {
    const auto& plan = plan_.connections[i];
    auto made = std::make_unique<Connection>();
    auto& connection = *made;
    connection.to_server.capacity = plan.capacity[0];
    connection.to_client.capacity = plan.capacity[1];
    connection.to_server.delay = plan.delay[0];
    connection.to_client.delay = plan.delay[1];
    connection.client = std::make_unique<Party>(scene_, tally_, plan, 0, "c" + std::to_string(i), seed);
    connection.server = std::make_unique<Party>(scene_, tally_, plan, 1, "s" + std::to_string(i), seed);
    connection.tap.window = {plan.limits[0].window, plan.limits[1].window};
    connection.tap.consumed = [&connection](unsigned side, std::uint32_t channel) {
      return (side == 0 ? connection.client : connection.server)->granted_back(ChannelId{channel});
    };
    auto* tap = plan_.real_keys ? nullptr : &connection.tap;
    connection.client->meet(*connection.server, connection.talk, connection.to_client, connection.to_server, tap);
    connection.server->meet(*connection.client, connection.talk, connection.to_server, connection.to_client, tap);
    connection.client->begin();
    connection.server->begin();
    connections_.push_back(std::move(made));
  }

  // The earliest of all, in an order that is always the same.
  std::pair<std::optional<TimePoint>, Party*> next() const {
    std::optional<TimePoint> earliest;
    Party* who = nullptr;
    if (next_mishap_ < plan_.mishaps.size()) earliest = plan_.mishaps[next_mishap_].at;
    if (plan_.cut_at && !cut_ && (!earliest || *plan_.cut_at < *earliest)) earliest = plan_.cut_at;
    if (cut_ && !hung_up_ && (!earliest || *plan_.cut_at + after_the_cut < *earliest))
      earliest = std::max(scene_.now, *plan_.cut_at + after_the_cut);
    for (const auto& connection : connections_)
      for (auto* party : {connection->client.get(), connection->server.get()})
        if (const auto at = party->wakes(); at && (!earliest || *at < *earliest)) {
          earliest = at;
          who = party;
        }
    return {earliest, who};
  }

  void happen(const Mishap& mishap) {
    auto& connection = *connections_[mishap.connection];
    const auto each = [&](auto what) {
      if (mishap.direction != 1) what(connection.to_server);
      if (mishap.direction != 0) what(connection.to_client);
    };
    switch (mishap.kind) {
      case Mishap::Kind::stall:
        scene_.trace.note(scene_.now, "-", "a link stalls", mishap.connection, mishap.direction);
        each([&](Link& link) { link.stall(scene_.now + mishap.length); });
        break;
      case Mishap::Kind::cut:
        scene_.trace.note(scene_.now, "-", "a link is cut", mishap.connection, mishap.direction);
        each([&](Link& link) { link.cut(scene_.now); });
        break;
      case Mishap::Kind::jump:
        scene_.trace.note(scene_.now, "-", "the clocks leap");
        scene_.now += mishap.length;
        break;
      case Mishap::Kind::rekey_both:
        connection.client->want_rekey();
        connection.server->want_rekey();
        break;
    }
  }

  // The end of a world that is not gentle: all links go; whoever is then not closed waits for its own application.
  void cut_all() {
    scene_.trace.note(scene_.now, "-", cut_ ? "all hang up" : "all links are cut");
    for (auto& connection : connections_) {
      require(!connection->server->is_overdue(*plan_.cut_at), "a login takes longer than it may");
      if (!cut_) {
        connection->to_server.cut(scene_.now);
        connection->to_client.cut(scene_.now);
        continue;
      }
      for (auto* party : {connection->client.get(), connection->server.get()}) {
        require(party->closed() || party->waits_for_itself(), "the stream has ended, and the engine has not");
        party->hang_up();
      }
    }
    (cut_ ? hung_up_ : cut_) = true;
    if (!hung_up_) plan_.cut_at = scene_.now;
  }

  // A client hangs up when neither side has anything left to say.
  static void see_off(Connection& connection) {
    if (!connection.over() && connection.client->has_nothing_to_do() && connection.server->has_nothing_to_do() &&
        connection.client->is_in() && connection.server->is_in() && connection.talk.global_sent[0].empty() &&
        connection.talk.global_sent[1].empty())
      connection.client->hang_up();
  }

  static void check_all_arrived(const Connection& connection) {
    require(connection.client->end() == Code::closed_by_application, "the client did not end by itself");
    require(connection.server->end() == Code::disconnected_by_peer, "the server was not told of the end");
    for (const auto& pipe : connection.talk.pipes) {
      for (unsigned side = 0; side < 2; ++side) {
        const auto& end = pipe->end[side];
        require(!end.known || end.gone, "a channel was left over");
        const bool whole =
            end.known && pipe->verdict == true && !end.closing_early && !pipe->end[1 - side].closing_early;
        require(!whole || end.left[0] + end.left[1] == 0, "something was never written");
        require(!whole || end.received == pipe->end[1 - side].written, "something never arrived");
      }
    }
    for (const auto& sent : connection.talk.global_sent) require(sent.empty(), "a global request never arrived");
  }

  bool over() const {
    for (const auto& connection : connections_)
      if (!connection->over()) return false;
    return true;
  }

  Plan plan_;
  Tally& tally_;
  Scene scene_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::size_t next_mishap_ = 0;
  std::uint64_t turns_ = 0;
  bool cut_ = false, hung_up_ = false;
};

}  // namespace

Outcome run_world(std::uint64_t seed, unsigned without, bool print) {
  Outcome outcome;
  Trace trace(print);
  World world(seed, without, trace, outcome.tally);
  outcome.connections = world.connections();
  try {
    world.run();
  } catch (const Broken& broken) {
    outcome.broken = broken.what();
    trace.note(world.now(), "-", broken.what());
    if (print) std::printf("%s", world.state().c_str());
  }
  outcome.sum = trace.sum();
  return outcome;
}

}  // namespace nacre::sim
