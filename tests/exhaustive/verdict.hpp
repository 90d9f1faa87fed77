// What both sides of a damaged session made of it, against the session that was left alone.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/exhaustive/session.hpp"

namespace nacre::test {

inline Side& receiver_of(Session& session, Direction direction) {
  return direction == Direction::to_server ? session.server : session.client;
}
inline Side& sender_of(Session& session, Direction direction) {
  return direction == Direction::to_server ? session.client : session.server;
}

inline bool begins_with(const std::vector<std::string>& whole, const std::vector<std::string>& beginning) {
  return beginning.size() <= whole.size() && std::equal(beginning.begin(), beginning.end(), whole.begin());
}

inline bool unharmed(const Session& session, const Recording& recording) {
  return session.client.lines == recording.client.lines && session.server.lines == recording.server.lines &&
         session.client.error.code == Code::closed_by_application &&
         session.server.error.code == Code::disconnected_by_peer && session.server.reason == Reason::by_application;
}

inline std::string log_of(const Session& session) {
  std::string all = "\n  client: " + std::string(describe(session.client.error.code)) +
                    "\n  server: " + std::string(describe(session.server.error.code));
  for (const auto& line : session.client.lines) all += "\n    client " + line.substr(0, 100);
  for (const auto& line : session.server.lines) all += "\n    server " + line.substr(0, 100);
  return all;
}

// What holds whatever the damage: one Closed each, nothing after it, and no event that the session left alone had not at
// that place. Lines before an identification are nobody's word: `lines_before` of them may come first.
inline void expect_sound(const Session& session, const Recording& recording, const std::string& note,
                         bool lines_before = false) {
  EXPECT_EQ(session.client.closed, 1) << note;
  EXPECT_EQ(session.server.closed, 1) << note;
  EXPECT_FALSE(session.client.moved_after_end || session.server.moved_after_end) << note;
  auto client_lines = session.client.lines;
  if (lines_before) std::erase_if(client_lines, [](const auto& line) { return line.starts_with("LineReceived "); });
  EXPECT_TRUE(begins_with(recording.client.lines, client_lines)) << note << log_of(session);
  EXPECT_TRUE(begins_with(recording.server.lines, session.server.lines)) << note << log_of(session);
}

// One side has found the damage, for this reason; the other has been told so, or sees the stream end where no DISCONNECT
// is possible, or had its own reason: the same limit of time, or that it was done and had said goodbye.
inline void expect_found(const Side& finder, const Side& other, Reason reason, const std::string& note) {
  EXPECT_FALSE(finder.by_peer) << note;
  EXPECT_EQ(finder.reason, reason) << note << ": " << describe(finder.error.code);
  const bool told = other.by_peer && reason != Reason::none && other.reason == reason;
  const bool not_told = !other.by_peer && reason == Reason::none && other.error.code == Code::connection_lost;
  const bool own_reason =
      !other.by_peer && (other.error.code == finder.error.code || other.error.code == Code::closed_by_application);
  EXPECT_TRUE(told || not_told || own_reason) << note << ": " << describe(other.error.code);
}

}  // namespace nacre::test
