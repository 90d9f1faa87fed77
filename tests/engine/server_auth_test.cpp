// Authentication at a server: what a client can claim, prove and try, and what the application decides. The ids are
// those of the list of attacks.
#include <gtest/gtest.h>

#include "engine/auth/userauth.hpp"
#include "tests/engine/puppet.hpp"

namespace nacre::test {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<Puppet> at_auth(PuppetOptions options = {}) {
  auto puppet = std::make_unique<Puppet>(std::move(options));
  EXPECT_TRUE(puppet->begin_service());
  puppet->forget();
  return puppet;
}

void request(Puppet& puppet, std::string_view method, Bytes body, std::string_view user = "alice",
             std::string_view service = "ssh-connection") {
  puppet.send(UserauthRequest{user, service, method, {body}});
  puppet.pump();
}

void try_password(Puppet& puppet, std::string_view password, std::string_view user = "alice") {
  request(puppet, "password", encoded(PasswordBody{false, bytes_of(password), {}}), user);
}

std::string algorithm_of(const PrivateKey& key) {
  return key.public_key().type() == "ssh-rsa" ? "rsa-sha2-256" : std::string(key.public_key().type());
}

void offer(Puppet& puppet, const PrivateKey& key) {
  const auto name = algorithm_of(key);
  request(puppet, "publickey", encoded(PublicKeyBody{false, name, key.public_key().blob(), {}}));
}

// What a client signs, and each part of it that a test may get wrong.
struct Proof {
  ByteVector session_id;
  std::string user = "alice", service = "ssh-connection", method = "publickey", algorithm;
  bool flag = true;
  ByteVector key;
};

void prove(Puppet& puppet, const PrivateKey& signer, const Proof& sent, const Proof& signed_over) {
  const auto body = encoded(PublicKeyBody{signed_over.flag, signed_over.algorithm, signed_over.key, {}});
  ByteVector message;
  VectorSink sink{message};
  Writer<VectorSink>(sink).write(Bytes(signed_over.session_id));
  encode(UserauthRequest{signed_over.user, signed_over.service, signed_over.method, {body}}, sink);
  const auto signature = signer.sign(algorithm_of(signer), message, *puppet.random);
  const auto wrapped = encoded(OneString{*signature});
  request(puppet, "publickey", encoded(PublicKeyBody{true, sent.algorithm, sent.key, {wrapped}}), sent.user);
}

Proof right_proof(const Puppet& puppet, const PrivateKey& key) {
  return {.session_id = puppet.session_id, .algorithm = algorithm_of(key), .key = copy_of(key.public_key().blob())};
}

void expect_failure(Puppet& puppet, bool partial = false) {
  EXPECT_EQ(puppet.count(UserauthFailure::number), 0U) << "too soon";
  puppet.advance(300ms);
  EXPECT_EQ(puppet.closed, 0) << puppet.log();
  ASSERT_EQ(puppet.count(UserauthFailure::number), 1U) << puppet.log();
  EXPECT_EQ(puppet.last<UserauthFailure>()->partial, partial);
  EXPECT_FALSE(puppet.engine().authenticated());
  puppet.forget();
}

class EachKey : public testing::TestWithParam<KeyType> {};

TEST_P(EachKey, OfferedThenProven) {
  auto puppet = at_auth({.user_key = GetParam()});
  offer(*puppet, *puppet->user_key);
  const auto ok = puppet->last<PublicKeyOk>();
  ASSERT_TRUE(ok) << puppet->log();
  EXPECT_EQ(ok->algorithm, algorithm_of(*puppet->user_key));
  EXPECT_TRUE(same_bytes(ok->key, puppet->user_key->public_key().blob()));
  EXPECT_EQ(puppet->told("PublicKeyOffered"), 1U);
  EXPECT_EQ(puppet->told("PublicKeyProven"), 0U);
  EXPECT_FALSE(puppet->engine().authenticated());
  const auto proof = right_proof(*puppet, *puppet->user_key);
  prove(*puppet, *puppet->user_key, proof, proof);
  EXPECT_EQ(puppet->told("PublicKeyProven alice"), 1U) << puppet->log();
  EXPECT_TRUE(puppet->has(UserauthSuccess::number));
  EXPECT_TRUE(puppet->engine().authenticated());
}

TEST_P(EachKey, A08_TheSignatureIsBoundToEveryField) {
  for (int field = 0; field < 7; ++field) {
    auto puppet = at_auth({.user_key = GetParam()});
    const auto right = right_proof(*puppet, *puppet->user_key);
    auto wrong = right;
    switch (field) {
      case 0: wrong.session_id.back() ^= std::byte{1}; break;
      case 1: wrong.user = "bob"; break;
      case 2: wrong.service = "ssh-userauth"; break;
      case 3: wrong.method = "hostbased"; break;
      case 4: wrong.flag = false; break;
      case 5: wrong.algorithm = "ssh-other"; break;
      default: wrong.key.push_back(std::byte{0}); break;
    }
    prove(*puppet, *puppet->user_key, right, wrong);
    EXPECT_EQ(puppet->told("PublicKeyProven"), 0U) << field;
    expect_failure(*puppet);
    prove(*puppet, *puppet->user_key, right, right);  // and the same request with the right bytes passes
    EXPECT_EQ(puppet->told("PublicKeyProven"), 1U) << field;
  }
}

INSTANTIATE_TEST_SUITE_P(Auth, EachKey,
                         testing::Values(KeyType::ed25519, KeyType::ecdsa_p256, KeyType::ecdsa_p384,
                                         KeyType::ecdsa_p521, KeyType::rsa));

TEST(ServerAuth, A06_AnotherKeysSignatureProvesNothing) {
  auto puppet = at_auth();
  const auto other = key_from_seed(KeyType::ed25519, 9);
  const auto proof = right_proof(*puppet, *puppet->user_key);
  offer(*puppet, *puppet->user_key);  // even after PK_OK for the right one
  EXPECT_TRUE(puppet->has(PublicKeyOk::number));
  prove(*puppet, *other, proof, proof);
  EXPECT_EQ(puppet->told("PublicKeyProven"), 0U);
  expect_failure(*puppet);
  // The other key, proven properly, is proven and refused by the application.
  const auto others = right_proof(*puppet, *other);
  prove(*puppet, *other, others, others);
  EXPECT_EQ(puppet->told("PublicKeyProven"), 1U);
  expect_failure(*puppet);
}

TEST(ServerAuth, A08_AlgorithmAndKeyMustFit) {
  auto puppet = at_auth({.user_key = KeyType::rsa});
  const auto blob = copy_of(puppet->user_key->public_key().blob());
  for (const auto* name : {"ssh-rsa", "ssh-ed25519", "rsa-sha2-25", "rsa-sha2-2566", "", "ecdsa-sha2-nistp256"}) {
    request(*puppet, "publickey", encoded(PublicKeyBody{false, name, blob, {}}));
    EXPECT_EQ(puppet->told("PublicKeyOffered"), 0U) << name;
    if (name == std::string_view("ecdsa-sha2-nistp256")) break;  // the sixth failure ends it
    expect_failure(*puppet);
  }
}

TEST(ServerAuth, A10_ABadKeyFailsAndBadFramingEnds) {
  auto puppet = at_auth();
  const auto blob = puppet->user_key->public_key().blob();
  request(*puppet, "publickey", encoded(PublicKeyBody{false, "ssh-ed25519", blob.first(blob.size() - 1), {}}));
  expect_failure(*puppet);
  request(*puppet, "publickey", encoded(PublicKeyBody{false, "ssh-ed25519", {}, {}}));
  expect_failure(*puppet);
  request(*puppet, "publickey", encoded(PublicKeyBody{false, "ssh-ed25519", blob, {bytes_of("x")}}));
  EXPECT_EQ(puppet->code(), Code::malformed_message);
  auto other = at_auth();
  request(*other, "publickey", encoded(PublicKeyBody{true, "ssh-ed25519", blob, {bytes_of("\0\0\0")}}));
  EXPECT_EQ(other->code(), Code::malformed_message);
}

TEST(ServerAuth, Password) {
  auto puppet = at_auth();
  try_password(*puppet, "wrong");
  expect_failure(*puppet);
  try_password(*puppet, "");
  expect_failure(*puppet);
  try_password(*puppet, "sesame");
  EXPECT_TRUE(puppet->engine().authenticated());
  EXPECT_EQ(puppet->told("Authenticated alice"), 1U);
}

TEST(ServerAuth, A16_ALongPasswordIsNotShownToTheApplication) {
  auto puppet = at_auth();
  try_password(*puppet, std::string(1025, 'x'));
  EXPECT_EQ(puppet->told("PasswordReceived"), 0U);
  expect_failure(*puppet);
  try_password(*puppet, std::string(1024, 'x'));
  EXPECT_EQ(puppet->told("PasswordReceived"), 1U);
  auto user = at_auth();
  try_password(*user, "x", std::string(1025, 'u'));
  EXPECT_EQ(user->code(), Code::user_name_too_long);
}

TEST(ServerAuth, A15_APasswordChangeNobodyAskedForFails) {
  auto puppet = at_auth();
  const auto next = encoded(OneString{bytes_of("new")});
  request(*puppet, "password", encoded(PasswordBody{true, bytes_of("sesame"), {next}}));
  EXPECT_EQ(puppet->told("PasswordReceived"), 0U);
  expect_failure(*puppet);
  request(*puppet, "password", encoded(PasswordBody{false, bytes_of("sesame"), {next}}));
  EXPECT_EQ(puppet->code(), Code::malformed_message);
}

TEST(ServerAuth, A18_NoneListsTheMethodsOnceForNothing) {
  auto puppet = at_auth();
  request(*puppet, "none", {});
  EXPECT_EQ(puppet->told("NoneReceived"), 0U);
  const auto failure = puppet->last<UserauthFailure>();
  ASSERT_TRUE(failure);  // at once
  EXPECT_EQ(failure->methods.text(), "publickey,password");
  EXPECT_FALSE(failure->partial);
  puppet->forget();
  request(*puppet, "none", {});
  expect_failure(*puppet);  // and now it costs
  for (int i = 0; i < 5; ++i) {
    request(*puppet, "none", {});
    puppet->advance(300ms);
  }
  EXPECT_EQ(puppet->code(), Code::too_many_auth_failures);
}

TEST(ServerAuth, A18_NoneIsTheApplicationsWhenConfigured) {
  for (const bool accept : {false, true}) {
    PuppetOptions options;
    options.server.none = true;
    auto puppet = at_auth(options);
    puppet->on_event = [&](const Event& event) {
      const auto* none = std::get_if<NoneReceived>(&event);
      const auto verdict = accept ? AuthVerdict::accept : AuthVerdict::reject;
      if (none) {
        EXPECT_EQ(puppet->server->answer(none->ticket, verdict), Status::ok);
      }
      return none != nullptr;
    };
    request(*puppet, "none", {});
    puppet->advance(300ms);
    EXPECT_EQ(puppet->engine().authenticated(), accept);
    if (accept) continue;
    EXPECT_EQ(puppet->last<UserauthFailure>()->methods.text(), "publickey,password");
    for (int i = 0; i < 5; ++i) {
      try_password(*puppet, "wrong");
      puppet->advance(300ms);
    }
    EXPECT_EQ(puppet->closed, 0) << "the first none is free";
  }
}

TEST(ServerAuth, A12_NoneIsOneStepAtMost) {
  PuppetOptions options;
  options.server.none = true;
  auto puppet = at_auth(options);
  puppet->on_event = [&](const Event& event) {
    const auto* none = std::get_if<NoneReceived>(&event);
    if (none) {
      EXPECT_EQ(puppet->server->answer(none->ticket, AuthVerdict::partial), Status::ok);
    }
    return none != nullptr;
  };
  request(*puppet, "none", {});
  EXPECT_TRUE(puppet->last<UserauthFailure>()->partial) << puppet->log();
  EXPECT_EQ(puppet->told("NoneReceived"), 1U);
  puppet->forget();
  request(*puppet, "none", {});
  EXPECT_EQ(puppet->told("NoneReceived"), 0U) << puppet->log();
  expect_failure(*puppet);
}

// The verdict makes an event of its own, which speaks of another place: the password goes before it is told.
TEST(ServerAuth, APasswordIsWipedAtTheNextPoll) {
  auto puppet = at_auth();
  Bytes lent;
  bool wiped = false;
  puppet->on_event = [&](const Event& event) {
    if (const auto* got = std::get_if<PasswordReceived>(&event)) {
      lent = got->password;
      EXPECT_EQ(puppet->server->answer(got->ticket, AuthVerdict::accept), Status::ok);
      return true;
    }
    if (std::get_if<Authenticated>(&event))
      wiped = std::none_of(lent.begin(), lent.end(), [](std::byte each) { return each == std::byte{'s'}; });
    return false;
  };
  try_password(*puppet, "ssssss");
  EXPECT_TRUE(puppet->engine().authenticated());
  EXPECT_EQ(lent.size(), 6U);
  EXPECT_TRUE(wiped);
}

TEST(ServerAuth, A18_NulAndUnknownMethods) {
  using namespace std::string_view_literals;
  auto puppet = at_auth();
  for (const auto method : {""sv, "hostbased"sv, "gssapi-with-mic"sv, "passwor"sv, "passwordx"sv}) {
    request(*puppet, method, bytes_of("never looked at"));
    expect_failure(*puppet);
  }
  request(*puppet, "pass\0word"sv, {});
  EXPECT_EQ(puppet->code(), Code::malformed_message);
  auto user = at_auth();
  request(*user, "none", {}, "al\0ice"sv);
  EXPECT_EQ(user->code(), Code::malformed_message);
}

TEST(ServerAuth, A04_Services) {
  auto puppet = at_auth();
  puppet->send(ServiceRequest{"ssh-userauth"});  // again, as some clients do
  puppet->pump();
  EXPECT_EQ(puppet->count(ServiceAccept::number), 1U);
  request(*puppet, "none", {}, "alice", "ssh-other");
  EXPECT_EQ(puppet->code(), Code::service_unknown);
  EXPECT_EQ(puppet->farewell(), Reason::service_not_available);
  for (const auto* service : {"ssh-connection", "ssh-userauthx", ""}) {
    Puppet other;
    ASSERT_TRUE(other.exchange());
    other.send(ServiceRequest{service});
    other.pump();
    EXPECT_EQ(other.code(), Code::service_unknown) << service;
    EXPECT_EQ(other.farewell(), Reason::service_not_available);
  }
  Puppet skipped;
  ASSERT_TRUE(skipped.exchange());
  request(skipped, "none", {});
  EXPECT_EQ(skipped.code(), Code::unexpected_message);
}

TEST(ServerAuth, A05_AnotherUserEnds) {
  auto puppet = at_auth();
  request(*puppet, "none", {});
  request(*puppet, "none", {}, "bob");
  EXPECT_EQ(puppet->code(), Code::user_changed);
  EXPECT_EQ(puppet->farewell(), Reason::protocol_error);
}

TEST(ServerAuth, A11_TheSixthFailureEnds) {
  auto puppet = at_auth();
  const auto other = key_from_seed(KeyType::ed25519, 9);
  for (int i = 0; i < 5; ++i) {
    i % 2 == 0 ? try_password(*puppet, "wrong") : offer(*puppet, *other);  // a refused offer counts
    expect_failure(*puppet);
  }
  try_password(*puppet, "wrong");
  puppet->advance(300ms);
  EXPECT_EQ(puppet->code(), Code::too_many_auth_failures);
  EXPECT_EQ(puppet->farewell(), Reason::protocol_error);
  EXPECT_FALSE(puppet->has(UserauthFailure::number));
}

TEST(ServerAuth, A11_ProbesAndRequestsAreBounded) {
  auto puppet = at_auth();
  int answered = 0;
  for (int i = 0; i < 200 && puppet->closed == 0; ++i) {
    puppet->forget();
    offer(*puppet, *puppet->user_key);
    puppet->advance(300ms);
    answered += puppet->has(PublicKeyOk::number) ? 1 : 0;
  }
  EXPECT_EQ(answered, 20);
  EXPECT_EQ(puppet->closed, 1);

  PuppetOptions many;
  many.server.limits.auth_failures = 1000;
  many.server.limits.failure_delay = 0ms;
  auto other = at_auth(many);
  int requests = 0;
  while (other->closed == 0 && requests < 1000) {
    request(*other, "x", {});
    ++requests;
  }
  EXPECT_EQ(requests, 129);
  EXPECT_EQ(other->code(), Code::too_many_auth_requests);
}

TEST(ServerAuth, A17_FailuresWaitWhateverTheirCause) {
  PuppetOptions options;
  options.server.keyboard_interactive = options.server.password = true;
  const auto other = key_from_seed(KeyType::ed25519, 9);
  const std::vector<std::function<void(Puppet&)>> attempts{
      [](Puppet& p) { try_password(p, "wrong"); }, [](Puppet& p) { try_password(p, std::string(2000, 'x')); },
      [&](Puppet& p) { offer(p, *other); }, [](Puppet& p) { request(p, "x", {}); },
      [](Puppet& p) {
        request(p, "publickey", encoded(PublicKeyBody{false, "x", {}, {}}));
      }};
  ByteVector first;
  for (const auto& attempt : attempts) {
    auto puppet = at_auth(options);
    attempt(*puppet);
    puppet->advance(299ms);
    EXPECT_TRUE(puppet->received.empty());
    EXPECT_EQ(puppet->engine().deadline(), puppet->now + 1ms);
    puppet->advance(1ms);
    ASSERT_EQ(puppet->received.size(), 1U);
    if (first.empty()) first = puppet->received[0];
    EXPECT_EQ(puppet->received[0], first);
  }
}

// What is due at once leaves with the poll that found it due: no second one is asked for.
TEST(ServerAuth, AFailureWithoutADelayNeedsNoOtherPoll) {
  PuppetOptions options;
  options.server.limits.failure_delay = 0ms;
  auto puppet = at_auth(options);
  puppet->send(UserauthRequest{"alice", "ssh-connection", "nonsense", {}});
  const auto bytes = puppet->sealed();
  auto& engine = puppet->engine();
  std::memcpy(engine.incoming().data(), bytes.data(), bytes.size());
  engine.received(bytes.size());
  EXPECT_FALSE(engine.poll(puppet->now));
  EXPECT_FALSE(engine.outgoing().empty());
  ASSERT_TRUE(engine.deadline());
  EXPECT_GT(*engine.deadline(), puppet->now);
  puppet->pump();
  EXPECT_EQ(puppet->count(UserauthFailure::number), 1U);
}

TEST(ServerAuth, A19_TheBannerComesOnceBeforeTheAnswer) {
  PuppetOptions options;
  options.server.banner = "be good";
  auto puppet = at_auth(options);
  EXPECT_FALSE(puppet->has(UserauthBanner::number));
  request(*puppet, "none", {});
  ASSERT_EQ(puppet->received.size(), 2U);
  EXPECT_EQ(puppet->last<UserauthBanner>()->text, "be good");
  EXPECT_EQ(puppet->received[1][0], std::byte{UserauthFailure::number});
  try_password(*puppet, "sesame");
  EXPECT_EQ(puppet->count(UserauthBanner::number), 1U);
}

TEST(ServerAuth, A20_AChannelBehindAnUndecidedRequest) {
  for (const bool accept : {false, true}) {
    auto puppet = at_auth();
    Ticket ticket{};
    puppet->on_event = [&](const Event& event) {
      const auto* password = std::get_if<PasswordReceived>(&event);
      if (password) ticket = password->ticket;
      return password != nullptr;
    };
    const auto body = encoded(PasswordBody{false, bytes_of("sesame"), {}});
    puppet->send(UserauthRequest{"alice", "ssh-connection", "password", {body}});
    puppet->send(ChannelOpen{"session", 7, 1000, 1000, {}});
    puppet->pump();
    EXPECT_EQ(puppet->told("ChannelOpenReceived"), 0U);
    EXPECT_EQ(puppet->closed, 0);
    EXPECT_EQ(puppet->server->answer(ticket, accept ? AuthVerdict::accept : AuthVerdict::reject), Status::ok);
    puppet->pump();
    puppet->advance(300ms);
    EXPECT_EQ(puppet->told("ChannelOpenReceived"), accept ? 1U : 0U);
    EXPECT_EQ(puppet->closed, accept ? 0 : 1);
    if (!accept) {
      EXPECT_EQ(puppet->code(), Code::unexpected_message);
    }
  }
}

TEST(ServerAuth, A21_RequestsAfterSuccessAreDropped) {
  auto puppet = at_auth();
  try_password(*puppet, "sesame");
  ASSERT_TRUE(puppet->engine().authenticated());
  puppet->forget();
  try_password(*puppet, "wrong", "mallory");
  puppet->advance(1s);
  EXPECT_TRUE(puppet->received.empty());
  EXPECT_TRUE(puppet->events.empty());
  EXPECT_EQ(puppet->closed, 0);
}

// ---- several steps

std::unique_ptr<Puppet> two_steps() {
  auto puppet = at_auth();
  puppet->on_event = [p = puppet.get()](const Event& event) {
    if (const auto* proven = std::get_if<PublicKeyProven>(&event)) {
      EXPECT_EQ(p->server->answer(proven->ticket, AuthVerdict::partial), Status::ok);
      return true;
    }
    return false;
  };
  return puppet;
}

TEST(ServerAuth, A12_AKeyThenAPassword) {
  auto puppet = two_steps();
  const auto proof = right_proof(*puppet, *puppet->user_key);
  prove(*puppet, *puppet->user_key, proof, proof);
  const auto failure = puppet->last<UserauthFailure>();
  ASSERT_TRUE(failure) << puppet->log();
  EXPECT_TRUE(failure->partial);
  EXPECT_EQ(failure->methods.text(), "password");
  EXPECT_FALSE(puppet->engine().authenticated());
  puppet->forget();
  prove(*puppet, *puppet->user_key, proof, proof);  // the same method again satisfies nothing
  EXPECT_EQ(puppet->told("PublicKeyProven"), 0U);
  expect_failure(*puppet);
  try_password(*puppet, "sesame");
  EXPECT_TRUE(puppet->engine().authenticated());
}

TEST(ServerAuth, A12_PartialOpensNoChannels) {
  auto puppet = two_steps();
  const auto proof = right_proof(*puppet, *puppet->user_key);
  prove(*puppet, *puppet->user_key, proof, proof);
  puppet->send(ChannelOpen{"session", 7, 1000, 1000, {}});
  puppet->pump();
  EXPECT_EQ(puppet->code(), Code::unexpected_message);
}

TEST(ServerAuth, A12_PartialWithNothingLeftIsAMistake) {
  PuppetOptions options;
  options.server.publickey = false;
  auto puppet = at_auth(options);
  Ticket ticket{};
  puppet->on_event = [&](const Event& event) {
    const auto* password = std::get_if<PasswordReceived>(&event);
    if (password) ticket = password->ticket;
    return password != nullptr;
  };
  try_password(*puppet, "sesame");
  EXPECT_EQ(puppet->server->answer(ticket, AuthVerdict::partial), Status::malformed);
  EXPECT_EQ(puppet->server->answer(ticket, AuthVerdict::accept), Status::ok);
}

// ---- answers

TEST(ServerAuth, AnswersLateDoubledAndOfTheWrongKind) {
  auto puppet = at_auth();
  Ticket ticket{};
  puppet->on_event = [&](const Event& event) {
    const auto* password = std::get_if<PasswordReceived>(&event);
    if (password) ticket = password->ticket;
    return password != nullptr;
  };
  try_password(*puppet, "sesame");
  auto& server = *puppet->server;
  EXPECT_EQ(server.answer(Ticket{}, AuthVerdict::accept), Status::unknown_ticket);
  EXPECT_EQ(server.answer(Ticket{ticket.id + 1}, AuthVerdict::accept), Status::unknown_ticket);
  EXPECT_EQ(server.answer(ticket, KeyInterest::yes), Status::wrong_answer);
  EXPECT_EQ(server.answer(ticket, Prompts{}), Status::wrong_answer);
  EXPECT_EQ(server.answer(ticket, Signature{}), Status::wrong_answer);
  EXPECT_EQ(server.answer(Ticket{ticket.id + 1}, Signature{}), Status::unknown_ticket);
  EXPECT_EQ(server.answer(ticket, ChannelVerdict{.accept = true}), Status::too_early);
  EXPECT_FALSE(server.authenticated());
  // No verdict but `accept` lets anybody in, whatever number a mistaken cast makes of it.
  EXPECT_EQ(server.answer(ticket, static_cast<AuthVerdict>(7)), Status::ok);
  EXPECT_FALSE(server.authenticated());
  EXPECT_EQ(server.answer(ticket, AuthVerdict::accept), Status::unknown_ticket);
  puppet->advance(300ms);
  EXPECT_TRUE(puppet->has(UserauthFailure::number));
  try_password(*puppet, "sesame");
  EXPECT_EQ(server.answer(ticket, AuthVerdict::accept), Status::ok);
  EXPECT_EQ(server.answer(ticket, AuthVerdict::accept), Status::unknown_ticket);
  EXPECT_EQ(server.answer(ticket, AuthVerdict::reject), Status::unknown_ticket);
  EXPECT_TRUE(server.authenticated());
}

TEST(ServerAuth, UnansweredIsNeverYes) {
  auto puppet = at_auth();
  puppet->on_event = [](const Event& event) { return !std::holds_alternative<Closed>(event); };
  try_password(*puppet, "sesame");
  puppet->advance(60s);
  EXPECT_FALSE(puppet->engine().authenticated());
  EXPECT_TRUE(puppet->received.empty());
  puppet->advance(60s);
  EXPECT_EQ(puppet->code(), Code::login_timeout);
}

TEST(ServerAuth, APeerThatLeavesWhileTheApplicationThinks) {
  auto puppet = at_auth();
  puppet->on_event = [](const Event& event) { return !std::holds_alternative<Closed>(event); };
  try_password(*puppet, "sesame");
  puppet->end_input();
  puppet->pump();
  EXPECT_EQ(puppet->code(), Code::connection_lost);
  EXPECT_EQ(puppet->closed, 1);
}

}  // namespace
}  // namespace nacre::test
