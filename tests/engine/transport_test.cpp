// Identification, packets and chatter, seen from a peer that gets them wrong; timeouts in virtual time.
// The ids are those of the list of attacks.
#include <gtest/gtest.h>

#include "tests/engine/puppet.hpp"

namespace nacre::test {
namespace {

using namespace std::chrono_literals;

// ---- identification

struct IdentOutcome {
  int closed = 0;
  Error error;
  Reason reason{};
  std::size_t lines = 0;
  std::string peer_ident;
  bool disconnect_sent = false;
};

// The engine reads `text` and nothing else; `piece` bytes at a time.
IdentOutcome read_ident(Role engine, std::string_view text, std::size_t piece = SIZE_MAX) {
  Puppet puppet({.engine = engine, .ident = "", .hold_kex_init = true});
  puppet.start();
  for (std::size_t at = 0; at < text.size(); at += std::min(piece, text.size() - at)) {
    puppet.send_raw(bytes_of(text.substr(at, piece)));
    puppet.pump();
  }
  return {puppet.closed,
          puppet.error,
          puppet.reason,
          puppet.told("LineReceived"),
          std::string(puppet.engine().peer_ident()),
          puppet.has(Disconnect::number)};
}

void expect_turned_away(Role engine, std::string_view text, Code code) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{SIZE_MAX}}) {
    const auto outcome = read_ident(engine, text, piece);
    EXPECT_EQ(outcome.closed, 1) << text.substr(0, 60);
    EXPECT_EQ(outcome.error.code, code) << text.substr(0, 60) << ": " << describe(outcome.error.code);
    EXPECT_EQ(outcome.reason, Reason::none);
    EXPECT_FALSE(outcome.disconnect_sent);
  }
}

void expect_taken(Role engine, std::string_view text, std::string_view ident) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{SIZE_MAX}}) {
    const auto outcome = read_ident(engine, text, piece);
    EXPECT_EQ(outcome.closed, 0) << text.substr(0, 60) << ": " << describe(outcome.error.code);
    EXPECT_EQ(outcome.peer_ident, ident);
  }
}

std::string line_of_size(std::size_t size) { return "SSH-2.0-" + std::string(size - 8 - 2, 'x') + "\r\n"; }

TEST(Ident, I01_LongLinesAreCutOff) {
  for (const auto role : {Role::server, Role::client}) {
    expect_taken(role, line_of_size(255), line_of_size(255).substr(0, 253));
    expect_turned_away(role, line_of_size(256), Code::ident_too_long);
    expect_turned_away(role, "SSH-2.0-" + std::string(5000, 'x'), Code::ident_too_long);
  }
}

TEST(Ident, I01_TheBufferNeverGrowsForALineWithoutEnd) {
  Puppet puppet({.engine = Role::client, .ident = "", .hold_kex_init = true});
  puppet.start();
  std::size_t fed = 0;
  while (puppet.closed == 0 && fed < 1'000'000) {
    puppet.send_raw(ByteVector(100, std::byte{'a'}));
    puppet.pump();
    fed += 100;
  }
  EXPECT_EQ(puppet.closed, 1);
  EXPECT_LE(fed, Limits{}.pre_ident_line + 100);
}

TEST(Ident, I01_LinesBeforeTheLineAreBounded) {
  std::string some, too_many, too_much;
  for (int i = 0; i < 1024; ++i) some += "hello\r\n";
  for (int i = 0; i < 1025; ++i) too_many += "hello\r\n";
  for (int i = 0; i < 9; ++i) too_much += std::string(8190, 'x') + "\r\n";
  const auto outcome = read_ident(Role::client, some + "SSH-2.0-late\r\n");
  EXPECT_EQ(outcome.closed, 0);
  EXPECT_EQ(outcome.lines, 1024U);
  EXPECT_EQ(outcome.peer_ident, "SSH-2.0-late");
  EXPECT_EQ(read_ident(Role::client, too_many + "SSH-2.0-late\r\n").error.code, Code::not_ssh);
  EXPECT_EQ(read_ident(Role::client, too_much + "SSH-2.0-late\r\n").error.code, Code::not_ssh);
  EXPECT_EQ(read_ident(Role::client, std::string(8190, 'x') + "\r\nSSH-2.0-x\r\n").closed, 0);
  EXPECT_EQ(read_ident(Role::client, std::string(8191, 'x') + "\r\nSSH-2.0-x\r\n").error.code, Code::ident_too_long);
}

TEST(Ident, I02_AServerTakesNoLineBefore) {
  expect_turned_away(Role::server, "GET / HTTP/1.1\r\n", Code::not_ssh);
  expect_turned_away(Role::server, "\r\nSSH-2.0-x\r\n", Code::not_ssh);
  expect_turned_away(Role::server, "SSX", Code::not_ssh);
  expect_turned_away(Role::server, "ssh-2.0-x\r\n", Code::not_ssh);
  EXPECT_EQ(read_ident(Role::server, "G").closed, 1);  // at the first byte
}

TEST(Ident, I03_ControlsAreRefusedAndABareLineFeedIsNot) {
  using namespace std::string_literals;
  for (const auto role : {Role::server, Role::client}) {
    expect_turned_away(role, "SSH-2.0-a\0b\r\n"s, Code::ident_malformed);
    expect_turned_away(role, "SSH-2.0-a\rb\r\n"s, Code::ident_malformed);
    expect_turned_away(role, "SSH-2.0-ab\r\r\n"s, Code::ident_malformed);
    expect_turned_away(role, "SSH-2.0-a\x7f\r\n"s, Code::ident_malformed);
    expect_turned_away(role, "SSH-2.0-a\tb\r\n"s, Code::ident_malformed);
    expect_taken(role, "SSH-2.0-bare\n", "SSH-2.0-bare");
    expect_taken(role, "SSH-2.0-with a comment\r\n", "SSH-2.0-with a comment");
  }
}

TEST(Ident, I03_TheHashIsWithoutCrLf) {
  for (const auto role : {Role::server, Role::client})
    for (const auto* line : {"SSH-2.0-x\n", "SSH-2.0-x\r\n", "SSH-2.0-x comment \r\n", "SSH-1.99-x\r\n"}) {
      Puppet puppet({.engine = role, .ident = line});
      EXPECT_TRUE(puppet.login()) << line << puppet.log();
    }
}

TEST(Ident, I04_OnlyTheRightVersions) {
  for (const auto role : {Role::server, Role::client}) {
    for (const auto* text : {"SSH-2.01-x\r\n", "SSH-1.5-x\r\n", "SSH-2.00-x\r\n", "SSH-3.0-x\r\n", "SSH-\r\n",
                             "SSH-2.0\r\n", "SSH-1.990-x\r\n", "SSH-2.0_x\r\n"})
      expect_turned_away(role, text, Code::version_unsupported);
    expect_turned_away(role, "SSH-2.0-\r\n", Code::ident_malformed);
    expect_turned_away(role, "SSH-1.99-\r\n", Code::ident_malformed);
    expect_taken(role, "SSH-2.0-x\r\n", "SSH-2.0-x");
    expect_taken(role, "SSH-1.99-x\r\n", "SSH-1.99-x");
  }
}

TEST(Ident, I05_NothingDependsOnWhatThePeerCallsItself) {
  std::string first;
  for (const auto* name :
       {"SSH-2.0-OpenSSH_9.9", "SSH-2.0-OpenSSH_5.3", "SSH-2.0-PuTTY_Release_0.70", "SSH-2.0-libssh_0.5",
        "SSH-2.0-dropbear_2012.55", "SSH-2.0-Cisco-1.25", "SSH-2.0-x", "SSH-1.99-OpenSSH_3.4p1"}) {
    Puppet puppet({.ident = std::string(name) + "\r\n"});
    EXPECT_TRUE(puppet.login());
    auto log = puppet.log();
    for (auto at = log.find(name); at != std::string::npos; at = log.find(name)) log.erase(at, std::strlen(name));
    // What is signed depends on the line, and must.
    if (const auto at = log.find("SignatureWanted"); at != std::string::npos) log.erase(at, log.find('\n', at) - at);
    if (first.empty()) first = log;
    EXPECT_EQ(log, first);
  }
}

TEST(Ident, I06_WhatFollowsTheLineInTheSameReadIsNotLost) {
  for (const auto role : {Role::server, Role::client})
    for (const std::size_t split : {0U, 1U, 5U, 15U, 16U, 17U, 20U, 100U}) {
      Puppet puppet({.engine = role, .hold_kex_init = true});
      puppet.start();
      puppet.send_kex_init();
      ByteVector all = copy_of(bytes_of("SSH-2.0-puppet\r\n"));
      Puppet fresh({.engine = role, .ident = "", .hold_kex_init = true});
      fresh.start();
      append(all, puppet.sealed());
      fresh.send_raw(Bytes(all).first(split));
      fresh.pump();
      fresh.send_raw(Bytes(all).subspan(split));
      fresh.pump();
      EXPECT_EQ(fresh.closed, 0);
      if (role == Role::client) {
        EXPECT_TRUE(fresh.has(KexInitial::number)) << split << fresh.log();
      }
    }
}

// ---- packets in the clear

ByteVector clear_packet(std::uint32_t length, std::uint8_t padding, std::size_t bytes, std::uint8_t first = 2) {
  ByteVector packet(4 + bytes, std::byte{0});
  store_be32(length, packet.data());
  if (bytes > 0) packet[4] = static_cast<std::byte>(padding);
  if (bytes > 1) packet[5] = static_cast<std::byte>(first);
  return packet;
}

TEST(Packets, I07_LengthsInTheClearAreJudgedBeforeTheBytesCome) {
  for (const auto role : {Role::server, Role::client})
    for (const std::uint32_t length : {0U, 1U, 4U, 5U, 11U, 13U, 35'004U + 300'000U, 0x7fffffffU, 0x80000000U,
                                       0xfffffff4U, 0xffffffffU, 0xfffffffcU}) {
      Puppet puppet({.engine = role, .hold_kex_init = true});
      puppet.start();
      puppet.send_raw(clear_packet(length, 4, 0));  // the four bytes alone
      puppet.pump();
      EXPECT_EQ(puppet.code(), Code::packet_length) << length;
      EXPECT_EQ(puppet.farewell(), Reason::protocol_error) << length;
    }
}

TEST(Packets, I07_AServerTakesLessBeforeAuthentication) {
  Puppet server, client({.engine = Role::client});
  for (auto* puppet : {&server, &client}) {
    puppet->options.hold_kex_init = true;
    puppet->start();
    puppet->send_raw(clear_packet(35'012, 4, 0));
    puppet->pump();
  }
  EXPECT_EQ(server.code(), Code::packet_length);
  EXPECT_EQ(client.closed, 0);
}

TEST(Packets, I07_TheWholeOfAPacketFitsTheInbox) {
  for (const auto role : {Role::server, Role::client}) {
    Puppet puppet({.engine = role, .strict = false, .hold_kex_init = true});
    puppet.start();
    const std::uint32_t length = role == Role::server ? 34'996 : 256 * 1024 - 4;
    puppet.send_raw(clear_packet(length, 10, length));
    puppet.pump();
    EXPECT_EQ(puppet.closed, 0) << describe(puppet.code());
    if (role == Role::client) continue;  // that was all the chatter it permits
    puppet.send_raw(clear_packet(12, 10, 12));
    puppet.pump();
    EXPECT_EQ(puppet.closed, 0);
  }
}

TEST(Packets, I09_PaddingInTheClear) {
  for (const auto role : {Role::server, Role::client})
    for (unsigned padding = 0; padding < 256; ++padding) {
      Puppet puppet({.engine = role, .hold_kex_init = true});
      puppet.start();
      puppet.send_raw(clear_packet(20, static_cast<std::uint8_t>(padding), 20));
      puppet.pump();
      const bool good = padding >= 4 && padding <= 18;
      EXPECT_EQ(puppet.closed == 0, good) << padding;
      if (good) continue;
      EXPECT_EQ(puppet.code(), Code::packet_padding) << padding;
      EXPECT_EQ(puppet.farewell(), Reason::protocol_error) << padding;
    }
}

// ---- packets under keys, for each cipher and MAC

struct Protection {
  std::string cipher, mac;
};

std::vector<Protection> protections() {
  return {{"chacha20-poly1305@openssh.com", ""},
          {"aes128-gcm@openssh.com", ""},
          {"aes256-gcm@openssh.com", ""},
          {"aes128-ctr", "hmac-sha2-256"},
          {"aes192-ctr", "hmac-sha2-512"},
          {"aes256-ctr", "hmac-sha2-256"},
          {"aes128-ctr", "hmac-sha2-256-etm@openssh.com"},
          {"aes256-ctr", "hmac-sha2-512-etm@openssh.com"}};
}

PuppetOptions protected_by(const Protection& protection, Role engine) {
  PuppetOptions options{.engine = engine};
  options.algorithms.ciphers = {protection.cipher};
  if (!protection.mac.empty()) options.algorithms.macs = {protection.mac};
  options.client.algorithms.macs = options.server.algorithms.macs = {
      "hmac-sha2-256", "hmac-sha2-512", "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"};
  return options;
}

class UnderKeys : public testing::TestWithParam<std::tuple<std::size_t, Role>> {
 protected:
  PuppetOptions options() const {
    return protected_by(protections()[std::get<0>(GetParam())], std::get<1>(GetParam()));
  }
};

TEST_P(UnderKeys, ALoginPasses) {
  Puppet puppet(options());
  EXPECT_TRUE(puppet.login()) << puppet.log();
}

// Whatever was wrong, the peer learns one and the same thing.
void expect_corrupt(Puppet& puppet, std::string_view note) {
  EXPECT_EQ(puppet.closed, 1) << note;
  EXPECT_EQ(puppet.code(), Code::packet_corrupt) << note << " " << describe(puppet.code());
  EXPECT_EQ(puppet.farewell(), Reason::mac_error) << note;
  EXPECT_EQ(puppet.events.size(), 1U) << note << puppet.log();
  const auto said = puppet.last<Disconnect>();
  ASSERT_TRUE(said);
  EXPECT_EQ(said->text, "packet corrupt") << note;
}

TEST_P(UnderKeys, I12_EveryFlippedBitIsNoticed) {
  Puppet measure(options());
  ASSERT_TRUE(measure.login());
  for (int i = 0; i < 3; ++i) measure.send(Debug{true, "x", {}});
  const auto size = measure.sealed().size();
  for (std::size_t bit = 0; bit < size * 8; bit += 1 + bit % 3) {
    Puppet puppet(options());
    ASSERT_TRUE(puppet.login());
    puppet.forget();
    for (int i = 0; i < 3; ++i) puppet.send(Debug{true, "x", {}});
    auto bytes = puppet.sealed();
    bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    puppet.send_raw(bytes);
    puppet.pump();
    // A changed length may make the engine wait for more than there is: then whatever comes ends it.
    if (puppet.closed == 0) {
      for (int i = 0; i < 40 && puppet.closed == 0; ++i) {
        puppet.send_raw(ByteVector(8192, std::byte{0}));
        puppet.pump();
      }
    }
    const auto whole_before = puppet.told("DebugReceived");
    EXPECT_LE(whole_before, bit / 8 / (size / 3)) << "bit " << bit;
    puppet.events.erase(puppet.events.begin(), puppet.events.begin() + static_cast<std::ptrdiff_t>(whole_before));
    expect_corrupt(puppet, "bit " + std::to_string(bit));
    if (HasFailure()) return;
  }
}

TEST_P(UnderKeys, I08_TinyAndHugeLengths) {
  // In plain ciphers the length is encrypted: these bytes are any length at all, and still nothing but corrupt.
  std::vector<std::uint32_t> lengths;
  for (std::uint32_t i = 0; i <= 64; ++i) lengths.push_back(i), lengths.push_back(0xffffffffU - i);
  for (const auto length : lengths) {
    Puppet puppet(options());
    ASSERT_TRUE(puppet.login());
    puppet.forget();
    ByteVector bytes(4);
    store_be32(length, bytes.data());
    puppet.send_raw(bytes);
    puppet.pump();
    for (int i = 0; i < 40 && puppet.closed == 0; ++i) {
      puppet.send_raw(ByteVector(8192, std::byte{0x5a}));
      puppet.pump();
    }
    expect_corrupt(puppet, "length " + std::to_string(length));
  }
}

TEST_P(UnderKeys, I09_APacketWithoutPayloadIsRefused) {
  Puppet puppet(options());
  ASSERT_TRUE(puppet.login());
  puppet.forget();
  puppet.writer.begin(0);
  puppet.writer.end(0);
  puppet.pump();
  EXPECT_EQ(puppet.code(), Code::packet_padding);
  EXPECT_EQ(puppet.farewell(), Reason::protocol_error);
}

TEST_P(UnderKeys, CutInAPacketIsToldApart) {
  Puppet cut(options()), clean(options());
  ASSERT_TRUE(cut.login() && clean.login());
  cut.send(Debug{true, "x", {}});
  auto bytes = cut.sealed();
  bytes.pop_back();
  cut.send_raw(bytes);
  cut.pump();
  for (auto* puppet : {&cut, &clean}) {
    puppet->end_input();
    puppet->pump();
    EXPECT_EQ(puppet->closed, 1);
    EXPECT_EQ(puppet->reason, Reason::none);
  }
  EXPECT_EQ(cut.code(), Code::cut_in_packet);
  EXPECT_EQ(clean.code(), Code::connection_lost);
}

INSTANTIATE_TEST_SUITE_P(Packets, UnderKeys,
                         testing::Combine(testing::Range<std::size_t>(0, 8),
                                          testing::Values(Role::server, Role::client)));

// ---- chatter, PING, DISCONNECT, UNIMPLEMENTED

TEST(Chatter, I17_IsBoundedByNumberBeforeAuthentication) {
  for (const auto role : {Role::server, Role::client})
    for (const std::uint8_t number : {std::uint8_t{2}, std::uint8_t{3}, std::uint8_t{192}, std::uint8_t{193}}) {
      Puppet puppet({.engine = role});
      puppet.auto_login = false;
      ASSERT_TRUE(puppet.exchange());
      for (int i = 0; i < 64; ++i) puppet.send_number(number);
      puppet.pump();
      EXPECT_EQ(puppet.closed, 0) << int{number};
      puppet.send_number(number);
      puppet.pump();
      EXPECT_EQ(puppet.code(), Code::too_much_chatter) << int{number};
      EXPECT_EQ(puppet.farewell(), Reason::protocol_error);
    }
}

TEST(Chatter, I17_IsBoundedByBytesBeforeAuthentication) {
  for (const auto role : {Role::server, Role::client}) {
    Puppet puppet({.engine = role});
    puppet.auto_login = false;
    ASSERT_TRUE(puppet.exchange());
    const ByteVector much(30'000);
    for (int i = 0; i < 8; ++i) puppet.send(Ignore{much});
    puppet.pump();
    EXPECT_EQ(puppet.closed, 0);
    puppet.send(Ignore{much});
    puppet.pump();
    EXPECT_EQ(puppet.code(), Code::too_much_chatter);
  }
}

TEST(Chatter, I17_DebugCountsTooAndNothingDoesAfterwards) {
  Puppet puppet;
  ASSERT_TRUE(puppet.exchange());
  for (int i = 0; i < 65; ++i) puppet.send(Debug{false, "x", {}});
  puppet.pump();
  EXPECT_EQ(puppet.code(), Code::too_much_chatter);

  Puppet open;
  ASSERT_TRUE(open.login());
  for (int i = 0; i < 1000; ++i) open.send(Ignore{bytes_of("x")}), open.send(Debug{false, "x", {}});
  open.pump();
  EXPECT_EQ(open.closed, 0);
  EXPECT_EQ(open.told("DebugReceived"), 1000U);
}

TEST(Chatter, I18_PingIsAnsweredOnlyAfterAuthentication) {
  for (const auto role : {Role::server, Role::client}) {
    Puppet puppet({.engine = role});
    puppet.auto_login = false;
    ASSERT_TRUE(puppet.exchange());
    puppet.send(Ping{bytes_of("early")});
    puppet.pump();
    EXPECT_FALSE(puppet.has(Pong::number));

    Puppet open({.engine = role});
    ASSERT_TRUE(open.login());
    open.send(Ping{bytes_of("now")});
    open.pump();
    const auto pong = open.last<Pong>();
    ASSERT_TRUE(pong);
    EXPECT_EQ(text_of(pong->data), "now");
  }
}

TEST(Chatter, I18_PingsDuringARekeyAreHeldAndBounded) {
  Puppet puppet;
  ASSERT_TRUE(puppet.login());
  puppet.options.hold_kex_init = true;
  ASSERT_EQ(puppet.engine().rekey(), Status::ok);
  puppet.pump();
  puppet.forget();
  for (int i = 0; i < 256; ++i) puppet.send(Ping{bytes_of("x")});
  puppet.pump();
  EXPECT_EQ(puppet.closed, 0);
  EXPECT_FALSE(puppet.has(Pong::number));
  puppet.send(Ping{bytes_of("x")});
  puppet.pump();
  EXPECT_EQ(puppet.code(), Code::too_much_held);
}

TEST(Chatter, I19_OneAnswerToEachUnknownMessageWithItsNumber) {
  Puppet puppet;
  ASSERT_TRUE(puppet.login());
  puppet.forget();
  const auto sequence = puppet.engine().authenticated() ? 3U : 0U;  // NEWKEYS restarted it; 5, 50 and now this
  for (std::uint32_t i = 0; i < 100; ++i) {
    puppet.send_number(200);
    puppet.pump();
    const auto answer = puppet.last<Unimplemented>();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->sequence, sequence - 1 + i);
  }
  EXPECT_EQ(puppet.count(Unimplemented::number), 100U);
  puppet.forget();
  puppet.send(Unimplemented{5});
  puppet.pump();
  EXPECT_TRUE(puppet.received.empty());
}

TEST(Chatter, I19_FewAnswersBeforeAuthentication) {
  Puppet puppet;
  ASSERT_TRUE(puppet.exchange());
  for (int i = 0; i < 16; ++i) puppet.send_number(8);
  puppet.pump();
  EXPECT_EQ(puppet.closed, 0);
  EXPECT_EQ(puppet.count(Unimplemented::number), 16U);
  puppet.send_number(8);
  puppet.pump();
  EXPECT_EQ(puppet.code(), Code::too_many_unimplemented);
}

TEST(Chatter, I20_AFarewellIsBelievedHoweverShort) {
  const auto whole = encoded(Disconnect{11, "bye, and \x1b[31m thank you", "en"});
  for (std::size_t size = 1; size <= whole.size(); ++size) {
    Puppet puppet;
    ASSERT_TRUE(puppet.login());
    puppet.forget();
    puppet.send_payload(Bytes(whole).first(size));
    puppet.send(Ping{bytes_of("afterwards")});
    puppet.pump();
    EXPECT_EQ(puppet.closed, 1);
    EXPECT_EQ(puppet.code(), Code::disconnected_by_peer);
    EXPECT_TRUE(puppet.by_peer);
    EXPECT_EQ(puppet.events.size(), 1U);
    EXPECT_TRUE(puppet.received.empty());
  }
  Puppet puppet;
  ASSERT_TRUE(puppet.login());
  std::string text;
  puppet.on_event = [&](const Event& event) {
    if (const auto* end = std::get_if<Closed>(&event)) text = end->text;
    return false;
  };
  puppet.send(Disconnect{12, std::string(5000, 'x'), {}});
  puppet.pump();
  EXPECT_EQ(text, std::string(256, 'x'));
  EXPECT_EQ(puppet.reason, Reason::too_many_connections);
}

// ---- time

TEST(Timeouts, WithoutAnIdentification) {
  for (const auto role : {Role::server, Role::client}) {
    Puppet puppet({.engine = role, .ident = "", .hold_kex_init = true});
    puppet.start();
    puppet.advance(14'999ms);
    EXPECT_EQ(puppet.closed, 0);
    puppet.advance(1ms);
    EXPECT_EQ(puppet.code(), Code::ident_timeout);
    EXPECT_EQ(puppet.reason, Reason::none);
    EXPECT_FALSE(puppet.has(Disconnect::number));
  }
}

TEST(Timeouts, InEachStepOfTheFirstExchange) {
  for (const auto role : {Role::server, Role::client})
    for (const auto step : {0, 1, 2}) {
      Puppet puppet({.engine = role, .hold_kex_init = step == 0, .hold_method = step == 1, .hold_new_keys = step == 2});
      puppet.auto_login = false;
      puppet.start();
      puppet.pump();
      puppet.advance(29'999ms);
      EXPECT_EQ(puppet.closed, 0);
      puppet.advance(1ms);
      EXPECT_EQ(puppet.code(), Code::kex_timeout) << step;
      EXPECT_EQ(puppet.farewell(), Reason::key_exchange_failed);
    }
}

TEST(Timeouts, BeforeAuthentication) {
  for (const auto role : {Role::server, Role::client}) {
    Puppet puppet({.engine = role});
    puppet.auto_login = false;
    ASSERT_TRUE(puppet.exchange());
    puppet.advance(119'999ms);
    EXPECT_EQ(puppet.closed, 0);
    puppet.advance(1ms);
    EXPECT_EQ(puppet.code(), Code::login_timeout);
    EXPECT_EQ(puppet.farewell(), Reason::protocol_error);
  }
}

TEST(Timeouts, DuringARekeyAndNeverAfterALogin) {
  for (const auto role : {Role::server, Role::client})
    for (const bool theirs : {false, true}) {
      Puppet puppet({.engine = role});
      ASSERT_TRUE(puppet.login());
      puppet.advance(1000s);
      EXPECT_EQ(puppet.closed, 0);
      puppet.options.hold_kex_init = puppet.options.hold_method = true;
      if (theirs)
        puppet.send_kex_init();
      else
        ASSERT_EQ(puppet.engine().rekey(), Status::ok);
      puppet.pump();
      puppet.advance(59'999ms);
      EXPECT_EQ(puppet.closed, 0);
      puppet.advance(1ms);
      EXPECT_EQ(puppet.code(), Code::rekey_timeout);
      EXPECT_EQ(puppet.farewell(), Reason::key_exchange_failed);
    }
}

TEST(Timeouts, TheDeadlineSaysWhen) {
  Puppet puppet({.ident = "", .hold_kex_init = true});
  puppet.start();
  EXPECT_EQ(puppet.engine().deadline(), puppet.now + 15s);
  puppet.send_raw(bytes_of("SSH-2.0-x\r\n"));
  puppet.pump();
  ASSERT_TRUE(puppet.engine().deadline());
  EXPECT_LE(*puppet.engine().deadline(), puppet.now + 30s);  // or sooner, to give buffers back
  EXPECT_GT(*puppet.engine().deadline(), puppet.now);
}

}  // namespace
}  // namespace nacre::test
