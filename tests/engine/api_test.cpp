// The contract of an engine under an application that does anything at any time: thousands of calls, right and wrong,
// in a seeded order, and what must hold between any two of them.
#include <gtest/gtest.h>

#include "tests/engine/puppet.hpp"

namespace nacre::test {
namespace {

using namespace std::chrono_literals;

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seeded_random(seed)) {}
  std::uint32_t operator()(std::uint32_t below) {
    std::array<std::byte, 4> bytes{};
    EXPECT_TRUE(random_->fill(bytes));
    return load_be32(bytes.data()) % below;
  }

 private:
  std::unique_ptr<Random> random_;
};

// One of the two sides, with all that it has ever been given to answer or to use.
struct Side {
  Engine* engine = nullptr;
  Client* client = nullptr;
  Server* server = nullptr;
  std::vector<Ticket> tickets{{0}, {1}, {77'777}};
  std::vector<ChannelId> channels{{0}, {1}, {0xffffffff}};
  int closed = 0;
  std::size_t events = 0;
  Bytes lent;  // of the last event, to be read until the next poll

  void note(const Event& event) {
    ++events;
    lent = {};
    std::visit(
        [&](const auto& each) {
          if constexpr (requires { each.ticket; }) tickets.push_back(each.ticket);
          if constexpr (requires { each.channel; }) channels.push_back(each.channel);
          if constexpr (requires { each.data; }) lent = each.data;
          if constexpr (requires { each.text; }) lent = bytes_of(each.text);
          if constexpr (requires { each.key; }) lent = each.key;
        },
        event);
    if (std::holds_alternative<Closed>(event)) ++closed;
  }
};

class Monkey {
 public:
  Monkey(std::uint64_t seed, bool disconnects) : dice_(seed), disconnects_(disconnects) {
    PairOptions options{.seed = seed};
    options.server.password = options.server.keyboard_interactive = options.server.none = true;
    options.client.limits.rekey_bytes = 50'000;
    options.server.limits.window = 5'000;
    options.server.limits.sessions = options.server.limits.channels = 5;
    options.client.algorithms.key_exchanges = {"curve25519-sha256"};
    pair_ = std::make_unique<Pair>(options);
    client_.engine = client_.client = pair_->client.get();
    server_.engine = server_.server = pair_->server.get();
    pair_->on_client = [this](const Event& event) { return seen(client_, event); };
    pair_->on_server = [this](const Event& event) { return seen(server_, event); };
  }

  void run(int calls) {
    for (int i = 0; i < calls; ++i) {
      auto& side = dice_(2) == 0 ? client_ : server_;
      const auto before = observe(side);
      call(side);
      check(side, before);
      if (dice_(5) == 0) pair_->step();
      if (dice_(60) == 0) pair_->run();
      if (dice_(400) == 0) pair_->run_for(std::chrono::seconds(dice_(100)));
    }
    pair_->run_for(300s);
    EXPECT_LE(client_.closed, 1);
    EXPECT_LE(server_.closed, 1);
    if (client_.engine->closed()) {
      EXPECT_EQ(client_.closed, 1);
    }
  }

  std::unique_ptr<Pair> pair_;
  Side client_, server_;

 private:
  // What an event lends stays, whatever is called, until the next poll.
  bool seen(Side& side, const Event& event) {
    side.note(event);
    const std::string before(text_of(side.lent));
    for (auto calls = dice_(3); calls > 0; --calls) call(side);
    EXPECT_EQ(text_of(side.lent), before) << line_of(event);
    side.lent = {};
    return dice_(4) == 0;
  }

  struct Seen {
    const std::byte* incoming;
    const std::byte* outgoing;
    std::size_t outgoing_size;
    bool authenticated;
  };

  Seen observe(Side& side) {
    const auto out = side.engine->outgoing();
    return {side.engine->incoming().data(), out.data(), out.size(), side.engine->authenticated()};
  }

  // No call but received(), sent() and poll() moves the places of the stream.
  void check(Side& side, const Seen& before) {
    if (!side.engine->closed()) {
      EXPECT_TRUE(side.engine->incoming().data() == before.incoming || side.engine->incoming().empty());
    }
    const auto out = side.engine->outgoing();
    if (before.outgoing_size != 0) {
      EXPECT_EQ(out.data(), before.outgoing);
      EXPECT_GE(out.size(), before.outgoing_size);
    }
    EXPECT_GE(side.engine->authenticated(), before.authenticated);
    EXPECT_LE(out.size(), 600'000U);
  }

  Ticket ticket(Side& side) {
    return side.tickets[dice_(4) == 0 ? dice_(static_cast<std::uint32_t>(side.tickets.size()))
                                      : static_cast<std::uint32_t>(side.tickets.size()) - 1];
  }
  ChannelId channel(Side& side) { return side.channels[dice_(static_cast<std::uint32_t>(side.channels.size()))]; }
  std::string_view any_text() {
    static const std::string large(200'000, 'x');
    const std::array<std::string_view, 6> texts{"", "x", "session", "sesame", std::string_view("\0,\n", 3), large};
    return texts[dice_(16) == 0 ? 5 : dice_(5)];
  }
  Bytes any_bytes() {
    static const ByteVector bytes(40'000, std::byte{'b'});
    return Bytes(bytes).first(dice_(8) == 0 ? dice_(40'000) : dice_(300));
  }

  Request any_request() {
    switch (dice_(11)) {
      case 0: return PtyRequest{any_text(), 1, 2, 3, 4, any_bytes()};
      case 1: return WindowChange{1, 2, 3, 4};
      case 2: return EnvRequest{any_text(), any_text()};
      case 3: return ShellRequest{};
      case 4: return ExecRequest{any_text()};
      case 5: return SubsystemRequest{any_text()};
      case 6: return SignalRequest{any_text()};
      case 7: return BreakRequest{5};
      case 8: return ExitStatus{5};
      case 9: return ExitSignal{any_text(), true, any_text(), any_text()};
      default: return OtherRequest{any_text(), any_bytes()};
    }
  }

  void answer(Side& side) {
    const auto at = ticket(side);
    const auto ignore = [](Status) {};
    const std::array<Bytes, 2> responses{bytes_of("a"), any_bytes()};
    const std::array<Prompt, 2> prompts{Prompt{any_text(), false}, Prompt{"b", true}};
    switch (dice_(10)) {
      case 0:
        return ignore(
            side.engine->answer(at, ChannelVerdict{.accept = dice_(4) != 0, .reason = 2, .text = any_text()}));
      case 1:
        return ignore(
            side.engine->answer(at, Signature{dice_(2) == 0 ? std::optional<Bytes>(any_bytes()) : std::nullopt}));
      case 2: return ignore(side.engine->reply(at, dice_(2) == 0, any_bytes()));
      default: break;
    }
    if (side.client) {
      switch (dice_(8)) {
        case 0: return ignore(side.client->answer(at, dice_(8) == 0 ? HostKeyVerdict::refuse : HostKeyVerdict::trust));
        case 1: return ignore(side.client->answer(at, Responses{std::span(responses).first(dice_(3))}));
        case 2: return ignore(side.client->answer(at, NewPassword{any_bytes(), any_bytes()}));
        case 3: return ignore(side.client->answer(at, Credential(TryNone{})));
        case 4: return ignore(side.client->answer(at, Credential(TryPassword{bytes_of(any_text())})));
        case 5: return ignore(side.client->answer(at, Credential(TryKeyboardInteractive{any_text()})));
        default:
          return ignore(side.client->answer(at, Credential(TryPublicKey{any_bytes(), any_text(), dice_(2) == 0})));
      }
    }
    switch (dice_(3)) {
      case 0: return ignore(side.server->answer(at, dice_(2) == 0 ? KeyInterest::yes : KeyInterest::no));
      case 1: return ignore(side.server->answer(at, static_cast<AuthVerdict>(dice_(4))));
      default:
        return ignore(side.server->answer(at, Prompts{any_text(), any_text(), std::span(prompts).first(dice_(3))}));
    }
  }

  void call(Side& side) {
    auto& engine = *side.engine;
    const auto stream = dice_(2) == 0 ? Stream::out : Stream::err;
    switch (dice_(20)) {
      case 0:
        if (const auto id = engine.open(any_text(), any_bytes())) side.channels.push_back(*id);
        return;
      case 1:
      case 2:
      case 3: return answer(side);
      case 4:
      case 5:
      case 6: engine.write(channel(side), any_bytes(), stream); return;
      case 7: {
        const auto at = channel(side);
        const auto place = engine.prepare(at, dice_(50'000), stream);
        std::fill(place.begin(), place.end(), std::byte{'p'});
        if (dice_(3) == 0) static_cast<void>(engine.outgoing());
        engine.commit(dice_(10) == 0 ? channel(side) : at,
                      dice_(10) == 0 ? 100'000 : dice_(static_cast<std::uint32_t>(place.size()) + 1));
        return;
      }
      case 8: engine.commit(channel(side), dice_(100)); return;
      case 9: engine.consumed(channel(side), dice_(100'000)); return;
      case 10:
      case 11:
        if (const auto id = engine.request(channel(side), any_request(), dice_(2) == 0)) side.tickets.push_back(*id);
        return;
      case 12: static_cast<void>(engine.finish(channel(side))); return;
      case 13:
        if (dice_(4) == 0) static_cast<void>(engine.close(channel(side)));
        return;
      case 14: static_cast<void>(engine.global_request(any_text(), any_bytes(), dice_(2) == 0)); return;
      case 15: static_cast<void>(engine.rekey()); return;
      case 16: static_cast<void>(engine.ignore(any_bytes())); return;
      case 17: static_cast<void>(engine.debug(true, any_text())); return;
      case 18:
        static_cast<void>(engine.writable(channel(side)));
        static_cast<void>(engine.session_id());
        static_cast<void>(engine.server_signature_algorithms());
        static_cast<void>(engine.deadline());
        return;
      default: break;
    }
    if (!disconnects_ || dice_(200) != 0) return;
    if (dice_(2) == 0)
      engine.disconnect(static_cast<Reason>(dice_(20)), any_text());
    else
      engine.input_ended();
  }

  Dice dice_;
  bool disconnects_;
};

class AnyOrder : public testing::TestWithParam<std::uint64_t> {};

TEST_P(AnyOrder, OfCallsHarmsNothing) {
  Monkey monkey(GetParam(), true);
  monkey.run(3'000);
}

// Calls alone, right or wrong, never end a connection that is logged in, except where they say so.
TEST_P(AnyOrder, OfCallsAfterALoginKeepsTheConnection) {
  Monkey monkey(GetParam() + 1000, false);
  const auto client = std::exchange(monkey.pair_->on_client, {});
  const auto server = std::exchange(monkey.pair_->on_server, {});
  monkey.pair_->login();
  ASSERT_TRUE(monkey.client_.engine->authenticated());
  monkey.pair_->on_client = client;
  monkey.pair_->on_server = server;
  for (int i = 0; i < 3; ++i) monkey.pair_->open_session();
  monkey.run(3'000);
  // A refused signature of the host key is the one answer that ends it, as it says; and a hundred idle rekeys.
  for (const auto& error : {monkey.pair_->client_error, monkey.pair_->server_error}) {
    if (!error) continue;
    EXPECT_TRUE(error->code == Code::signature_refused || error->code == Code::signature_wrong ||
                error->code == Code::rekey_too_often || error->code == Code::disconnected_by_peer ||
                error->code == Code::rekey_timeout || error->code == Code::malformed_message)
        << describe(error->code) << monkey.pair_->client_log();
  }
}

TEST_P(AnyOrder, IsTheSameForTheSameSeed) {
  Monkey first(GetParam(), true), second(GetParam(), true);
  first.run(1'000);
  second.run(1'000);
  EXPECT_TRUE(same_bytes(first.pair_->to_server.record, second.pair_->to_server.record));
  EXPECT_TRUE(same_bytes(first.pair_->to_client.record, second.pair_->to_client.record));
  EXPECT_EQ(first.pair_->client_log(), second.pair_->client_log());
  EXPECT_EQ(first.pair_->server_log(), second.pair_->server_log());
}

INSTANTIATE_TEST_SUITE_P(Api, AnyOrder, testing::Range<std::uint64_t>(1, 21));

// ---- calls in every state

// Every command and answer, none of which may do more than say what is wrong.
void all_calls_say(Engine& engine, Status status) {
  EXPECT_EQ(engine.open("session").error(), status);
  EXPECT_EQ(engine.answer(Ticket{1}, ChannelVerdict{}), status);
  EXPECT_EQ(engine.write(ChannelId{0}, bytes_of("x")), 0U);
  EXPECT_TRUE(engine.prepare(ChannelId{0}, 5).empty());
  engine.commit(ChannelId{0}, 5);
  engine.consumed(ChannelId{0}, 5);
  EXPECT_EQ(engine.request(ChannelId{0}, ShellRequest{}, true).error(), status);
  EXPECT_EQ(engine.reply(Ticket{1}, true), status);
  EXPECT_EQ(engine.finish(ChannelId{0}), status);
  EXPECT_EQ(engine.close(ChannelId{0}), status);
  EXPECT_EQ(engine.writable(ChannelId{0}), 0U);
  EXPECT_EQ(engine.global_request("x", {}, true).error(), status);
  EXPECT_EQ(engine.rekey(), status);
  EXPECT_EQ(engine.ignore(bytes_of("x")), status);
  EXPECT_EQ(engine.debug(true, "x"), status);
}

TEST(Calls, BeforeAuthenticationAndAfterTheEnd) {
  for (const auto role : {Role::server, Role::client}) {
    Puppet puppet({.engine = role});
    puppet.auto_login = false;
    all_calls_say(puppet.engine(), Status::too_early);  // not even polled yet
    ASSERT_TRUE(puppet.exchange());
    all_calls_say(puppet.engine(), Status::too_early);
    puppet.pump();
    EXPECT_EQ(puppet.closed, 0);
    puppet.engine().disconnect();
    all_calls_say(puppet.engine(), Status::closed);
    EXPECT_EQ(puppet.engine().answer(Ticket{1}, Signature{}), Status::closed);
    puppet.pump();
    all_calls_say(puppet.engine(), Status::closed);
    EXPECT_EQ(puppet.closed, 1);
    EXPECT_EQ(puppet.farewell(), Reason::by_application);
  }
}

TEST(Calls, OnUnknownChannelsAndBadNames) {
  Puppet puppet({.engine = Role::client});
  ASSERT_TRUE(puppet.login());
  auto& engine = puppet.engine();
  for (const ChannelId id : {ChannelId{0}, ChannelId{1}, ChannelId{1U << 20}, ChannelId{0xffffffff}}) {
    EXPECT_EQ(engine.write(id, bytes_of("x")), 0U);
    EXPECT_TRUE(engine.prepare(id, 5).empty());
    EXPECT_EQ(engine.request(id, ShellRequest{}, true).error(), Status::unknown_channel);
    EXPECT_EQ(engine.finish(id), Status::unknown_channel);
    EXPECT_EQ(engine.close(id), Status::unknown_channel);
  }
  using namespace std::string_view_literals;
  for (const auto bad : {""sv, "a b"sv, "a,b"sv, "a\0b"sv, "\x80"sv, "a\n"sv}) {
    EXPECT_EQ(engine.open(bad).error(), Status::malformed);
    EXPECT_EQ(engine.global_request(bad, {}, false).error(), Status::malformed);
  }
  const ByteVector large(Limits{}.max_packet + 1);
  EXPECT_EQ(engine.open("session", large).error(), Status::too_large);
  EXPECT_EQ(engine.global_request("x", large, false).error(), Status::too_large);
  EXPECT_EQ(engine.ignore(large), Status::too_large);
  const auto opened = engine.open("session");
  ASSERT_TRUE(opened);
  EXPECT_EQ(engine.request(*opened, ShellRequest{}, true).error(), Status::too_early);
  EXPECT_EQ(engine.finish(*opened), Status::too_early);
  EXPECT_EQ(engine.close(*opened), Status::too_early);
  EXPECT_EQ(engine.write(*opened, bytes_of("x")), 0U);
  puppet.pump();
  EXPECT_EQ(puppet.count(ChannelOpen::number), 1U);
  EXPECT_EQ(puppet.closed, 0);
}

// ---- the end, and time

TEST(TheEnd, ComesOnceWhereverTheInputEnds) {
  for (const auto role : {Role::server, Role::client})
    for (int step = 0; step < 7; ++step) {
      Puppet puppet({.engine = role, .hold_kex_init = step == 1, .hold_method = step == 2, .hold_new_keys = step == 3});
      puppet.auto_login = step > 4;
      if (step > 0) puppet.start();
      if (step > 0) puppet.pump();
      if (step > 4) puppet.login();
      if (step > 5) puppet.open();
      puppet.end_input();
      EXPECT_EQ(*puppet.engine().deadline(), step == 0 ? TimePoint{} : puppet.now);
      puppet.pump();
      puppet.advance(1000s);
      EXPECT_EQ(puppet.closed, 1) << step;
      EXPECT_EQ(puppet.code(), Code::connection_lost) << step;
      EXPECT_TRUE(puppet.engine().closed());
      EXPECT_FALSE(puppet.engine().deadline());
      EXPECT_TRUE(puppet.engine().incoming().empty());
    }
}

TEST(TheEnd, WhatHadArrivedIsWorkedOffFirst) {
  Puppet puppet;
  ASSERT_TRUE(puppet.login());
  const auto id = puppet.open();
  for (int i = 0; i < 20; ++i) puppet.send(ChannelData{id, bytes_of("x")});
  puppet.send_raw({});
  const auto room = puppet.engine().incoming();
  ASSERT_FALSE(room.empty());
  puppet.pump();
  puppet.end_input();
  puppet.pump();
  EXPECT_EQ(puppet.data, std::string(20, 'x'));
  EXPECT_EQ(puppet.code(), Code::connection_lost);
}

TEST(TheEnd, DisconnectBeforeAnythingElse) {
  for (const auto role : {Role::server, Role::client}) {
    Puppet puppet({.engine = role});
    puppet.engine().disconnect(Reason::too_many_connections, "full");
    EXPECT_EQ(*puppet.engine().deadline(), TimePoint{});
    puppet.start();
    EXPECT_EQ(puppet.closed, 1);
    EXPECT_EQ(puppet.reason, Reason::none);  // nothing was sent
    EXPECT_TRUE(puppet.engine().outgoing().empty());
    EXPECT_FALSE(puppet.engine().deadline());
  }
}

TEST(TheEnd, TheFarewellIsTheLastThingSaid) {
  Puppet puppet;
  ASSERT_TRUE(puppet.login());
  const ChannelId id{puppet.open()};
  puppet.forget();
  puppet.engine().write(id, bytes_of("last words"));
  puppet.engine().disconnect(Reason::by_application, std::string(1000, 't'));
  puppet.engine().write(id, bytes_of("never"));
  puppet.engine().disconnect(Reason::protocol_error, "again");
  puppet.send(Ping{bytes_of("x")});
  puppet.pump();
  ASSERT_EQ(puppet.received.size(), 2U);
  EXPECT_EQ(puppet.farewell(), Reason::by_application);
  EXPECT_EQ(puppet.last<Disconnect>()->text, std::string(256, 't'));
  EXPECT_EQ(puppet.told("Closed"), 1U);
}

// Polling at each deadline gets on: the deadline moves, or the engine ends.
TEST(Time, PollingAtTheDeadlineMovesIt) {
  for (const auto role : {Role::server, Role::client})
    for (int step = 0; step < 6; ++step) {
      Puppet puppet({.engine = role, .hold_kex_init = step == 1, .hold_method = step == 2, .hold_new_keys = step == 3});
      puppet.auto_login = step > 4;
      puppet.start();
      if (step > 0) puppet.pump();
      if (step > 4) puppet.login();
      for (int i = 0; i < 100 && !puppet.engine().closed(); ++i) {
        const auto before = puppet.engine().deadline();
        if (!before) break;
        puppet.now = std::max(puppet.now, *before);
        while (auto event = puppet.engine().poll(puppet.now)) static_cast<void>(event);
        const auto after = puppet.engine().deadline();
        if (after) {
          ASSERT_GT(*after, puppet.now) << step << " round " << i;
        }
      }
    }
}

TEST(Time, NeverGoesBack) {
  Puppet puppet({.ident = "", .hold_kex_init = true});
  puppet.start();
  puppet.advance(10s);
  puppet.now -= 9s;
  puppet.pump();
  EXPECT_EQ(puppet.closed, 0);
  puppet.now += 13s;  // 14 s after the start
  puppet.pump();
  EXPECT_EQ(puppet.closed, 0);
  puppet.now += 1s;
  puppet.pump();
  EXPECT_EQ(puppet.code(), Code::ident_timeout);
}

// ---- places

TEST(Places, AReadUnderWayKeepsItsPlace) {
  Puppet puppet;
  ASSERT_TRUE(puppet.login());
  const auto place = puppet.engine().incoming();
  ASSERT_FALSE(place.empty());
  puppet.engine().write(ChannelId{0}, bytes_of("x"));
  static_cast<void>(puppet.engine().rekey());
  while (puppet.engine().poll(puppet.now)) continue;
  while (puppet.engine().poll(puppet.now + 30s)) continue;
  EXPECT_EQ(puppet.engine().incoming().data(), place.data());
  puppet.engine().received(0);
  EXPECT_EQ(puppet.engine().incoming().data(), puppet.engine().incoming().data());
}

TEST(Places, MoreThanThereWasCountsAsAllOfIt) {
  Puppet puppet;
  ASSERT_TRUE(puppet.login());
  auto& engine = puppet.engine();
  engine.received(100);  // nothing was given out
  engine.sent(100);
  const auto place = engine.incoming();
  std::fill(place.begin(), place.end(), std::byte{0});
  engine.received(place.size() + 1);
  static_cast<void>(engine.ignore(bytes_of("x")));
  engine.sent(engine.outgoing().size() + 1000);
  EXPECT_TRUE(engine.outgoing().empty());
  puppet.pump();
  EXPECT_EQ(puppet.code(), Code::packet_corrupt);
}

TEST(Places, WhatIsBeingSentStaysWhileMoreIsWritten) {
  Pair pair;
  pair.login();
  const auto id = pair.open_session();
  EXPECT_EQ(pair.client->write(id, bytes_of("first")), 5U);
  const auto out = pair.client->outgoing();
  const auto copy = copy_of(out);
  const std::string much(30'000, 'x');
  for (int i = 0; i < 3; ++i) {
    EXPECT_GT(pair.client->write(id, bytes_of(much)), 0U);
    EXPECT_EQ(pair.client->outgoing().data(), out.data());
    EXPECT_TRUE(same_bytes(out, copy));
  }
  pair.run();
  EXPECT_EQ(pair.server_data[0].size(), 90'005U);
}

// What an event has lent stays until the next poll, through an end by the application, too.
TEST(Places, WhatWasLentOutlivesADisconnect) {
  for (const bool on_client : {true, false}) {
    Pair pair;
    bool lent = false;
    const auto leave = [&](Engine& engine, Bytes view) {
      const auto before = copy_of(view);
      engine.disconnect();
      const std::vector<ByteVector> others(20,
                                           ByteVector(before.size(), std::byte{0x5a}));  // whoever takes freed memory
      EXPECT_TRUE(same_bytes(before, view));
      lent = true;
    };
    pair.on_client = [&](const Event& event) {
      const auto* offered = std::get_if<HostKeyOffered>(&event);
      if (on_client && offered) leave(*pair.client, offered->key);
      return on_client && offered;
    };
    pair.on_server = [&](const Event& event) {
      const auto* wanted = std::get_if<SignatureWanted>(&event);
      if (!on_client && wanted) leave(*pair.server, wanted->message);
      return !on_client && wanted;
    };
    pair.run();
    EXPECT_TRUE(lent);
    EXPECT_EQ(pair.client_closed + pair.server_closed, 2);
  }
}

TEST(Places, AnEngineMayMove) {
  Pair pair;
  pair.login();
  Client elsewhere = std::move(*pair.client);
  EXPECT_TRUE(elsewhere.authenticated());
  *pair.client = std::move(elsewhere);
  pair.open_session();
  EXPECT_TRUE(pair.client_channel && pair.server_channel);
}

#ifndef NDEBUG
TEST(Places, EventsAreOverwrittenAtTheNextPollInDebugBuilds) {
  Puppet puppet;
  ASSERT_TRUE(puppet.login());
  const auto id = puppet.open();
  Bytes lent;
  puppet.on_event = [&](const Event& event) {
    if (const auto* data = std::get_if<DataReceived>(&event)) lent = data->data;
    return false;
  };
  puppet.send(ChannelData{id, bytes_of("for a short time")});
  puppet.pump();
  ASSERT_FALSE(lent.empty());
  EXPECT_NE(text_of(lent), "for a short time");
}
#endif

}  // namespace
}  // namespace nacre::test
