// Attacks on channels, windows and requests (rows C01 to C20 of rows.txt).
#include <sys/mman.h>

#include "engine/direct_tcpip.hpp"
#include "tests/attacks/attack.hpp"

namespace nacre::test {
namespace {

using namespace std::string_view_literals;

Bytes fields(ByteVector& storage, Fields made) {
  storage = made;
  return storage;
}

void ask(Puppet& puppet, std::uint32_t id, std::string_view name, bool want_reply, Bytes body = {}) {
  puppet.send(ChannelRequest{id, name, want_reply, {body}});
  puppet.pump();
}

TEST(attacks_channel, C01_unknown_channels) {
  for (const auto role : both)
    for (unsigned number = 91; number <= 100; ++number) {
      std::uint32_t id = 0;
      auto puppet = with_channel(role, id);
      ByteVector body;
      switch (number) {
        case 91: fields(body, Fields().u32(99).u32(0).u32(1000).u32(1000)); break;
        case 92: fields(body, Fields().u32(99).u32(1).text("").text("")); break;
        case 93: fields(body, Fields().u32(99).u32(1)); break;
        case 94: fields(body, Fields().u32(99).text("x")); break;
        case 95: fields(body, Fields().u32(99).u32(1).text("x")); break;
        case 98: fields(body, Fields().u32(99).text("x").flag(true)); break;
        default: fields(body, Fields().u32(99)); break;
      }
      puppet->send_payload(payload_of(static_cast<std::uint8_t>(number), body));
      puppet->pump();
      if (number == 93 || number >= 99) {  // they may have crossed our CLOSE
        EXPECT_TRUE(puppet->received.empty() && puppet->events.empty()) << number;
        EXPECT_TRUE(lives(*puppet)) << number;
      } else {
        EXPECT_TRUE(ended(*puppet, Code::unknown_channel)) << number;
        EXPECT_EQ(puppet->error.where, 99U);
      }
    }
}

TEST(attacks_channel, C02_numbers_that_are_mixed_up) {
  auto puppet = logged_in(Role::server);
  std::vector<std::uint32_t> ours;
  for (const std::uint32_t theirs : {0xffffffffU, 0x80000000U, 1U, 0U, 0U}) {
    puppet->send(ChannelOpen{"session", theirs, 1000, 1000, {}});
    puppet->pump();
    const auto confirmation = puppet->last<ChannelOpenConfirmation>();
    ASSERT_TRUE(confirmation && confirmation->recipient == theirs);
    EXPECT_EQ(std::count(ours.begin(), ours.end(), confirmation->sender), 0);
    ours.push_back(confirmation->sender);
  }
  for (std::size_t i = 0; i < ours.size(); ++i) {
    EXPECT_EQ(puppet->engine().write({ours[i]}, bytes_of("to it")), 5U);
    puppet->pump();
    const std::array<std::uint32_t, 5> theirs{0xffffffff, 0x80000000, 1, 0, 0};
    EXPECT_EQ(puppet->last<ChannelData>()->recipient, theirs[i]);
  }
  // Not used again before both have closed, nor then: a stale number finds nothing.
  ASSERT_EQ(puppet->engine().close({ours[2]}), Status::ok);
  puppet->pump();
  const auto next = puppet->open();
  EXPECT_NE(next, ours[2]);
  puppet->send(ChannelClose{ours[2]});
  puppet->pump();
  EXPECT_NE(puppet->open(), ours[2]);
  EXPECT_EQ(puppet->engine().write({ours[2]}, bytes_of("x")), 0U);
}

TEST(attacks_channel, C03_confirmations_of_nothing) {
  for (const auto role : both)
    for (const bool confirm : {true, false}) {
      std::uint32_t id = 0;
      auto open = with_channel(role, id);
      if (confirm)
        open->send(ChannelOpenConfirmation{id, 7, 1000, 1000, {}});
      else
        open->send(ChannelOpenFailure{id, 1, "", ""});
      open->pump();
      EXPECT_TRUE(ended(*open, Code::unknown_channel));
      auto cut = logged_in(role);
      ASSERT_TRUE(cut->engine().open("x"));
      cut->pump();
      cut->forget();
      cut->send_payload(payload_of(confirm ? 91 : 92, Fields().u32(0).u32(0).u32(1000)));
      cut->pump();
      EXPECT_TRUE(ended(*cut, Code::malformed_message));
    }
}

TEST(attacks_channel, C04_traffic_before_the_confirmation) {
  for (const auto role : both)
    for (unsigned number = 93; number <= 98; ++number) {
      auto puppet = logged_in(role);
      ASSERT_TRUE(puppet->engine().open("x"));
      puppet->pump();
      const auto id = puppet->last<ChannelOpen>()->sender;
      puppet->forget();
      ByteVector body;
      fields(body, number == 98   ? Fields().u32(id).text("x").flag(false)
                   : number == 93 ? Fields().u32(id).u32(1)
                   : number == 94 ? Fields().u32(id).text("x")
                   : number == 95 ? Fields().u32(id).u32(1).text("x")
                                  : Fields().u32(id));
      puppet->send_payload(payload_of(static_cast<std::uint8_t>(number), body));
      puppet->pump();
      EXPECT_TRUE(ended(*puppet, Code::unknown_channel)) << number;
    }
}

TEST(attacks_channel, C05_floods_of_opens) {
  const auto refused = [](Puppet& puppet) {
    const auto refusal = puppet.last<ChannelOpenFailure>();
    return refusal && refusal->reason == 4 && puppet.closed == 0;
  };
  auto sessions = logged_in(Role::server);
  for (int i = 0; i < 11; ++i) sessions->send(ChannelOpen{"session", 7, 1000, 1000, {}});
  sessions->pump();
  EXPECT_EQ(sessions->count(ChannelOpenConfirmation::number), 10U);
  EXPECT_TRUE(refused(*sessions));
  auto undecided = logged_in(Role::server);
  undecided->on_event = [](const Event& event) { return std::holds_alternative<ChannelOpenReceived>(event); };
  for (int i = 0; i < 17; ++i) undecided->send(ChannelOpen{"direct-tcpip", 7, 1000, 1000, {}});
  undecided->pump();
  EXPECT_EQ(undecided->told("ChannelOpenReceived"), 16U);
  EXPECT_TRUE(refused(*undecided));
  for (const auto role : both) {
    auto all = logged_in(role);
    for (int i = 0; i < 257; ++i) {
      all->send(ChannelOpen{"x-type", 7, 1000, 1000, {}});
      all->pump();
    }
    EXPECT_EQ(all->count(ChannelOpenConfirmation::number), 256U);
    EXPECT_TRUE(refused(*all));
  }
}

TEST(attacks_channel, C06_types_nobody_asked_for) {
  auto client = logged_in(Role::client);
  for (const auto* type : {"session", "direct-tcpip", "direct-streamlocal@openssh.com", "direct-x"}) {
    client->forget();
    client->send(ChannelOpen{type, 5, 1000, 1000, {}});
    client->pump();
    const auto refusal = client->last<ChannelOpenFailure>();
    ASSERT_TRUE(refusal && refusal->reason == 1) << type;
    EXPECT_TRUE(client->events.empty()) << type;
  }
  for (const auto role : both) {  // all others are a question, and no answer is a yes
    auto silent_application = logged_in(role);
    silent_application->on_event = [](const Event& event) { return !std::holds_alternative<Closed>(event); };
    for (const auto* type : {"forwarded-tcpip", "x11", "auth-agent@openssh.com", "x-unknown"}) {
      silent_application->send(ChannelOpen{type, 5, 1000, 1000, {}});
      silent_application->pump();
      EXPECT_EQ(silent_application->told("ChannelOpenReceived " + std::string(type)), 1U);
    }
    EXPECT_TRUE(silent_application->received.empty());
    EXPECT_FALSE(ChannelVerdict{}.accept);
  }
}

TEST(attacks_channel, C07_packet_sizes_of_nothing) {
  for (const std::uint32_t size : {0U, 1U, 8U})
    for (const auto role : both) {
      auto opened = logged_in(role);
      opened->send(ChannelOpen{"x-type", 5, 1000, size, {}});
      opened->pump();
      EXPECT_EQ(opened->last<ChannelOpenFailure>()->reason, 2U);
      EXPECT_TRUE(opened->events.empty());
      auto opens = logged_in(role);
      ASSERT_TRUE(opens->engine().open("x"));
      opens->pump();
      const auto id = opens->last<ChannelOpen>()->sender;
      opens->forget();
      opens->send(ChannelOpenConfirmation{id, 7, 1000, size, {}});
      opens->pump();
      EXPECT_TRUE(ended(*opens, Code::packet_size_unusable));
    }
}

TEST(attacks_channel, C08_windows_without_end) {
  auto puppet = logged_in(Role::server);
  puppet->send(ChannelOpen{"session", 7, 0xffffffff, 0xffffffff, {}});
  puppet->pump();
  const ChannelId id{puppet->last<ChannelOpenConfirmation>()->sender};
  puppet->forget();
  // Pages that are never touched: 4 GiB, and a little more, so that a size of 32 bits would be a little.
  constexpr std::size_t size = (std::size_t{1} << 32) + 5;
  void* place = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(place, MAP_FAILED);
  const Bytes all(static_cast<const std::byte*>(place), size);
  const auto taken = puppet->engine().write(id, all);
  EXPECT_GE(taken, Limits{}.outbox_soft - Limits{}.max_packet);
  EXPECT_LE(taken, Limits{}.outbox_soft + Limits{}.max_packet);
  EXPECT_LE(puppet->engine().prepare(id, size).size(), Limits{}.max_packet);
  munmap(place, size);
  puppet->pump();
  for (const auto& payload : puppet->received) EXPECT_LE(payload.size(), 9U + Limits{}.max_packet);

  auto narrow = logged_in(Role::server);  // and none of nothing into a window of nothing
  narrow->send(ChannelOpen{"session", 7, 0, 1000, {}});
  narrow->pump();
  const ChannelId other{narrow->last<ChannelOpenConfirmation>()->sender};
  narrow->forget();
  EXPECT_EQ(narrow->engine().write(other, bytes_of("x")), 0U);
  EXPECT_EQ(narrow->engine().write(other, {}), 0U);
  narrow->pump();
  EXPECT_TRUE(narrow->received.empty());
}

TEST(attacks_channel, C09_more_than_was_granted) {
  for (const auto role : both)
    for (const std::size_t extra : {0U, 1U}) {
      PuppetOptions options{.engine = role};
      options.client.limits.window = options.server.limits.window = 1000;
      auto window = logged_in(options);
      window->consume = false;
      const auto id = window->open();
      window->forget();
      window->send(ChannelData{id, ByteVector(600)});
      window->send(ChannelExtendedData{id, 1, ByteVector(400 + extra)});
      window->pump();
      EXPECT_EQ(window->data.size(), extra == 0 ? 1000U : 600U);
      EXPECT_TRUE(extra == 0 ? lives(*window)
                             : ended(*window, Code::window_exceeded, Reason::protocol_error, "DataReceived"));

      std::uint32_t number = 0;
      auto packet = with_channel(role, number);
      packet->send(ChannelData{number, ByteVector(Limits{}.max_packet + extra)});
      packet->pump();
      EXPECT_TRUE(extra == 0 ? lives(*packet)
                             : ended(*packet, Code::window_exceeded, Reason::protocol_error, "DataReceived"));
      EXPECT_EQ(packet->data.size(), extra == 0 ? Limits{}.max_packet : 0U);
    }
}

TEST(attacks_channel, C10_windows_that_overflow) {
  for (const auto role : both) {
    std::uint32_t id = 0;
    auto puppet = with_channel(role, id);  // the puppet has granted 2^30
    for (const std::uint32_t bytes : {0U, 0xffffffffU - (1U << 30), 0U}) puppet->send(ChannelWindowAdjust{id, bytes});
    puppet->pump();
    EXPECT_TRUE(lives(*puppet));
    puppet->forget();
    puppet->send(ChannelWindowAdjust{id, 1});
    puppet->pump();
    EXPECT_TRUE(ended(*puppet, Code::window_overflow));
    auto finished = with_channel(role, id);
    ASSERT_EQ(finished->engine().finish({id}), Status::ok);
    finished->send(ChannelWindowAdjust{id, 5});
    finished->pump();
    EXPECT_EQ(finished->told("Writable"), 0U);
    EXPECT_TRUE(lives(*finished));
  }
}

TEST(attacks_channel, C11_extended_data_and_data_after_eof) {
  for (const auto role : both) {
    PuppetOptions options{.engine = role};
    options.client.limits.window = options.server.limits.window = 1000;
    auto unknown = logged_in(options);
    const auto id = unknown->open();
    unknown->forget();
    unknown->send(ChannelExtendedData{id, 77, ByteVector(500)});
    unknown->pump();
    EXPECT_TRUE(unknown->events.empty());
    EXPECT_EQ(unknown->last<ChannelWindowAdjust>()->bytes, 500U) << "its credit came back";
    for (const bool extended : {false, true}) {
      std::uint32_t number = 0;
      auto puppet = with_channel(role, number);
      puppet->send(ChannelEof{number});
      puppet->send(ChannelEof{number});
      puppet->pump();
      EXPECT_EQ(puppet->told("EofReceived"), 1U);
      puppet->forget();
      if (extended)
        puppet->send(ChannelExtendedData{number, 1, bytes_of("x")});
      else
        puppet->send(ChannelData{number, bytes_of("x")});
      puppet->pump();
      EXPECT_TRUE(ended(*puppet, Code::unexpected_message));
    }
  }
}

TEST(attacks_channel, C12_closes) {
  for (const auto role : both) {
    std::uint32_t id = 0;
    auto theirs = with_channel(role, id);
    theirs->send(ChannelClose{id});
    theirs->pump();
    EXPECT_EQ(theirs->count(ChannelClose::number), 1U);
    EXPECT_EQ(theirs->told("ChannelClosed"), 1U);
    EXPECT_EQ(theirs->engine().close({id}), Status::unknown_channel);
    theirs->forget();
    theirs->send(ChannelClose{id});
    theirs->pump();
    EXPECT_TRUE(ended(*theirs, Code::unknown_channel));

    auto ours = with_channel(role, id);
    ASSERT_EQ(ours->engine().close({id}), Status::ok);
    ours->send(ChannelData{id, bytes_of("crossing")});
    ours->send(ChannelRequest{id, "x", true, {}});
    ours->send(ChannelEof{id});
    ours->send(ChannelWindowAdjust{id, 1});
    ours->pump();
    EXPECT_TRUE(ours->events.empty()) << ours->log();
    EXPECT_EQ(ours->received.size(), 1U);
    ours->send(ChannelClose{id});
    ours->pump();
    EXPECT_EQ(ours->count(ChannelClose::number), 1U);
    EXPECT_EQ(ours->told("ChannelClosed"), 1U);
  }
}

TEST(attacks_channel, C13_replies_nobody_waits_for) {
  for (const auto role : both) {
    std::uint32_t id = 0;
    auto puppet = with_channel(role, id);
    for (int i = 0; i < 3; ++i) {
      puppet->send(ChannelSuccess{id});
      puppet->send(ChannelFailure{id});
      puppet->send(RequestSuccess{});
      puppet->send(RequestFailure{});
    }
    puppet->pump();
    EXPECT_TRUE(puppet->events.empty());
    const auto first = *puppet->engine().request({id}, OtherRequest{"x", {}}, true);
    const auto second = *puppet->engine().request({id}, OtherRequest{"x", {}}, true);
    puppet->pump();
    EXPECT_TRUE(puppet->events.empty()) << "an old reply was kept for it";
    std::vector<std::pair<std::uint32_t, bool>> answers;
    puppet->on_event = [&](const Event& event) {
      if (const auto* answer = std::get_if<RequestAnswered>(&event))
        answers.emplace_back(answer->ticket.id, answer->success);
      return false;
    };
    puppet->send(ChannelFailure{id});
    puppet->send(ChannelSuccess{id});
    puppet->send(ChannelSuccess{id});
    puppet->pump();
    const std::vector<std::pair<std::uint32_t, bool>> expected{{first.id, false}, {second.id, true}};
    EXPECT_EQ(answers, expected);
  }
}

TEST(attacks_channel, C14_replies_by_number_and_order) {
  std::uint32_t id = 0;
  auto puppet = with_channel(Role::server, id);
  std::vector<Ticket> tickets;
  puppet->on_event = [&](const Event& event) {
    const auto* request = std::get_if<RequestReceived>(&event);
    if (request) tickets.push_back(request->ticket);
    return request != nullptr;
  };
  ask(*puppet, id, "x", false);
  for (int i = 0; i < 200; ++i) puppet->send(ChannelRequest{id, "x", true, {}});
  puppet->pump();
  ASSERT_EQ(tickets.size(), 1U + 128U) << "reading pauses";
  EXPECT_EQ(puppet->engine().reply(tickets[0], true), Status::unknown_ticket) << "wants no reply";
  EXPECT_EQ(puppet->engine().reply(tickets[3], true), Status::ok);
  EXPECT_EQ(puppet->engine().reply(tickets[2], false), Status::ok);
  puppet->pump();
  EXPECT_TRUE(puppet->received.empty()) << "the first has none yet";
  EXPECT_EQ(puppet->engine().reply(tickets[1], true), Status::ok);
  EXPECT_EQ(puppet->engine().reply(tickets[1], true), Status::unknown_ticket);
  puppet->pump();
  ASSERT_EQ(puppet->received.size(), 3U);
  EXPECT_EQ(puppet->received[0][0], std::byte{99});
  EXPECT_EQ(puppet->received[1][0], std::byte{100});
  EXPECT_EQ(puppet->received[2][0], std::byte{99});
  for (std::size_t i = 4; i < tickets.size(); ++i) {
    EXPECT_EQ(puppet->engine().reply(tickets[i], true), Status::ok);
    puppet->pump();
  }
  EXPECT_EQ(puppet->received.size(), 200U);
  auto client = with_channel(Role::client, id);
  ask(*client, id, "shell", true);  // what a client never takes is refused for it
  EXPECT_EQ(client->count(ChannelFailure::number), 1U);
  EXPECT_TRUE(client->events.empty());
}

TEST(attacks_channel, C15_requests_cut_short_longer_or_again) {
  const std::vector<std::pair<std::string, ByteVector>> bad{
      {"exec", {}},
      {"exec", Fields().u32(100)},
      {"shell", ByteVector(1)},
      {"env", Fields().text("A")},
      {"pty-req", Fields().text("xterm").u32(1)},
      {"signal", Fields().text("TERM").flag(true)},
      {"exit-status", Fields().u32(1).u32(2)},
      {"exit-signal", Fields().text("TERM").flag(true).u32(0xffffffff)},
      {"window-change", Fields().u32(1)}};
  for (const auto& [name, body] : bad)
    for (const auto role : both) {
      std::uint32_t id = 0;
      auto puppet = with_channel(role, id);
      ask(*puppet, id, name, true, body);
      EXPECT_TRUE(ended(*puppet, Code::malformed_message)) << name;
    }
  std::uint32_t id = 0;
  auto client = with_channel(Role::client, id);
  for (const std::uint32_t status : {7U, 8U}) ask(*client, id, "exit-status", false, Fields().u32(status));
  ask(*client, id, "exit-signal", false, encoded(ExitSignal{"TERM", false, "", ""}));
  EXPECT_EQ(client->told("RequestReceived 0 exit-status"), 1U);
  EXPECT_EQ(client->events.size(), 1U) << client->log();
  auto server = with_channel(Role::server, id);
  ask(*server, id, "shell", true);
  EXPECT_EQ(server->count(ChannelSuccess::number), 1U);
  server->forget();
  for (const auto* name : {"shell", "exec", "subsystem"})
    ask(*server, id, name, true, name[0] == 's' && name[1] == 'h' ? ByteVector{} : ByteVector(Fields().text("x")));
  EXPECT_EQ(server->count(ChannelFailure::number), 3U);
  EXPECT_TRUE(server->events.empty());
}

TEST(attacks_channel, C16_values_that_would_harm_a_program) {
  std::uint32_t id = 0;
  auto puppet = with_channel(Role::server, id);
  const std::vector<std::pair<std::string, ByteVector>> bad{{"env", Fields().text("").text("x")},
                                                            {"env", Fields().text("A=B").text("x")},
                                                            {"env", Fields().text("A\0B"sv).text("x")},
                                                            {"env", Fields().text("A\nB").text("x")},
                                                            {"env", Fields().text("A").text("x\0y"sv)},
                                                            {"signal", Fields().text("KILL; rm")},
                                                            {"signal", Fields().text("")},
                                                            {"signal", Fields().text("T\x1b")},
                                                            {"signal", Fields().text(std::string(65, 'A'))},
                                                            {"exit-status", Fields().u32(0)}};
  for (const auto& [name, body] : bad) {
    puppet->forget();
    ask(*puppet, id, name, true, body);
    EXPECT_EQ(puppet->count(ChannelFailure::number), 1U) << name;
    EXPECT_TRUE(puppet->events.empty()) << name;
  }
  auto many = with_channel(Role::server, id);
  for (int i = 0; i < 200; ++i) ask(*many, id, "env", true, Fields().text("A").text("b"));
  EXPECT_EQ(many->told("RequestReceived"), 128U);
  EXPECT_EQ(many->count(ChannelFailure::number), 72U);
}

TEST(attacks_channel, C17_forwarding_nobody_permits) {
  auto puppet = logged_in(Role::server);
  puppet->on_event = [](const Event& event) { return std::holds_alternative<ChannelOpenReceived>(event); };
  for (const std::uint32_t port : {22U, 65536U, 0xffffffffU}) {
    puppet->forget();
    puppet->send(GlobalRequest{"tcpip-forward", true, {Fields().text("a\0b"sv).u32(port)}});
    puppet->send(ChannelOpen{"direct-tcpip", 5, 1000, 1000, {Fields().text("host\0"sv).u32(port).text("").u32(0)}});
    puppet->pump();
    EXPECT_EQ(puppet->count(RequestFailure::number), 1U);
    EXPECT_FALSE(puppet->has(ChannelOpenConfirmation::number));
    EXPECT_EQ(puppet->told("GlobalRequestReceived tcpip-forward"), 1U) << "a question, and no more";
  }
}

TEST(attacks_channel, C17_hosts_and_ports_of_direct_tcpip) {
  const ByteVector data = Fields().text("host.example").u32(65535).text("::1").u32(0);
  const auto good = parse_direct_tcpip(data);
  ASSERT_TRUE(good);
  EXPECT_EQ(good->host, "host.example");
  EXPECT_EQ(good->port, 65535);
  EXPECT_EQ(good->originator, "::1");
  EXPECT_EQ(good->originator_port, 0);
  EXPECT_TRUE(parse_direct_tcpip(direct_tcpip_data(*good)));
  EXPECT_TRUE(parse_direct_tcpip(Fields().text(std::string(255, 'h')).u32(1).text("").u32(1)));

  const std::vector<ByteVector> bad = {
      Fields().text("host").u32(65536).text("").u32(0),
      Fields().text("host").u32(0xffffffff).text("").u32(0),
      Fields().text("host").u32(22 + 65536).text("").u32(0),
      Fields().text("host").u32(22).text("").u32(65536),
      Fields().text("host\0"sv).u32(22).text("").u32(0),
      Fields().text("ho\0st"sv).u32(22).text("").u32(0),
      Fields().text("ho\nst").u32(22).text("").u32(0),
      Fields().text("ho st").u32(22).text("").u32(0),
      Fields().text("host\x7f").u32(22).text("").u32(0),
      Fields().text("h\xc3\xb6st").u32(22).text("").u32(0),
      Fields().text("").u32(22).text("").u32(0),
      Fields().text(std::string(256, 'h')).u32(22).text("").u32(0),
      Fields().text("host").u32(22).text("::1\0"sv).u32(0),
      Fields().text("host").u32(22).text(std::string(256, '1')).u32(0),
      Fields().text("host").u32(22).text("").u32(0).u32(0),
      Fields().text("host").u32(22).text(""),
      Fields().text("host").u32(22),
      {},
  };
  for (std::size_t i = 0; i < bad.size(); ++i) EXPECT_FALSE(parse_direct_tcpip(bad[i])) << i;
}

TEST(attacks_channel, C18_sessions_after_no_more_sessions) {
  for (const bool reply : {true, false}) {
    std::uint32_t id = 0;
    auto puppet = with_channel(Role::server, id);
    puppet->send(GlobalRequest{"no-more-sessions@openssh.com", reply, {}});
    puppet->pump();
    EXPECT_EQ(puppet->received.size(), reply ? 1U : 0U);
    EXPECT_TRUE(lives(*puppet));
    puppet->forget();
    puppet->send(ChannelOpen{"session", 8, 1000, 1000, {}});
    puppet->pump();
    EXPECT_TRUE(ended(*puppet, Code::sessions_refused));
  }
}

TEST(attacks_channel, C19_proofs_of_host_keys_on_demand) {
  auto puppet = logged_in(Role::server);
  const auto blob = puppet->host_key->public_key().blob();
  puppet->send(GlobalRequest{"hostkeys-prove-00@openssh.com", true, {Fields().string(blob).string(blob)}});
  puppet->pump();
  EXPECT_EQ(puppet->told("SignatureWanted"), 0U) << "signs on demand";
  EXPECT_EQ(puppet->count(RequestFailure::number), 1U);
  EXPECT_TRUE(lives(*puppet));
}

TEST(attacks_channel, E08_agents_are_not_spoken) {
  std::uint32_t id = 0;
  auto client = with_channel(Role::client, id);
  client->on_event = [](const Event& event) { return !std::holds_alternative<Closed>(event); };
  client->send(ChannelOpen{"auth-agent@openssh.com", 5, 1000, 1000, {}});
  client->send(ChannelData{1, Fields().u32(0xffffffff)});  // a frame, to a channel that is not there
  client->pump();
  EXPECT_TRUE(ended(*client, Code::unknown_channel, Reason::protocol_error, "ChannelOpenReceived auth-agent"));
  auto server = with_channel(Role::server, id);
  server->on_event = [&](const Event& event) {
    const auto* request = std::get_if<RequestReceived>(&event);
    EXPECT_TRUE(!request || std::holds_alternative<OtherRequest>(request->request)) << "nobody knows it";
    return request != nullptr;
  };
  ask(*server, id, "auth-agent-req@openssh.com", true);
  EXPECT_EQ(server->told("RequestReceived"), 1U);
  EXPECT_TRUE(server->received.empty());
}

TEST(attacks_channel, C20_calls_out_of_every_event) {
  // Whatever an application does while it is told of the n-th event, nothing breaks and the end comes once.
  for (const int deed : {0, 1, 2, 3, 4})
    for (std::size_t n = 1; n < 14; ++n) {
      auto puppet = logged_in(Role::server);
      std::vector<ChannelId> channels;
      puppet->on_event = [&](const Event& event) {
        auto& engine = puppet->engine();
        if (const auto* open = std::get_if<ChannelOpenReceived>(&event)) channels.push_back(open->channel);
        if (puppet->events.size() != n) return false;
        for (const auto id : channels) {
          if (deed == 0) static_cast<void>(engine.close(id));
          if (deed == 1) static_cast<void>(engine.finish(id));
          if (deed == 2) engine.write(id, bytes_of("x"));
          if (deed == 3) static_cast<void>(engine.request(id, ExitStatus{1}, true));
        }
        if (deed == 2) static_cast<void>(engine.rekey());
        if (deed == 4) engine.disconnect();
        return false;
      };
      for (std::uint32_t i = 0; i < 3; ++i) puppet->send(ChannelOpen{"session", i, 1000, 1000, {}});
      puppet->pump();
      for (const auto id : channels) {
        puppet->send(ChannelRequest{id.id, "shell", true, {}});
        if (puppet->count(ChannelEof::number) + puppet->count(ChannelClose::number) == 0)
          puppet->send(ChannelData{id.id, bytes_of("in")});
        if (!puppet->has(ChannelClose::number)) puppet->send(ChannelClose{id.id});
      }
      puppet->pump();
      if (deed == 4 && puppet->events.size() >= n)
        EXPECT_EQ(puppet->closed, 1) << n;
      else
        EXPECT_TRUE(puppet->closed == 0 || puppet->code() == Code::unknown_channel) << deed << n << puppet->log();
    }
}

}  // namespace
}  // namespace nacre::test
