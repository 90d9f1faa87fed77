// Attacks on what comes before and between keys: strict key exchange and EXT_INFO (rows S01 to S10 of rows.txt).
#include "tests/attacks/attack.hpp"

namespace nacre::test {
namespace {

using namespace std::string_literals;

std::string marker(Role of) {
  return of == Role::client ? "kex-strict-c-v00@openssh.com" : "kex-strict-s-v00@openssh.com";
}
Role peer_of(Role role) { return role == Role::client ? Role::server : Role::client; }

ByteVector extensions(std::uint32_t count, const std::vector<std::pair<std::string, std::string>>& pairs) {
  Fields fields;
  for (const auto& [name, value] : pairs) fields.text(name).text(value);
  return encoded(ExtInfo{count, {fields}});
}

const ByteVector good_extensions = extensions(1, {{"server-sig-algs", "ssh-ed25519"}});

TEST(attacks_strict, S01_prefix_truncation) {
  for (const auto role : both) {
    Puppet puppet({.engine = role});
    ASSERT_TRUE(puppet.login());
    const auto first = puppet.last<KexInit>();
    ASSERT_TRUE(first);
    EXPECT_TRUE(first->key_exchanges.contains(marker(role)));
    EXPECT_FALSE(first->key_exchanges.contains(marker(peer_of(role))));
    puppet.forget();
    ASSERT_EQ(puppet.engine().rekey(), Status::ok);
    puppet.pump();
    EXPECT_EQ(puppet.last<KexInit>()->key_exchanges.text().find("kex-strict"), std::string_view::npos);

    // The attack itself: one IGNORE put in front, so that the numbers fit when the first packet under keys is left out.
    Puppet attacked({.engine = role, .hold_kex_init = true});
    attacked.start();
    attacked.send(Ignore{});
    attacked.send_kex_init();
    attacked.pump();
    EXPECT_TRUE(ended(attacked, Code::unexpected_message));
    Puppet later({.engine = role, .hold_method = true});
    later.start();
    later.pump();
    later.send(Ignore{});
    later.pump();
    EXPECT_TRUE(ended(later, Code::unexpected_message));
  }
}

TEST(attacks_strict, S02_messages_before_kexinit) {
  for (const auto role : both)
    for (unsigned number = 0; number < 256; ++number)
      for (const bool strict : {false, true}) {
        if (number == Disconnect::number || number == KexInit::number) continue;
        const bool chatter = number >= 2 && number <= 4;
        Puppet puppet({.engine = role, .strict = strict, .hold_kex_init = true});
        puppet.start();
        puppet.send_number(static_cast<std::uint8_t>(number));
        puppet.pump();
        if (!chatter) {
          EXPECT_TRUE(ended(puppet, Code::unexpected_message)) << number;
          continue;
        }
        EXPECT_EQ(puppet.closed, 0) << number;  // whether it is strict can't be known yet
        puppet.send_kex_init();
        puppet.pump();
        if (strict)
          EXPECT_TRUE(ended(puppet, Code::unexpected_message)) << number;
        else
          EXPECT_EQ(puppet.told("KeysExchanged"), 1U) << number;
      }
}

TEST(attacks_strict, S03_messages_between_kexinit_and_newkeys) {
  for (const auto role : both)
    for (const bool late : {false, true})  // before the method's message, or before NEWKEYS
      for (unsigned number = 0; number < 256; ++number) {
        const unsigned due = late ? NewKeys::number : role == Role::server ? KexInitial::number : KexReply::number;
        if (number == due) continue;
        Puppet puppet({.engine = role, .hold_method = !late, .hold_new_keys = late});
        puppet.auto_login = false;
        puppet.start();
        puppet.pump();
        puppet.forget();
        puppet.send_number(static_cast<std::uint8_t>(number));
        puppet.pump();
        if (number == Disconnect::number)
          EXPECT_EQ(puppet.code(), Code::disconnected_by_peer);
        else
          ASSERT_TRUE(ended(puppet, Code::unexpected_message)) << number << " late " << late;
      }
}

TEST(attacks_strict, S04_counters_reset_once_or_on_one_side) {
  for (const auto role : both)
    for (const bool strict : {false, true})
      for (const auto* cipher : {"chacha20-poly1305@openssh.com", "aes128-ctr"}) {
        PuppetOptions options{.engine = role, .strict = strict};
        options.algorithms = {{}, {}, {cipher}, {"hmac-sha2-256-etm@openssh.com"}};
        auto puppet = logged_in(options);
        std::uint32_t before = 0;
        for (int i = 0; i < 6; ++i) {
          if (i % 2 == 0)
            puppet->send_kex_init();
          else
            ASSERT_EQ(puppet->engine().rekey(), Status::ok);
          puppet->pump();
          ASSERT_TRUE(lives(*puppet)) << "its packets are numbered as ours are";
          puppet->send_number(200);
          puppet->pump();
          const auto sequence = puppet->last<Unimplemented>()->sequence;
          EXPECT_TRUE(strict ? sequence == 1 : sequence > before + 1) << sequence;  // behind one PING
          before = sequence;
        }
      }
}

TEST(attacks_strict, S05_markers_in_later_exchanges) {
  for (const auto role : both)
    for (const bool strict : {false, true}) {
      auto puppet = logged_in(PuppetOptions{.engine = role, .strict = strict});
      puppet->send(Ignore{});  // what was no longer first does not count against it either
      if (!strict) puppet->options.more_key_exchanges = {marker(peer_of(role))};
      puppet->send_kex_init();
      puppet->pump();
      EXPECT_EQ(puppet->told(strict ? "KeysExchanged first=0 strict=1" : "KeysExchanged first=0 strict=0"), 1U);
      EXPECT_TRUE(lives(*puppet));
    }
}

TEST(attacks_strict, S06_markers_of_the_other_role) {
  for (const auto role : both) {
    const std::string theirs = role == Role::server ? "c" : "s", ours = role == Role::server ? "s" : "c";
    for (const auto& [name, counts] :
         std::vector<std::pair<std::string, bool>>{{"kex-strict-" + theirs + "-v00@openssh.com", true},
                                                   {"kex-strict-" + theirs, true},
                                                   {"kex-strict-" + ours + "-v00@openssh.com", false},
                                                   {"kex-strict-" + ours, false},
                                                   {"kex-strict-" + theirs + "-v00", false}}) {
      Puppet puppet({.engine = role, .strict = false, .more_key_exchanges = {name}});
      puppet.start();
      puppet.pump();
      EXPECT_EQ(puppet.told("KeysExchanged first=1 strict=1"), counts ? 1U : 0U) << name;
    }
  }
}

TEST(attacks_strict, S07_peers_that_are_not_strict) {
  for (const auto role : both)
    for (const auto* cipher : {"chacha20-poly1305@openssh.com", "aes128-ctr", "aes128-gcm@openssh.com"}) {
      PuppetOptions options{.engine = role, .strict = false};
      options.algorithms.ciphers = {cipher};
      EXPECT_EQ(with_keys(options)->closed, 0);
      options.client.require_strict = options.server.require_strict = true;
      Puppet refused(options);
      refused.start();
      refused.pump();
      EXPECT_TRUE(ended(refused, Code::not_strict, Reason::key_exchange_failed)) << cipher;
      options.strict = true;
      EXPECT_TRUE(Puppet(options).login());
    }
}

TEST(attacks_strict, S08_extensions_before_keys) {
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
        puppet.forget();
        puppet.send_payload(good_extensions);
        puppet.pump();
        EXPECT_TRUE(ended(puppet, Code::unexpected_message)) << step;
        EXPECT_TRUE(puppet.engine().server_signature_algorithms().empty());
      }
}

TEST(attacks_strict, S09_extensions_late_or_twice) {
  for (const auto role : both) {
    auto first = with_keys(role);
    first->send_payload(good_extensions);
    first->pump();
    EXPECT_EQ(first->closed, 0) << first->log();
    first->send_payload(good_extensions);
    first->pump();
    EXPECT_TRUE(ended(*first, Code::unexpected_message));

    auto second = with_keys(role);
    second->send(Ignore{});
    second->send_payload(good_extensions);
    second->pump();
    EXPECT_TRUE(ended(*second, Code::unexpected_message));

    auto open = logged_in(role);
    open->send_payload(good_extensions);
    open->pump();
    EXPECT_TRUE(ended(*open, Code::unexpected_message));
  }
  auto server = in_auth(Role::server);
  server->send_payload(good_extensions);
  server->pump();
  EXPECT_TRUE(ended(*server, Code::unexpected_message));
  // A client takes one more right before SUCCESS, and nothing between the two.
  for (const bool success : {true, false}) {
    auto client = in_auth(Role::client);
    client->send_payload(good_extensions);
    client->pump();
    if (success)
      client->send(UserauthSuccess{});
    else
      client->send(UserauthFailure{NameList("password"), false});
    client->pump();
    EXPECT_EQ(client->engine().authenticated(), success);
    EXPECT_EQ(client->closed, success ? 0 : 1);
  }
}

TEST(attacks_strict, S10_extensions_that_count_wrongly) {
  const std::vector<std::pair<std::string, std::string>> many(129, {"x", "y"});
  for (const auto role : both) {
    for (const auto& payload :
         {extensions(0xffffffff, {}), extensions(0x20000001, {{"x", "y"}}), extensions(2, {{"x", "y"}}),
          extensions(0, {{"x", "y"}}), extensions(129, many), extensions(1, {{"server-sig-algs", "ssh-rsa\0,x"s}})}) {
      auto puppet = with_keys(role);
      puppet->send_payload(payload);
      puppet->pump();
      EXPECT_TRUE(ended(*puppet, Code::malformed_message));
      EXPECT_EQ(puppet->error.where, 7U);
    }
    auto last = with_keys(role);
    last->send_payload(extensions(3, {{"server-sig-algs", "a"}, {"x-unknown", "\0\xff"s}, {"server-sig-algs", "b"}}));
    last->pump();
    EXPECT_EQ(last->engine().server_signature_algorithms().text(), "b");
    EXPECT_EQ(last->closed, 0);
  }
  // No list is no permission: there is no SHA-1 that it could permit.
  Puppet any;
  for (const auto& row : any.provider.signatures) EXPECT_NE(row.name, "ssh-rsa");
}

}  // namespace
}  // namespace nacre::test
