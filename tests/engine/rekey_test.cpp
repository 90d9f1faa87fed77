// New keys while a connection lives: by bytes, packets, time and wish, from either side and from both at once, with
// data under way and without losing or reordering any of it. The ids are those of the list of attacks.
#include <gtest/gtest.h>

#include "tests/engine/puppet.hpp"

namespace nacre::test {
namespace {

using namespace std::chrono_literals;

std::string text(std::size_t size, std::size_t salt) {
  std::string result(size, '\0');
  for (std::size_t i = 0; i < size; ++i) result[i] = static_cast<char>((i * 31 + salt) % 251);
  return result;
}

// Both sides write `size` bytes as fast as they may.
void talk_both_ways(Pair& pair, std::size_t size) {
  const auto channel = pair.open_session();
  ASSERT_TRUE(pair.server_channel);
  const auto back = *pair.server_channel;
  const auto up = text(size, 1), down = text(size, 2);
  std::size_t up_done = 0, down_done = 0;
  const auto push = [&] {
    up_done += pair.client->write(channel, bytes_of(std::string_view(up).substr(up_done)));
    down_done += pair.server->write(back, bytes_of(std::string_view(down).substr(down_done)));
  };
  pair.on_client = pair.on_server = [&](const Event& event) {
    if (!std::holds_alternative<Writable>(event)) return false;
    push();
    return true;
  };
  push();
  pair.run();
  EXPECT_EQ(up_done, size);
  EXPECT_EQ(down_done, size);
  EXPECT_EQ(pair.server_data[back.id], up) << pair.server_log().substr(0, 3000);
  EXPECT_EQ(pair.client_data[channel.id], down);
  EXPECT_EQ(pair.client_closed + pair.server_closed, 0) << pair.client_log() << pair.server_log();
}

PairOptions rekeying_every(std::uint64_t bytes) {
  PairOptions options;
  for (auto* limits : {&options.client.limits, &options.server.limits}) {
    limits->rekey_bytes = bytes;
    limits->idle_rekey_bytes = 0;  // so often is never idle here
    limits->max_packet = 1024;     // and keys are looked at between packets
  }
  options.client.algorithms.key_exchanges = {"curve25519-sha256"};
  return options;
}

class ByBytes : public testing::TestWithParam<Chunks> {};

TEST_P(ByBytes, R06_EveryKibibyteWithDataBothWays) {
  auto options = rekeying_every(1024);
  options.chunks = GetParam();
  Pair pair(options);
  pair.login();
  ASSERT_TRUE(pair.client->authenticated()) << pair.client_log();
  const auto session = copy_of(pair.client->session_id());
  talk_both_ways(pair, 100'000);
  EXPECT_GT(times(pair.client_events, "KeysExchanged first=0"), 10U);
  EXPECT_TRUE(same_bytes(session, pair.client->session_id()));
  EXPECT_TRUE(same_bytes(session, pair.server->session_id()));
}

INSTANTIATE_TEST_SUITE_P(Rekey, ByBytes, testing::Values(Chunks::whole, Chunks::single, Chunks::random));

TEST(Rekey, OnlyOneSideWants) {
  for (const bool client : {false, true}) {
    auto options = rekeying_every(4096);
    (client ? options.server.limits : options.client.limits).rekey_bytes = 1 << 30;
    Pair pair(options);
    pair.login();
    talk_both_ways(pair, 100'000);
    EXPECT_GT(times(pair.client_events, "KeysExchanged first=0"), 3U);
  }
}

TEST(Rekey, ByPackets) {
  PairOptions options;
  options.client.limits.rekey_packets = 50;
  options.client.limits.idle_rekey_bytes = options.server.limits.idle_rekey_bytes = 0;
  Pair pair(options);
  pair.login();
  const auto channel = pair.open_session();
  for (int i = 0; i < 300; ++i) {
    while (pair.client->write(channel, bytes_of("x")) == 0) pair.run();
    if (i % 10 == 0) pair.run();
  }
  pair.run();
  EXPECT_GE(times(pair.client_events, "KeysExchanged first=0"), 5U) << pair.client_log();
  EXPECT_EQ(pair.server_data[0], std::string(300, 'x'));
}

TEST(Rekey, ByTime) {
  PairOptions options;
  options.client.limits.rekey_interval = 100s;
  Pair pair(options);
  pair.login();
  pair.run_for(99s);
  EXPECT_EQ(times(pair.client_events, "KeysExchanged first=0"), 0U);
  pair.run_for(2s);
  EXPECT_EQ(times(pair.client_events, "KeysExchanged first=0"), 1U);
  EXPECT_EQ(times(pair.server_events, "KeysExchanged first=0"), 1U);
  pair.run_for(100s);
  EXPECT_EQ(times(pair.client_events, "KeysExchanged first=0"), 2U);
}

TEST(Rekey, OnDemandFromEitherSideAndFromBothAtOnce) {
  Pair pair;
  EXPECT_EQ(pair.client->rekey(), Status::too_early);
  pair.login();
  EXPECT_EQ(pair.client->rekey(), Status::ok);
  EXPECT_EQ(pair.client->rekey(), Status::ok);  // one wish, not two
  pair.run();
  EXPECT_EQ(times(pair.server_events, "KeysExchanged first=0"), 1U);
  EXPECT_EQ(pair.server->rekey(), Status::ok);
  pair.run();
  EXPECT_EQ(times(pair.client_events, "KeysExchanged first=0"), 2U);
  EXPECT_EQ(pair.client->rekey(), Status::ok);
  EXPECT_EQ(pair.server->rekey(), Status::ok);
  pair.run();
  EXPECT_EQ(times(pair.client_events, "KeysExchanged first=0"), 3U);  // R03: crossing, one exchange
  EXPECT_EQ(times(pair.server_events, "KeysExchanged first=0"), 3U);
  EXPECT_EQ(pair.client_closed + pair.server_closed, 0);
  pair.client->disconnect();
  EXPECT_EQ(pair.client->rekey(), Status::closed);
}

TEST(Rekey, R06_CommandsMeanwhileAreKeptInOrder) {
  Puppet puppet;
  ASSERT_TRUE(puppet.login());
  const ChannelId id{puppet.open()};
  puppet.options.hold_kex_init = true;
  ASSERT_EQ(puppet.engine().rekey(), Status::ok);
  puppet.pump();
  puppet.forget();
  auto& engine = puppet.engine();
  EXPECT_EQ(engine.write(id, bytes_of("data")), 0U);
  EXPECT_EQ(engine.writable(id), 0U);
  EXPECT_TRUE(engine.request(id, ExitStatus{5}, false));
  EXPECT_TRUE(engine.global_request("one", {}, true));
  EXPECT_EQ(engine.finish(id), Status::ok);
  EXPECT_TRUE(engine.global_request("two", {}, true));
  EXPECT_EQ(engine.close(id), Status::ok);
  puppet.send(Ping{bytes_of("p")});
  puppet.pump();
  EXPECT_TRUE(puppet.received.empty()) << puppet.log();
  puppet.send_kex_init();
  puppet.pump();
  std::vector<int> numbers;
  bool behind = false;
  for (const auto& payload : puppet.received) {
    if (behind) numbers.push_back(std::to_integer<int>(payload[0]));
    behind = behind || payload[0] == std::byte{NewKeys::number};
  }
  EXPECT_EQ(numbers, (std::vector{98, 80, 96, 80, 97, 193})) << puppet.log();
}

TEST(Rekey, AnApplicationIsHeldUpBeforeItsCommandsEndTheConnection) {
  Puppet puppet;
  ASSERT_TRUE(puppet.login());
  const ChannelId id{puppet.open()};
  puppet.options.hold_kex_init = true;
  ASSERT_EQ(puppet.engine().rekey(), Status::ok);
  puppet.pump();
  int taken = 0;
  while (taken < 10'000 && puppet.engine().request(id, WindowChange{1, 2, 3, 4}, false)) ++taken;
  EXPECT_LE(taken, 256);
  EXPECT_EQ(puppet.engine().request(id, WindowChange{}, false).error(), Status::busy);
  EXPECT_EQ(puppet.engine().finish(id), Status::busy);
  EXPECT_FALSE(puppet.engine().open("session"));
  for (int i = 0; i < 50; ++i) puppet.send(Ping{bytes_of("x")});
  puppet.send_kex_init();
  puppet.pump();
  EXPECT_EQ(puppet.closed, 0);
  EXPECT_EQ(puppet.count(ChannelRequest::number), static_cast<std::size_t>(taken));
}

// An exchange may take its time, while a signer is asked or a link stands still: buffers go back to the heap, what is
// kept for the end of the exchange does not.
TEST(Rekey, R06_WhatIsKeptOutlivesASilence) {
  Puppet puppet;
  ASSERT_TRUE(puppet.login());
  const ChannelId id{puppet.open()};
  puppet.options.hold_method = true;
  ASSERT_EQ(puppet.engine().rekey(), Status::ok);
  puppet.pump();
  ASSERT_TRUE(puppet.has(KexInit::number));
  EXPECT_EQ(puppet.engine().finish(id), Status::ok);
  EXPECT_EQ(puppet.engine().close(id), Status::ok);
  for (int i = 0; i < 10; ++i) puppet.advance(1s);
  puppet.forget();
  puppet.send_method();
  puppet.pump();
  EXPECT_EQ(puppet.told("KeysExchanged first=0"), 1U) << puppet.log();
  EXPECT_EQ(puppet.count(ChannelEof::number), 1U) << puppet.log();
  EXPECT_EQ(puppet.count(ChannelClose::number), 1U);
}

TEST(Rekey, R01_DataBetweenKexInitAndNewKeysEnds) {
  Puppet puppet;
  ASSERT_TRUE(puppet.login());
  const auto id = puppet.open();
  puppet.options.hold_method = true;
  puppet.send_kex_init();
  puppet.send(ChannelData{id, bytes_of("x")});
  puppet.pump();
  EXPECT_EQ(puppet.code(), Code::unexpected_message);
  EXPECT_EQ(puppet.told("DataReceived"), 0U);
}

TEST(Rekey, R02_DataBeforeThePeersKexInitArrives) {
  Puppet puppet;
  ASSERT_TRUE(puppet.login());
  const auto id = puppet.open();
  puppet.options.hold_kex_init = true;
  ASSERT_EQ(puppet.engine().rekey(), Status::ok);
  puppet.pump();
  puppet.send(ChannelData{id, bytes_of("under way")});
  puppet.pump();
  EXPECT_EQ(puppet.data, "under way");
  puppet.send_kex_init();
  puppet.pump();
  EXPECT_EQ(puppet.told("KeysExchanged first=0"), 1U);
}

TEST(Rekey, R03_IdleOnesAreCounted) {
  for (const auto role : {Role::server, Role::client}) {
    Puppet puppet({.engine = role});
    ASSERT_TRUE(puppet.login());
    int done = 0;
    while (puppet.closed == 0 && done < 100) {
      puppet.send_kex_init();
      puppet.pump();
      ++done;
    }
    EXPECT_EQ(done, 9);
    EXPECT_EQ(puppet.code(), Code::rekey_too_often);
    EXPECT_EQ(puppet.farewell(), Reason::protocol_error);
  }
  Puppet busy;
  ASSERT_TRUE(busy.login());
  for (int i = 0; i < 40; ++i) {
    if (i % 8 == 7) busy.send(Ignore{ByteVector(70'000)});
    busy.send_kex_init();
    busy.pump();
  }
  EXPECT_EQ(busy.closed, 0);
}

TEST(Rekey, R04_NotBeforeAuthentication) {
  for (const auto role : {Role::server, Role::client})
    for (const bool service : {false, true}) {
      Puppet puppet({.engine = role});
      puppet.auto_login = false;
      ASSERT_TRUE(puppet.exchange());
      if (service && role == Role::server) puppet.send(ServiceRequest{"ssh-userauth"});
      if (service && role == Role::client) puppet.send(ServiceAccept{"ssh-userauth"});
      puppet.send_kex_init();
      puppet.pump();
      EXPECT_EQ(puppet.code(), Code::unexpected_message);
      EXPECT_EQ(puppet.error.where, 20U);
    }
}

TEST(Rekey, R05_AnotherHostKeyEnds) {
  Puppet puppet({.engine = Role::client});
  ASSERT_TRUE(puppet.login());
  puppet.host_key = key_from_seed(KeyType::ed25519, 4711);
  puppet.send_kex_init();
  puppet.pump();
  EXPECT_EQ(puppet.code(), Code::host_key_changed);
  EXPECT_EQ(puppet.farewell(), Reason::host_key_not_verifiable);
  EXPECT_EQ(puppet.told("HostKeyOffered"), 1U);
}

TEST(Rekey, TheHostKeyIsAskedAboutOnce) {
  Pair pair;
  pair.login();
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(pair.client->rekey(), Status::ok);
    pair.run();
  }
  EXPECT_EQ(times(pair.client_events, "HostKeyOffered"), 1U);
  EXPECT_EQ(times(pair.server_events, "SignatureWanted"), 4U);
}

TEST(Rekey, K23_R07_OtherAlgorithmsAndHashesEachTime) {
  for (const auto role : {Role::server, Role::client}) {
    PuppetOptions options{.engine = role};
    for (auto* names : {&options.client.algorithms, &options.server.algorithms}) {
      names->key_exchanges = {"curve25519-sha256", "ecdh-sha2-nistp521", "ecdh-sha2-nistp384", "ecdh-sha2-nistp256",
                              "mlkem768x25519-sha256"};
      names->macs = {"hmac-sha2-256-etm@openssh.com", "hmac-sha2-512", "hmac-sha2-256",
                     "hmac-sha2-512-etm@openssh.com"};
    }
    Puppet puppet(options);
    ASSERT_TRUE(puppet.login());
    const auto session = copy_of(puppet.engine().session_id());
    const std::vector<std::array<std::string, 3>> rounds{
        {"ecdh-sha2-nistp521", "aes256-ctr", "hmac-sha2-512"},
        {"mlkem768x25519-sha256", "chacha20-poly1305@openssh.com", ""},
        {"ecdh-sha2-nistp384", "aes128-ctr", "hmac-sha2-256-etm@openssh.com"},
        {"ecdh-sha2-nistp256", "aes256-gcm@openssh.com", ""},
        {"curve25519-sha256", "aes192-ctr", "hmac-sha2-256"},
        {"ecdh-sha2-nistp521", "aes128-gcm@openssh.com", ""}};
    for (const auto& [kex, cipher, mac] : rounds) {
      puppet.forget();
      puppet.options.algorithms = {.key_exchanges = {kex}, .host_keys = {}, .ciphers = {cipher}, .macs = {}};
      if (!mac.empty()) puppet.options.algorithms.macs = {mac};
      puppet.send(Ignore{ByteVector(70'000)});
      puppet.send_kex_init();
      puppet.pump();
      EXPECT_EQ(puppet.told("KeysExchanged first=0 strict=1 " + kex), 1U) << puppet.log();
      puppet.send(Ping{bytes_of("in step")});
      puppet.pump();
      EXPECT_TRUE(puppet.has(Pong::number));
    }
    EXPECT_TRUE(same_bytes(puppet.engine().session_id(), session));
    EXPECT_TRUE(same_bytes(puppet.session_id, session));
  }
}

TEST(Rekey, AnUndecidedSignatureBlocksAndTimesNothingOut) {
  Puppet puppet;
  ASSERT_TRUE(puppet.login());
  Ticket ticket{};
  ByteVector message;
  puppet.on_event = [&](const Event& event) {
    const auto* sign = std::get_if<SignatureWanted>(&event);
    if (sign) ticket = sign->ticket, message = copy_of(sign->message);
    return sign != nullptr;
  };
  puppet.send_kex_init();
  puppet.pump();
  ASSERT_NE(ticket.id, 0U);
  puppet.advance(1000s);
  EXPECT_EQ(puppet.closed, 0);
  EXPECT_EQ(puppet.engine().answer(ticket, ChannelVerdict{}), Status::unknown_ticket);
  const auto blob = puppet.host_key->sign("ssh-ed25519", message, *puppet.engine_random);
  EXPECT_EQ(puppet.engine().answer(ticket, Signature{*blob}), Status::ok);
  puppet.pump();
  EXPECT_EQ(puppet.told("KeysExchanged first=0"), 1U) << puppet.log();
  EXPECT_EQ(puppet.engine().answer(ticket, Signature{*blob}), Status::unknown_ticket);
}

}  // namespace
}  // namespace nacre::test
