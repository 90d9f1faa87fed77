// The order table: its form, its rulings against a list written down a second time from the RFCs, and what the engine
// really does with each of the 256 numbers in each stage it can be brought to.
#include <gtest/gtest.h>

#include "engine/order.hpp"
#include "tests/engine/puppet.hpp"

namespace nacre::test {
namespace {

constexpr std::array stages{Stage::kex_init, Stage::kex_method, Stage::kex_new_keys, Stage::service, Stage::auth,
                            Stage::open,     Stage::rekey_ours, Stage::rekey_theirs, Stage::closed};

TEST(OrderTable, RowsCoverEveryNumberOnce) {
  unsigned next = 0;
  for (const auto& row : order_table()) {
    EXPECT_EQ(unsigned{row.first}, next) << row.name;
    EXPECT_LE(row.first, row.last) << row.name;
    EXPECT_EQ(row.server.size(), 11U) << row.name;
    EXPECT_EQ(row.client.size(), 11U) << row.name;
    for (const auto letters : {row.server, row.client})
      EXPECT_EQ(letters.find_first_not_of("AEHTIU-"), std::string_view::npos) << row.name;
    next = row.last + 1U;
  }
  EXPECT_EQ(next, 256U);
}

// The rules, said once more in another way: by stage, what a receiver does with a number. As a chain of questions.
struct Asked {
  unsigned number;
  Role receiver;
  Stage stage;
  bool strict;
};

bool among(unsigned n, unsigned first, unsigned last) { return n >= first && n <= last; }

Ruling expected_in_first_exchange(const Asked& q) {
  const bool server = q.receiver == Role::server;
  const auto n = q.number;
  if (n == 1) return Ruling::accept;
  if (q.stage == Stage::kex_init) {
    if (among(n, 2, 4)) return Ruling::taint;
    return n == 20 ? Ruling::accept : Ruling::end;
  }
  if (n == 21 && q.stage == Stage::kex_new_keys) return Ruling::expected;
  if (n == (server ? 30U : 31U) && q.stage == Stage::kex_method) return Ruling::expected;
  if (q.strict) return Ruling::end;
  if (among(n, 2, 4)) return Ruling::ignore;
  if (among(n, 8, 19)) return Ruling::unimplemented;
  return Ruling::end;
}

Ruling expected_before_open(const Asked& q) {
  const bool server = q.receiver == Role::server;
  const bool auth = q.stage == Stage::auth;
  switch (q.number) {
    case 1: return Ruling::accept;
    case 2:
    case 3:
    case 192:
    case 193: return Ruling::ignore;
    case 4: return Ruling::accept;
    case 5: return server ? (auth ? Ruling::expected : Ruling::accept) : Ruling::end;
    case 6: return !server && !auth ? Ruling::expected : Ruling::end;
    case 7: return server && auth ? Ruling::end : Ruling::expected;
    case 50: return server && auth ? Ruling::accept : Ruling::end;
    case 51:
    case 52:
    case 60: return !server && auth ? Ruling::expected : Ruling::end;
    case 53: return !server && auth ? Ruling::accept : Ruling::end;
    case 61: return server && auth ? Ruling::expected : Ruling::end;
    default: break;
  }
  return among(q.number, 8, 19) || among(q.number, 22, 29) ? Ruling::unimplemented : Ruling::end;
}

Ruling expected_when_open(const Asked& q) {
  const auto n = q.number;
  const bool ours = q.stage == Stage::rekey_ours;  // what we answer waits
  switch (n) {
    case 1:
    case 4: return Ruling::accept;
    case 2:
    case 3:
    case 193: return Ruling::ignore;
    case 20:
    case 81:
    case 82:
    case 93:
    case 99:
    case 100: return Ruling::accept;
    case 50: return q.receiver == Role::server ? Ruling::ignore : Ruling::end;
    case 80:
    case 90:
    case 192: return ours ? Ruling::hold : Ruling::accept;
    case 91:
    case 92: return Ruling::expected;
    case 94:
    case 95:
    case 96:
    case 97:
    case 98: return ours ? Ruling::hold : Ruling::expected;
    default: break;
  }
  if (among(n, 8, 19) || among(n, 22, 29) || n >= 83) return Ruling::unimplemented;
  return Ruling::end;
}

Ruling expected_in_rekey_theirs(const Asked& q) {
  const auto n = q.number;
  if (n == 1 || n == 4) return Ruling::accept;
  if (n == 2 || n == 3 || n == 193) return Ruling::ignore;
  if (n == 192) return Ruling::ignore;  // no PONG while keys are exchanged
  if (n == 21 || n == (q.receiver == Role::server ? 30U : 31U)) return Ruling::expected;
  return among(n, 8, 19) ? Ruling::unimplemented : Ruling::end;
}

Ruling expected(const Asked& q) {
  switch (q.stage) {
    case Stage::closed: return Ruling::ignore;
    case Stage::kex_init:
    case Stage::kex_method:
    case Stage::kex_new_keys: return expected_in_first_exchange(q);
    case Stage::service:
    case Stage::auth: return expected_before_open(q);
    case Stage::open:
    case Stage::rekey_ours: return expected_when_open(q);
    case Stage::rekey_theirs: break;
  }
  return expected_in_rekey_theirs(q);
}

TEST(OrderTable, RulesAsTheRfcsSay) {
  for (const auto receiver : {Role::server, Role::client})
    for (const auto stage : stages)
      for (const bool strict : {false, true})
        for (unsigned n = 0; n < 256; ++n) {
          const auto want = expected({n, receiver, stage, strict});
          const auto have = rule(static_cast<std::uint8_t>(n), receiver, stage, strict);
          EXPECT_EQ(name_of(have), name_of(want)) << n << " in " << name_of(stage) << (strict ? " strict" : "")
                                                  << (receiver == Role::server ? " by a server" : " by a client");
        }
}

TEST(OrderTable, NothingOfTheConnectionPassesBeforeAuthentication) {
  for (const auto receiver : {Role::server, Role::client})
    for (const auto stage : {Stage::kex_init, Stage::kex_method, Stage::kex_new_keys, Stage::service, Stage::auth})
      for (const bool strict : {false, true})
        for (unsigned n = 80; n < 256; ++n) {
          if (n == 192 || n == 193) continue;
          EXPECT_EQ(rule(static_cast<std::uint8_t>(n), receiver, stage, strict), Ruling::end) << n;
        }
}

// ---- what the engine does

std::unique_ptr<Puppet> brought_to(Stage stage, Role engine, bool strict) {
  PuppetOptions options{.engine = engine, .strict = strict};
  options.hold_kex_init = stage == Stage::kex_init;
  options.hold_method = stage == Stage::kex_method;
  options.hold_new_keys = stage == Stage::kex_new_keys;
  auto puppet = std::make_unique<Puppet>(options);
  if (stage == Stage::service || stage == Stage::kex_new_keys) puppet->auto_login = false;
  switch (stage) {
    case Stage::kex_init:
    case Stage::kex_method:
    case Stage::kex_new_keys:
      puppet->start();
      puppet->pump();
      break;
    case Stage::service: puppet->exchange(); break;
    case Stage::auth:
      if (engine == Role::client) {
        puppet->auto_login = false;
        puppet->exchange();
        puppet->send(ServiceAccept{"ssh-userauth"});
        puppet->pump();
      } else {
        puppet->begin_service();
      }
      break;
    case Stage::open: puppet->login(); break;
    case Stage::rekey_ours:
      puppet->login();
      puppet->options.hold_kex_init = true;
      static_cast<void>(puppet->engine().rekey());
      puppet->pump();
      break;
    case Stage::rekey_theirs:
      puppet->login();
      puppet->options.hold_method = true;
      puppet->send_kex_init();
      puppet->pump();
      break;
    case Stage::closed:
      puppet->login();
      puppet->engine().disconnect();
      puppet->pump();
      break;
  }
  puppet->forget();
  return puppet;
}

void check_behaviour(unsigned number, Role engine, Stage stage, bool strict) {
  const auto n = static_cast<std::uint8_t>(number);
  auto puppet = brought_to(stage, engine, strict);
  ASSERT_EQ(puppet->closed, stage == Stage::closed ? 1 : 0);
  ASSERT_EQ(puppet->engine().authenticated(), stage >= Stage::open) << name_of(stage);
  puppet->send_number(n);
  puppet->pump();
  const auto note = std::string(name_of(stage)) + " " + std::to_string(number) + (strict ? " strict " : " ") +
                    (engine == Role::server ? "server\n" : "client\n") + puppet->log();
  switch (rule(n, engine, stage, strict)) {
    case Ruling::end:
      EXPECT_EQ(puppet->closed, 1) << note;
      EXPECT_EQ(puppet->code(), Code::unexpected_message) << note;
      EXPECT_EQ(puppet->error.where, number) << note;
      EXPECT_EQ(puppet->reason, Reason::protocol_error) << note;
      EXPECT_EQ(puppet->farewell(), Reason::protocol_error) << note;
      EXPECT_EQ(puppet->events.size(), 1U) << note;
      break;
    case Ruling::unimplemented:
      EXPECT_EQ(puppet->closed, 0) << note;
      ASSERT_EQ(puppet->received.size(), 1U) << note;
      EXPECT_TRUE(puppet->has(Unimplemented::number)) << note;
      EXPECT_TRUE(puppet->events.empty()) << note;
      break;
    case Ruling::ignore:
    case Ruling::taint:
      EXPECT_EQ(puppet->closed, stage == Stage::closed ? 1 : 0) << note;
      EXPECT_TRUE(puppet->received.empty()) << note;
      EXPECT_TRUE(puppet->events.empty()) << note;
      break;
    case Ruling::accept:
    case Ruling::expected:
    case Ruling::hold:
      // An empty body is malformed for nearly all; never is the answer UNIMPLEMENTED.
      EXPECT_FALSE(puppet->has(Unimplemented::number)) << note;
      if (puppet->closed == 0) break;
      if (puppet->code() == Code::disconnected_by_peer) break;
      EXPECT_TRUE(puppet->code() == Code::malformed_message || puppet->code() == Code::unexpected_message) << note;
      EXPECT_EQ(puppet->error.where, number) << note;
      EXPECT_EQ(puppet->farewell(), Reason::protocol_error) << note;
      break;
  }
}

class Behaviour : public testing::TestWithParam<std::tuple<Stage, Role, bool>> {};

TEST_P(Behaviour, FollowsTheTableForEveryNumber) {
  const auto [stage, role, strict] = GetParam();
  for (unsigned number = 0; number < 256 && !HasFailure(); ++number) check_behaviour(number, role, stage, strict);
}

INSTANTIATE_TEST_SUITE_P(Order, Behaviour,
                         testing::Combine(testing::ValuesIn(stages), testing::Values(Role::server, Role::client),
                                          testing::Bool()),
                         [](const auto& each) {
                           return std::string(name_of(std::get<0>(each.param))) +
                                  (std::get<1>(each.param) == Role::server ? "_server" : "_client") +
                                  (std::get<2>(each.param) ? "_strict" : "");
                         });

}  // namespace
}  // namespace nacre::test
