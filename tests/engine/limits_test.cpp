// Limits to the byte: what is exactly as large as a limit permits is taken, and one more is not. (Those of key exchange
// lists, windows and packets stand in the tests of these parts.)
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/effects.hpp"
#include "engine/transport/extensions.hpp"
#include "engine/transport/ident.hpp"
#include "engine/transport/packet_writer.hpp"
#include "tests/engine/puppet.hpp"

namespace nacre::test {
namespace {

TEST(LimitsToTheByte, LinesBeforeTheIdentification) {
  Limits limits;
  limits.pre_ident_bytes = 20;
  IdentReader reader;
  for (int i = 0; i < 2; ++i) {
    const auto line = reader.next("12345678\r\n", Role::client, limits);
    ASSERT_TRUE(line && *line);
    EXPECT_FALSE((*line)->is_ident);
  }
  const auto more = reader.next("\n", Role::client, limits);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, Code::not_ssh);
  const auto ident = IdentReader().next("SSH-2.0-x\n", Role::client, limits);
  ASSERT_TRUE(ident && *ident);
  EXPECT_TRUE((*ident)->is_ident);
}

TEST(LimitsToTheByte, PacketsUnderOneKey) {
  const auto random = seeded_random(1);
  Outbox outbox;
  PacketWriter writer(outbox, *random, 3);
  for (int i = 0; i < 3; ++i) writer.send(Ignore{});
  EXPECT_EQ(writer.failure(), Code::none);
  const auto size = outbox.outgoing().size();
  writer.send(Ignore{});
  EXPECT_EQ(writer.failure(), Code::sequence_exhausted);
  EXPECT_EQ(outbox.outgoing().size(), size) << "a fourth went out";

  Inbox inbox(10'000);
  const auto room = inbox.incoming();
  std::memcpy(room.data(), outbox.outgoing().data(), size);
  inbox.received(size);
  PacketReader reader(2);
  for (int i = 0; i < 2; ++i) {
    const auto packet = reader.next(inbox, 35'000);
    ASSERT_TRUE(packet && *packet);
    inbox.take((*packet)->wire_size);
  }
  const auto third = reader.next(inbox, 35'000);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, Code::sequence_exhausted);
  EXPECT_EQ(third.error().where, 0U);
}

TEST(LimitsToTheByte, TheNamesOfServerSigAlgs) {
  ByteVector fields;
  VectorSink sink{fields};
  Writer<VectorSink>(sink).write("server-sig-algs");
  Writer<VectorSink>(sink).write("ssh-ed25519");
  const auto payload = encoded(ExtInfo{1, {fields}});
  Limits limits;
  limits.name_list_bytes = 11;
  const auto read = read_extensions(Bytes(payload).subspan(1), {}, limits);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->signature_algorithms, "ssh-ed25519");
  limits.name_list_bytes = 10;
  EXPECT_FALSE(read_extensions(Bytes(payload).subspan(1), {}, limits));
}

TEST(LimitsToTheByte, AnOfferIsCutWhenItIsTooLong) {
  KexInit peer{};
  peer.key_exchanges = NameList("curve9,curve10");
  EXPECT_EQ(describe_no_common(0, peer, 14), "no algorithm in common (key exchange); the peer offers curve9,curve10");
  EXPECT_EQ(describe_no_common(0, peer, 13), "no algorithm in common (key exchange); the peer offers curve9,curve1...");
}

// 32 responses of 1012 bytes, each behind its length, are all that one message of ours may hold.
TEST(LimitsToTheByte, ResponsesOfAClient) {
  constexpr std::size_t count = 32, size = max_own_payload / count - 4;
  static_assert(count * (size + 4) == max_own_payload && size < Limits{}.password);
  PairOptions options;
  options.server.publickey = false;
  options.server.keyboard_interactive = true;
  Pair pair(options);
  const std::vector<Prompt> prompts(count, Prompt{"?", false});
  std::size_t came = 0;
  pair.on_server = [&](const Event& event) {
    if (const auto* wanted = std::get_if<KeyboardInteractiveWanted>(&event)) {
      EXPECT_EQ(pair.server->answer(wanted->ticket, Prompts{"", "", prompts}), Status::ok);
      return true;
    }
    const auto* got = std::get_if<ResponsesReceived>(&event);
    if (!got) return false;
    for (const auto each : got->responses) came += each.size();
    EXPECT_EQ(pair.server->answer(got->ticket, AuthVerdict::accept), Status::ok);
    return true;
  };
  pair.on_client = [&](const Event& event) {
    if (const auto* wanted = std::get_if<CredentialsWanted>(&event)) {
      EXPECT_EQ(pair.client->answer(wanted->ticket, Credential(TryKeyboardInteractive{})), Status::ok);
      return true;
    }
    const auto* asked = std::get_if<PromptsReceived>(&event);
    if (!asked) return false;
    const std::string fits(size, 'r'), longer(size + 1, 'r');
    std::vector<Bytes> responses(count, bytes_of(fits));
    responses.back() = bytes_of(longer);
    EXPECT_EQ(pair.client->answer(asked->ticket, Responses{responses}), Status::too_large);
    responses.back() = bytes_of(fits);
    EXPECT_EQ(pair.client->answer(asked->ticket, Responses{responses}), Status::ok);
    return true;
  };
  pair.login();
  EXPECT_TRUE(pair.client->authenticated()) << pair.client_log();
  EXPECT_EQ(came, count * size);
}

// RFC 4253 6.1: a payload of 32768 bytes fits any peer's packet, and no more is sent to it that is not channel data.
TEST(LimitsToTheByte, IgnoreAndDebugFitAnyPeer) {
  Puppet puppet;
  ASSERT_TRUE(puppet.login());
  const std::string fits(max_own_payload, 'x'), longer(max_own_payload + 1, 'x');
  EXPECT_EQ(puppet.engine().ignore(bytes_of(longer)), Status::too_large);
  EXPECT_EQ(puppet.engine().debug(true, longer), Status::too_large);
  EXPECT_EQ(puppet.engine().ignore(bytes_of(fits)), Status::ok);
  EXPECT_EQ(puppet.engine().debug(true, fits), Status::ok);
  puppet.pump();
  EXPECT_EQ(puppet.last<Ignore>()->data.size(), max_own_payload);
  EXPECT_LE(puppet.received.back().size(), 32'768U);
}

// What could not be sealed is left nowhere in the clear.
TEST(LimitsToTheByte, WhatIsNotSentIsWiped) {
  class NoRandom final : public Random {
   public:
    bool fill(Buffer) override { return false; }
  } none;
  const auto random = seeded_random(1);
  const std::string secret(100, 's');
  for (const bool exhausted : {false, true}) {
    Outbox outbox;
    PacketWriter writer(outbox, exhausted ? *random : none, exhausted ? 0 : 3);
    for (int again = 0; again < 2; ++again) {  // the call that fails, and one after it
      const auto place = writer.begin(secret.size());
      std::memcpy(place.data(), secret.data(), secret.size());
      writer.end(secret.size());
      EXPECT_EQ(writer.failure(), exhausted ? Code::sequence_exhausted : Code::random_failed);
      EXPECT_TRUE(std::all_of(place.begin(), place.end(), [](std::byte each) { return each == std::byte{0}; }));
      EXPECT_TRUE(outbox.outgoing().empty());
    }
  }
}

// An end that has no reason of RFC 4253 11.1 is told to the application, and nothing to the peer.
TEST(LimitsToTheByte, AnEndWithoutAReasonSendsNothing) {
  for (const auto role : both) {
    Puppet puppet({.engine = role});
    ASSERT_TRUE(puppet.login());
    puppet.forget();
    puppet.end_input();
    puppet.pump();
    EXPECT_EQ(puppet.closed, 1);
    EXPECT_EQ(puppet.code(), Code::connection_lost);
    EXPECT_EQ(puppet.reason, Reason::none);
    EXPECT_TRUE(puppet.received.empty());
    EXPECT_TRUE(puppet.engine().outgoing().empty());
  }
}

}  // namespace
}  // namespace nacre::test
