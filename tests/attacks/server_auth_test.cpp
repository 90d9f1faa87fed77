// Attacks on authentication at a server (rows A01, A02, A04 to A06, A08 to A13, A15 to A18, A20, A21, A23 to A25).
#include "crypto/base64.hpp"
#include "engine/trust/authorized_keys.hpp"
#include "tests/attacks/attack.hpp"

namespace nacre::test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

std::unique_ptr<Puppet> server_at_auth(PuppetOptions options = {}) { return in_auth(std::move(options)); }

// What a client signs, and each part of it that an attack may change.
struct Proof {
  ByteVector session_id;
  std::string user = "alice", service = "ssh-connection", method = "publickey", algorithm = "ssh-ed25519";
  bool flag = true;
  ByteVector key;
};

Proof right_proof(const Puppet& puppet) {
  return {.session_id = puppet.session_id, .key = copy_of(puppet.user_key->public_key().blob())};
}

void prove(Puppet& puppet, const PrivateKey& signer, const Proof& sent, const Proof& over) {
  const auto body = encoded(PublicKeyBody{over.flag, over.algorithm, over.key, {}});
  const ByteVector message =
      Fields().string(over.session_id).raw(encoded(UserauthRequest{over.user, over.service, over.method, {body}}));
  const ByteVector signature = Fields().string(*signer.sign(signer.public_key().type(), message, *puppet.random));
  request_auth(puppet, "publickey", encoded(PublicKeyBody{true, sent.algorithm, sent.key, {signature}}), sent.user);
}

TEST(attacks_auth, A01_channels_before_authentication) {
  for (const auto role : both)
    for (const bool service : {false, true})
      for (unsigned number = 80; number <= 191; ++number) {
        auto puppet = service ? in_auth(role) : with_keys(role);
        puppet->send_payload(
            payload_of(static_cast<std::uint8_t>(number), Fields().text("session").u32(0).u32(0x7fffffff).u32(32768)));
        puppet->pump();
        ASSERT_TRUE(ended(*puppet, Code::unexpected_message)) << number;
        EXPECT_EQ(puppet->received.size(), 1U) << "nothing but the farewell";
      }
}

TEST(attacks_auth, A02_messages_of_servers_from_a_client) {
  for (const std::uint8_t number :
       {std::uint8_t{6}, std::uint8_t{31}, std::uint8_t{51}, std::uint8_t{52}, std::uint8_t{53}, std::uint8_t{60}})
    for (const int state : {0, 1, 2}) {
      auto puppet = state == 0 ? with_keys(Role::server) : state == 1 ? in_auth(Role::server) : logged_in(Role::server);
      puppet->send_number(number);
      puppet->pump();
      EXPECT_TRUE(ended(*puppet, Code::unexpected_message)) << int{number};
      EXPECT_EQ(puppet->engine().authenticated(), state == 2);
    }
}

TEST(attacks_auth, A04_services_skipped_or_wrong) {
  auto skipped = with_keys(Role::server);
  try_password(*skipped, "sesame");
  EXPECT_TRUE(ended(*skipped, Code::unexpected_message));
  for (const auto service : {"ssh-connection"sv, "ssh-userauthx"sv, ""sv, "ssh-user\0auth"sv}) {
    auto puppet = with_keys(Role::server);
    puppet->send(ServiceRequest{service});
    puppet->pump();
    EXPECT_TRUE(ended(*puppet, Code::service_unknown, Reason::service_not_available)) << service;
  }
  auto other = server_at_auth();
  request_auth(*other, "none", {}, "alice", "ssh-other");
  EXPECT_TRUE(ended(*other, Code::service_unknown, Reason::service_not_available));
  auto again = server_at_auth();  // some clients ask before each attempt
  again->send(ServiceRequest{"ssh-userauth"});
  try_password(*again, "sesame");
  EXPECT_EQ(again->count(ServiceAccept::number), 1U);
  EXPECT_TRUE(again->engine().authenticated());
}

TEST(attacks_auth, A05_another_user_halfway) {
  for (const auto* user : {"root", "alic", "alicex", ""}) {
    auto puppet = server_at_auth();
    const auto proof = right_proof(*puppet);
    puppet->on_event = [&](const Event& event) {
      const auto* proven = std::get_if<PublicKeyProven>(&event);
      if (proven) {
        EXPECT_EQ(puppet->server->answer(proven->ticket, AuthVerdict::partial), Status::ok);
      }
      return proven != nullptr;
    };
    prove(*puppet, *puppet->user_key, proof, proof);
    puppet->forget();
    try_password(*puppet, "sesame", user);
    EXPECT_TRUE(ended(*puppet, Code::user_changed)) << user;
    EXPECT_FALSE(puppet->engine().authenticated());
  }
}

TEST(attacks_auth, A06_a_key_offered_is_no_key_proven) {
  auto puppet = server_at_auth();
  Ticket offered{};
  puppet->on_event = [&](const Event& event) {
    const auto* offer = std::get_if<PublicKeyOffered>(&event);
    if (offer) offered = offer->ticket;
    return offer != nullptr;
  };
  offer_key(*puppet, "ssh-ed25519", puppet->user_key->public_key().blob());
  EXPECT_EQ(puppet->server->answer(offered, AuthVerdict::accept), Status::wrong_answer);
  EXPECT_FALSE(puppet->engine().authenticated());
  EXPECT_EQ(puppet->server->answer(offered, KeyInterest::yes), Status::ok);
  EXPECT_EQ(puppet->server->answer(offered, AuthVerdict::accept), Status::unknown_ticket);
  puppet->pump();
  EXPECT_TRUE(puppet->has(PublicKeyOk::number));
  puppet->forget();
  // Then signs with another: nothing is left of the answer to the first.
  const auto other = key_from_seed(KeyType::ed25519, 9);
  const auto proof = right_proof(*puppet);
  prove(*puppet, *other, proof, proof);
  EXPECT_EQ(puppet->told("PublicKeyProven"), 0U);
  EXPECT_TRUE(failed(*puppet));
  auto own = proof;
  own.key = copy_of(other->public_key().blob());
  prove(*puppet, *other, own, own);
  EXPECT_EQ(puppet->told("PublicKeyProven"), 1U) << "proven, of another, and judged by itself";
  EXPECT_TRUE(failed(*puppet));
}

TEST(attacks_auth, A08_signatures_over_something_else) {
  for (int field = 0; field < 7; ++field) {
    auto puppet = server_at_auth();
    const auto right = right_proof(*puppet);
    auto over = right;
    if (field == 0) over.session_id.back() ^= std::byte{1};
    if (field == 1) over.user = "bob";
    if (field == 2) over.service = "ssh-userauth";
    if (field == 3) over.method = "hostbased";
    if (field == 4) over.flag = false;
    if (field == 5) over.algorithm = "ssh-ed448";
    if (field == 6) over.key.back() ^= std::byte{1};
    prove(*puppet, *puppet->user_key, right, over);
    EXPECT_EQ(puppet->told("PublicKeyProven"), 0U) << field;
    EXPECT_TRUE(failed(*puppet)) << field;
    prove(*puppet, *puppet->user_key, right, right);
    EXPECT_TRUE(puppet->engine().authenticated()) << field;
  }
  const auto rsa = key_from_seed(KeyType::rsa, 2000), curve = key_from_seed(KeyType::ecdsa_p256, 2000);
  for (const auto& [algorithm, key] :
       std::vector<std::pair<std::string, const PrivateKey*>>{{"ssh-rsa", rsa.get()},
                                                              {"rsa-sha2-256", curve.get()},
                                                              {"ecdsa-sha2-nistp384", curve.get()},
                                                              {"ssh-ed25519", curve.get()}}) {
    auto puppet = server_at_auth();
    offer_key(*puppet, algorithm, key->public_key().blob());
    EXPECT_EQ(puppet->told("PublicKeyOffered"), 0U);
    EXPECT_TRUE(failed(*puppet)) << algorithm;
  }
}

TEST(attacks_auth, A09_hostbound_is_not_spoken) {
  auto puppet = server_at_auth();
  const auto key = puppet->user_key->public_key().blob();
  request_auth(*puppet, "publickey-hostbound-v00@openssh.com",
               Fields().flag(true).text("ssh-ed25519").string(key).string(key).string(bytes_of("signature")));
  EXPECT_TRUE(puppet->events.empty());
  EXPECT_TRUE(failed(*puppet));
  Puppet greeted;
  ASSERT_TRUE(greeted.exchange());
  const auto said = greeted.last<ExtInfo>();
  ASSERT_TRUE(said);
  EXPECT_EQ(text_of(said->extensions.bytes).find("hostbound"), std::string_view::npos) << "announced";
}

TEST(attacks_auth, A10_bad_keys_and_bad_framing) {
  auto puppet = server_at_auth();
  const auto blob = copy_of(puppet->user_key->public_key().blob());
  const std::string cert = "ssh-ed25519-cert-v01@openssh.com";
  ByteVector nested = Fields().text(cert).string(ByteVector(32));
  for (int i = 0; i < 100; ++i) nested = Fields().text(cert).string(nested);
  for (const auto& [algorithm, key] :
       std::vector<std::pair<std::string, ByteVector>>{{"ssh-ed25519", copy_of(Bytes(blob).first(blob.size() - 1))},
                                                       {"ssh-ed25519", {}},
                                                       {"ssh-ed25519", Fields().raw(blob).raw(ByteVector(1))},
                                                       {cert, nested},
                                                       {"ssh-ed25519", nested}}) {
    offer_key(*puppet, algorithm, key);
    EXPECT_TRUE(puppet->events.empty());
    EXPECT_TRUE(failed(*puppet)) << algorithm << key.size();
  }
  for (const auto& body : std::vector<ByteVector>{
           Fields().flag(false).text("ssh-ed25519").string(blob).raw(ByteVector(1)),
           Fields().flag(true).text("ssh-ed25519").string(blob),
           Fields().flag(true).text("ssh-ed25519").string(blob).u32(9), Fields().flag(false).text("ssh-ed25519")}) {
    auto broken = server_at_auth();
    request_auth(*broken, "publickey", body);
    EXPECT_TRUE(ended(*broken, Code::malformed_message)) << body.size();
  }
}

TEST(attacks_auth, A11_attempts_that_are_not_counted) {
  PuppetOptions options;
  options.server.keyboard_interactive = options.server.password = true;
  const auto other = key_from_seed(KeyType::ed25519, 9);
  const auto prompts = [](Puppet& puppet) {
    puppet.on_event = [&puppet](const Event& event) {
      const auto* wanted = std::get_if<KeyboardInteractiveWanted>(&event);
      if (wanted) {
        const std::array asked{Prompt{"x", false}};
        EXPECT_EQ(puppet.server->answer(wanted->ticket, Prompts{"", "", asked}), Status::ok);
      }
      return wanted != nullptr;
    };
  };
  const std::vector<std::function<void(Puppet&)>> attempts{
      [](Puppet& p) { try_password(p, "wrong"); },
      [&](Puppet& p) { offer_key(p, "ssh-ed25519", other->public_key().blob()); },
      [](Puppet& p) { request_auth(p, "x", {}); }, [](Puppet& p) { request_auth(p, "none", {}); },
      [](Puppet& p) { request_auth(p, "keyboard-interactive", encoded(KeyboardInteractiveBody{})); }};
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    auto puppet = server_at_auth(options);
    prompts(*puppet);
    int made = 0;
    for (; made < 20 && puppet->closed == 0; ++made) {
      puppet->forget();
      attempts[i](*puppet);
      puppet->advance(300ms);
    }
    EXPECT_EQ(puppet->code(), Code::too_many_auth_failures) << i;
    EXPECT_EQ(puppet->farewell(), Reason::protocol_error);
    EXPECT_EQ(made, i == 3 || i == 4 ? 7 : 6) << i << ": the first none is free; a dialogue is given up by the next";
  }
  auto probes = server_at_auth();
  int answered = 0;
  for (int i = 0; i < 100 && probes->closed == 0; ++i) {
    probes->forget();
    offer_key(*probes, "ssh-ed25519", probes->user_key->public_key().blob());
    probes->advance(300ms);
    answered += probes->has(PublicKeyOk::number) ? 1 : 0;
  }
  EXPECT_EQ(answered, 20);
  EXPECT_EQ(probes->code(), Code::too_many_auth_failures);
  options.server.limits.auth_failures = 1000;
  options.server.limits.failure_delay = 0ms;
  auto many = server_at_auth(options);
  for (int i = 0; i < 128; ++i) request_auth(*many, "x", {});
  EXPECT_EQ(many->closed, 0);
  many->forget();
  request_auth(*many, "x", {});
  EXPECT_TRUE(ended(*many, Code::too_many_auth_requests));
}

TEST(attacks_auth, A12_half_an_authentication) {
  const auto half = [] {
    auto puppet = server_at_auth();
    puppet->on_event = [p = puppet.get()](const Event& event) {
      const auto* proven = std::get_if<PublicKeyProven>(&event);
      if (proven) {
        EXPECT_EQ(p->server->answer(proven->ticket, AuthVerdict::partial), Status::ok);
      }
      return proven != nullptr;
    };
    const auto proof = right_proof(*puppet);
    prove(*puppet, *puppet->user_key, proof, proof);
    EXPECT_FALSE(puppet->engine().authenticated());
    const auto failure = puppet->last<UserauthFailure>();
    EXPECT_TRUE(failure && failure->partial && failure->methods.text() == "password");
    puppet->forget();
    return puppet;
  };
  auto opens = half();
  opens->send(ChannelOpen{"session", 7, 1000, 1000, {}});
  opens->pump();
  EXPECT_TRUE(ended(*opens, Code::unexpected_message));
  auto same = half();  // the same key, and any other: the method has had its step
  const auto proof = right_proof(*same);
  prove(*same, *same->user_key, proof, proof);
  EXPECT_TRUE(same->events.empty());
  EXPECT_TRUE(failed(*same));
  try_password(*same, "sesame");
  EXPECT_TRUE(same->engine().authenticated());
}

std::unique_ptr<Puppet> prompted(std::size_t prompts) {
  PuppetOptions options;
  options.server.keyboard_interactive = true;
  auto puppet = server_at_auth(options);
  puppet->on_event = [p = puppet.get(), prompts](const Event& event) {
    const auto* wanted = std::get_if<KeyboardInteractiveWanted>(&event);
    if (wanted) {
      const std::vector<Prompt> asked(prompts, Prompt{"x", false});
      EXPECT_EQ(p->server->answer(wanted->ticket, Prompts{"", "", asked}), Status::ok);
    }
    return wanted != nullptr;
  };
  request_auth(*puppet, "keyboard-interactive", encoded(KeyboardInteractiveBody{}));
  EXPECT_TRUE(puppet->has(InfoRequest::number));
  puppet->forget();
  return puppet;
}

TEST(attacks_auth, A13_responses_that_count_wrongly) {
  const ByteVector two = Fields().text("a").text("b");
  for (const std::uint32_t count : {0xffffffffU, 0x40000001U, 0x80000000U, 3U, 1U}) {
    auto puppet = prompted(2);
    puppet->send(InfoResponse{count, {two}});
    puppet->pump();
    EXPECT_TRUE(ended(*puppet, Code::malformed_message)) << count;
  }
  for (const std::size_t prompts : {std::size_t{1}, std::size_t{3}, std::size_t{0}}) {
    auto puppet = prompted(prompts);
    puppet->send(InfoResponse{2, {two}});
    puppet->pump();
    EXPECT_EQ(puppet->told("ResponsesReceived"), 0U);
    EXPECT_TRUE(failed(*puppet)) << prompts;
  }
  auto unasked = server_at_auth();
  unasked->send(InfoResponse{0, {}});
  unasked->pump();
  EXPECT_TRUE(ended(*unasked, Code::unexpected_message));
}

TEST(attacks_auth, A15_password_changes_nobody_asked_for) {
  auto puppet = server_at_auth();
  request_auth(*puppet, "password", Fields().flag(true).text("sesame").text("new"));
  EXPECT_TRUE(puppet->events.empty()) << "the application has seen it";
  EXPECT_TRUE(failed(*puppet));
  EXPECT_FALSE(puppet->engine().authenticated());
}

TEST(attacks_auth, A16_long_passwords_and_users) {
  auto puppet = server_at_auth();
  try_password(*puppet, std::string(1025, 'x'));
  EXPECT_TRUE(puppet->events.empty());
  EXPECT_TRUE(failed(*puppet));
  try_password(*puppet, std::string(1024, 'x'));
  EXPECT_EQ(puppet->told("PasswordReceived"), 1U);
  auto user = server_at_auth();
  try_password(*user, "x", std::string(1025, 'u'));
  EXPECT_TRUE(ended(*user, Code::user_name_too_long));
}

using Attempt = std::function<void(Puppet&, std::string_view user)>;

// An application that says no to all: at once where there is no such user, and after 100 ms of work where there is one.
void say_no(Puppet& puppet, bool exists, std::function<void()>& later) {
  puppet.on_event = [&puppet, &later, exists](const Event& event) {
    const auto no = [&](Ticket ticket, auto verdict) {
      later = [&puppet, ticket, verdict] { EXPECT_EQ(puppet.server->answer(ticket, verdict), Status::ok); };
      if (!exists) std::exchange(later, {})();
    };
    if (const auto* password = std::get_if<PasswordReceived>(&event)) no(password->ticket, AuthVerdict::reject);
    if (const auto* offered = std::get_if<PublicKeyOffered>(&event)) no(offered->ticket, KeyInterest::no);
    if (const auto* proven = std::get_if<PublicKeyProven>(&event)) no(proven->ticket, AuthVerdict::reject);
    if (const auto* responses = std::get_if<ResponsesReceived>(&event)) no(responses->ticket, AuthVerdict::reject);
    if (const auto* wanted = std::get_if<KeyboardInteractiveWanted>(&event)) {
      const std::array asked{Prompt{"x", false}};
      EXPECT_EQ(puppet.server->answer(wanted->ticket, Prompts{"", "", asked}), Status::ok);
    }
    return true;
  };
}

// What is said to one attempt: one message, 300 ms after it and not before.
ByteVector said_to(const Attempt& attempt, bool exists) {
  PuppetOptions options;
  options.server.password = options.server.keyboard_interactive = true;
  auto puppet = server_at_auth(options);
  std::function<void()> later;
  say_no(*puppet, exists, later);
  attempt(*puppet, exists ? "alice" : "nobody");
  puppet->advance(100ms);
  if (later) later();
  puppet->advance(199ms);
  EXPECT_TRUE(puppet->received.empty()) << "too soon";
  EXPECT_EQ(puppet->engine().deadline(), puppet->now + 1ms);
  puppet->advance(1ms);
  EXPECT_EQ(puppet->received.size(), 1U);
  return puppet->received.empty() ? ByteVector{} : puppet->received[0];
}

TEST(attacks_auth, A17_users_told_apart) {
  // A user there is and one there is not, each kind of attempt: the same bytes at the same time.
  const auto other = key_from_seed(KeyType::ed25519, 9);
  const auto by_key = [](Puppet& p, std::string_view user, const PrivateKey& named, const PrivateKey& signer) {
    auto proof = right_proof(p);
    proof.user = user;
    proof.key = copy_of(named.public_key().blob());
    prove(p, signer, proof, proof);
  };
  const std::vector<Attempt> attempts{
      [](Puppet& p, std::string_view user) { try_password(p, "wrong", user); },
      [](Puppet& p, std::string_view user) { try_password(p, std::string(2000, 'x'), user); },
      [](Puppet& p, std::string_view user) {
        request_auth(p, "publickey", Fields().flag(false).text("x").text("y"), user);
      },
      [&](Puppet& p, std::string_view user) {  // a key that is not let in
        request_auth(p, "publickey", encoded(PublicKeyBody{false, "ssh-ed25519", other->public_key().blob(), {}}),
                     user);
      },
      [&](Puppet& p, std::string_view user) { by_key(p, user, *other, *other); },
      [&](Puppet& p, std::string_view user) { by_key(p, user, *p.user_key, *other); },  // a signature that is another's
      [](Puppet& p, std::string_view user) {
        request_auth(p, "keyboard-interactive", encoded(KeyboardInteractiveBody{}), user);
        EXPECT_EQ(p.received.size(), 1U);
        p.forget();
        const ByteVector response = Fields().text("wrong");
        p.send(InfoResponse{1, {response}});
        p.pump();
      },
      [](Puppet& p, std::string_view user) { request_auth(p, "x", {}, user); }};
  const auto first = said_to(attempts[0], true);
  for (std::size_t i = 0; i < attempts.size(); ++i)
    for (const bool exists : {true, false}) EXPECT_EQ(said_to(attempts[i], exists), first) << i << " " << exists;
  for (const auto* user : {"alice", "nobody"}) {  // the message is read whole before anybody is looked up
    auto puppet = server_at_auth();
    request_auth(*puppet, "password", Fields().flag(false).text("sesame").raw(ByteVector(1)), user);
    EXPECT_TRUE(ended(*puppet, Code::malformed_message)) << user;
  }
}

TEST(attacks_auth, A18_methods_that_are_none) {
  auto puppet = server_at_auth();
  request_auth(*puppet, "none", {});
  EXPECT_EQ(puppet->last<UserauthFailure>()->methods.text(), "publickey,password");
  EXPECT_FALSE(puppet->engine().authenticated());
  puppet->forget();
  for (const auto method : {"none"sv, ""sv, "hostbased"sv, "Password"sv}) {
    request_auth(*puppet, method, encoded(PasswordBody{false, bytes_of("sesame"), {}}));
    EXPECT_TRUE(puppet->events.empty());
    EXPECT_TRUE(failed(*puppet)) << method;
  }
  for (int part = 0; part < 3; ++part) {
    auto nul = server_at_auth();
    request_auth(*nul, part == 0 ? "password\0x"sv : "password"sv, encoded(PasswordBody{false, bytes_of("sesame"), {}}),
                 part == 1 ? "alice\0"sv : "alice"sv, part == 2 ? "ssh-connection\0"sv : "ssh-connection"sv);
    EXPECT_TRUE(ended(*nul, Code::malformed_message)) << part;
  }
}

TEST(attacks_auth, A20_channels_behind_an_undecided_request) {
  for (const bool accept : {true, false}) {
    auto puppet = server_at_auth();
    Ticket ticket{};
    puppet->on_event = [&](const Event& event) {
      const auto* password = std::get_if<PasswordReceived>(&event);
      if (password) ticket = password->ticket;
      return password != nullptr;
    };
    try_password(*puppet, "sesame");
    puppet->send(ChannelOpen{"session", 7, 1000, 1000, {}});
    puppet->pump();
    EXPECT_EQ(puppet->events.size(), 1U) << puppet->log();
    EXPECT_TRUE(puppet->received.empty());
    EXPECT_EQ(puppet->server->answer(ticket, accept ? AuthVerdict::accept : AuthVerdict::reject), Status::ok);
    puppet->forget();
    puppet->advance(300ms);
    EXPECT_EQ(puppet->told("ChannelOpenReceived"), accept ? 1U : 0U);
    if (!accept) {
      EXPECT_TRUE(ended(*puppet, Code::unexpected_message));
    }
  }
}

TEST(attacks_auth, A21_requests_after_success) {
  auto puppet = logged_in(Role::server);
  try_password(*puppet, "wrong", "mallory");
  puppet->send(UserauthRequest{"root", "ssh-other", "none", {}});
  puppet->advance(1s);
  EXPECT_TRUE(puppet->received.empty() && puppet->events.empty()) << puppet->log();
  EXPECT_TRUE(lives(*puppet));
}

TEST(attacks_auth, A23_certificates_are_not_spoken) {
  PuppetOptions options;
  options.server.limits.auth_failures = 100;
  auto puppet = server_at_auth(options);
  for (const auto* type : {"ssh-ed25519-cert-v01@openssh.com", "ssh-rsa-cert-v01@openssh.com",
                           "rsa-sha2-512-cert-v01@openssh.com", "ecdsa-sha2-nistp256-cert-v01@openssh.com"}) {
    offer_key(*puppet, type, Fields().text(type).string(ByteVector(32)).string(ByteVector(32)));
    EXPECT_TRUE(puppet->events.empty());
    EXPECT_TRUE(failed(*puppet)) << type;
  }
  for (const auto& row : puppet->provider.signatures) EXPECT_EQ(row.name.find("-cert-"), std::string_view::npos);
  // A key named as an authority does not log in by itself either.
  const auto blob = puppet->user_key->public_key().blob();
  const auto line = "cert-authority,principals=\"alice\" ssh-ed25519 " + base64_encode(blob) + "\n";
  EXPECT_FALSE(find_authorized_key(line, blob, {}));
  EXPECT_TRUE(find_authorized_key("ssh-ed25519 " + base64_encode(blob) + "\n", blob, {}));
}

TEST(attacks_auth, A24_fido_keys_are_not_spoken) {
  auto puppet = server_at_auth();
  for (const auto* type : {"sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
                           "webauthn-sk-ecdsa-sha2-nistp256@openssh.com"}) {
    offer_key(*puppet, type, Fields().text(type).string(ByteVector(32)).text("ssh:"));
    EXPECT_TRUE(puppet->events.empty());
    EXPECT_TRUE(failed(*puppet)) << type;
  }
  for (const auto& row : puppet->provider.signatures) EXPECT_EQ(row.name.find("sk-"), std::string_view::npos);
}

TEST(attacks_auth, A25_bodies_of_methods_nobody_offers) {
  PuppetOptions options;
  options.server.password = false;
  options.server.publickey = false;
  options.server.keyboard_interactive = true;
  auto puppet = server_at_auth(options);
  for (const auto* method : {"gssapi-with-mic", "gssapi-keyex", "hostbased", "password", "publickey"}) {
    request_auth(*puppet, method, Fields().u32(0xffffffff).u32(0xffffffff));  // framed wrongly, and never looked at
    EXPECT_TRUE(puppet->events.empty());
    EXPECT_TRUE(failed(*puppet)) << method;
  }
}

}  // namespace
}  // namespace nacre::test
