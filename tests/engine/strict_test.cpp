// Strict key exchange, EXT_INFO, and every algorithm with every other once, in pairs. The ids are those of the list of
// attacks.
#include <gtest/gtest.h>

#include "tests/engine/puppet.hpp"

namespace nacre::test {
namespace {

bool is_strict(const Puppet& puppet) { return puppet.told("KeysExchanged first=1 strict=1") == 1; }

TEST(Strict, S01_S06_BothSpellingsOfThePeersOwnRole) {
  for (const auto role : both) {
    const std::string own = role == Role::server ? "c" : "s", other = role == Role::server ? "s" : "c";
    for (const auto& [name, counts] :
         std::vector<std::pair<std::string, bool>>{{"kex-strict-" + own + "-v00@openssh.com", true},
                                                   {"kex-strict-" + own, true},
                                                   {"kex-strict-" + other + "-v00@openssh.com", false},
                                                   {"kex-strict-" + other, false},
                                                   {"kex-strict-" + own + "-v01@openssh.com", false},
                                                   {"kex-strict-" + own + "-v00@openssh.co", false}}) {
      Puppet puppet({.engine = role, .strict = false, .more_key_exchanges = {name}});
      puppet.start();
      puppet.pump();
      EXPECT_EQ(puppet.told("KeysExchanged first=1 strict=1"), counts ? 1U : 0U) << name << puppet.log();
      EXPECT_EQ(puppet.told("KeysExchanged first=1 strict=0"), counts ? 0U : 1U) << name << puppet.log();
    }
  }
}

TEST(Strict, S02_NothingBeforeKexInit) {
  for (const auto role : both)
    for (const bool strict : {false, true})
      for (const std::uint8_t number : {std::uint8_t{2}, std::uint8_t{3}, std::uint8_t{4}}) {
        Puppet puppet({.engine = role, .strict = strict, .hold_kex_init = true});
        puppet.start();
        puppet.send_number(number);
        puppet.send_kex_init();
        puppet.pump();
        if (strict) {
          EXPECT_EQ(puppet.code(), Code::unexpected_message);
          EXPECT_EQ(puppet.error.where, 20U);
        } else {
          EXPECT_EQ(puppet.closed, 0) << puppet.log();
        }
      }
}

TEST(Strict, S03_NothingBetweenKexInitAndNewKeysButTheExchange) {
  for (const auto role : both)
    for (const bool strict : {false, true})
      for (const bool late : {false, true}) {  // before the method's message, or before NEWKEYS
        PuppetOptions options{.engine = role, .strict = strict};
        (late ? options.hold_new_keys : options.hold_method) = true;
        Puppet puppet(options);
        puppet.auto_login = false;
        puppet.start();
        puppet.pump();
        puppet.send(Ignore{bytes_of("slipped in")});
        puppet.send(Debug{false, "slipped in", {}});
        puppet.pump();
        EXPECT_EQ(puppet.closed, strict ? 1 : 0);
        if (strict) continue;
        late ? puppet.send_new_keys() : puppet.send_method();
        puppet.pump();
        EXPECT_EQ(puppet.told("KeysExchanged"), 1U) << puppet.log();
      }
}

TEST(Strict, S04_SequencesStartAnewAtEachNewKeysOfSeveral) {
  for (const auto role : both)
    for (const bool strict : {false, true})
      for (const auto* cipher : {"chacha20-poly1305@openssh.com", "aes128-ctr"}) {
        PuppetOptions options{.engine = role, .strict = strict};
        options.algorithms.ciphers = {cipher};
        Puppet puppet(options);
        ASSERT_TRUE(puppet.login());
        ASSERT_EQ(is_strict(puppet), strict);
        for (int i = 0; i < 6; ++i) {
          puppet.forget();
          if (i % 2 == 0)
            puppet.send_kex_init();
          else
            ASSERT_EQ(puppet.engine().rekey(), Status::ok);
          puppet.pump();
          ASSERT_EQ(puppet.told(strict ? "KeysExchanged first=0 strict=1" : "KeysExchanged first=0 strict=0"), 1U)
              << i << puppet.log();
          puppet.send_number(222);  // answered with the sequence it was read under
          puppet.pump();
          const auto answer = puppet.last<Unimplemented>();
          ASSERT_TRUE(answer);
          if (strict) {
            EXPECT_EQ(answer->sequence, 0U);
          } else {
            EXPECT_GT(answer->sequence, 3U);
          }
          puppet.send(Ping{bytes_of("still in step")});
          puppet.pump();
          ASSERT_TRUE(puppet.has(Pong::number));
        }
      }
}

TEST(Strict, S05_LaterMarkersMeanNothing) {
  for (const auto role : both)
    for (const bool strict : {false, true}) {
      Puppet puppet({.engine = role, .strict = strict});
      ASSERT_TRUE(puppet.login());
      puppet.send(Ignore{bytes_of("legal before a later KEXINIT")});
      // The marker that says the opposite.
      if (!strict)
        puppet.options.more_key_exchanges = {role == Role::server ? "kex-strict-c-v00@openssh.com"
                                                                  : "kex-strict-s-v00@openssh.com"};
      puppet.send_kex_init();
      puppet.pump();
      EXPECT_EQ(puppet.told(strict ? "KeysExchanged first=0 strict=1" : "KeysExchanged first=0 strict=0"), 1U)
          << puppet.log();
      // And IGNORE is legal in the middle of one.
      puppet.options.hold_method = true;
      puppet.send_kex_init();
      puppet.pump();
      puppet.send(Ignore{bytes_of("x")});
      puppet.pump();
      EXPECT_EQ(puppet.closed, 0);
    }
}

TEST(Strict, S07_CanBeRequired) {
  for (const auto role : both) {
    PuppetOptions options{.engine = role, .strict = false};
    options.client.require_strict = options.server.require_strict = true;
    Puppet puppet(options);
    puppet.start();
    puppet.pump();
    EXPECT_EQ(puppet.code(), Code::not_strict);
    EXPECT_EQ(puppet.farewell(), Reason::key_exchange_failed);
    options.strict = true;
    Puppet good(options);
    EXPECT_TRUE(good.login());
  }
}

// ---- EXT_INFO

ByteVector extensions(std::uint32_t count, std::vector<std::pair<std::string, std::string>> pairs) {
  ByteVector bytes;
  VectorSink sink{bytes};
  Writer<VectorSink> writer(sink);
  for (const auto& [name, value] : pairs) {
    writer.write(std::string_view(name));
    writer.write(std::string_view(value));
  }
  return encoded(ExtInfo{count, {bytes}});
}

const ByteVector good_extensions = extensions(1, {{"server-sig-algs", "ssh-ed25519,rsa-sha2-256"}});

TEST(ExtensionInfo, S08_NotBeforeNewKeys) {
  for (const auto role : both)
    for (const bool strict : {false, true})
      for (const int step : {0, 1, 2}) {
        Puppet puppet({.engine = role,
                       .strict = strict,
                       .hold_kex_init = step == 0,
                       .hold_method = step == 1,
                       .hold_new_keys = step == 2});
        puppet.auto_login = false;
        puppet.start();
        puppet.pump();
        puppet.send_payload(good_extensions);
        puppet.pump();
        EXPECT_EQ(puppet.code(), Code::unexpected_message);
        EXPECT_EQ(puppet.error.where, 7U);
      }
}

TEST(ExtensionInfo, S09_OnceAndFirst) {
  for (const auto role : both) {
    Puppet first({.engine = role});
    first.auto_login = false;
    ASSERT_TRUE(first.exchange());
    first.send_payload(good_extensions);
    first.pump();
    EXPECT_EQ(first.closed, 0) << first.log();
    if (role == Role::client) {
      EXPECT_EQ(first.engine().server_signature_algorithms().text(), "ssh-ed25519,rsa-sha2-256");
    }
    first.send_payload(good_extensions);
    first.pump();
    EXPECT_EQ(first.code(), Code::unexpected_message);

    Puppet second({.engine = role});
    second.auto_login = false;
    ASSERT_TRUE(second.exchange());
    second.send(Ignore{bytes_of("before it")});
    second.send_payload(good_extensions);
    second.pump();
    EXPECT_EQ(second.code(), Code::unexpected_message);
    EXPECT_EQ(second.error.where, 7U);
  }
}

TEST(ExtensionInfo, S09_AClientTakesOneMoreDirectlyBeforeSuccess) {
  const auto brought = [] {
    auto puppet = std::make_unique<Puppet>(PuppetOptions{.engine = Role::client});
    puppet->auto_login = false;
    puppet->exchange();
    puppet->send_payload(good_extensions);
    puppet->send(ServiceAccept{"ssh-userauth"});
    puppet->pump();
    puppet->send_payload(extensions(1, {{"server-sig-algs", "ssh-ed25519"}}));
    puppet->pump();
    return puppet;
  };
  auto good = brought();
  EXPECT_EQ(good->closed, 0) << good->log();
  good->send(UserauthSuccess{});
  good->pump();
  EXPECT_TRUE(good->engine().authenticated());
  EXPECT_EQ(good->engine().server_signature_algorithms().text(), "ssh-ed25519");

  auto failure = brought();
  failure->send(UserauthFailure{NameList("password"), false});
  failure->pump();
  EXPECT_EQ(failure->code(), Code::unexpected_message);

  auto again = brought();
  again->send_payload(good_extensions);
  again->pump();
  EXPECT_EQ(again->code(), Code::unexpected_message);

  auto banner = brought();
  banner->send(UserauthBanner{"late", {}});
  banner->pump();
  EXPECT_EQ(banner->code(), Code::unexpected_message);
}

TEST(ExtensionInfo, S09_NotAfterAuthenticationNorToAnUnaskedClient) {
  for (const auto role : both) {
    Puppet open({.engine = role});
    ASSERT_TRUE(open.login());
    open.send_payload(good_extensions);
    open.pump();
    EXPECT_EQ(open.code(), Code::unexpected_message);
  }
}

TEST(ExtensionInfo, S10_MalformedOrTooMany) {
  using namespace std::string_literals;
  std::vector<std::pair<std::string, std::string>> many(129, {"x", "y"});
  const std::vector<ByteVector> bad{
      extensions(0xffffffff, {}),
      extensions(2, {{"x", "y"}}),
      extensions(0, {{"x", "y"}}),
      extensions(129, many),
      extensions(1, {{"server-sig-algs", "ssh-ed25519\0x"s}}),
      extensions(1, {{"server-sig-algs", "a,,b"}}),
      extensions(1, {{"server-sig-algs", std::string(8193, 'a')}}),
  };
  for (const auto role : both)
    for (const auto& payload : bad) {
      Puppet puppet({.engine = role});
      puppet.auto_login = false;
      ASSERT_TRUE(puppet.exchange());
      puppet.send_payload(payload);
      puppet.pump();
      EXPECT_EQ(puppet.code(), Code::malformed_message);
      EXPECT_EQ(puppet.error.where, 7U);
    }
  many.resize(128);
  Puppet puppet({.engine = Role::client});
  puppet.auto_login = false;
  ASSERT_TRUE(puppet.exchange());
  many[3] = {"server-sig-algs", "first"};
  many[5] = {"server-sig-algs", "second"};
  puppet.send_payload(extensions(128, many));
  puppet.pump();
  EXPECT_EQ(puppet.closed, 0) << puppet.log();
  EXPECT_EQ(puppet.engine().server_signature_algorithms().text(), "second");
}

TEST(ExtensionInfo, AServerSendsItsOwnRightBehindNewKeysAndOnlyWhenAsked) {
  for (const bool asked : {false, true}) {
    Puppet puppet({.extensions = asked});
    ASSERT_TRUE(puppet.exchange());
    ASSERT_EQ(puppet.count(ExtInfo::number), asked ? 1U : 0U);
    if (!asked) continue;
    std::size_t at = 0;
    while (puppet.received[at][0] != std::byte{NewKeys::number}) ++at;
    EXPECT_EQ(puppet.received[at + 1][0], std::byte{ExtInfo::number});
  }
}

// ---- every algorithm

struct Choice {
  std::string key_exchange, cipher, mac;
  KeyType host_key;
  std::string host_algorithm;
};

class Algorithms : public testing::TestWithParam<Choice> {};

TEST_P(Algorithms, LogInTalkAndRekey) {
  const auto& choice = GetParam();
  PairOptions options{.host_key = choice.host_key, .user_key = choice.host_key};
  for (auto* names : {&options.client.algorithms, &options.server.algorithms}) {
    names->key_exchanges = {choice.key_exchange};
    names->ciphers = {choice.cipher};
    if (!choice.mac.empty()) names->macs = {choice.mac};
    names->host_keys = {choice.host_algorithm};
  }
  Pair pair(options);
  pair.login();
  ASSERT_TRUE(pair.client->authenticated()) << pair.client_log() << pair.server_log();
  const auto keys = choice.key_exchange + " " + choice.host_algorithm + " " + choice.cipher + " " + choice.cipher +
                    " " + choice.mac + " " + choice.mac;
  EXPECT_NE(pair.client_log().find(keys), std::string::npos) << pair.client_log();
  EXPECT_NE(pair.server_log().find(keys), std::string::npos) << pair.server_log();
  const auto channel = pair.open_session();
  const std::string text(20'000, 'n');
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(pair.client->write(channel, bytes_of(text)), text.size());
    EXPECT_EQ(pair.server->write(*pair.server_channel, bytes_of(text)), text.size());
    pair.run();
    ASSERT_EQ(pair.client->rekey(), Status::ok);
    pair.run();
  }
  EXPECT_EQ(pair.server_data[pair.server_channel->id].size(), 2 * text.size());
  EXPECT_EQ(pair.client_data[channel.id].size(), 2 * text.size());
  EXPECT_EQ(pair.client_closed + pair.server_closed, 0);
}

std::vector<Choice> choices() {
  const auto random = seeded_random(1);
  const auto provider = botan_provider(*random);
  std::vector<std::pair<std::string, std::string>> protections;
  for (const auto& cipher : provider.ciphers) {
    if (cipher.authenticates) protections.emplace_back(cipher.name, "");
    if (cipher.authenticates) continue;
    for (const auto& mac : provider.macs) protections.emplace_back(cipher.name, mac.name);
  }
  const std::vector<std::pair<KeyType, std::string>> keys{{KeyType::ed25519, "ssh-ed25519"},
                                                          {KeyType::ecdsa_p256, "ecdsa-sha2-nistp256"},
                                                          {KeyType::ecdsa_p384, "ecdsa-sha2-nistp384"},
                                                          {KeyType::ecdsa_p521, "ecdsa-sha2-nistp521"},
                                                          {KeyType::rsa, "rsa-sha2-256"},
                                                          {KeyType::rsa, "rsa-sha2-512"}};
  std::vector<Choice> all;
  for (const auto& kex : provider.key_exchanges)
    all.push_back({std::string(kex.name), "aes128-gcm@openssh.com", "", KeyType::ed25519, "ssh-ed25519"});
  for (const auto& [cipher, mac] : protections)
    all.push_back({"curve25519-sha256", cipher, mac, KeyType::ed25519, "ssh-ed25519"});
  for (const auto& [type, name] : keys) all.push_back({"curve25519-sha256", "aes128-gcm@openssh.com", "", type, name});
  return all;
}

INSTANTIATE_TEST_SUITE_P(Pairs, Algorithms, testing::ValuesIn(choices()), [](const auto& each) {
  std::string name =
      each.param.key_exchange + "_" + each.param.cipher + "_" + each.param.mac + "_" + each.param.host_algorithm;
  for (auto& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name + "_" + std::to_string(each.index);
});

}  // namespace
}  // namespace nacre::test
