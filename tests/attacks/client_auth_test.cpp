// Attacks on authentication at a client (rows A03, A07, A14, A19, A21, A22 of rows.txt).
#include "tests/attacks/attack.hpp"

namespace nacre::test {
namespace {

// A client that has asked for authentication with `credential`, and answers no later question.
std::unique_ptr<Puppet> trying(std::function<Credential(const Puppet&)> credential, ClientConfig config = {}) {
  auto puppet = with_keys({.engine = Role::client, .client = std::move(config)});
  puppet->on_event = [p = puppet.get(), credential, first = true](const Event& event) mutable {
    const auto* wanted = std::get_if<CredentialsWanted>(&event);
    if (wanted && std::exchange(first, false)) {
      EXPECT_EQ(p->client->answer(wanted->ticket, credential(*p)), Status::ok);
    }
    return wanted != nullptr;
  };
  puppet->send(ServiceAccept{"ssh-userauth"});
  puppet->pump();
  EXPECT_EQ(puppet->count(UserauthRequest::number), 1U);
  puppet->forget();
  return puppet;
}

Credential none(const Puppet&) { return TryNone{}; }
Credential password(const Puppet&) { return TryPassword{bytes_of("sesame")}; }
Credential interactive(const Puppet&) { return TryKeyboardInteractive{}; }
Credential key(const Puppet& puppet) { return TryPublicKey{puppet.user_key->public_key().blob(), "ssh-ed25519"}; }

void send_success(Puppet& puppet) {
  puppet.send(UserauthSuccess{});
  puppet.pump();
}

TEST(attacks_auth_client, A03_success_for_nothing) {
  for (const auto& credential : {none, interactive, key}) {
    auto puppet = trying(credential);
    send_success(*puppet);
    EXPECT_TRUE(ended(*puppet, Code::auth_unasked));
    EXPECT_FALSE(puppet->engine().authenticated());
  }
  auto early = with_keys(Role::client);  // no request is outstanding: before the service, and after a failure
  send_success(*early);
  EXPECT_TRUE(ended(*early, Code::unexpected_message));
  auto thinking = trying(password);
  thinking->send(UserauthFailure{NameList("password"), false});
  thinking->send(UserauthSuccess{});
  thinking->pump();
  EXPECT_TRUE(ended(*thinking, Code::unexpected_message, Reason::protocol_error, "CredentialsWanted"));
  auto empty = trying(interactive);  // a dialogue without questions is no credential
  empty->send(InfoRequest{"", "", "", 0, {}});
  empty->pump();
  ASSERT_EQ(empty->told("PromptsReceived"), 1U);
  EXPECT_FALSE(empty->engine().authenticated());

  auto declined = trying(password);  // a password that is not to be changed counts for nothing in what is tried next
  declined->on_event = [p = declined.get()](const Event& event) {
    if (const auto* change = std::get_if<PasswordChangeWanted>(&event)) {
      EXPECT_EQ(p->client->answer(change->ticket, NewPassword{}), Status::ok);
    } else if (const auto* wanted = std::get_if<CredentialsWanted>(&event)) {
      EXPECT_EQ(p->client->answer(wanted->ticket, Credential(TryNone{})), Status::ok);
    }
    return true;
  };
  declined->send(PasswordChangeRequest{"choose another", ""});
  declined->pump();
  EXPECT_EQ(declined->count(UserauthRequest::number), 1U) << "none";
  declined->forget();
  send_success(*declined);
  EXPECT_TRUE(ended(*declined, Code::auth_unasked));
  EXPECT_FALSE(declined->engine().authenticated());

  auto good = trying(password);
  send_success(*good);
  EXPECT_TRUE(good->engine().authenticated());
  ClientConfig config;
  config.allow_no_credential = true;
  auto allowed = trying(none, config);
  send_success(*allowed);
  EXPECT_TRUE(allowed->engine().authenticated()) << "somebody's explicit choice";
  auto probe = trying(key, config);  // which is no choice about keys
  send_success(*probe);
  EXPECT_TRUE(ended(*probe, Code::auth_unasked));
}

TEST(attacks_auth_client, A07_pk_ok_for_another_key) {
  const auto other = key_from_seed(KeyType::ed25519, 77);
  for (int kind = 0; kind < 4; ++kind) {
    auto puppet = trying(key);
    auto blob = copy_of(puppet->user_key->public_key().blob());
    if (kind == 0) blob = copy_of(other->public_key().blob());
    if (kind == 1) blob.pop_back();
    puppet->send(PublicKeyOk{kind == 2 ? "rsa-sha2-256" : kind == 3 ? "" : "ssh-ed25519", blob});
    puppet->pump();
    EXPECT_TRUE(ended(*puppet, Code::unexpected_message)) << kind;
    EXPECT_FALSE(puppet->has(UserauthRequest::number)) << "signed";
  }
}

ByteVector prompts(std::size_t count) {
  Fields fields;
  for (std::size_t i = 0; i < count; ++i) fields.text("p").flag(true);
  return fields;
}

TEST(attacks_auth_client, A14_prompts_without_number_or_end) {
  for (const std::uint32_t count : {0xffffffffU, 0x33333334U, 101U, 4U}) {
    auto puppet = trying(interactive);
    puppet->send(InfoRequest{"", "", "", count, {prompts(count == 101 ? 101 : 3)}});
    puppet->pump();
    EXPECT_TRUE(ended(*puppet, Code::too_many_prompts)) << count;
  }
  auto endless = trying(interactive);
  const auto usual = endless->on_event;
  int rounds = 0;
  endless->on_event = [&, p = endless.get()](const Event& event) {
    if (const auto* asked = std::get_if<PromptsReceived>(&event)) {
      const std::array<Bytes, 1> response{bytes_of("x")};
      EXPECT_EQ(p->client->answer(asked->ticket, Responses{std::span(response).first(asked->prompts.size())}),
                Status::ok);
      ++rounds;
    }
    return usual(event);
  };
  for (int i = 0; i < 40 && endless->closed == 0; ++i) {
    endless->send(InfoRequest{"", "", "", static_cast<std::uint32_t>(i % 2), {prompts(i % 2 == 0 ? 0 : 1)}});
    endless->pump();
  }
  EXPECT_EQ(rounds, 32);
  EXPECT_EQ(endless->code(), Code::too_many_prompts);
  EXPECT_EQ(endless->farewell(), Reason::protocol_error);
}

TEST(attacks_auth_client, A19_banners_out_of_place_or_without_end) {
  auto early = with_keys(Role::client);
  early->send(UserauthBanner{"x", ""});
  early->pump();
  EXPECT_TRUE(ended(*early, Code::unexpected_message));
  auto late = logged_in(Role::client);
  late->send(UserauthBanner{"x", ""});
  late->pump();
  EXPECT_TRUE(ended(*late, Code::unexpected_message));
  auto many = trying(interactive);  // in the middle of a dialogue too
  many->send(InfoRequest{"", "", "", 1, {prompts(1)}});
  for (int i = 0; i < 16; ++i) many->send(UserauthBanner{"x", ""});
  many->pump();
  EXPECT_EQ(many->told("BannerReceived"), 16U);
  many->forget();
  many->send(UserauthBanner{"x", ""});
  many->pump();
  EXPECT_TRUE(ended(*many, Code::too_many_banners));
  auto large = trying(password);
  for (int i = 0; i < 3; ++i) large->send(UserauthBanner{std::string(30'000, 'x'), ""});
  large->pump();
  EXPECT_TRUE(ended(*large, Code::too_many_banners, Reason::protocol_error, "BannerReceived"));
  EXPECT_EQ(large->told("BannerReceived"), 2U);
}

TEST(attacks_auth_client, A21_authentication_after_success) {
  for (unsigned number = 50; number <= 79; ++number) {
    auto puppet = logged_in(Role::client);
    puppet->send_number(static_cast<std::uint8_t>(number));
    puppet->pump();
    EXPECT_TRUE(ended(*puppet, Code::unexpected_message)) << number;
  }
}

TEST(attacks_auth_client, A22_failures_without_end_and_hostile_methods) {
  for (const auto* list : {"a,,b", ",a", "a b", "a\x01"}) {
    auto puppet = trying(password);
    puppet->send(UserauthFailure{NameList(list), false});
    puppet->pump();
    EXPECT_TRUE(ended(*puppet, Code::malformed_message)) << list;
  }
  for (const auto& list : {repeated("a,", 256) + "a", std::string(9000, 'a')}) {
    auto puppet = trying(password);
    puppet->send(UserauthFailure{NameList(list), false});
    puppet->pump();
    EXPECT_TRUE(ended(*puppet, Code::malformed_message)) << list.size();
  }
  // Nothing is tried again by itself: each failure is a question to the application, and its last word is the end.
  auto puppet = trying(password);
  puppet->send(UserauthFailure{NameList("password,x-new"), false});
  puppet->pump();
  EXPECT_FALSE(puppet->has(UserauthRequest::number));
  EXPECT_EQ(puppet->told("CredentialsWanted password,x-new"), 1U);
  puppet->send(UserauthFailure{NameList("password"), false});
  puppet->pump();
  EXPECT_EQ(puppet->code(), Code::unexpected_message) << "a failure of nothing";

  auto resigned = trying(password);
  resigned->on_event = [p = resigned.get()](const Event& event) {
    const auto* wanted = std::get_if<CredentialsWanted>(&event);
    if (wanted) {
      EXPECT_EQ(p->client->answer(wanted->ticket, Credential(GiveUp{})), Status::ok);
    }
    return wanted != nullptr;
  };
  resigned->send(UserauthFailure{NameList("x-new"), false});
  resigned->pump();
  EXPECT_TRUE(ended(*resigned, Code::no_more_methods, Reason::no_more_auth_methods_available, "CredentialsWanted"));
}

}  // namespace
}  // namespace nacre::test
