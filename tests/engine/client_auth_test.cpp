// Authentication at a client: servers that answer what was not asked, and credentials of every kind. The ids are those
// of the list of attacks.
#include <gtest/gtest.h>

#include "tests/engine/puppet.hpp"

namespace nacre::test {
namespace {

// A client at the point where it has asked for authentication in the way that `credential` says.
std::unique_ptr<Puppet> trying(std::function<Credential(const Puppet&)> credential, ClientConfig config = {}) {
  auto puppet = std::make_unique<Puppet>(PuppetOptions{.engine = Role::client, .client = std::move(config)});
  puppet->auto_login = false;
  puppet->on_event = [p = puppet.get(), credential](const Event& event) {
    const auto* wanted = std::get_if<CredentialsWanted>(&event);
    if (wanted && p->told("CredentialsWanted") == 1) {
      EXPECT_EQ(p->client->answer(wanted->ticket, credential(*p)), Status::ok);
    }
    return wanted != nullptr;
  };
  EXPECT_TRUE(puppet->exchange());
  puppet->send(ServiceAccept{"ssh-userauth"});
  puppet->pump();
  EXPECT_EQ(puppet->closed, 0) << puppet->log();
  return puppet;
}

Credential none(const Puppet&) { return TryNone{}; }
Credential password(const Puppet&) { return TryPassword{bytes_of("sesame")}; }
Credential key(const Puppet& puppet) { return TryPublicKey{puppet.user_key->public_key().blob(), "ssh-ed25519"}; }
Credential signed_key(const Puppet& puppet) {
  return TryPublicKey{puppet.user_key->public_key().blob(), "ssh-ed25519", true};
}

// An application that leaves in the middle of its answer: what the answer would have asked next is not asked.
TEST(ClientAuth, NothingIsAskedAfterADisconnect) {
  const auto leave_at = [](Puppet& puppet, auto answer) {
    puppet.auto_login = false;
    puppet.on_event = answer;
    EXPECT_TRUE(puppet.exchange());
    puppet.send(ServiceAccept{"ssh-userauth"});
    puppet.pump();
    EXPECT_EQ(puppet.closed, 1) << puppet.log();
    EXPECT_EQ(puppet.code(), Code::closed_by_application);
    EXPECT_EQ(puppet.farewell(), Reason::by_application);
  };
  Puppet first({.engine = Role::client});
  leave_at(first, [&](const Event& event) {
    const auto* wanted = std::get_if<CredentialsWanted>(&event);
    if (!wanted) return false;
    EXPECT_EQ(first.client->answer(wanted->ticket, signed_key(first)), Status::ok);
    first.client->disconnect();
    return true;
  });
  EXPECT_EQ(first.told("CredentialsWanted"), 1U);
  EXPECT_EQ(first.told("SignatureWanted"), 0U);

  Puppet later({.engine = Role::client});
  leave_at(later, [&](const Event& event) {
    if (const auto* wanted = std::get_if<CredentialsWanted>(&event)) {
      EXPECT_EQ(later.client->answer(wanted->ticket, signed_key(later)), Status::ok);
      return true;
    }
    const auto* wanted = std::get_if<SignatureWanted>(&event);
    if (!wanted) return false;
    EXPECT_EQ(later.client->answer(wanted->ticket, Signature{std::nullopt}), Status::ok);
    later.client->disconnect();
    return true;
  });
  EXPECT_EQ(later.told("SignatureWanted"), 1U);
  EXPECT_EQ(later.told("CredentialsWanted"), 1U);
}

std::string last_method(const Puppet& puppet) {
  const auto request = puppet.last<UserauthRequest>();
  return request ? std::string(request->method) : "";
}

TEST(ClientAuth, A03_SuccessNobodyAskedFor) {
  Puppet early({.engine = Role::client});
  early.auto_login = false;
  ASSERT_TRUE(early.exchange());
  early.send(UserauthSuccess{});
  early.pump();
  EXPECT_EQ(early.code(), Code::unexpected_message);

  auto thinking = trying(password);
  thinking->send(UserauthFailure{NameList("password"), false});
  thinking->pump();
  ASSERT_EQ(thinking->told("CredentialsWanted"), 2U);  // the second is not answered
  thinking->send(UserauthSuccess{});
  thinking->pump();
  EXPECT_EQ(thinking->code(), Code::unexpected_message);
  EXPECT_FALSE(thinking->engine().authenticated());
}

TEST(ClientAuth, A03_SuccessToAProbeOrToNothingShown) {
  auto probe = trying(key);
  ASSERT_EQ(last_method(*probe), "publickey");
  probe->send(UserauthSuccess{});
  probe->pump();
  EXPECT_EQ(probe->code(), Code::auth_unasked);
  EXPECT_EQ(probe->farewell(), Reason::protocol_error);

  auto nothing = trying(none);
  nothing->send(UserauthSuccess{});
  nothing->pump();
  EXPECT_EQ(nothing->code(), Code::auth_unasked);

  auto interactive = trying([](const Puppet&) { return Credential(TryKeyboardInteractive{}); });
  interactive->send(UserauthSuccess{});
  interactive->pump();
  EXPECT_EQ(interactive->code(), Code::auth_unasked);

  ClientConfig config;
  config.allow_no_credential = true;
  auto allowed = trying(none, config);
  allowed->send(UserauthSuccess{});
  allowed->pump();
  EXPECT_TRUE(allowed->engine().authenticated());
}

TEST(ClientAuth, A03_WhatFailedIsNoCredentialForTheNextRequest) {
  for (const bool partial : {false, true}) {
    auto puppet = trying(password);
    puppet->on_event = [p = puppet.get()](const Event& event) {
      const auto* wanted = std::get_if<CredentialsWanted>(&event);
      if (wanted) {
        EXPECT_EQ(p->client->answer(wanted->ticket, Credential(TryNone{})), Status::ok);
      }
      return wanted != nullptr;
    };
    puppet->send(UserauthFailure{NameList("password"), partial});
    puppet->pump();
    EXPECT_EQ(last_method(*puppet), "none");
    puppet->send(UserauthSuccess{});
    puppet->pump();
    EXPECT_EQ(puppet->engine().authenticated(), partial);  // a step that was passed stays passed
    EXPECT_EQ(puppet->code(), partial ? Code::none : Code::auth_unasked);
  }
}

TEST(ClientAuth, A07_PkOkForAnotherKeyOrAlgorithm) {
  const auto other = key_from_seed(KeyType::ed25519, 77);
  for (const bool other_key : {false, true}) {
    auto puppet = trying(key);
    const auto blob = other_key ? other->public_key().blob() : puppet->user_key->public_key().blob();
    puppet->send(PublicKeyOk{other_key ? "ssh-ed25519" : "rsa-sha2-256", blob});
    puppet->pump();
    EXPECT_EQ(puppet->code(), Code::unexpected_message);
    EXPECT_EQ(puppet->told("SignatureWanted"), 0U);
  }
}

TEST(ClientAuth, KeyOfferedThenSigned) {
  auto puppet = trying(key);
  puppet->forget();
  puppet->send(PublicKeyOk{"ssh-ed25519", puppet->user_key->public_key().blob()});
  puppet->pump();
  EXPECT_EQ(puppet->told("SignatureWanted"), 1U);
  const auto request = puppet->last<UserauthRequest>();
  ASSERT_TRUE(request);
  const auto body = decode<PublicKeyBody>(request->body.bytes);
  ASSERT_TRUE(body && body->has_signature);
  puppet->send(PublicKeyOk{"ssh-ed25519", puppet->user_key->public_key().blob()});  // a second one is nobody's
  puppet->pump();
  EXPECT_EQ(puppet->code(), Code::unexpected_message);
}

TEST(ClientAuth, KeySignedAtOnce) {
  auto puppet = trying(signed_key);
  EXPECT_EQ(puppet->count(UserauthRequest::number), 1U);
  puppet->send(UserauthSuccess{});
  puppet->pump();
  EXPECT_TRUE(puppet->engine().authenticated());
}

TEST(ClientAuth, ASignatureThatCantBeMade) {
  auto puppet = trying(key);
  const auto usual = puppet->on_event;
  puppet->on_event = [p = puppet.get(), usual](const Event& event) {
    if (const auto* sign = std::get_if<SignatureWanted>(&event)) {
      EXPECT_EQ(p->engine().answer(sign->ticket, Signature{}), Status::ok);
      return true;
    }
    return usual(event);
  };
  puppet->send(PublicKeyOk{"ssh-ed25519", puppet->user_key->public_key().blob()});
  puppet->pump();
  EXPECT_EQ(puppet->closed, 0);
  EXPECT_EQ(puppet->told("CredentialsWanted"), 2U);
  EXPECT_EQ(puppet->count(UserauthRequest::number), 1U);
}

TEST(ClientAuth, PasswordChange) {
  auto puppet = trying(password);
  const auto usual = puppet->on_event;
  int times = 0;
  puppet->on_event = [&, p = puppet.get()](const Event& event) {
    if (const auto* wanted = std::get_if<PasswordChangeWanted>(&event)) {
      const ByteVector large(1025);
      EXPECT_EQ(p->client->answer(wanted->ticket, NewPassword{Bytes(large), bytes_of("new")}), Status::too_large);
      EXPECT_EQ(p->client->answer(wanted->ticket, NewPassword{bytes_of("sesame"), large}), Status::too_large);
      if (++times == 1)
        EXPECT_EQ(p->client->answer(wanted->ticket, NewPassword{bytes_of("sesame"), bytes_of("new")}), Status::ok);
      else
        EXPECT_EQ(p->client->answer(wanted->ticket, NewPassword{}), Status::ok);
      EXPECT_EQ(p->client->answer(wanted->ticket, NewPassword{}), Status::unknown_ticket);
      return true;
    }
    return usual(event);
  };
  puppet->send(PasswordChangeRequest{"choose another", ""});
  puppet->pump();
  const auto body = decode<PasswordBody>(puppet->last<UserauthRequest>()->body.bytes);
  ASSERT_TRUE(body);
  EXPECT_TRUE(body->change);
  EXPECT_EQ(text_of(body->password), "sesame");
  EXPECT_EQ(text_of(decode<OneString>(body->new_password.bytes)->value), "new");
  puppet->send(PasswordChangeRequest{"still no good", ""});
  puppet->pump();
  EXPECT_EQ(times, 2);
  EXPECT_EQ(puppet->told("CredentialsWanted"), 2U);
}

TEST(ClientAuth, SixtyMeansNothingToNone) {
  auto puppet = trying(none);
  puppet->send(PasswordChangeRequest{"", ""});
  puppet->pump();
  EXPECT_EQ(puppet->code(), Code::unexpected_message);
}

TEST(ClientAuth, A19_BannersAreBounded) {
  auto many = trying(password);
  for (int i = 0; i < 16; ++i) many->send(UserauthBanner{"x", {}});
  many->pump();
  EXPECT_EQ(many->told("BannerReceived"), 16U);
  EXPECT_EQ(many->closed, 0);
  many->send(UserauthBanner{"x", {}});
  many->pump();
  EXPECT_EQ(many->code(), Code::too_many_banners);

  auto large = trying(password);
  const std::string text(32 * 1024, 'x');
  large->send(UserauthBanner{text, {}});
  large->send(UserauthBanner{text, {}});
  large->pump();
  EXPECT_EQ(large->closed, 0);
  large->send(UserauthBanner{"x", {}});
  large->pump();
  EXPECT_EQ(large->code(), Code::too_many_banners);

  auto late = trying(password);
  late->send(UserauthSuccess{});
  late->send(UserauthBanner{"x", {}});
  late->pump();
  EXPECT_EQ(late->code(), Code::unexpected_message);
}

TEST(ClientAuth, A21_ASecondSuccessEnds) {
  auto puppet = trying(password);
  puppet->send(UserauthSuccess{});
  puppet->pump();
  EXPECT_TRUE(puppet->engine().authenticated());
  puppet->send(UserauthSuccess{});
  puppet->pump();
  EXPECT_EQ(puppet->code(), Code::unexpected_message);
}

TEST(ClientAuth, A22_FailuresCarryTheMethodsAndAnEndIsAnEnd) {
  auto puppet = trying(password);
  puppet->on_event = {};
  std::string methods;
  bool partial = false;
  puppet->on_event = [&, p = puppet.get()](const Event& event) {
    if (const auto* wanted = std::get_if<CredentialsWanted>(&event)) {
      methods = wanted->methods.text();
      partial = wanted->partial;
      EXPECT_EQ(p->client->answer(wanted->ticket, Credential(GiveUp{})), Status::ok);
      EXPECT_EQ(p->client->answer(wanted->ticket, Credential(TryNone{})), Status::closed);
      EXPECT_EQ(wanted->methods.text(), "publickey,hostbased");  // views outlive the answer
      return true;
    }
    return false;
  };
  puppet->send(UserauthFailure{NameList("publickey,hostbased"), true});
  puppet->pump();
  EXPECT_EQ(methods, "publickey,hostbased");
  EXPECT_TRUE(partial);
  EXPECT_EQ(puppet->code(), Code::no_more_methods);
  EXPECT_EQ(puppet->farewell(), Reason::no_more_auth_methods_available);

  auto hostile = trying(password);
  hostile->send(UserauthFailure{NameList("a,,b"), false});
  hostile->pump();
  EXPECT_EQ(hostile->code(), Code::malformed_message);
}

TEST(ClientAuth, MethodsAreBoundedToTheByteAndToTheName) {
  const Limits limits;
  std::string names = "m";
  for (std::size_t i = 1; i < limits.name_list_names; ++i) names += ",m";
  const std::string bytes(limits.name_list_bytes, 'm');
  for (const auto& [list, good] : {std::pair(names, true), std::pair(names + ",m", false), std::pair(bytes, true),
                                   std::pair(bytes + "m", false)}) {
    auto puppet = trying(password);
    puppet->send(UserauthFailure{NameList(list), false});
    puppet->pump();
    EXPECT_EQ(puppet->told("CredentialsWanted"), good ? 2U : 1U) << list.size();
    EXPECT_EQ(puppet->code(), good ? Code::none : Code::malformed_message) << list.size();
  }
}

TEST(ClientAuth, A04_TheServiceIsTheOneAskedFor) {
  for (const auto* service : {"ssh-connection", "", "ssh-userauthx"}) {
    Puppet puppet({.engine = Role::client});
    puppet.auto_login = false;
    ASSERT_TRUE(puppet.exchange());
    puppet.send(ServiceAccept{service});
    puppet.pump();
    EXPECT_EQ(puppet.code(), Code::unexpected_message);
  }
  auto twice = trying(password);
  twice->send(ServiceAccept{"ssh-userauth"});
  twice->pump();
  EXPECT_EQ(twice->code(), Code::unexpected_message);
}

TEST(ClientAuth, CredentialsBeyondAPacketAreTooLarge) {
  Puppet puppet({.engine = Role::client});
  Ticket ticket{};
  puppet.auto_login = false;
  puppet.on_event = [&](const Event& event) {
    const auto* wanted = std::get_if<CredentialsWanted>(&event);
    if (wanted) ticket = wanted->ticket;
    return wanted != nullptr;
  };
  ASSERT_TRUE(puppet.exchange());
  puppet.send(ServiceAccept{"ssh-userauth"});
  puppet.pump();
  const ByteVector large(100'000);
  auto& client = *puppet.client;
  EXPECT_EQ(client.answer(ticket, Credential(TryPassword{Bytes(large).first(1025)})), Status::too_large);
  EXPECT_EQ(client.answer(ticket, Credential(TryPublicKey{large, "ssh-rsa"})), Status::too_large);
  EXPECT_EQ(client.answer(ticket, Credential(TryPublicKey{large, "ssh-rsa", true})), Status::too_large);
  EXPECT_EQ(client.answer(ticket, Credential(TryPublicKey{Bytes(large).first(4), text_of(large)})), Status::too_large);
  EXPECT_EQ(client.answer(ticket, Credential(TryKeyboardInteractive{text_of(large)})), Status::too_large);
  EXPECT_EQ(client.answer(ticket, HostKeyVerdict::trust), Status::wrong_answer);
  EXPECT_EQ(client.answer(Ticket{ticket.id + 1}, HostKeyVerdict::trust), Status::unknown_ticket);
  EXPECT_EQ(client.answer(ticket, Responses{}), Status::wrong_answer);
  EXPECT_EQ(client.answer(ticket, NewPassword{}), Status::wrong_answer);
  EXPECT_EQ(client.answer(ticket, Credential(TryPublicKey{puppet.user_key->public_key().blob(), "ssh-ed25519", true})),
            Status::ok);
  EXPECT_FALSE(puppet.has(UserauthRequest::number));
}

TEST(ClientAuth, ASignatureBeyondAPacketIsTooLarge) {
  auto puppet = trying(key);
  const ByteVector large(100'000);
  std::vector<Status> statuses;
  puppet->on_event = [&, p = puppet.get(), usual = puppet->on_event](const Event& event) {
    const auto* wanted = std::get_if<SignatureWanted>(&event);
    if (!wanted) return usual(event);
    statuses.push_back(p->client->answer(wanted->ticket, Signature{Bytes(large)}));
    return usual(event);
  };
  puppet->send(PublicKeyOk{"ssh-ed25519", puppet->user_key->public_key().blob()});
  puppet->pump();
  EXPECT_EQ(statuses, std::vector{Status::too_large});
  EXPECT_EQ(puppet->count(UserauthRequest::number), 2U) << "asked and signed: the question stood";
}

// Every view in an event lives until the next poll, though the answer has been given meanwhile.
TEST(ClientAuth, ViewsOutliveTheAnswer) {
  for (const bool at_once : {false, true}) {
    auto puppet = std::make_unique<Puppet>(PuppetOptions{.engine = Role::client});
    int seen = 0;
    puppet->auto_login = false;
    puppet->on_event = [&, p = puppet.get()](const Event& event) {
      if (const auto* offered = std::get_if<HostKeyOffered>(&event)) {
        EXPECT_EQ(p->client->answer(offered->ticket, HostKeyVerdict::trust), Status::ok);
        EXPECT_TRUE(same_bytes(offered->key, p->host_key->public_key().blob()));
        EXPECT_EQ(offered->algorithm, "ssh-ed25519");
      } else if (const auto* wanted = std::get_if<CredentialsWanted>(&event)) {
        EXPECT_EQ(p->client->answer(wanted->ticket, at_once ? signed_key(*p) : Credential(TryKeyboardInteractive{})),
                  Status::ok);
      } else if (const auto* sign = std::get_if<SignatureWanted>(&event)) {
        const auto message = copy_of(sign->message);
        const auto blob = p->user_key->sign(sign->algorithm, sign->message, *p->engine_random);
        EXPECT_EQ(p->engine().answer(sign->ticket, Signature{*blob}), Status::ok);
        EXPECT_TRUE(same_bytes(sign->message, message));
        EXPECT_EQ(sign->algorithm, "ssh-ed25519");
        EXPECT_TRUE(same_bytes(sign->key, p->user_key->public_key().blob()));
        ++seen;
      } else if (const auto* prompted = std::get_if<PromptsReceived>(&event)) {
        const std::array<Bytes, 1> response{bytes_of("x")};
        EXPECT_EQ(p->client->answer(prompted->ticket, Responses{response}), Status::ok);
        EXPECT_EQ(prompted->prompts[0].text, "p");
        ++seen;
      }
      return true;
    };
    ASSERT_TRUE(puppet->exchange());
    puppet->send(ServiceAccept{"ssh-userauth"});
    puppet->pump();
    if (!at_once) {
      ByteVector bytes;
      VectorSink sink{bytes};
      Writer<VectorSink>(sink).write("p");
      Writer<VectorSink>(sink).write(true);
      puppet->send(InfoRequest{"", "", "", 1, {bytes}});
      puppet->pump();
    }
    EXPECT_EQ(seen, 1) << puppet->log();
  }
}

TEST(ServerViews, OutliveTheAnswer) {
  Puppet puppet;
  int seen = 0;
  puppet.on_event = [&](const Event& event) {
    if (const auto* sign = std::get_if<SignatureWanted>(&event)) {
      const auto blob = puppet.host_key->sign(sign->algorithm, sign->message, *puppet.engine_random);
      EXPECT_EQ(puppet.engine().answer(sign->ticket, Signature{*blob}), Status::ok);
      EXPECT_TRUE(same_bytes(sign->message, puppet.engine().session_id()));
      EXPECT_TRUE(same_bytes(sign->key, puppet.host_key->public_key().blob()));
      ++seen;
      return true;
    }
    if (const auto* offered = std::get_if<PublicKeyOffered>(&event)) {
      EXPECT_EQ(puppet.server->answer(offered->ticket, KeyInterest::no), Status::ok);
      EXPECT_TRUE(same_bytes(offered->key, puppet.user_key->public_key().blob()));
      EXPECT_EQ(offered->algorithm, "ssh-ed25519");
      EXPECT_EQ(offered->user, "alice");
      ++seen;
      return true;
    }
    return false;
  };
  ASSERT_TRUE(puppet.begin_service());
  const auto body = encoded(PublicKeyBody{false, "ssh-ed25519", puppet.user_key->public_key().blob(), {}});
  puppet.send(UserauthRequest{"alice", "ssh-connection", "publickey", {body}});
  puppet.pump();
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace nacre::test
