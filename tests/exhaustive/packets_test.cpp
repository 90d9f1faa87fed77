// Whole packets dropped, doubled, swapped, shortened and played again; the stream cut at every byte; and the same stream
// in pieces of any size, which changes nothing.
#include <gtest/gtest.h>

#include <set>

#include "tests/engine/pair.hpp"
#include "tests/exhaustive/quick_provider.hpp"
#include "tests/exhaustive/support.hpp"
#include "tests/exhaustive/verdict.hpp"

namespace nacre::test {
namespace {

const std::vector<Makings> four_protections{{"chacha20-poly1305@openssh.com"},
                                            {"aes128-gcm@openssh.com"},
                                            {"aes256-ctr", "hmac-sha2-256"},
                                            {"aes256-ctr", "hmac-sha2-256-etm@openssh.com"}};

using Codes = std::set<Code>;

constexpr auto end_of_time = std::numeric_limits<std::uint64_t>::max();

std::string name_of(Direction direction) {
  return direction == Direction::to_server ? "to the server" : "to the client";
}

class Packets : public testing::TestWithParam<Makings> {
 protected:
  const Recording& recording() const { return record(GetParam()); }

  // What is told by the packets before `packet`.
  const std::vector<std::string>& told_before(Direction direction, std::size_t packet) {
    auto& kept = told_[{direction, packet}];
    if (kept.empty()) {
      Session session(GetParam());
      session.plan(direction).parts = {{0, begin(direction, packet)}};
      session.run(&recording());
      kept = receiver_of(session, direction).lines;
      kept.emplace_back();  // so that it is not empty
    }
    return kept;
  }
  std::uint64_t begin(Direction direction, std::size_t packet) const {
    return recording().packets[static_cast<std::size_t>(direction)][packet];
  }
  std::size_t count(Direction direction) const {
    return recording().packets[static_cast<std::size_t>(direction)].size() - 1;
  }
  std::size_t clear(Direction direction) const {
    return recording().clear_packets[static_cast<std::size_t>(direction)];
  }

  // Runs it with these parts. `intact` packets arrive before the damage.
  void run(Direction direction, std::vector<Plan::Part> parts, std::size_t intact, const std::string& what,
           const std::string& which, const Codes& found) {
    Session session(GetParam());
    session.plan(direction).parts = std::move(parts);
    session.run(&recording());
    const auto note = what + ": " + which + " " + name_of(direction);
    const auto& receiver = receiver_of(session, direction);
    figures_.count(what + ": " + std::string(describe(receiver.error.code)));
    if (direction == Direction::to_server && intact == count(direction)) {  // behind the client's DISCONNECT
      EXPECT_TRUE(unharmed(session, recording())) << note << log_of(session);
      return;
    }
    expect_sound(session, recording(), note, intact == 0);
    EXPECT_TRUE(found.contains(receiver.error.code)) << note << log_of(session);
    if (intact < clear(direction)) return;
    auto before = told_before(direction, intact);
    before.pop_back();
    EXPECT_EQ(receiver.lines, before) << note << log_of(session);
  }

  // Every packet of both directions.
  template <class Each>
  void for_each_packet(Each each) {
    for (const auto direction : {Direction::to_server, Direction::to_client})
      for (std::size_t i = 0; i < count(direction) && !HasFailure(); ++i) each(direction, i);
  }

  std::map<std::pair<Direction, std::size_t>, std::vector<std::string>> told_;
  Figures figures_{"packets under " + GetParam().name()};
};

// What the receiver finds when a packet in the clear is missing where it belongs: the identification, KEXINIT, 30 or 31,
// NEWKEYS. Those that only the packet's effect makes the sender send cannot come, and the time runs out.
Codes when_missing(Direction direction, std::size_t packet) {
  const bool to_server = direction == Direction::to_server;
  switch (packet) {
    case 0: return {to_server ? Code::not_ssh : Code::ident_timeout};  // a client takes any line before it
    case 1: return {to_server ? Code::unexpected_message : Code::kex_timeout};
    case 2: return {to_server ? Code::kex_timeout : Code::unexpected_message};
    default: return {Code::packet_length};  // the next one is encrypted
  }
}

// And when it comes without its last byte: the next packet's first is taken for it.
Codes when_shortened(Direction direction, std::size_t packet) {
  const bool to_server = direction == Direction::to_server;
  switch (packet) {
    case 0:
      return {Code::ident_too_long, Code::ident_malformed, to_server ? Code::ident_too_long : Code::ident_timeout};
    case 1: return {to_server ? Code::packet_length : Code::kex_timeout};
    case 2: return {to_server ? Code::kex_timeout : Code::packet_length};
    default: return {Code::packet_corrupt, Code::login_timeout};  // it is padding that is missing: NEWKEYS is whole
  }
}

// And when it comes once more, behind another.
Codes when_again(std::size_t packet, std::size_t after) {
  if (after >= 3) return {Code::packet_corrupt};  // keys are on
  return {packet == 0 ? Code::packet_length : Code::unexpected_message};
}

// Under keys the next packet betrays it. If none comes, because the sender waits too, the time runs out or the stream ends.
const Codes corrupt_or_silence{Code::packet_corrupt, Code::login_timeout, Code::rekey_timeout, Code::connection_lost,
                               Code::cut_in_packet};

TEST_P(Packets, Dropped) {
  for_each_packet([&](Direction direction, std::size_t i) {
    run(direction, {{0, begin(direction, i)}, {begin(direction, i + 1), end_of_time}}, i, "dropped", std::to_string(i),
        i < clear(direction) ? when_missing(direction, i) : corrupt_or_silence);
  });
}

TEST_P(Packets, SwappedWithTheNext) {
  for_each_packet([&](Direction direction, std::size_t i) {
    if (i + 1 == count(direction)) return;
    run(direction,
        {{0, begin(direction, i)},
         {begin(direction, i + 1), begin(direction, i + 2)},
         {begin(direction, i), begin(direction, i + 1)},
         {begin(direction, i + 2), end_of_time}},
        i, "swapped", std::to_string(i), i < clear(direction) ? when_missing(direction, i) : corrupt_or_silence);
  });
}

TEST_P(Packets, WithoutTheirLastByte) {
  for_each_packet([&](Direction direction, std::size_t i) {
    run(direction, {{0, begin(direction, i + 1) - 1}, {begin(direction, i + 1), end_of_time}}, i, "shortened",
        std::to_string(i), i < clear(direction) ? when_shortened(direction, i) : corrupt_or_silence);
  });
}

// At once, and behind every later one.
TEST_P(Packets, PlayedAgain) {
  for_each_packet([&](Direction direction, std::size_t i) {
    for (auto after = i; after < count(direction) && !HasFailure(); after += sanitized ? 5 : 1)
      run(direction,
          {{0, begin(direction, after + 1)},
           {begin(direction, i), begin(direction, i + 1)},
           {begin(direction, after + 1), end_of_time}},
          after + 1, after == i ? "doubled" : "played again", std::to_string(i) + " after " + std::to_string(after),
          when_again(i, after));
  });
}

// The stream ends: between two packets it is lost, in one it is cut.
TEST_P(Packets, CutAtEveryByte) {
  for_each_packet([&](Direction direction, std::size_t i) {
    for (auto at = begin(direction, i); at < begin(direction, i + 1) && !HasFailure(); at += sanitized ? 19 : 1) {
      const bool between = at == begin(direction, i);
      run(direction, {{0, at}}, i, between ? "cut between" : "cut in", "at " + std::to_string(at),
          {between ? Code::connection_lost : Code::cut_in_packet});
    }
  });
}

// ---- pieces

void expect_same(const Session& session, const Recording& recording, const std::string& note) {
  EXPECT_TRUE(unharmed(session, recording)) << note << log_of(session);
  EXPECT_EQ(session.client.lines, recording.client.lines) << note;
  for (const std::size_t direction : {0U, 1U})
    EXPECT_TRUE(same_bytes(session.sent[direction], recording.sent[direction]))
        << note << ", bytes of direction " << direction;
}

TEST_P(Packets, InTwoPieces) {
  for (const auto direction : {Direction::to_server, Direction::to_client})
    for (std::uint64_t at = 1; at < begin(direction, count(direction)) && !HasFailure(); at += sanitized ? 23 : 1) {
      Session session(GetParam());
      session.plan(direction).pauses = {at};
      session.run(&recording());
      expect_same(session, recording(), "in two at " + std::to_string(at) + " " + name_of(direction));
      figures_.count("in two pieces: the same");
    }
}

TEST_P(Packets, InPiecesOfAnySize) {
  const std::uint64_t times = sanitized ? 10 : long_form() ? 10'000 : 500;
  for (std::uint64_t seed = 0; seed < times && !HasFailure(); ++seed) {
    QuickRandom random(seed + 1);
    Session session(GetParam());
    const auto largest = std::uint64_t{1} << (random.next() >> 32) % 10;  // single bytes, up to about a tenth of all
    for (const auto direction : {Direction::to_server, Direction::to_client})
      for (std::uint64_t at = 0; at < begin(direction, count(direction));)
        session.plan(direction).pauses.push_back(at += 1 + (random.next() >> 32) % largest);
    session.run(&recording());
    expect_same(session, recording(), "seed " + std::to_string(seed));
    figures_.count("in pieces of any size: the same");
  }
}

INSTANTIATE_TEST_SUITE_P(Damage, Packets, testing::ValuesIn(four_protections), [](const auto& each) {
  auto name = each.param.cipher + "_" + each.param.mac;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
});

}  // namespace
}  // namespace nacre::test
