// Key exchange seen from a peer that gets it wrong: lists, guesses, NEWKEYS, strict key exchange, EXT_INFO; and each
// algorithm once in a pair. The ids are those of the list of attacks.
#include <gtest/gtest.h>

#include "tests/engine/puppet.hpp"

namespace nacre::test {
namespace {

// A KEXINIT with other lists: those named are replaced.
using Lists = std::vector<std::pair<NameList KexInit::*, std::string>>;

std::function<void(ByteVector&)> with_lists(Lists lists) {
  return [lists](ByteVector& payload) {
    const auto before = payload;
    auto init = *decode<KexInit>(Bytes(before).subspan(1));
    for (const auto& [member, text] : lists) init.*member = NameList(text);
    payload = encoded(init);
  };
}

// What became of an engine whose peer's KEXINIT has these lists.
struct AfterLists : Puppet {
  AfterLists(Role role, Lists lists) : Puppet({.engine = role, .edit_kex_init = with_lists(std::move(lists))}) {
    start();
    pump();
  }
};

std::string repeated(std::string_view name, std::size_t times) {
  std::string list(name);
  for (std::size_t i = 1; i < times; ++i) list += "," + std::string(name);
  return list;
}

// ---- KEXINIT

TEST(KeyExchangeInit, K01_ASecondOneEnds) {
  for (const auto role : both) {
    Puppet puppet({.engine = role, .hold_method = true});
    puppet.start();
    puppet.pump();
    puppet.send_kex_init();
    puppet.pump();
    EXPECT_EQ(puppet.code(), Code::unexpected_message);
    EXPECT_EQ(puppet.error.where, 20U);
  }
}

TEST(KeyExchangeInit, K02_LargeListsAreRefused) {
  for (const auto role : both) {
    const auto names = AfterLists(role, {{&KexInit::languages_to_client, repeated("a", 257)}});
    EXPECT_EQ(names.code(), Code::negotiation_too_large);
    EXPECT_EQ(names.farewell(), Reason::key_exchange_failed);
    const auto few = AfterLists(role, {{&KexInit::languages_to_client, repeated("a", 256)}});
    EXPECT_EQ(few.closed, 0) << describe(few.code());
    const auto bytes = AfterLists(role, {{&KexInit::languages_to_client, repeated(std::string(99, 'a'), 82)}});
    EXPECT_EQ(bytes.code(), Code::negotiation_too_large);
    const std::string seven_k = repeated(std::string(99, 'a'), 71);
    const auto all = AfterLists(role, {{&KexInit::languages_to_client, seven_k},
                                       {&KexInit::languages_to_server, seven_k},
                                       {&KexInit::compressions_to_client, seven_k + ",none"},
                                       {&KexInit::compressions_to_server, seven_k + ",none"},
                                       {&KexInit::macs_to_client, seven_k}});
    EXPECT_EQ(all.closed, 1);
  }
}

TEST(KeyExchangeInit, K03_EveryTruncationAndATrailingByte) {
  Puppet measure({.hold_method = true});
  std::size_t size = 0;
  measure.options.edit_kex_init = [&](ByteVector& payload) { size = payload.size(); };
  measure.start();
  ASSERT_GT(size, 100U);
  for (const auto role : both)
    for (std::size_t cut = 1; cut <= size + 1; ++cut) {
      if (cut == size) continue;
      Puppet puppet({.engine = role, .hold_method = true});
      puppet.options.edit_kex_init = [&](ByteVector& payload) {
        const auto own = payload.size();
        payload.resize(cut == size + 1 ? own + 1 : std::min(cut, own - 1));
      };
      puppet.start();
      puppet.pump();
      ASSERT_EQ(puppet.code(), Code::malformed_message) << cut;
      ASSERT_EQ(puppet.farewell(), Reason::protocol_error);
    }
}

TEST(KeyExchangeInit, K03_TheReservedFieldIsHashedAsItCame) {
  for (const auto role : both) {
    Puppet puppet({.engine = role, .edit_kex_init = [](ByteVector& payload) { payload.back() = std::byte{0x77}; }});
    EXPECT_TRUE(puppet.login()) << puppet.log();
  }
}

TEST(KeyExchangeInit, K04_NamesAreClean) {
  for (const auto role : both) {
    using namespace std::string_literals;
    for (const auto& bad : {",none"s, "none,,zlib"s, "none,,"s, "no ne"s, "none\0"s, "none\x80"s, "none\n"s, ","s}) {
      const auto puppet = AfterLists(role, {{&KexInit::compressions_to_client, bad}});
      EXPECT_EQ(puppet.code(), Code::malformed_message) << bad;
    }
    const auto trailing = AfterLists(role, {{&KexInit::compressions_to_client, "none,"}});
    EXPECT_EQ(trailing.closed, 0) << trailing.log();
    const auto empty = AfterLists(role, {{&KexInit::key_exchanges, ""}});
    EXPECT_EQ(empty.code(), Code::no_common_algorithm);
    EXPECT_EQ(empty.farewell(), Reason::key_exchange_failed);
  }
}

TEST(KeyExchangeInit, K05_NamesAreComparedWhole) {
  for (const auto role : both)
    for (const auto* name :
         {"curve25519-sha25", "curve25519-sha2566", "CURVE25519-SHA256", "curve25519-sha256@libssh.or"}) {
      const auto puppet = AfterLists(role, {{&KexInit::key_exchanges, name}});
      EXPECT_EQ(puppet.code(), Code::no_common_algorithm) << name;
      EXPECT_EQ(puppet.error.where, 0U);
    }
}

TEST(KeyExchangeInit, K06_MarkersAreNoAlgorithms) {
  for (const auto role : both)
    for (const auto* names :
         {"ext-info-c", "ext-info-s", "kex-strict-c-v00@openssh.com", "kex-strict-s-v00@openssh.com",
          "ext-info-c,ext-info-s,kex-strict-c,kex-strict-s,kex-strict-c-v00@openssh.com"}) {
      const auto puppet = AfterLists(role, {{&KexInit::key_exchanges, names}});
      EXPECT_EQ(puppet.code(), Code::no_common_algorithm) << names;
      EXPECT_EQ(puppet.farewell(), Reason::key_exchange_failed);
    }
}

TEST(KeyExchangeInit, K07_WhichListHadNothingInCommon) {
  using L = KexInit;
  const std::pair<NameList L::*, std::uint32_t> lists[] = {
      {&L::key_exchanges, 0},          {&L::host_keys, 1},
      {&L::ciphers_to_server, 2},      {&L::ciphers_to_client, 3},
      {&L::compressions_to_server, 6}, {&L::compressions_to_client, 7}};
  for (const auto role : both)
    for (const auto& [list, where] : lists) {
      const auto puppet = AfterLists(role, {{list, "x-nobody-has-this"}});
      EXPECT_EQ(puppet.code(), Code::no_common_algorithm);
      EXPECT_EQ(puppet.error.where, where);
    }
  for (const auto role : both) {
    const auto up = AfterLists(role, {{&L::ciphers_to_server, "aes128-ctr"}, {&L::macs_to_server, "x"}});
    EXPECT_EQ(up.error.where, 4U);
    const auto down = AfterLists(role, {{&L::ciphers_to_client, "aes128-ctr"}, {&L::macs_to_client, "x"}});
    EXPECT_EQ(down.error.where, 5U);
  }
}

TEST(KeyExchangeInit, K07_MacsDontCountForACipherThatAuthenticates) {
  for (const auto role : both) {
    const auto puppet = AfterLists(role, {{&KexInit::ciphers_to_server, "aes128-gcm@openssh.com"},
                                          {&KexInit::ciphers_to_client, "chacha20-poly1305@openssh.com"},
                                          {&KexInit::macs_to_server, "x"},
                                          {&KexInit::macs_to_client, ""}});
    EXPECT_EQ(puppet.closed, 0) << puppet.log();
    EXPECT_EQ(puppet.told("KeysExchanged"), 1U) << puppet.log();
  }
}

TEST(KeyExchangeInit, K07_TheClientsOrderDecides) {
  PairOptions options;
  options.client.algorithms.ciphers = {"aes256-ctr", "aes128-gcm@openssh.com"};
  options.server.algorithms.ciphers = {"aes128-gcm@openssh.com", "aes256-ctr"};
  options.client.algorithms.macs = {"hmac-sha2-512-etm@openssh.com", "hmac-sha2-256-etm@openssh.com"};
  options.server.algorithms.macs = {"hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"};
  options.client.algorithms.key_exchanges = {"ecdh-sha2-nistp256", "curve25519-sha256"};
  options.server.algorithms.key_exchanges = {"curve25519-sha256", "ecdh-sha2-nistp256"};
  Pair pair(options);
  pair.login();
  EXPECT_NE(pair.client_log().find("ecdh-sha2-nistp256 ssh-ed25519 aes256-ctr aes256-ctr hmac-sha2-512-etm@openssh.com "
                                   "hmac-sha2-512-etm@openssh.com"),
            std::string::npos)
      << pair.client_log();
}

TEST(KeyExchangeInit, ALongNameMatchesNothing) {
  // Over 64 bytes: the provider has no such row, so what is tested is that it is passed over and the next one taken.
  for (const auto role : both) {
    const auto puppet = AfterLists(
        role, {{&KexInit::key_exchanges, std::string(65, 'x') + ",curve25519-sha256,ext-info-c,ext-info-s"}});
    EXPECT_EQ(puppet.closed, 0) << puppet.log();
  }
}

// ---- guesses

// A client that guesses: KEXINIT says so, and a packet follows whatever it is.
std::unique_ptr<Puppet> guessing(std::string first_key_exchange, std::string first_host_key, ByteVector guess) {
  PuppetOptions options{.strict = true, .guess_follows = true, .hold_method = true};
  options.server.algorithms.key_exchanges = {"curve25519-sha256", "ecdh-sha2-nistp256"};
  options.edit_kex_init =
      with_lists({{&KexInit::key_exchanges, first_key_exchange + ",curve25519-sha256,kex-strict-c-v00@openssh.com"},
                  {&KexInit::host_keys, first_host_key + ",ssh-ed25519"}});
  auto puppet = std::make_unique<Puppet>(options);
  puppet->start();
  if (!guess.empty()) puppet->send_payload(guess);
  puppet->pump();
  return puppet;
}

ByteVector some_guess(std::uint8_t number) {
  ByteVector payload{static_cast<std::byte>(number)};
  append(payload, bytes_of("\0\0\0\4????"));
  return payload;
}

TEST(Guess, K08_AWrongOneIsDroppedOnce) {
  const std::pair<std::string, std::string> wrong[] = {
      {"x-unknown", "ssh-ed25519"}, {"ecdh-sha2-nistp256", "ssh-ed25519"}, {"curve25519-sha256", "x-unknown"}};
  for (const auto& [kex, host] : wrong)
    for (const std::uint8_t number : {std::uint8_t{30}, std::uint8_t{31}, std::uint8_t{34}, std::uint8_t{49}}) {
      auto puppet = guessing(kex, host, some_guess(number));
      EXPECT_EQ(puppet->closed, 0) << kex << puppet->log();
      if (kex == "ecdh-sha2-nistp256") continue;  // would now agree on that
      puppet->send_method();
      puppet->pump();
      EXPECT_TRUE(puppet->has(NewKeys::number)) << puppet->log();
      EXPECT_EQ(puppet->told("KeysExchanged"), 1U);
    }
}

TEST(Guess, K08_TheSecondOneIsNotDropped) {
  auto puppet = guessing("x-unknown", "ssh-ed25519", some_guess(30));
  puppet->send_payload(some_guess(30));
  puppet->pump();
  EXPECT_EQ(puppet->closed, 1);
  EXPECT_EQ(puppet->code(), Code::malformed_message);
}

TEST(Guess, K08_ARightOneCounts) {
  auto puppet = guessing("curve25519-sha256", "ssh-ed25519", {});
  EXPECT_EQ(puppet->closed, 0);
  puppet->send_method();
  puppet->pump();
  EXPECT_EQ(puppet->told("KeysExchanged"), 1U) << puppet->log();
}

TEST(Guess, K08_AServersWrongOneIsDroppedOnceToo) {
  for (const int packets : {1, 2}) {
    PuppetOptions options{.engine = Role::client, .guess_follows = true, .hold_method = true};
    options.client.algorithms.key_exchanges = {"curve25519-sha256"};
    options.edit_kex_init =
        with_lists({{&KexInit::key_exchanges, "x-unknown,curve25519-sha256,kex-strict-s-v00@openssh.com"}});
    Puppet puppet(options);
    puppet.start();
    for (int i = 0; i < packets; ++i) puppet.send_payload(some_guess(31));
    puppet.pump();
    EXPECT_EQ(puppet.closed, packets - 1) << puppet.log();
    if (packets == 2) continue;
    puppet.send_method();
    puppet.pump();
    EXPECT_EQ(puppet.told("KeysExchanged"), 1U) << puppet.log();
  }
}

TEST(Guess, K09_NothingElseHidesInIt) {
  for (unsigned number = 0; number < 256; ++number) {
    if (number == 1 || (number >= 30 && number <= 49)) continue;
    auto puppet = guessing("x-unknown", "ssh-ed25519", some_guess(static_cast<std::uint8_t>(number)));
    EXPECT_EQ(puppet->code(), Code::unexpected_message) << number;
  }
}

// ---- NEWKEYS and the messages before it

TEST(NewKeysMessage, K11_EarlyTwiceAndWithAPayload) {
  for (const auto role : both) {
    Puppet early({.engine = role, .hold_method = true});
    early.start();
    early.send(NewKeys{});
    early.pump();
    EXPECT_EQ(early.code(), Code::unexpected_message);
    EXPECT_EQ(early.error.where, 21U);

    Puppet twice({.engine = role});
    twice.auto_login = false;
    ASSERT_TRUE(twice.exchange());
    twice.send(NewKeys{});
    twice.pump();
    EXPECT_EQ(twice.code(), Code::unexpected_message);

    Puppet fat({.engine = role, .hold_new_keys = true});
    fat.auto_login = false;
    fat.start();
    fat.pump();
    fat.send_payload(ByteVector{std::byte{21}, std::byte{0}});
    fat.pump();
    EXPECT_EQ(fat.code(), Code::malformed_message);
    EXPECT_EQ(fat.told("KeysExchanged"), 0U);
  }
}

TEST(NewKeysMessage, K15_K16_BadValues) {
  for (const auto role : both)
    for (const std::size_t size : {0U, 31U, 33U, 32U}) {  // 32 zeros: an all-zero result
      Puppet puppet({.engine = role});
      puppet.options.edit_method = [&](ByteVector& payload) {
        if (role == Role::server) {
          payload = encoded(KexInitial{ByteVector(size)});
        } else {
          const auto before = payload;
          auto reply = *decode<KexReply>(Bytes(before).subspan(1));
          const ByteVector value(size);
          reply.value = value;
          payload = encoded(reply);
        }
      };
      puppet.start();
      puppet.pump();
      EXPECT_EQ(puppet.code(), Code::key_exchange_value) << size;
      EXPECT_EQ(puppet.farewell(), Reason::key_exchange_failed);
    }
}

// ---- the host key, at a client

// What became of a client whose server's reply was changed.
struct AfterReply : Puppet {
  explicit AfterReply(std::function<void(KexReply&, std::vector<ByteVector>&)> change)
      : Puppet({.engine = Role::client}) {
    options.edit_method = [change](ByteVector& payload) {
      const auto before = payload;
      auto reply = *decode<KexReply>(Bytes(before).subspan(1));
      std::vector<ByteVector> storage;
      storage.reserve(8);
      change(reply, storage);
      payload = encoded(reply);
    };
    start();
    pump();
  }
};

TEST(HostKey, K19_NothingLeavesBeforeTheVerdict) {
  Puppet puppet({.engine = Role::client});
  Ticket ticket{};
  puppet.on_event = [&](const Event& event) {
    const auto* offered = std::get_if<HostKeyOffered>(&event);
    if (offered) ticket = offered->ticket;
    return offered != nullptr;
  };
  puppet.start();
  puppet.pump();
  EXPECT_EQ(puppet.told("HostKeyOffered"), 1U);
  EXPECT_FALSE(puppet.has(NewKeys::number));
  EXPECT_FALSE(puppet.has(ServiceRequest::number));
  EXPECT_EQ(puppet.client->answer(ticket, HostKeyVerdict::refuse), Status::ok);
  puppet.pump();
  EXPECT_EQ(puppet.code(), Code::host_key_refused);
  EXPECT_EQ(puppet.farewell(), Reason::host_key_not_verifiable);
  EXPECT_FALSE(puppet.has(NewKeys::number));
  EXPECT_EQ(puppet.client->answer(ticket, HostKeyVerdict::trust), Status::closed);
}

TEST(HostKey, K20_AnotherTypeOfKey) {
  const auto puppet = AfterReply([](KexReply& reply, std::vector<ByteVector>& storage) {
    const auto other = key_from_seed(KeyType::ecdsa_p256, 5);
    storage.push_back(copy_of(other->public_key().blob()));
    reply.host_key = storage.back();
  });
  EXPECT_EQ(puppet.code(), Code::host_key_unacceptable);
  EXPECT_EQ(puppet.farewell(), Reason::key_exchange_failed);
  EXPECT_EQ(puppet.told("HostKeyOffered"), 0U);
}

TEST(HostKey, K19_ASignatureByAnotherKeyOrOverAnotherHash) {
  const auto other_key = AfterReply([](KexReply& reply, std::vector<ByteVector>& storage) {
    const auto other = key_from_seed(KeyType::ed25519, 5);
    storage.push_back(copy_of(other->public_key().blob()));
    reply.host_key = storage.back();
  });
  EXPECT_EQ(other_key.code(), Code::host_key_signature);
  EXPECT_EQ(other_key.told("HostKeyOffered"), 0U);
  for (const std::size_t at : {4U, 20U, 40U, 82U}) {
    const auto flipped = AfterReply([&](KexReply& reply, std::vector<ByteVector>& storage) {
      storage.push_back(copy_of(reply.signature));
      storage.back()[at] ^= std::byte{1};
      reply.signature = storage.back();
    });
    EXPECT_EQ(flipped.code(), Code::host_key_signature);
    EXPECT_EQ(flipped.farewell(), Reason::key_exchange_failed);
  }
  const auto none = AfterReply([](KexReply& reply, std::vector<ByteVector>&) { reply.signature = {}; });
  EXPECT_EQ(none.code(), Code::host_key_signature);
}

TEST(HostKey, K22_MalformedKeys) {
  const auto cut =
      AfterReply([](KexReply& reply, std::vector<ByteVector>&) { reply.host_key = reply.host_key.first(30); });
  EXPECT_EQ(cut.code(), Code::host_key_unacceptable);
  const auto empty = AfterReply([](KexReply& reply, std::vector<ByteVector>&) { reply.host_key = {}; });
  EXPECT_EQ(empty.code(), Code::host_key_unacceptable);
  const auto longer = AfterReply([](KexReply& reply, std::vector<ByteVector>& storage) {
    storage.push_back(copy_of(reply.host_key));
    storage.back().push_back(std::byte{0});
    reply.host_key = storage.back();
  });
  EXPECT_EQ(longer.code(), Code::host_key_unacceptable);
}

TEST(HostKey, K25_OurOwnSignatureIsLookedAtBeforeItLeaves) {
  for (const bool refuse : {false, true}) {
    Puppet puppet;
    puppet.on_event = [&](const Event& event) {
      const auto* sign = std::get_if<SignatureWanted>(&event);
      if (!sign) return false;
      auto blob = *puppet.host_key->sign(sign->algorithm, sign->message, *puppet.engine_random);
      blob.back() ^= std::byte{1};
      EXPECT_EQ(puppet.engine().answer(sign->ticket, refuse ? Signature{} : Signature{blob}), Status::ok);
      return true;
    };
    puppet.start();
    puppet.pump();
    EXPECT_EQ(puppet.code(), refuse ? Code::signature_refused : Code::signature_wrong);
    EXPECT_FALSE(puppet.has(KexReply::number));
    EXPECT_EQ(puppet.farewell(), Reason::key_exchange_failed);
  }
}

}  // namespace
}  // namespace nacre::test
