// Attacks on negotiation, the steps of a key exchange and the host key (rows K01 to K11, K19, K20, K23 to K25, K28).
#include "tests/attacks/attack.hpp"

namespace nacre::test {
namespace {

using namespace std::string_literals;

// An engine that gets a KEXINIT with these lists.
std::unique_ptr<Puppet> offered(Role role, Lists lists) {
  auto puppet = std::make_unique<Puppet>(PuppetOptions{.engine = role, .edit_kex_init = with_lists(std::move(lists))});
  puppet->auto_login = false;
  puppet->exchange();
  return puppet;
}

std::unique_ptr<Puppet> in_exchange(PuppetOptions options) {
  auto puppet = std::make_unique<Puppet>(std::move(options));
  puppet->auto_login = false;
  puppet->start();
  puppet->pump();
  return puppet;
}

std::string names(std::size_t count, std::size_t size = 1) {
  std::string list(size, 'a');
  for (std::size_t i = 1; i < count; ++i) list += "," + std::string(size, 'a');
  return list;
}

TEST(attacks_kex, K01_second_kexinit) {
  for (const auto role : both)
    for (const bool rekey : {false, true}) {
      auto puppet = rekey ? logged_in(role) : in_exchange({.engine = role, .hold_method = true});
      puppet->options.hold_method = true;
      if (rekey) puppet->send_kex_init();
      puppet->send_kex_init();
      puppet->pump();
      EXPECT_TRUE(ended(*puppet, Code::unexpected_message));
      EXPECT_EQ(puppet->error.where, 20U);
    }
}

TEST(attacks_kex, K02_huge_lists) {
  const auto failed = [](Puppet& puppet) {
    return ended(puppet, Code::negotiation_too_large, Reason::key_exchange_failed);
  };
  for (const auto role : both) {
    EXPECT_TRUE(failed(*offered(role, {{&KexInit::languages_to_client, names(257)}})));
    EXPECT_TRUE(failed(*offered(role, {{&KexInit::macs_to_client, names(2, 4096)}})));
    const auto list = names(98, 82);  // within 8 KiB each, and more than 32 KiB together
    EXPECT_TRUE(failed(*offered(role, {{&KexInit::languages_to_client, list},
                                       {&KexInit::languages_to_server, list},
                                       {&KexInit::macs_to_client, list},
                                       {&KexInit::macs_to_server, list}})));
    EXPECT_EQ(offered(role, {{&KexInit::languages_to_client, names(256)}})->closed, 0);
  }
  auto puppet = std::make_unique<Puppet>(
      PuppetOptions{.edit_kex_init = with_lists({{&KexInit::ciphers_to_client, names(80, 99)}})});
  std::size_t said = 0;
  puppet->on_event = [&](const Event& event) {
    if (const auto* closed = std::get_if<Closed>(&event)) said = closed->text.size();
    return false;
  };
  puppet->exchange();
  EXPECT_EQ(puppet->code(), Code::no_common_algorithm);
  EXPECT_LT(said, 256U + 100U) << "its own words and 256 bytes of the list";
}

TEST(attacks_kex, K03_kexinit_cut_or_longer) {
  std::size_t size = 0;
  in_exchange({.edit_kex_init = [&](ByteVector& payload) { size = payload.size(); }, .hold_method = true});
  ASSERT_GT(size, 100U);
  for (const auto role : both)
    for (std::size_t cut = 1; cut < 2 * size; cut += sanitized ? 31 : 3) {
      auto puppet = in_exchange({.engine = role, .edit_kex_init = [&](ByteVector& payload) {
                                   payload.resize(cut < payload.size() ? cut : payload.size() + 1);
                                 }});
      ASSERT_TRUE(ended(*puppet, Code::malformed_message)) << cut;
    }
  // The reserved field may be anything and is hashed as it came.
  Puppet reserved({.edit_kex_init = [](ByteVector& payload) { payload.back() = std::byte{7}; }});
  EXPECT_TRUE(reserved.login());
}

// An engine and a peer that both have a method of a name of this size, and no other.
std::unique_ptr<Puppet> with_a_name_of(std::size_t size, Role role) {
  static const std::string text(65, 'x');
  static std::array<KeyExchangeAlgorithm, 1> row;
  const auto name = text.substr(0, size);
  PuppetOptions options{.engine = role, .edit_kex_init = with_lists({{&KexInit::key_exchanges, name}})};
  auto puppet = std::make_unique<Puppet>(options);
  puppet->auto_login = false;
  row[0] = puppet->provider.key_exchanges[0];
  row[0].name = std::string_view(text).substr(0, size);
  puppet->provider.key_exchanges = puppet->engine_provider.key_exchanges = row;
  if (role == Role::server)
    puppet->server =
        std::make_unique<Server>(puppet->engine_provider, std::make_shared<ServerConfig>(puppet->options.server));
  else
    puppet->client =
        std::make_unique<Client>(puppet->engine_provider, std::make_shared<ClientConfig>(puppet->options.client));
  puppet->exchange();
  return puppet;
}

TEST(attacks_kex, K04_names_that_are_none) {
  for (const auto role : both) {
    for (const auto& list : {"none\0"s, "no\x01ne"s, "none\x80"s, "none\xff"s, "no ne"s, ",none"s, "none,,x"s, ","s})
      EXPECT_TRUE(ended(*offered(role, {{&KexInit::compressions_to_client, list}}), Code::malformed_message)) << list;
    EXPECT_EQ(offered(role, {{&KexInit::compressions_to_client, "none,"}})->closed, 0) << "seen in the wild";
    EXPECT_TRUE(
        ended(*offered(role, {{&KexInit::key_exchanges, ""}}), Code::no_common_algorithm, Reason::key_exchange_failed));
    EXPECT_TRUE(ended(*with_a_name_of(65, role), Code::no_common_algorithm, Reason::key_exchange_failed));
    EXPECT_EQ(with_a_name_of(64, role)->told("KeysExchanged"), 1U) << "64 bytes are a name";
  }
}

TEST(attacks_kex, K05_names_that_begin_like_ours) {
  const auto has_nothing = [](Puppet& puppet) {
    return ended(puppet, Code::no_common_algorithm, Reason::key_exchange_failed);
  };
  for (const auto role : both) {
    for (const auto* name :
         {"curve25519-sha25", "curve25519-sha2566", "curve25519-sha256@libssh.or", "CURVE25519-SHA256"})
      EXPECT_TRUE(has_nothing(*offered(role, {{&KexInit::key_exchanges, name}}))) << name;
    for (const auto* name : {"ssh-ed2551", "ssh-ed25519x"})
      EXPECT_TRUE(has_nothing(*offered(role, {{&KexInit::host_keys, name}}))) << name;
    for (const auto* name : {"aes128-ct", "aes128-ctrx", "aes128-gcm@openssh.co", "aes128-gcm@openssh.comx"})
      EXPECT_TRUE(has_nothing(*offered(role, {{&KexInit::ciphers_to_client, name}}))) << name;
    for (const auto* name : {"hmac-sha2-25", "hmac-sha2-256x", "hmac-sha2-256-etm@openssh.co"})
      EXPECT_TRUE(
          has_nothing(*offered(role, {{&KexInit::ciphers_to_server, "aes128-ctr"}, {&KexInit::macs_to_server, name}})))
          << name;
    for (const auto* name : {"server-sig-alg", "server-sig-algsx"}) {
      auto puppet = with_keys(role);
      puppet->send(ExtInfo{1, {Fields().text(name).text("ssh-ed25519")}});
      puppet->pump();
      EXPECT_TRUE(puppet->engine().server_signature_algorithms().empty()) << name;
      EXPECT_TRUE(lives(*puppet));
    }
  }
}

TEST(attacks_kex, K05_requests_that_begin_like_ours) {
  std::uint32_t id = 0;
  auto puppet = with_channel(Role::server, id);
  for (const auto* name : {"sh", "shel", "shellx", "exe", "pty-re"}) {
    puppet->send(ChannelRequest{id, name, false, {}});  // none of ours: the application sees the whole name
    puppet->pump();
    EXPECT_EQ(puppet->told("RequestReceived 0 " + std::string(name) + " "), 1U);
  }
  for (const auto* name : {"no-more-sessions@openssh.co", "no-more-sessions@openssh.comx"}) {
    puppet->send(GlobalRequest{name, false, {}});
    puppet->pump();
    EXPECT_EQ(puppet->told("GlobalRequestReceived " + std::string(name) + " "), 1U);
  }
  EXPECT_NE(puppet->open(), 0xffffffff) << "sessions go on";
  for (const auto* type : {"sessio", "sessionx"}) {  // a client opens no session; what it does not know is a question
    auto client = logged_in(Role::client);
    client->send(ChannelOpen{type, 7, 1000, 1000, {}});
    client->pump();
    EXPECT_EQ(client->told("ChannelOpenReceived " + std::string(type) + " "), 1U);
  }
  auto auth = in_auth(Role::server);
  for (const auto* method : {"pass", "passwordx", "public", "non"}) {
    request_auth(*auth, method, encoded(PasswordBody{false, bytes_of("sesame"), {}}));
    EXPECT_TRUE(failed(*auth)) << method;
  }
  auto service = with_keys(Role::server);
  service->send(ServiceRequest{"ssh-user"});
  service->pump();
  EXPECT_TRUE(ended(*service, Code::service_unknown, Reason::service_not_available));
}

TEST(attacks_kex, K06_markers_as_algorithms) {
  for (const auto role : both)
    for (const auto* list : {"ext-info-c", "ext-info-s", "kex-strict-c", "kex-strict-s", "kex-strict-c-v00@openssh.com",
                             "kex-strict-s-v00@openssh.com", "ext-info-c,ext-info-s,kex-strict-c-v00@openssh.com"})
      EXPECT_TRUE(ended(*offered(role, {{&KexInit::key_exchanges, list}}), Code::no_common_algorithm,
                        Reason::key_exchange_failed))
          << list;
}

TEST(attacks_kex, K07_whose_order_counts) {
  PairOptions options;
  options.client.algorithms.ciphers = {"aes256-ctr", "aes128-gcm@openssh.com"};
  options.server.algorithms.ciphers = {"aes128-gcm@openssh.com", "aes256-ctr"};
  options.client.algorithms.macs = {"hmac-sha2-512", "hmac-sha2-256"};
  options.server.algorithms.macs = {"hmac-sha2-256", "hmac-sha2-512"};
  Pair pair(options);
  pair.login();
  EXPECT_NE(pair.server_log().find("aes256-ctr aes256-ctr hmac-sha2-512 hmac-sha2-512"), std::string::npos);
  for (const auto role : both) {
    const auto aead = offered(role, {{&KexInit::ciphers_to_server, "aes128-gcm@openssh.com"},
                                     {&KexInit::ciphers_to_client, "chacha20-poly1305@openssh.com"},
                                     {&KexInit::macs_to_server, "x"},
                                     {&KexInit::macs_to_client, ""}});
    EXPECT_EQ(aead->told("KeysExchanged"), 1U) << aead->log();
    auto none = offered(role, {{&KexInit::ciphers_to_client, "x-theirs"}});
    EXPECT_TRUE(ended(*none, Code::no_common_algorithm, Reason::key_exchange_failed));
    EXPECT_NE(none->log().find("x-theirs"), std::string::npos) << "who reads the log wants to know what they offer";
  }
}

// A peer that guesses: wrongly, as its first name is nobody's.
PuppetOptions guessing(Role role) {
  PuppetOptions options{.engine = role, .guess_follows = true, .hold_method = true};
  options.edit_kex_init =
      with_lists({{&KexInit::key_exchanges, "x-unknown,curve25519-sha256,kex-strict-"s +
                                                (role == Role::server ? "c" : "s") + "-v00@openssh.com"}});
  return options;
}

TEST(attacks_kex, K08_wrong_guesses) {
  for (const auto role : both)
    for (const int packets : {1, 2}) {
      auto puppet = in_exchange(guessing(role));
      for (int i = 0; i < packets; ++i) puppet->send_payload(payload_of(role == Role::server ? 30 : 31));
      puppet->pump();
      if (packets == 2) {  // exactly one is dropped
        EXPECT_TRUE(ended(*puppet, Code::malformed_message));
        continue;
      }
      puppet->send_method();
      puppet->pump();
      EXPECT_EQ(puppet->told("KeysExchanged"), 1U) << puppet->log();
    }
  PuppetOptions right{.guess_follows = true};  // and a right one is not: the method's message counts
  right.server.algorithms.key_exchanges = {"curve25519-sha256"};
  Puppet puppet(right);
  EXPECT_TRUE(puppet.login()) << puppet.log();
}

TEST(attacks_kex, K09_other_messages_instead_of_the_guess) {
  for (const auto role : both)
    for (unsigned number = 0; number < 256; ++number) {
      if (number == Disconnect::number || (number >= 30 && number <= 49)) continue;
      auto puppet = in_exchange(guessing(role));
      puppet->forget();
      puppet->send_payload(payload_of(static_cast<std::uint8_t>(number)));
      puppet->pump();
      ASSERT_TRUE(ended(*puppet, Code::unexpected_message)) << number;
    }
}

TEST(attacks_kex, K10_other_numbers_of_the_method) {
  for (const auto role : both)
    for (unsigned number = 30; number <= 49; ++number) {
      const unsigned own = role == Role::server ? 30 : 31;
      if (number == own) continue;
      auto puppet = in_exchange({.engine = role, .hold_method = true});
      puppet->forget();
      puppet->send_payload(payload_of(static_cast<std::uint8_t>(number), Fields().text("x")));
      puppet->pump();
      ASSERT_TRUE(ended(*puppet, Code::unexpected_message)) << number;
      auto later = in_exchange({.engine = role, .hold_new_keys = true});  // the right one, but it has been
      later->forget();
      later->send_payload(payload_of(static_cast<std::uint8_t>(own), Fields().text("x")));
      later->pump();
      ASSERT_TRUE(ended(*later, Code::unexpected_message));
    }
}

TEST(attacks_kex, K11_newkeys_early_twice_or_with_a_payload) {
  for (const auto role : both) {
    auto early = in_exchange({.engine = role, .hold_method = true});
    early->forget();
    early->send(NewKeys{});
    early->pump();
    EXPECT_TRUE(ended(*early, Code::unexpected_message));
    EXPECT_FALSE(early->has(NewKeys::number));

    auto twice = with_keys(role);
    twice->send(NewKeys{});
    twice->pump();
    EXPECT_TRUE(ended(*twice, Code::unexpected_message));

    auto fat = in_exchange({.engine = role, .hold_new_keys = true});
    fat->forget();
    fat->send_payload(payload_of(NewKeys::number, ByteVector(1)));
    fat->pump();
    EXPECT_TRUE(ended(*fat, Code::malformed_message));
  }
}

// ---- the host key

std::unique_ptr<Puppet> with_reply(PuppetOptions options, const std::function<void(KexReply&, ByteVector&)>& change) {
  options.engine = Role::client;
  options.edit_method = [change](ByteVector& payload) {
    const auto before = payload;
    auto reply = *decode<KexReply>(Bytes(before).subspan(1));
    ByteVector storage;
    change(reply, storage);
    payload = encoded(reply);
  };
  return in_exchange(std::move(options));
}

TEST(attacks_kex, K19_a_host_key_nobody_trusts) {
  const auto no_hands = [](Puppet& puppet, Ticket& ticket) {
    puppet.on_event = [&ticket](const Event& event) {
      const auto* offered = std::get_if<HostKeyOffered>(&event);
      if (offered) ticket = offered->ticket;
      return offered != nullptr;
    };
    puppet.start();
    puppet.pump();
    EXPECT_EQ(puppet.told("HostKeyOffered"), 1U);
    for (const std::uint8_t number : {NewKeys::number, ServiceRequest::number, UserauthRequest::number})
      EXPECT_FALSE(puppet.has(number)) << int{number};
  };
  Ticket ticket{};
  Puppet refused({.engine = Role::client});
  no_hands(refused, ticket);
  refused.forget();
  EXPECT_EQ(refused.client->answer(ticket, HostKeyVerdict::refuse), Status::ok);
  refused.pump();
  EXPECT_TRUE(ended(refused, Code::host_key_refused, Reason::host_key_not_verifiable));
  EXPECT_EQ(refused.client->answer(ticket, HostKeyVerdict::trust), Status::closed);

  Puppet undecided({.engine = Role::client});
  no_hands(undecided, ticket);
  undecided.advance(std::chrono::hours(24));
  EXPECT_FALSE(undecided.has(NewKeys::number)) << "unanswered is never yes";
  EXPECT_EQ(undecided.client->answer(ticket, static_cast<HostKeyVerdict>(7)), Status::ok);  // what is no yes is a no
  undecided.pump();
  EXPECT_EQ(undecided.code(), Code::host_key_refused);

  for (const std::size_t at : {0U, 4U, 19U, 40U, 82U}) {  // a signature that does not verify is not even offered
    auto puppet = with_reply({}, [at](KexReply& reply, ByteVector& storage) {
      storage = copy_of(reply.signature);
      storage[at] ^= std::byte{1};
      reply.signature = storage;
    });
    EXPECT_TRUE(ended(*puppet, Code::host_key_signature, Reason::key_exchange_failed)) << at;
  }
}

TEST(attacks_kex, K20_another_key_or_signature_than_agreed) {
  const auto refused = [](Puppet& puppet, Code code) { return ended(puppet, code, Reason::key_exchange_failed); };
  const auto curve = key_from_seed(KeyType::ecdsa_p256, 5);
  auto type = with_reply({}, [&](KexReply& reply, ByteVector&) { reply.host_key = curve->public_key().blob(); });
  EXPECT_TRUE(refused(*type, Code::host_key_unacceptable));
  auto longer = with_reply({}, [](KexReply& reply, ByteVector& storage) {
    storage = copy_of(reply.host_key);
    storage.push_back(std::byte{0});
    reply.host_key = storage;
  });
  EXPECT_TRUE(refused(*longer, Code::host_key_unacceptable));
  // nistp256 agreed; the blob says nistp384 inside.
  PuppetOptions nist{.engine = Role::client, .host_key = KeyType::ecdsa_p256};
  nist.client.algorithms.host_keys = nist.algorithms.host_keys = {"ecdsa-sha2-nistp256"};
  auto other_curve = with_reply(nist, [](KexReply& reply, ByteVector& storage) {
    storage = copy_of(reply.host_key);
    std::memcpy(storage.data() + 4 + 19 + 4, "nistp384", 8);
    reply.host_key = storage;
  });
  EXPECT_TRUE(refused(*other_curve, Code::host_key_unacceptable));
  // rsa-sha2-512 agreed; the signature is a good one by rsa-sha2-256, or says ssh-rsa.
  PuppetOptions rsa{.engine = Role::client, .host_key = KeyType::rsa};
  rsa.client.algorithms.host_keys = rsa.algorithms.host_keys = {"rsa-sha2-512"};
  for (const bool sha256 : {true, false}) {
    Puppet puppet(rsa);
    puppet.options.edit_method = [&](ByteVector& payload) {
      const auto before = payload;
      auto reply = *decode<KexReply>(Bytes(before).subspan(1));
      auto signature = *puppet.host_key->sign("rsa-sha2-256", puppet.exchange_hash_value, *puppet.random);
      if (!sha256) {
        Reader reader(reply.signature);
        std::string_view name;
        Bytes value;
        reader.read(name);
        reader.read(value);
        signature = Fields().text("ssh-rsa").string(value);
      }
      reply.signature = signature;
      payload = encoded(reply);
    };
    puppet.start();
    puppet.pump();
    EXPECT_TRUE(refused(puppet, Code::host_key_signature)) << sha256;
  }
}

TEST(attacks_kex, K23_session_id_of_a_later_exchange) {
  for (const auto role : both) {
    PuppetOptions options{.engine = role};
    for (auto* names : {&options.client.algorithms, &options.server.algorithms})
      names->key_exchanges = {"curve25519-sha256", "ecdh-sha2-nistp521", "ecdh-sha2-nistp384"};
    auto puppet = logged_in(options);
    const auto first = puppet->session_id;
    EXPECT_TRUE(same_bytes(puppet->engine().session_id(), first));
    for (const auto* name : {"ecdh-sha2-nistp521", "curve25519-sha256", "ecdh-sha2-nistp384", "curve25519-sha256"}) {
      puppet->options.algorithms.key_exchanges = {name};
      puppet->send_kex_init();
      puppet->pump();
      EXPECT_FALSE(same_bytes(puppet->exchange_hash_value, first));
      EXPECT_TRUE(same_bytes(puppet->engine().session_id(), first)) << name;
      EXPECT_TRUE(lives(*puppet)) << "its keys come from the first session id, or nothing would be readable";
    }
    EXPECT_EQ(puppet->told("KeysExchanged first=0"), 4U);
  }
}

TEST(attacks_kex, K25_a_faulty_signature_of_our_own) {
  for (const bool absent : {false, true}) {
    Puppet puppet;
    puppet.on_event = [&](const Event& event) {
      const auto* sign = std::get_if<SignatureWanted>(&event);
      if (!sign) return false;
      auto blob = *puppet.host_key->sign(sign->algorithm, sign->message, *puppet.engine_random);
      blob.back() ^= std::byte{1};
      EXPECT_EQ(puppet.engine().answer(sign->ticket, Signature{absent ? std::nullopt : std::optional<Bytes>(blob)}),
                Status::ok);
      return true;
    };
    puppet.start();
    puppet.pump();
    EXPECT_TRUE(ended(puppet, absent ? Code::signature_refused : Code::signature_wrong, Reason::key_exchange_failed,
                      "SignatureWanted"));
    EXPECT_FALSE(puppet.has(KexReply::number)) << "it left";
    EXPECT_FALSE(puppet.has(NewKeys::number));
  }
}

TEST(attacks_kex, K28_the_order_of_host_keys_tells_nothing) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    PuppetOptions options{.engine = Role::client, .seed = seed};
    options.client.user = "user" + std::to_string(seed);
    auto puppet = in_exchange(options);
    const auto init = puppet->last<KexInit>();
    ASSERT_TRUE(init);
    std::string defaults;
    for (const auto& row : puppet->provider.signatures)
      if (row.by_default) defaults += (defaults.empty() ? "" : ",") + std::string(row.name);
    EXPECT_EQ(init->host_keys.text(), defaults);
  }
  PuppetOptions chosen{.engine = Role::client};  // another order is somebody's explicit choice
  chosen.client.algorithms.host_keys = {"rsa-sha2-512", "ssh-ed25519"};
  EXPECT_EQ(in_exchange(chosen)->last<KexInit>()->host_keys.text(), "rsa-sha2-512,ssh-ed25519");
}

}  // namespace
}  // namespace nacre::test
