// Every message in every state, in every length of its body, by both roles, strict and not: what the engine answers, tells
// and ends with, against the table of state_table.cpp.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <utility>

#include "tests/engine/pair.hpp"
#include "tests/engine/where.hpp"
#include "tests/exhaustive/raw_peer.hpp"
#include "tests/exhaustive/state_table.hpp"
#include "tests/exhaustive/support.hpp"

namespace nacre::test {
namespace {

using namespace std::chrono_literals;

// ---- to the state

const auto& null_key_blob() {
  static const auto key = fuzz::null_key();
  return key;
}

void ask_for_login(RawPeer& peer, std::string_view method, Bytes body) {
  peer.say(UserauthRequest{"alice", "ssh-connection", method, {body}});
}

void bring_server_to_auth(RawPeer& peer, State state) {
  peer.say(ServiceRequest{"ssh-userauth"});
  const auto password = encoded(PasswordBody{false, bytes_of("sesame"), {}});
  peer.answers = state != State::auth_blocked;
  peer.rejects = state == State::auth_failing;
  peer.partial = state == State::auth_partial;
  if (state == State::auth_prompted)
    return ask_for_login(peer, "keyboard-interactive", encoded(KeyboardInteractiveBody{}));
  if (state != State::auth) ask_for_login(peer, "password", password);
  peer.partial = false;
}

void bring_client_to_auth(RawPeer& peer, State state) {
  switch (state) {
    case State::choosing: break;
    case State::none_out: peer.credential = TryNone{}; break;
    case State::probe_out: peer.credential = TryPublicKey{null_key_blob(), "ssh-ed25519"}; break;
    case State::signing: peer.signs = false; [[fallthrough]];
    case State::signature_out: peer.credential = TryPublicKey{null_key_blob(), "ssh-ed25519", true}; break;
    case State::interactive_out:
    case State::answering: peer.credential = TryKeyboardInteractive{}; break;
    default: peer.credential = TryPassword{bytes_of("sesame")}; break;
  }
  peer.say(ServiceAccept{"ssh-userauth"});
  auto prompts = encoded(OneString{bytes_of("Password: ")});
  prompts.push_back(std::byte{0});
  if (state == State::answering) peer.say(InfoRequest{"", "", "", 1, {prompts}});
  if (state == State::changing) peer.say(PasswordChangeRequest{"again", ""});
  if (state == State::success_due) peer.say(ExtInfo{});
  if (state >= State::open) peer.say(UserauthSuccess{});
}

void make_busy(RawPeer& peer, Role engine) {
  if (engine == Role::server) {
    peer.say(ChannelOpen{"session", 7, 1000, 1000, {}});
  } else {
    static_cast<void>(peer.engine().open("session"));
    peer.say(ChannelOpenConfirmation{0, 7, 1000, 1000, {}});
  }
  static_cast<void>(peer.engine().open("forwarded-tcpip"));
  static_cast<void>(peer.engine().request(ChannelId{0}, OtherRequest{"keepalive@example.org", {}}, true));
  static_cast<void>(peer.engine().global_request("keepalive@example.org", {}, true));
  peer.wait(0ms);
}

void bring_to(RawPeer& peer, Role engine, State state) {
  peer.start();
  if (state == State::kex_init) return;
  peer.send(peer.kex_init(state == State::kex_guess));
  if (state <= State::kex_guess) return;
  peer.answers = state != State::kex_blocked;
  peer.send(peer.method_message());
  if (state <= State::kex_new_keys) return;
  peer.new_keys();
  if (state == State::service_late) peer.say(Ignore{});
  if (state <= State::service_late) return;
  engine == Role::server ? bring_server_to_auth(peer, state) : bring_client_to_auth(peer, state);
  if (state == State::limited) peer.say(GlobalRequest{"no-more-sessions@openssh.com", false, {}});
  if (state <= State::limited) return;
  make_busy(peer, engine);
  if (state == State::eof) peer.say(ChannelEof{0});
  if (state == State::closing) static_cast<void>(peer.engine().close(ChannelId{0}));
  if (state == State::rekey_ours) static_cast<void>(peer.engine().rekey());
  if (state >= State::rekey_theirs && state < State::closed) peer.send(peer.kex_init(state == State::rekey_guess));
  if (state == State::rekey_blocked) peer.answers = false;
  if (state == State::rekey_blocked || state == State::rekey_theirs_keys) peer.send(peer.method_message());
  if (state == State::closed) peer.engine().disconnect();
  peer.wait(0ms);
}

// ---- what is expected

// The letter of a row for a column; the letters are written with spaces between them.
char letter_of(const TableRow& row, std::size_t column) {
  for (const char letter : row.letters)
    if (letter != ' ' && column-- == 0) return letter;
  return '?';
}

const TableRow& row_of(Role engine, unsigned number) {
  const auto all = rows(engine);
  return *std::find_if(all.begin(), all.end(), [&](const auto& row) { return number <= row.last; });
}

std::size_t column_of(Role engine, State state, bool strict) {
  const auto all = columns(engine);
  const auto at = std::find_if(all.begin(), all.end(), [&](const auto& column) {
    return column.state == state && (column.strict == -1 || (column.strict == 1) == strict);
  });
  return static_cast<std::size_t>(at - all.begin());
}

struct Case {
  Role engine;
  bool strict;
  State state;
  std::string_view state_name;
  char letter;
  const MessageBody& body;
  std::size_t size;  // of the body: up to one more than it has

  std::size_t whole() const { return body.payload.size() - 1; }
  bool blocked() const { return letter == '='; }
  std::string describe() const {
    return std::string(engine == Role::server ? "server" : "client") + (strict ? ", strict, " : ", not strict, ") +
           std::string(state_name) + ", " + std::to_string(body.number) + " " + std::string(body.name) + ", " +
           std::to_string(size) + " of " + std::to_string(whole()) + " bytes, by '" + letter + "'";
  }
};

Outcome expected(const Case& c) {
  const auto unexpected = [](unsigned number) {
    return Outcome{{}, Code::unexpected_message, Reason::protocol_error, static_cast<int>(number)};
  };
  switch (c.letter) {
    case '-': return unexpected(c.body.number);
    case 'L': return unexpected(ExtInfo::number);
    case 'U': return {.tells = ">UNIMPLEMENTED"};
    case '.':
    case '=': return {};
    default: break;
  }
  const auto effect = std::find_if(c.body.effects.begin(), c.body.effects.end(),
                                   [&](const Effect& each) { return each.letter == c.letter; });
  if (effect == c.body.effects.end()) return {.tells = "no effect of this letter is written down"};
  if (c.size > c.whole()) return effect->longer;
  if (c.size == c.whole()) return effect->whole;
  for (const auto& cut : effect->cuts)
    if (c.size < cut.below) return cut.outcome;
  return effect->whole;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find("; "), text.size());
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return parts;
}

bool is_packet(const std::string& line) { return line.starts_with('>'); }

// Packets are named whole, events by how their lines begin.
bool same_lines(const std::vector<std::string>& have, const std::vector<std::string>& want) {
  return std::equal(have.begin(), have.end(), want.begin(), want.end(),
                    [](const auto& a, const auto& b) { return is_packet(b) ? a == b : a.starts_with(b); });
}

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const auto& line : lines) all += "\n    " + line;
  return all;
}

std::vector<std::string> lines_of(const Outcome& outcome) {
  auto lines = split(outcome.tells);
  if (outcome.code == Code::none) return lines;
  lines.insert(lines.begin(), "Closed ");
  if (outcome.reason != Reason::none)
    lines.push_back(">DISCONNECT " + std::to_string(static_cast<std::uint32_t>(outcome.reason)));
  return lines;
}

// ---- one case

// While our KEXINIT is out, answers wait for new keys (RFC 4253 7.1); UNIMPLEMENTED and the exchange's own do not.
std::vector<std::string> take_held(std::vector<std::string>& lines) {
  static const std::array<std::string, 3> sent_at_once{">UNIMPLEMENTED", ">20", ">30"};
  std::vector<std::string> held;
  std::erase_if(lines, [&](const std::string& line) {
    const bool waits = is_packet(line) && !line.starts_with(">DISCONNECT") &&
                       std::find(sent_at_once.begin(), sent_at_once.end(), line) == sent_at_once.end();
    if (waits) held.push_back(line);
    return waits;
  });
  return held;
}

void expect_lines(const RawPeer& peer, const std::vector<std::string>& want, const Case& c, const char* when) {
  EXPECT_TRUE(same_lines(peer.lines, want))
      << c.describe() << ", " << when << "\n  have" << joined(peer.lines) << "\n  want" << joined(want);
}

// The end is one event, and nothing moves after it.
void expect_dead(RawPeer& peer, const Case& c) {
  EXPECT_EQ(peer.closed, 1) << c.describe();
  const auto lines = peer.lines.size();
  EXPECT_TRUE(peer.engine().incoming().empty()) << c.describe();
  peer.say(Disconnect{});
  peer.engine().input_ended();
  peer.wait(24h);
  EXPECT_EQ(peer.lines.size(), lines) << c.describe() << joined(peer.lines);
  EXPECT_FALSE(peer.engine().deadline()) << c.describe();
}

void expect_end(RawPeer& peer, const Outcome& outcome, const Case& c) {
  EXPECT_EQ(peer.error.code, outcome.code) << c.describe() << ": " << describe(peer.error.code);
  EXPECT_EQ(peer.by_peer, outcome.code == Code::disconnected_by_peer) << c.describe();
  const auto reason = peer.by_peer ? Reason::none : peer.reason;  // a peer's own is its affair
  EXPECT_EQ(reason, outcome.reason) << c.describe();
  const bool there = outcome.where >= 0 ? std::cmp_equal(peer.error.where, outcome.where) : where_fits(peer.error);
  EXPECT_TRUE(there) << c.describe() << ": " << peer.error.where;
  expect_dead(peer, c);
}

// It lives on, in step with its peer: what comes next is understood.
void expect_alive(RawPeer& peer, const Case& c, const std::vector<std::string>& held) {
  EXPECT_EQ(peer.closed, 0) << c.describe();
  peer.forget();
  if (c.state == State::kex_init && c.letter == '.') {  // forgiven, unless the exchange turns out to be strict
    peer.send(peer.kex_init());
    EXPECT_EQ(peer.closed, c.strict ? 1 : 0) << c.describe();
    if (!c.strict) return;
    EXPECT_EQ(peer.error.code, Code::unexpected_message) << c.describe();
    EXPECT_EQ(peer.lines.back(), ">DISCONNECT 2") << c.describe();
    return expect_dead(peer, c);
  }
  if (c.state == State::rekey_ours) {
    if (c.body.number != KexInit::number) peer.send(peer.kex_init());
    peer.send(peer.method_message());
    const auto at = std::find(peer.lines.begin(), peer.lines.end(), ">21");
    const std::vector<std::string> after(at == peer.lines.end() ? at : at + 1, peer.lines.end());
    EXPECT_TRUE(same_lines(after, held)) << c.describe() << joined(peer.lines) << "\n  held" << joined(held);
    peer.new_keys();
  }
  peer.say(Disconnect{});
  EXPECT_EQ(peer.error.code, Code::disconnected_by_peer) << c.describe() << joined(peer.lines);
  expect_dead(peer, c);
}

std::string ending_of(const Case& c, const Outcome& outcome) {
  if (c.state == State::closed) return "after the end: nothing";
  if (c.blocked()) return "left unopened";
  if (outcome.code == Code::disconnected_by_peer) return "a farewell believed";
  if (outcome.code != Code::none) return "ended, reason " + std::to_string(static_cast<std::uint32_t>(outcome.reason));
  if (outcome.tells == ">UNIMPLEMENTED") return "answered UNIMPLEMENTED";
  return outcome.tells.empty() ? "dropped or taken in silence" : "taken: an event or a reply";
}

// What comes when the question of a state is answered: the state that follows, and what is told and sent by that alone.
struct Following {
  State state;
  std::vector<std::string> lines;
};
Following following(const Case& c) {
  switch (c.state) {
    case State::kex_blocked: return {State::kex_new_keys, split(c.engine == Role::server ? ">31; >21; >7" : ">21; >5")};
    case State::rekey_blocked: return {State::rekey_theirs_keys, split(">31; >21")};
    case State::auth_blocked: return {State::open, split("Authenticated; >52")};
    default: return {State::auth, {">51"}};  // auth_failing: no question, but the time that a failure takes
  }
}

// The message behind the question is judged as in the state that follows.
void expect_behind(RawPeer& peer, const Case& blocked) {
  const auto next = following(blocked);
  const auto column = column_of(blocked.engine, next.state, blocked.strict);
  auto c = blocked;
  c.state = next.state;
  c.state_name = columns(c.engine)[column].name;
  c.letter = letter_of(row_of(c.engine, c.body.number), column);
  if (blocked.state == State::auth_failing) {
    if (c.letter == 'A' && c.body.number == UserauthRequest::number) c.letter = 'B';  // it is not the first request
    peer.rejects = false;
    peer.wait(1s);
  } else {
    peer.answer_now();
  }
  if (peer.closed == 0) peer.wait(1s);
  const auto outcome = expected(c);
  // Events are told before anything is heard of what was sent meanwhile.
  const auto more = lines_of(outcome);
  const auto packets = std::find_if(more.begin(), more.end(), is_packet);
  auto want = next.lines;
  want.insert(std::find_if(want.begin(), want.end(), is_packet), more.begin(), packets);
  want.insert(want.end(), packets, more.end());
  expect_lines(peer, want, c, "behind a question");
  if (outcome.code != Code::none) return expect_end(peer, outcome, c);
  expect_alive(peer, c, {});
}

void check(const Case& c, Figures& figures) {
  RawPeer peer(c.engine, c.strict);
  bring_to(peer, c.engine, c.state);
  ASSERT_EQ(peer.closed, c.state == State::closed ? 1 : 0) << c.describe() << joined(peer.lines);
  ASSERT_EQ(peer.engine().authenticated(), c.state >= State::open) << c.describe() << joined(peer.lines);
  peer.forget();

  auto payload = c.body.payload;
  payload.resize(c.size + 1);
  const auto outcome = expected(c);
  // Behind a question NEWKEYS is judged when that is answered.
  const bool keys_letter =
      c.letter == 'A' || c.letter == 'B' || c.state == State::kex_blocked || c.state == State::rekey_blocked;
  const bool keys_change = c.body.number == NewKeys::number && c.size == 0 && keys_letter;
  if (keys_change)
    peer.new_keys();
  else
    peer.send(payload);
  if (!c.blocked() && peer.closed == 0) peer.wait(1s);  // failures are not sent at once

  auto want = lines_of(outcome);
  std::vector<std::string> held;
  if (c.state == State::rekey_ours) held = take_held(want);
  expect_lines(peer, want, c, "at once");
  figures.count(ending_of(c, outcome));
  if (c.state == State::closed) return expect_dead(peer, c);
  if (outcome.code != Code::none) return expect_end(peer, outcome, c);
  if (c.blocked()) return expect_behind(peer, c);
  expect_alive(peer, c, held);
}

// ---- all of them

void check_column(Role engine, bool strict, std::size_t column, const std::vector<MessageBody>& list,
                  Figures& figures) {
  const auto& [state, name, only] = columns(engine)[column];
  if (only != -1 && (only == 1) != strict) return;
  std::size_t next = 0;
  for (const auto& row : rows(engine)) {
    const auto letter = letter_of(row, column);
    for (const auto& body : list) {
      if (body.number < row.first || body.number > row.last) continue;
      for (std::size_t size = 0; size <= body.payload.size(); ++size) {
        if (sanitized && next++ % 41 != 0) continue;
        check({engine, strict, state, name, letter, body, size}, figures);
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

void check_all(Role engine) {
  Figures figures(engine == Role::server ? "states of a server" : "states of a client");
  for (const bool strict : {true, false}) {
    const auto list = bodies(engine, strict);
    for (std::size_t column = 0; column < columns(engine).size(); ++column)
      check_column(engine, strict, column, list, figures);
  }
}

TEST(States, OfAServer) { check_all(Role::server); }
TEST(States, OfAClient) { check_all(Role::client); }

// The table is whole: every number once, a letter for every column.
TEST(States, TheTableIsWhole) {
  for (const auto engine : {Role::server, Role::client}) {
    unsigned next = 0;
    for (const auto& row : rows(engine)) {
      EXPECT_EQ(row.first, next) << row.name;
      next = row.last + 1;
      const auto letters = std::count_if(row.letters.begin(), row.letters.end(), [](char c) { return c != ' '; });
      EXPECT_EQ(static_cast<std::size_t>(letters), columns(engine).size()) << row.name;
    }
    EXPECT_EQ(next, 256U);
  }
}

}  // namespace
}  // namespace nacre::test
