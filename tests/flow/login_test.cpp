// Logging in over memory: each way to authenticate, each way to be refused, host keys; all with a typed error.
#include <asio/detached.hpp>
#include <asio/thread_pool.hpp>

#include "engine/trust/known_hosts.hpp"
#include "tests/flow/world.hpp"

namespace nacre::testing {
namespace {

Secret secret(std::string_view text) { return Secret(bytes_of(text)); }

class Login : public ::testing::Test {
 protected:
  Awaitable<FlowResult<ClientSession>> log_in_as(std::string user, Credentials credentials) {
    auto options = world.client_options();
    options.config.user = std::move(user);
    auto flow = world.served(echo);
    return ClientSession::start(std::move(flow), world.trusting(), std::move(credentials), std::move(options));
  }
  Awaitable<FlowResult<ClientSession>> log_in_trusting(std::shared_ptr<Authenticator> authenticator) {
    auto flow = world.served(echo);
    return ClientSession::start(std::move(flow), std::move(authenticator), world.with_key(), world.client_options());
  }
  void expect_in(const FlowResult<ClientSession>& session, std::string_view method) {
    EXPECT_TRUE(session) << (session ? "" : session.error().text) << '\n' << world.server_log->all;
    EXPECT_NE(world.server_log->all.find("accepted user 'alice' by " + std::string(method)), std::string::npos)
        << world.server_log->all;
  }
  void expect_out(const FlowResult<ClientSession>& session, FlowCode code, std::string_view words) {
    EXPECT_FALSE(session);
    if (session) return;
    EXPECT_EQ(session.error().code, code) << session.error().text;
    EXPECT_NE(session.error().text.find(words), std::string::npos) << session.error().text;
    EXPECT_EQ(world.server_log->all.find("accepted user"), std::string::npos) << world.server_log->all;
  }
  World world;
};

TEST_F(Login, WithAKey) {
  run(world.io, [&]() -> Awaitable<void> {
    auto session = co_await log_in_as("alice", world.with_key());
    expect_in(session, "publickey ssh-ed25519 SHA256:");
    EXPECT_TRUE(session && session->negotiated().strict && session->negotiated().exchanges == 1);
    EXPECT_EQ(session ? session->host_key_fingerprint() : "", fingerprint(world.host_key->public_key().blob()));
  });
}

TEST_F(Login, WithTheSecondKeyAndAnOutsideSigner) {
  run(world.io, [&]() -> Awaitable<void> {
    unsigned asked = 0;
    const Signer signer = [&](ByteVector key, std::string algorithm,
                              ByteVector message) -> Awaitable<std::optional<ByteVector>> {
      ++asked;
      co_await sleep(5ms);
      EXPECT_EQ(key, copy_of(world.user_key->public_key().blob()));
      co_return world.user_key->sign(algorithm, message, *world.random);
    };
    Credentials credentials;
    credentials.key(world.other_key).signer(world.user_key->public_key(), signer);
    auto session = co_await log_in_as("alice", credentials);
    expect_in(session, "publickey");
    EXPECT_EQ(asked, 1u);
  });
}

TEST_F(Login, WithARsaKey) {
  const std::shared_ptr<const PrivateKey> rsa = generate_key(KeyType::rsa, *world.random, 2048);
  world.users = std::make_shared<const Users>(*Users::make({User{"alice", {copy_of(rsa->public_key().blob())}}}));
  run(world.io, [&]() -> Awaitable<void> {
    auto session = co_await log_in_as("alice", Credentials().key(rsa));
    expect_in(session, "publickey rsa-sha2-512");
  });
}

TEST_F(Login, WithAPasswordByEachMethod) {
  run(world.io, [&]() -> Awaitable<void> {
    for (const std::string method : {"password", "keyboard-interactive"}) {
      world.server_log->all.clear();
      Credentials credentials;
      credentials.password(secret("sesame")).prefer({method});
      auto session = co_await log_in_as("alice", credentials);
      expect_in(session, method);
    }
  });
}

TEST_F(Login, AsksForAPasswordUntilItIsRight) {
  run(world.io, [&]() -> Awaitable<void> {
    std::vector<unsigned> attempts;
    const AskPassword ask = [&](unsigned attempt) -> Awaitable<std::optional<Secret>> {
      attempts.push_back(attempt);
      co_await sleep(1ms);
      std::optional<Secret> answer = secret(attempt == 3 ? "sesame" : "guess");
      co_return answer;
    };
    Credentials credentials;
    credentials.ask_password(ask);
    auto session = co_await log_in_as("alice", credentials);
    expect_in(session, "password");
    EXPECT_EQ(attempts, (std::vector<unsigned>{1, 2, 3}));
  });
}

TEST_F(Login, AsksTheServersQuestions) {
  run(world.io, [&]() -> Awaitable<void> {
    const AskPrompts ask = [&](PromptRound round) -> Awaitable<std::optional<std::vector<Secret>>> {
      EXPECT_EQ(round.questions.size(), 1u);
      EXPECT_EQ(round.questions.at(0).text, "Password: ");
      EXPECT_FALSE(round.questions.at(0).echo);
      std::optional<std::vector<Secret>> answers(std::in_place);
      answers->push_back(secret("sesame"));
      co_return answers;
    };
    Credentials credentials;
    credentials.ask_prompts(ask);
    auto session = co_await log_in_as("alice", credentials);
    expect_in(session, "keyboard-interactive");
  });
}

TEST_F(Login, AWrongPasswordIsRefused) {
  run(world.io, [&]() -> Awaitable<void> {
    Credentials credentials;
    credentials.password(secret("wrong"));
    auto session = co_await log_in_as("alice", credentials);
    expect_out(session, FlowCode::auth_failed, "permission denied (publickey,keyboard-interactive,password)");
  });
}

TEST_F(Login, AWrongKeyIsRefused) {
  run(world.io, [&]() -> Awaitable<void> {
    auto session = co_await log_in_as("alice", Credentials().key(world.other_key));
    expect_out(session, FlowCode::auth_failed, "permission denied");
  });
}

TEST_F(Login, AnUnknownUserIsRefused) {
  run(world.io, [&]() -> Awaitable<void> {
    auto credentials = world.with_key();
    credentials.password(secret("sesame"));
    auto session = co_await log_in_as("mallory\x1b[2J", credentials);
    expect_out(session, FlowCode::auth_failed, "permission denied");
    EXPECT_NE(world.server_log->all.find("'mallory\\x1b[2J'"), std::string::npos) << world.server_log->all;
  });
}

TEST_F(Login, TooManyFailuresEndTheConnection) {
  world.server_config.limits.auth_failures = 2;
  run(world.io, [&]() -> Awaitable<void> {
    Credentials credentials;
    for (const auto word : {"a", "b", "c", "d"}) credentials.password(secret(word));
    auto session = co_await log_in_as("alice", credentials);
    expect_out(session, FlowCode::disconnected, "Too many authentication failures");
  });
}

TEST_F(Login, ASignerThatRefusesLeavesTheNextCredential) {
  run(world.io, [&]() -> Awaitable<void> {
    const Signer refuses = [](ByteVector, std::string, ByteVector) -> Awaitable<std::optional<ByteVector>> {
      co_return std::nullopt;
    };
    Credentials credentials;
    credentials.signer(world.user_key->public_key(), refuses).password(secret("sesame"));
    auto session = co_await log_in_as("alice", credentials);
    expect_in(session, "keyboard-interactive");
  });
}

TEST_F(Login, ACallbackThatThrowsEndsTheLogin) {
  run(world.io, [&]() -> Awaitable<void> {
    const AskPassword throws = [](unsigned) -> Awaitable<std::optional<Secret>> {
      co_await sleep(1ms);
      throw std::runtime_error("no terminal");
    };
    Credentials credentials;
    credentials.ask_password(throws);
    auto session = co_await log_in_as("alice", credentials);
    expect_out(session, FlowCode::system, "callback");
  });
}

// A key and then a password: both are needed.
class TwoSteps : public Authorizer {
 public:
  Awaitable<bool> key_of_interest(std::string, std::string, ByteVector) override { co_return true; }
  Awaitable<AuthVerdict> key_proven(std::string, std::string, ByteVector) override {
    proven_ = true;
    co_return AuthVerdict::partial;
  }
  Awaitable<AuthVerdict> password(std::string, Secret password) override {
    const bool right = text_of(password.bytes()) == "sesame";
    co_return right&& proven_ ? AuthVerdict::accept : AuthVerdict::reject;
  }

 private:
  bool proven_ = false;
};

TEST_F(Login, InTwoSteps) {
  run(world.io, [&]() -> Awaitable<void> {
    for (const bool with_key : {true, false}) {
      world.server_log->all.clear();
      auto options = world.server_options();
      options.authorizer = std::make_shared<TwoSteps>();
      auto [client, server] = memory_flow(world.io.get_executor());
      world.serve(std::move(server), sessions_by(echo), std::move(options));
      Credentials credentials;
      if (with_key) credentials.key(world.user_key);
      credentials.password(secret("sesame")).prefer({"publickey", "password"});
      auto session =
          co_await ClientSession::start(std::move(client), world.trusting(), credentials, world.client_options());
      if (with_key)
        expect_in(session, "password");
      else
        expect_out(session, FlowCode::auth_failed, "permission denied");
    }
  });
}

TEST_F(Login, PasswordsAreHashedOnOtherThreadsWhenThereAreSome) {
  asio::thread_pool workers(1);
  run(world.io, [&]() -> Awaitable<void> {
    auto options = world.server_options();
    options.authorizer = authorize_by(world.users, Executor(workers.get_executor()));
    auto [client, server] = memory_flow(world.io.get_executor());
    world.serve(std::move(server), sessions_by(echo), std::move(options));
    Credentials credentials;
    credentials.password(secret("sesame")).prefer({"password"});
    auto session =
        co_await ClientSession::start(std::move(client), world.trusting(), credentials, world.client_options());
    expect_in(session, "password");
  });
  workers.join();
}

// ---- host keys

TEST_F(Login, TheFingerprintDecides) {
  run(world.io, [&]() -> Awaitable<void> {
    auto right = co_await log_in_trusting(trust_fingerprint(fingerprint(world.host_key->public_key().blob())));
    expect_in(right, "publickey");
    world.server_log->all.clear();
    auto wrong = co_await log_in_trusting(trust_fingerprint(fingerprint(world.other_key->public_key().blob())));
    expect_out(wrong, FlowCode::host_key_refused,
               "the server has another host key than expected: ssh-ed25519 key SHA256:");
  });
}

TEST_F(Login, KnownHostsDecide) {
  const auto line = [](const PrivateKey& key) {
    return *known_hosts_line("example.org", 2222, key.public_key().blob());
  };
  run(world.io, [&]() -> Awaitable<void> {
    auto known = co_await log_in_trusting(trust_known_hosts(line(*world.host_key), "example.org", 2222));
    expect_in(known, "publickey");
    world.server_log->all.clear();
    auto changed = co_await log_in_trusting(trust_known_hosts(line(*world.other_key), "example.org", 2222));
    expect_out(changed, FlowCode::host_key_refused, "has changed");
    auto unknown = co_await log_in_trusting(trust_known_hosts({}, "example.org", 2222));
    expect_out(unknown, FlowCode::host_key_refused, "the host key of [example.org]:2222 is not known");
    auto revoked =
        co_await log_in_trusting(trust_known_hosts("@revoked " + line(*world.host_key), "example.org", 2222));
    expect_out(revoked, FlowCode::host_key_refused, "revoked");
    const HostKeyJudge person = [](OfferedHostKey offered) -> Awaitable<HostKeyDecision> {
      co_await sleep(5ms);
      EXPECT_EQ(offered.type, "ssh-ed25519");
      HostKeyDecision yes;
      yes.trusted = true;
      co_return yes;
    };
    auto asked = co_await log_in_trusting(trust_known_hosts({}, "example.org", 2222, person));
    expect_in(asked, "publickey");
  });
}

TEST_F(Login, BannersAreHeardAndEscaped) {
  world.server_config.banner = "wel\x1b[1mcome\n";
  run(world.io, [&]() -> Awaitable<void> {
    auto options = world.client_options();
    std::string heard;
    options.banner = [&](std::string_view text) { heard += text; };
    auto flow = world.served(echo);
    auto session =
        co_await ClientSession::start(std::move(flow), world.trusting(), world.with_key(), std::move(options));
    expect_in(session, "publickey");
    EXPECT_EQ(heard, "wel\\x1b[1mcome\n");
  });
}

TEST_F(Login, AWrongConfigurationIsToldBeforeAnythingIsSent) {
  world.client_config.algorithms.ciphers = {"rot13"};
  run(world.io, [&]() -> Awaitable<void> {
    auto session = co_await log_in_as("alice", world.with_key());
    expect_out(session, FlowCode::configuration, "rot13");
  });
}

TEST_F(Login, NothingInCommonIsSaid) {
  world.client_config.algorithms.ciphers = {"aes128-ctr"};
  world.server_config.algorithms.ciphers = {"aes256-gcm@openssh.com"};
  run(world.io, [&]() -> Awaitable<void> {
    auto session = co_await log_in_as("alice", world.with_key());
    EXPECT_FALSE(session);
    if (session) co_return;
    EXPECT_TRUE(session.error().code == FlowCode::no_agreement || session.error().code == FlowCode::disconnected)
        << session.error().text;
    EXPECT_NE(session.error().text.find("no algorithm in common"), std::string::npos) << session.error().text;
  });
}

// ---- the table of users

TEST(UsersTable, RefusesWhatIsWrongInIt) {
  EXPECT_FALSE(Users::make({User{"", {}}}));
  EXPECT_FALSE(Users::make({User{"a", {}}, User{"a", {}}}));
  EXPECT_FALSE(Users::make({User{"a", {}, "sesame"}}));
  const auto wrong = Users::parse("# comment\n\nalice:" + hash_of_sesame() + "\nbob\n");
  EXPECT_FALSE(wrong);
  EXPECT_EQ(wrong ? "" : wrong.error().text, "line 4: expected name:hash");
}

TEST(UsersTable, KnowsPasswordsAndKeys) {
  const auto users = Users::parse("alice:" + hash_of_sesame() + "\r\n");
  ASSERT_TRUE(users);
  EXPECT_TRUE(users->password_is_right("alice", bytes_of("sesame")));
  EXPECT_FALSE(users->password_is_right("alice", bytes_of("sesam")));
  EXPECT_FALSE(users->password_is_right("bob", bytes_of("sesame")));  // though the decoy's digest fits
  EXPECT_FALSE(users->has_key("alice", bytes_of("key")));
}

TEST(UsersTable, UsersWithoutAPasswordNeverGetInByOne) {
  const auto users = Users::make({User{"keyed", {copy_of(bytes_of("key"))}}, User{"alice", {}, hash_of_sesame()}});
  ASSERT_TRUE(users);
  EXPECT_FALSE(users->password_is_right("keyed", bytes_of("sesame")));
  EXPECT_FALSE(users->password_is_right("keyed", {}));
  EXPECT_TRUE(users->has_key("keyed", bytes_of("key")));
}

}  // namespace
}  // namespace nacre::testing
