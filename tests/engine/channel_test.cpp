// Channels seen from a peer that opens, fills, closes and asks wrongly. The ids are those of the list of attacks.
#include <gtest/gtest.h>

#include "tests/engine/puppet.hpp"

namespace nacre::test {
namespace {

std::string text(std::size_t size) { return std::string(size, 'd'); }

void send_data(Puppet& puppet, std::uint32_t channel, std::string_view bytes) {
  puppet.send(ChannelData{channel, bytes_of(bytes)});
}

void send_request(Puppet& puppet, std::uint32_t channel, std::string_view name, bool want_reply, Bytes body = {}) {
  puppet.send(ChannelRequest{channel, name, want_reply, {body}});
  puppet.pump();
}

// ---- C01 to C04: numbers

TEST(Channels, C01_UnknownNumbers) {
  for (const auto role : both) {
    const std::vector<std::pair<std::function<void(Puppet&)>, bool>> messages{
        {[](Puppet& p) {
           p.send(ChannelData{99, bytes_of("x")});
         },
         true},
        {[](Puppet& p) {
           p.send(ChannelExtendedData{99, 1, bytes_of("x")});
         },
         true},
        {[](Puppet& p) { p.send(ChannelEof{99}); }, true},
        {[](Puppet& p) { p.send(ChannelClose{99}); }, true},
        {[](Puppet& p) {
           p.send(ChannelRequest{99, "shell", false, {}});
         },
         true},
        {[](Puppet& p) {
           p.send(ChannelOpenConfirmation{99, 0, 1000, 1000, {}});
         },
         true},
        {[](Puppet& p) {
           p.send(ChannelOpenFailure{99, 1, {}, {}});
         },
         true},
        {[](Puppet& p) {
           p.send(ChannelWindowAdjust{99, 1});
         },
         false},
        {[](Puppet& p) { p.send(ChannelSuccess{99}); }, false},
        {[](Puppet& p) { p.send(ChannelFailure{99}); }, false},
    };
    for (std::size_t i = 0; i < messages.size(); ++i) {
      auto puppet = logged_in({.engine = role});
      puppet->open();
      puppet->forget();
      messages[i].first(*puppet);
      puppet->pump();
      EXPECT_EQ(puppet->closed, messages[i].second ? 1 : 0) << i;
      if (messages[i].second) {
        EXPECT_EQ(puppet->code(), Code::unknown_channel) << i;
        EXPECT_EQ(puppet->error.where, 99U);
        EXPECT_EQ(puppet->farewell(), Reason::protocol_error);
        EXPECT_EQ(puppet->events.size(), 1U);
      } else {
        EXPECT_TRUE(puppet->received.empty());
        EXPECT_TRUE(puppet->events.empty());
      }
    }
  }
}

TEST(Channels, C02_ThePeersNumbersAreItsOwn) {
  auto puppet = logged_in();
  std::vector<std::uint32_t> ours;
  for (const std::uint32_t theirs : {0U, 1U, 0x80000000U, 0xffffffffU, 0U}) {  // even twice the same
    puppet->send(ChannelOpen{"session", theirs, 1000, 1000, {}});
    puppet->pump();
    const auto confirmation = puppet->last<ChannelOpenConfirmation>();
    ASSERT_TRUE(confirmation);
    EXPECT_EQ(confirmation->recipient, theirs);
    for (const auto other : ours) EXPECT_NE(confirmation->sender, other);
    ours.push_back(confirmation->sender);
  }
  for (std::size_t i = 0; i < ours.size(); ++i) {
    puppet->forget();
    send_request(*puppet, ours[i], "shell", true);
    ASSERT_TRUE(puppet->has(ChannelSuccess::number));
  }
}

TEST(Channels, C02_ANumberIsFreeOnlyWhenBothHaveClosed) {
  auto puppet = logged_in();
  const auto first = puppet->open();
  ASSERT_EQ(puppet->engine().close(ChannelId{first}), Status::ok);
  puppet->pump();
  const auto second = puppet->open();
  EXPECT_NE(first, second);
  puppet->send(ChannelClose{first});
  puppet->pump();
  EXPECT_EQ(puppet->told("ChannelClosed"), 1U);
  const auto third = puppet->open();
  EXPECT_NE(third, first) << "a stale number must find nothing";
  puppet->send(ChannelData{first, bytes_of("x")});
  puppet->pump();
  EXPECT_EQ(puppet->code(), Code::unknown_channel);
}

// One channel after another is always the same slot: its uses must not run out while somebody still knows an old
// number.
TEST(Channels, C02_NumbersDoNotComeAgainSoon) {
  for (const std::size_t channels : {1U, 256U}) {
    PuppetOptions scene;
    scene.server.limits.channels = channels;
    auto puppet = logged_in(scene);
    const auto first = puppet->open();
    auto latest = first;
    for (int use = 0; use < 5'000; ++use) {
      ASSERT_EQ(puppet->engine().close(ChannelId{latest}), Status::ok);
      puppet->send(ChannelClose{latest});
      puppet->pump();
      latest = puppet->open();
      ASSERT_NE(latest, first) << use;
      ASSERT_EQ(puppet->engine().close(ChannelId{first}), Status::unknown_channel) << use;
      puppet->forget();
    }
  }
}

TEST(Channels, C03_C04_ConfirmationsAndTrafficNobodyWaitsFor) {
  for (const bool confirm : {true, false}) {
    auto puppet = logged_in({.engine = Role::client});
    const auto id = puppet->open();
    if (confirm)
      puppet->send(ChannelOpenConfirmation{id, 7, 1000, 1000, {}});
    else
      puppet->send(ChannelOpenFailure{id, 1, {}, {}});
    puppet->pump();
    EXPECT_EQ(puppet->code(), Code::unknown_channel);
  }
  const std::vector<std::function<void(Puppet&, std::uint32_t)>> early{
      [](Puppet& p, std::uint32_t id) {
        p.send(ChannelData{id, bytes_of("x")});
      },
      [](Puppet& p, std::uint32_t id) {
        p.send(ChannelWindowAdjust{id, 1});
      },
      [](Puppet& p, std::uint32_t id) { p.send(ChannelEof{id}); },
      [](Puppet& p, std::uint32_t id) { p.send(ChannelClose{id}); },
      [](Puppet& p, std::uint32_t id) {
        p.send(ChannelRequest{id, "exit-status", false, {bytes_of("\0\0\0\1")}});
      },
  };
  for (const auto& message : early) {
    auto puppet = logged_in({.engine = Role::client});
    ASSERT_TRUE(puppet->engine().open("session"));
    puppet->pump();
    const auto id = puppet->last<ChannelOpen>()->sender;
    puppet->forget();
    message(*puppet, id);
    puppet->pump();
    EXPECT_EQ(puppet->code(), Code::unknown_channel);
    EXPECT_EQ(puppet->events.size(), 1U);
  }
}

// ---- C05 to C07: opens

TEST(Channels, C05_SessionsAreCounted) {
  auto puppet = logged_in();
  for (int i = 0; i < 10; ++i) puppet->send(ChannelOpen{"session", 7, 1000, 1000, {}});
  puppet->pump();
  EXPECT_EQ(puppet->count(ChannelOpenConfirmation::number), 10U);
  puppet->send(ChannelOpen{"session", 77, 1000, 1000, {}});
  puppet->pump();
  const auto refusal = puppet->last<ChannelOpenFailure>();
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->reason, 4U);
  EXPECT_EQ(refusal->recipient, 77U);
  puppet->send(ChannelOpen{"direct-tcpip", 78, 1000, 1000, {}});  // another type still may
  puppet->pump();
  EXPECT_EQ(puppet->count(ChannelOpenConfirmation::number), 11U);
  const auto first = decode<ChannelOpenConfirmation>(Bytes(puppet->received[0]).subspan(1));
  puppet->send(ChannelClose{first->sender});  // and one that goes makes room
  puppet->send(ChannelOpen{"session", 7, 1000, 1000, {}});
  puppet->pump();
  EXPECT_EQ(puppet->count(ChannelOpenConfirmation::number), 12U);
}

TEST(Channels, C05_UndecidedOpensAndAllChannelsAreCounted) {
  auto puppet = logged_in();
  std::vector<Ticket> tickets;
  puppet->on_event = [&](const Event& event) {
    const auto* open = std::get_if<ChannelOpenReceived>(&event);
    if (open) tickets.push_back(open->ticket);
    return open != nullptr;
  };
  for (int i = 0; i < 17; ++i) puppet->send(ChannelOpen{"direct-tcpip", 7, 1000, 1000, {}});
  puppet->pump();
  EXPECT_EQ(tickets.size(), 16U);
  EXPECT_EQ(puppet->count(ChannelOpenFailure::number), 1U);
  // Answered out of order; each only once; none by another kind of answer.
  for (const std::size_t i : {3U, 0U, 15U}) {
    EXPECT_EQ(puppet->engine().reply(tickets[i], true), Status::wrong_answer);
    EXPECT_EQ(puppet->engine().answer(tickets[i], ChannelVerdict{.accept = i != 0, .reason = 2, .text = "no"}),
              Status::ok);
    EXPECT_EQ(puppet->engine().answer(tickets[i], ChannelVerdict{.accept = true}), Status::unknown_ticket);
  }
  puppet->pump();
  EXPECT_EQ(puppet->count(ChannelOpenConfirmation::number), 2U);
  EXPECT_EQ(puppet->last<ChannelOpenFailure>()->reason, 2U);

  auto many = logged_in();
  for (int i = 0; i < 257; ++i) {
    many->send(ChannelOpen{"direct-tcpip", 7, 1000, 1000, {}});
    many->pump();
  }
  EXPECT_EQ(many->count(ChannelOpenConfirmation::number), 256U);
  EXPECT_EQ(many->last<ChannelOpenFailure>()->reason, 4U);
  EXPECT_FALSE(many->engine().open("session"));  // ours count too
}

TEST(Channels, C06_AClientTakesNoSessions) {
  auto puppet = logged_in({.engine = Role::client});
  for (const auto* type : {"session", "direct-tcpip", "direct-streamlocal@openssh.com"}) {
    puppet->forget();
    puppet->send(ChannelOpen{type, 5, 1000, 1000, {}});
    puppet->pump();
    const auto refusal = puppet->last<ChannelOpenFailure>();
    ASSERT_TRUE(refusal) << type;
    EXPECT_EQ(refusal->reason, 1U);
    EXPECT_TRUE(puppet->events.empty());
  }
}

TEST(Channels, C07_UnusablePacketSizes) {
  for (const std::uint32_t size : {0U, 1U, 8U}) {
    auto server = logged_in();
    server->send(ChannelOpen{"session", 5, 1000, size, {}});
    server->pump();
    EXPECT_EQ(server->last<ChannelOpenFailure>()->reason, 2U);
    EXPECT_TRUE(server->events.empty());
    auto client = logged_in({.engine = Role::client});
    ASSERT_TRUE(client->engine().open("session"));
    client->pump();
    client->send(ChannelOpenConfirmation{client->last<ChannelOpen>()->sender, 7, 1000, size, {}});
    client->pump();
    EXPECT_EQ(client->code(), Code::packet_size_unusable);
  }
  auto nine = logged_in();
  nine->send(ChannelOpen{"session", 5, 1000, 9, {}});
  nine->pump();
  const ChannelId id{nine->last<ChannelOpenConfirmation>()->sender};
  EXPECT_EQ(nine->engine().write(id, bytes_of(text(20))), 20U);
  nine->pump();
  EXPECT_EQ(nine->count(ChannelData::number), 3U);
}

// ---- C11, C12: ends of data and of channels

TEST(Channels, C11_ExtendedDataOfUnknownTypesIsDroppedAndCredited) {
  PuppetOptions options;
  options.server.limits.window = 1000;
  auto puppet = logged_in(options);
  const auto id = puppet->open();
  puppet->forget();
  puppet->consume = false;
  puppet->send(ChannelExtendedData{id, 2, bytes_of(text(500))});
  puppet->pump();
  EXPECT_TRUE(puppet->events.empty());
  EXPECT_EQ(puppet->last<ChannelWindowAdjust>()->bytes, 500U);
  puppet->send(ChannelExtendedData{id, 1, bytes_of("err")});
  puppet->pump();
  EXPECT_EQ(puppet->told("DataReceived 0 err 3"), 1U);
  EXPECT_EQ(puppet->data, "err");
}

TEST(Channels, C11_NothingAfterEof) {
  for (const bool extended : {false, true}) {
    auto puppet = logged_in();
    const auto id = puppet->open();
    puppet->send(ChannelEof{id});
    puppet->send(ChannelEof{id});  // a second one is dropped
    puppet->pump();
    EXPECT_EQ(puppet->told("EofReceived"), 1U);
    EXPECT_EQ(puppet->closed, 0);
    if (extended)
      puppet->send(ChannelExtendedData{id, 1, bytes_of("x")});
    else
      send_data(*puppet, id, "x");
    puppet->pump();
    EXPECT_EQ(puppet->code(), Code::unexpected_message);
  }
}

TEST(Channels, C12_CloseIsAnsweredOnceAndWhatCrossesItIsDropped) {
  auto puppet = logged_in();
  const auto id = puppet->open();
  puppet->forget();
  puppet->send(ChannelClose{id});
  puppet->pump();
  EXPECT_EQ(puppet->count(ChannelClose::number), 1U);
  EXPECT_EQ(puppet->told("ChannelClosed"), 1U);
  EXPECT_EQ(puppet->engine().close(ChannelId{id}), Status::unknown_channel);

  auto ours = logged_in();
  const auto number = ours->open();
  ours->forget();
  EXPECT_EQ(ours->engine().close(ChannelId{number}), Status::ok);
  EXPECT_EQ(ours->engine().close(ChannelId{number}), Status::closed);
  EXPECT_EQ(ours->engine().finish(ChannelId{number}), Status::closed);
  EXPECT_EQ(ours->engine().request(ChannelId{number}, ExitStatus{0}, false).error(), Status::closed);
  EXPECT_EQ(ours->engine().write(ChannelId{number}, bytes_of("x")), 0U);
  EXPECT_TRUE(ours->engine().prepare(ChannelId{number}, 10).empty());
  ours->pump();
  send_data(*ours, number, "crossing");
  ours->send(ChannelWindowAdjust{number, 100});
  ours->send(ChannelRequest{number, "shell", true, {}});
  ours->send(ChannelEof{number});
  ours->pump();
  EXPECT_EQ(ours->closed, 0);
  EXPECT_TRUE(ours->events.empty()) << ours->log();
  EXPECT_EQ(ours->received.size(), 1U);
  ours->send(ChannelClose{number});
  ours->pump();
  EXPECT_EQ(ours->count(ChannelClose::number), 1U);
  EXPECT_EQ(ours->told("ChannelClosed"), 1U);
}

TEST(Channels, NothingOfOursAfterOurEofButRequests) {
  auto puppet = logged_in();
  const ChannelId id{puppet->open()};
  puppet->forget();
  auto& engine = puppet->engine();
  EXPECT_EQ(engine.finish(id), Status::ok);
  EXPECT_EQ(engine.finish(id), Status::closed);
  EXPECT_EQ(engine.write(id, bytes_of("x")), 0U);
  EXPECT_EQ(engine.write(id, bytes_of("x"), Stream::err), 0U);
  EXPECT_TRUE(engine.prepare(id, 10).empty());
  EXPECT_EQ(engine.writable(id), 0U);
  EXPECT_TRUE(engine.request(id, ExitStatus{3}, false));
  puppet->pump();
  EXPECT_EQ(puppet->received.size(), 2U);
  EXPECT_EQ(puppet->told("Writable"), 0U);
  send_data(*puppet, id.id, "still heard");
  puppet->pump();
  EXPECT_EQ(puppet->data, "still heard");
}

// ---- C13 to C16: requests

TEST(Requests, C13_RepliesNobodyWaitsFor) {
  auto puppet = logged_in();
  const auto id = puppet->open();
  puppet->forget();
  for (int i = 0; i < 3; ++i) {
    puppet->send(ChannelSuccess{id});
    puppet->send(ChannelFailure{id});
    puppet->send(RequestSuccess{});
    puppet->send(RequestFailure{});
  }
  puppet->pump();
  EXPECT_TRUE(puppet->events.empty());
  // And they are not kept for a later request.
  ASSERT_TRUE(puppet->engine().request(ChannelId{id}, OtherRequest{"x", {}}, true));
  ASSERT_TRUE(puppet->engine().global_request("x", {}, true));
  puppet->pump();
  EXPECT_TRUE(puppet->events.empty());
  puppet->send(ChannelFailure{id});
  puppet->send(RequestSuccess{{bytes_of("data")}});
  puppet->pump();
  EXPECT_EQ(puppet->told("RequestAnswered 0 0"), 1U);
  EXPECT_EQ(puppet->told("GlobalRequestAnswered 1"), 1U);
}

TEST(Requests, OurRequestsAreAnsweredInOrder) {
  auto puppet = logged_in();
  const ChannelId id{puppet->open()};
  std::vector<Ticket> channel, global, answered;
  for (int i = 0; i < 4; ++i) {
    channel.push_back(*puppet->engine().request(id, OtherRequest{"x", {}}, true));
    global.push_back(*puppet->engine().global_request("y", {}, true));
  }
  std::vector<bool> successes;
  puppet->on_event = [&](const Event& event) {
    if (const auto* answer = std::get_if<RequestAnswered>(&event))
      answered.push_back(answer->ticket), successes.push_back(answer->success);
    if (const auto* answer = std::get_if<GlobalRequestAnswered>(&event))
      answered.push_back(answer->ticket), successes.push_back(answer->success);
    return false;
  };
  puppet->send(ChannelSuccess{id.id});
  puppet->send(RequestFailure{});
  puppet->send(ChannelFailure{id.id});
  puppet->send(RequestSuccess{});
  puppet->pump();
  EXPECT_EQ(answered, (std::vector{channel[0], global[0], channel[1], global[1]}));
  EXPECT_EQ(successes, (std::vector{true, false, false, true}));
}

TEST(Requests, C14_AnswersOutOfOrderLeaveInOrder) {
  auto fresh = logged_in();
  const auto number = fresh->open();
  std::vector<Ticket> tickets;
  fresh->on_event = [&](const Event& event) {
    if (const auto* request = std::get_if<RequestReceived>(&event)) tickets.push_back(request->ticket);
    if (const auto* request = std::get_if<GlobalRequestReceived>(&event)) tickets.push_back(request->ticket);
    return true;
  };
  fresh->forget();
  for (int i = 0; i < 3; ++i) fresh->send(ChannelRequest{number, "x", true, {}});
  fresh->send(ChannelRequest{number, "x", false, {}});
  fresh->pump();
  ASSERT_EQ(tickets.size(), 4U);
  EXPECT_EQ(fresh->engine().reply(tickets[2], true), Status::ok);
  EXPECT_EQ(fresh->engine().reply(tickets[1], false), Status::ok);
  fresh->pump();
  EXPECT_TRUE(fresh->received.empty());
  EXPECT_EQ(fresh->engine().reply(tickets[0], true), Status::ok);
  EXPECT_EQ(fresh->engine().reply(tickets[0], true), Status::unknown_ticket);
  EXPECT_EQ(fresh->engine().reply(tickets[3], true), Status::unknown_ticket);  // wants none
  fresh->pump();
  ASSERT_EQ(fresh->received.size(), 3U);
  EXPECT_EQ(fresh->received[0][0], std::byte{ChannelSuccess::number});
  EXPECT_EQ(fresh->received[1][0], std::byte{ChannelFailure::number});
  EXPECT_EQ(fresh->received[2][0], std::byte{ChannelSuccess::number});

  tickets.clear();
  fresh->forget();
  for (int i = 0; i < 2; ++i) fresh->send(GlobalRequest{"keepalive@openssh.com", true, {}});
  fresh->pump();
  EXPECT_EQ(fresh->engine().reply(tickets[1], true, bytes_of("data")), Status::ok);
  EXPECT_EQ(fresh->engine().reply(tickets[0], false), Status::ok);
  fresh->pump();
  ASSERT_EQ(fresh->received.size(), 2U);
  EXPECT_EQ(fresh->received[0][0], std::byte{RequestFailure::number});
  EXPECT_EQ(text_of(Bytes(fresh->received[1]).subspan(1)), "data");
}

TEST(Requests, C14_TooManyAnswersOwedPauseTheReading) {
  auto puppet = logged_in();
  const auto id = puppet->open();
  std::vector<Ticket> tickets;
  puppet->on_event = [&](const Event& event) {
    if (const auto* request = std::get_if<RequestReceived>(&event)) tickets.push_back(request->ticket);
    return std::holds_alternative<RequestReceived>(event);
  };
  puppet->forget();
  for (int i = 0; i < 200; ++i) puppet->send(ChannelRequest{id, "x", true, {}});
  puppet->pump();
  EXPECT_EQ(tickets.size(), 128U);
  EXPECT_EQ(puppet->engine().reply(tickets[0], true), Status::ok);
  EXPECT_EQ(puppet->engine().deadline(), puppet->now);  // there is something to do again
  puppet->pump();
  EXPECT_EQ(tickets.size(), 129U);
  for (std::size_t i = 1; i < tickets.size(); ++i) {
    EXPECT_EQ(puppet->engine().reply(tickets[i], true), Status::ok);
    puppet->pump();
  }
  EXPECT_EQ(puppet->count(ChannelSuccess::number), 200U);
}

TEST(Requests, C14_RefusedOnesBehindAnUndecidedOneCountToo) {
  auto puppet = logged_in();
  const auto id = puppet->open();
  Ticket first{};
  puppet->on_event = [&](const Event& event) {
    if (const auto* request = std::get_if<RequestReceived>(&event)) first = request->ticket;
    return std::holds_alternative<RequestReceived>(event);
  };
  puppet->forget();
  puppet->send(ChannelRequest{id, "shell", true, {}});
  for (int i = 0; i < 100'000; ++i) {  // each refused without asking, none answerable yet
    puppet->send(ChannelRequest{id, "shell", true, {}});
    if (i % 100 == 0) puppet->pump();
    if (puppet->engine().incoming().empty()) break;
  }
  EXPECT_TRUE(puppet->engine().incoming().empty()) << "reading has not paused";
  EXPECT_TRUE(puppet->received.empty());
  EXPECT_EQ(puppet->engine().reply(first, true), Status::ok);
  puppet->pump();
  EXPECT_EQ(puppet->count(ChannelSuccess::number), 1U);
  EXPECT_GT(puppet->count(ChannelFailure::number), 1000U);
  EXPECT_EQ(puppet->closed, 0);
}

TEST(Requests, ClosingAChannelDropsWhatIsOwedToIt) {
  auto puppet = logged_in();
  const auto id = puppet->open();
  std::vector<Ticket> tickets;
  puppet->on_event = [&](const Event& event) {
    if (const auto* request = std::get_if<RequestReceived>(&event)) tickets.push_back(request->ticket);
    return std::holds_alternative<RequestReceived>(event);
  };
  for (int i = 0; i < 128; ++i) puppet->send(ChannelRequest{id, "x", true, {}});
  puppet->send(ChannelClose{id});
  puppet->pump();
  EXPECT_EQ(puppet->told("ChannelClosed"), 0U);
  EXPECT_EQ(puppet->engine().close(ChannelId{id}), Status::ok);
  EXPECT_EQ(puppet->engine().reply(tickets[5], true), Status::unknown_ticket);
  puppet->pump();
  EXPECT_EQ(puppet->told("ChannelClosed"), 1U);
  EXPECT_FALSE(puppet->has(ChannelSuccess::number));
}

TEST(Requests, C15_MalformedAndRepeated) {
  for (const auto& [name, body] : std::vector<std::pair<std::string, ByteVector>>{
           {"exec", {}}, {"shell", copy_of(bytes_of("x"))}, {"pty-req", copy_of(bytes_of("\0\0\0\1x"))}, {"env", {}}}) {
    auto puppet = logged_in();
    const auto id = puppet->open();
    send_request(*puppet, id, name, true, body);
    EXPECT_EQ(puppet->code(), Code::malformed_message) << name;
    EXPECT_EQ(puppet->error.where, 98U);
  }
  auto client = logged_in({.engine = Role::client});
  const auto id = client->open();
  client->forget();
  for (std::uint32_t status : {7U, 8U, 9U})
    send_request(*client, id, "exit-status", false, encoded(ExitStatus{status}));
  send_request(*client, id, "exit-signal", false, encoded(ExitSignal{"TERM", false, "", ""}));
  EXPECT_EQ(client->told("RequestReceived 0 exit-status"), 1U);
  EXPECT_EQ(client->told("RequestReceived"), 1U);
  auto server = logged_in();
  const auto number = server->open();
  send_request(*server, number, "shell", true);
  EXPECT_TRUE(server->has(ChannelSuccess::number));
  server->forget();
  send_request(*server, number, "exec", true, encoded(ExecRequest{"ls"}));
  send_request(*server, number, "subsystem", true, encoded(SubsystemRequest{"sftp"}));
  EXPECT_EQ(server->count(ChannelFailure::number), 2U);
  EXPECT_TRUE(server->events.empty());
}

TEST(Requests, C16_WhatCouldHarmAnApplicationIsRefused) {
  using namespace std::string_view_literals;
  auto puppet = logged_in();
  const auto id = puppet->open();
  puppet->forget();
  for (const auto& request :
       {Request(EnvRequest{"", "x"}), Request(EnvRequest{"A=B", "x"}), Request(EnvRequest{"A\0"sv, "x"}),
        Request(EnvRequest{"A\nB", "x"}), Request(EnvRequest{"A", "x\0y"sv}), Request(SignalRequest{"TERM; rm"}),
        Request(SignalRequest{""}), Request(SignalRequest{"T\n"}), Request(ExitStatus{0}),
        Request(ExitSignal{"TERM", false, {}, {}})}) {
    const auto body = request.index() == 2                             ? encoded(std::get<EnvRequest>(request))
                      : std::holds_alternative<SignalRequest>(request) ? encoded(std::get<SignalRequest>(request))
                      : std::holds_alternative<ExitStatus>(request)    ? encoded(std::get<ExitStatus>(request))
                                                                       : encoded(std::get<ExitSignal>(request));
    puppet->forget();
    send_request(*puppet, id, name_of(request), true, body);
    EXPECT_TRUE(puppet->has(ChannelFailure::number)) << name_of(request);
    EXPECT_TRUE(puppet->events.empty());
  }
  for (int i = 0; i < 200; ++i) send_request(*puppet, id, "env", false, encoded(EnvRequest{"A", "b"}));
  EXPECT_LE(puppet->told("RequestReceived"), 128U);
}

TEST(Requests, C16_EnvironmentsAndTerminalsAreBoundedToTheByte) {
  auto puppet = logged_in();
  const auto id = puppet->open();
  const auto taken = [&](std::string_view name, Bytes body) {
    puppet->forget();
    send_request(*puppet, id, name, true, body);
    return puppet->told("RequestReceived") == 1 && puppet->has(ChannelSuccess::number);
  };
  const std::string half(32 * 1024 - 1, 'v'), modes(4092, 'm');
  EXPECT_TRUE(taken("env", encoded(EnvRequest{"A", half})));
  EXPECT_TRUE(taken("env", encoded(EnvRequest{"B", half})));
  EXPECT_FALSE(taken("env", encoded(EnvRequest{"C", ""}))) << "a byte more than 64 KiB";
  const auto other = puppet->open();
  EXPECT_NE(id, other);
  puppet->forget();
  send_request(*puppet, other, "env", true, encoded(EnvRequest{"C", ""}));
  EXPECT_TRUE(puppet->has(ChannelSuccess::number)) << "each channel has its own";
  EXPECT_TRUE(taken("pty-req", encoded(PtyRequest{"term", 80, 24, 0, 0, bytes_of(modes)})));
  EXPECT_FALSE(taken("pty-req", encoded(PtyRequest{"terms", 80, 24, 0, 0, bytes_of(modes)})));
}

TEST(Requests, SignalsHaveTheNamesOfThingsInSsh) {
  auto puppet = logged_in();
  const auto id = puppet->open();
  for (const std::string& name : {std::string("TERM"), std::string("az09-.@AZ"), std::string(64, 'A')}) {
    puppet->forget();
    send_request(*puppet, id, "signal", false, encoded(SignalRequest{name}));
    EXPECT_EQ(puppet->told("RequestReceived"), 1U) << name;
  }
  for (const char bad : std::string_view("[`{/:,? \x7f\xc3")) {
    puppet->forget();
    send_request(*puppet, id, "signal", true, encoded(SignalRequest{std::string("TERM") + bad}));
    EXPECT_EQ(puppet->told("RequestReceived"), 0U) << bad;
    EXPECT_TRUE(puppet->has(ChannelFailure::number)) << bad;
  }
}

TEST(Requests, AClientTakesOnlyWhatServersSend) {
  auto puppet = logged_in({.engine = Role::client});
  const auto id = puppet->open();
  puppet->forget();
  send_request(*puppet, id, "shell", true);
  send_request(*puppet, id, "exec", true, encoded(ExecRequest{"rm -rf /"}));
  send_request(*puppet, id, "pty-req", true, encoded(PtyRequest{}));
  EXPECT_EQ(puppet->count(ChannelFailure::number), 3U);
  EXPECT_TRUE(puppet->events.empty());
  send_request(*puppet, id, "x-unknown", true);
  EXPECT_EQ(puppet->told("RequestReceived 0 x-unknown"), 1U);
}

TEST(Requests, C18_NoMoreSessions) {
  auto puppet = logged_in();
  puppet->open();
  puppet->send(GlobalRequest{"no-more-sessions@openssh.com", true, {}});
  puppet->pump();
  EXPECT_TRUE(puppet->has(RequestSuccess::number));
  EXPECT_EQ(puppet->told("GlobalRequestReceived"), 0U);
  puppet->send(ChannelOpen{"direct-tcpip", 8, 1000, 1000, {}});
  puppet->pump();
  EXPECT_EQ(puppet->closed, 0);
  puppet->send(ChannelOpen{"session", 8, 1000, 1000, {}});
  puppet->pump();
  EXPECT_EQ(puppet->code(), Code::sessions_refused);
}

TEST(Requests, OurOwnUnansweredOnesAreBounded) {
  auto puppet = logged_in();
  const ChannelId id{puppet->open()};
  for (int i = 0; i < 32; ++i) {
    EXPECT_TRUE(puppet->engine().request(id, OtherRequest{"x", {}}, true));
    EXPECT_TRUE(puppet->engine().global_request("x", {}, true));
  }
  EXPECT_EQ(puppet->engine().request(id, OtherRequest{"x", {}}, true).error(), Status::busy);
  EXPECT_EQ(puppet->engine().global_request("x", {}, true).error(), Status::busy);
  EXPECT_TRUE(puppet->engine().request(id, OtherRequest{"x", {}}, false));
  puppet->pump();
  puppet->send(ChannelClose{id.id});  // those of a channel that closes are free again
  puppet->pump();
  EXPECT_TRUE(puppet->engine().global_request("x", {}, true));
}

}  // namespace
}  // namespace nacre::test
