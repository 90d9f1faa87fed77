// A login and a conversation between two engines, whole, in pieces, cut short and repeated.
#include <gtest/gtest.h>

#include "tests/engine/pair.hpp"

namespace nacre::test {
namespace {

// A whole little life: log in, run something, talk both ways, end.
void converse(Pair& pair) {
  pair.login();
  if (!pair.client->authenticated()) return;
  const auto channel = pair.open_session();
  static_cast<void>(pair.client->request(channel, EnvRequest{"LANG", "C"}, false));
  static_cast<void>(pair.client->request(channel, ExecRequest{"true"}, true));
  pair.run();
  pair.client->write(channel, bytes_of("to the server"));
  if (pair.server_channel) {
    pair.server->write(*pair.server_channel, bytes_of("to the client"));
    pair.server->write(*pair.server_channel, bytes_of("and an error"), Stream::err);
  }
  pair.run();
  static_cast<void>(pair.client->rekey());
  pair.run();
  static_cast<void>(pair.client->finish(channel));
  if (pair.server_channel) {
    static_cast<void>(pair.server->request(*pair.server_channel, ExitStatus{7}, false));
    static_cast<void>(pair.server->finish(*pair.server_channel));
    static_cast<void>(pair.server->close(*pair.server_channel));
  }
  pair.run();
  pair.client->disconnect();
  pair.run();
}

TEST(Login, WithAKey) {
  Pair pair;
  pair.login();
  EXPECT_TRUE(pair.client->authenticated()) << pair.client_log() << pair.server_log();
  EXPECT_TRUE(pair.server->authenticated());
  EXPECT_TRUE(same_bytes(pair.client->session_id(), pair.server->session_id()));
  EXPECT_EQ(pair.client->server_signature_algorithms().first(), "ssh-ed25519");
}

TEST(Login, ConversationEndsWell) {
  Pair pair;
  converse(pair);
  EXPECT_EQ(pair.server_data[pair.server_channel->id], "to the server") << pair.server_log();
  EXPECT_EQ(pair.client_data[pair.client_channel->id], "to the client") << pair.client_log();
  EXPECT_EQ(pair.client_errors[pair.client_channel->id], "and an error");
  EXPECT_EQ(pair.client_error->code, Code::closed_by_application);
  EXPECT_EQ(pair.server_error->code, Code::disconnected_by_peer);
  EXPECT_NE(pair.client_log().find("RequestReceived 0 exit-status"), std::string::npos) << pair.client_log();
  EXPECT_NE(pair.client_log().find("KeysExchanged first=0 strict=1"), std::string::npos) << pair.client_log();
}

TEST(Login, TheSameEventsForEveryChunking) {
  Pair whole, single({.chunks = Chunks::single}), random({.chunks = Chunks::random});
  converse(whole);
  converse(single);
  converse(random);
  EXPECT_EQ(whole.client_log(), single.client_log());
  EXPECT_EQ(whole.server_log(), single.server_log());
  EXPECT_EQ(whole.client_log(), random.client_log());
  EXPECT_EQ(whole.server_log(), random.server_log());
}

TEST(Login, TheSameSeedGivesTheSameBytes) {
  Pair first, second, other({.seed = 2});
  converse(first);
  converse(second);
  converse(other);
  EXPECT_TRUE(same_bytes(first.to_server.record, second.to_server.record));
  EXPECT_TRUE(same_bytes(first.to_client.record, second.to_client.record));
  EXPECT_FALSE(same_bytes(first.to_server.record, other.to_server.record));
}

TEST(Login, CutAtEveryByteEndsInOneClosed) {
  Pair whole;
  converse(whole);
  const auto to_server = whole.to_server.carried, to_client = whole.to_client.carried;
  ASSERT_GT(to_server, 1000U);
  const std::uint64_t step = sanitized ? 23 : 1;
  for (std::uint64_t at = 0; at < to_server; at += step) {
    Pair pair;
    pair.to_server.cut_after = at;
    converse(pair);
    ASSERT_EQ(pair.server_closed, 1) << "cut at byte " << at << "\n" << pair.server_log();
    ASSERT_LE(pair.client_closed, 1) << "cut at byte " << at;
  }
  for (std::uint64_t at = 0; at < to_client; at += step) {
    Pair pair;
    pair.to_client.cut_after = at;
    converse(pair);
    ASSERT_EQ(pair.client_closed, 1) << "cut at byte " << at << "\n" << pair.client_log();
    ASSERT_LE(pair.server_closed, 1) << "cut at byte " << at;
  }
}

}  // namespace
}  // namespace nacre::test
