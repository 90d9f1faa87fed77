// Shared buffers by themselves, and engines that have them: the same bytes and events, and nothing held in silence.
#include <gtest/gtest.h>

#include "engine/buffers.hpp"
#include "tests/engine/pair.hpp"

namespace nacre::test {
namespace {

TEST(Buffers, AreOfSizesAndComeBackInTurn) {
  Buffers buffers;
  auto small = buffers.take(1);
  EXPECT_EQ(small.capacity, Buffers::smallest);
  auto first = buffers.take(33'000), second = buffers.take(65'536);
  EXPECT_EQ(first.capacity, 65'536U);
  EXPECT_EQ(second.capacity, 65'536U);
  EXPECT_EQ(buffers.kept(), 0U);
  const auto *a = first.bytes.get(), *b = second.bytes.get();
  EXPECT_NE(a, b);
  buffers.give(std::move(first));
  buffers.give(std::move(second));
  buffers.give(std::move(small));
  EXPECT_EQ(buffers.kept(), 2 * 65'536U + Buffers::smallest);
  EXPECT_EQ(buffers.take(40'000).bytes.get(), b);  // the last that came, still in the cache
  const auto other = buffers.take(40'000);
  EXPECT_EQ(other.bytes.get(), a);
  EXPECT_EQ(buffers.kept(), Buffers::smallest);
  EXPECT_NE(buffers.take(40'000).bytes, nullptr);  // none waits: a new one
}

TEST(Buffers, KeepNoMoreThanTheyAreTold) {
  Buffers buffers(10'000);
  std::vector<Storage> some;
  for (int i = 0; i < 4; ++i) some.push_back(buffers.take(4096));
  for (auto& storage : some) buffers.give(std::move(storage));
  EXPECT_EQ(buffers.kept(), 8192U);
  buffers.give({});
  EXPECT_EQ(buffers.kept(), 8192U);
  Buffers none(0);
  none.give(none.take(1));
  EXPECT_EQ(none.kept(), 0U);
  Buffers much(std::size_t{1} << 30);
  auto huge = much.take((std::size_t{2} << 20) + 1);
  EXPECT_GT(huge.capacity, std::size_t{2} << 20);
  much.give(std::move(huge));
  EXPECT_EQ(much.kept(), 0U);  // beyond the sizes
}

struct Told {
  std::string client, server, data;
  ByteVector up, down;
};

// A login, a channel, data both ways in pieces of all sizes, new keys, data again.
Told conversation(const std::shared_ptr<Buffers>& buffers, Chunks chunks) {
  PairOptions options;
  options.buffers = buffers;
  options.chunks = chunks;
  Pair pair(std::move(options));
  pair.login();
  const auto channel = pair.open_session();
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += static_cast<char>('a' + i % 23);
  for (int round = 0; round < 2; ++round) {
    for (const std::size_t size : {1, 5'000, 100'000, 70'000}) {
      for (std::size_t done = 0; done < size;) {
        done += pair.client->write(channel, bytes_of(std::string_view(text).substr(done, size - done)));
        pair.server->write(*pair.server_channel, bytes_of(std::string_view(text).substr(0, size / 3)));
        pair.run();
      }
    }
    EXPECT_EQ(pair.client->rekey(), Status::ok);
    pair.run();
  }
  return {pair.client_log(), pair.server_log(), pair.server_data[0] + "|" + pair.client_data[0], pair.to_server.record,
          pair.to_client.record};
}

TEST(Buffers, ChangeNoByteAndNoEvent) {
  for (const auto chunks : {Chunks::whole, Chunks::random}) {
    const auto own = conversation(nullptr, chunks), shared = conversation(std::make_shared<Buffers>(), chunks);
    EXPECT_GT(own.data.size(), 300'000U);
    EXPECT_EQ(own.data, shared.data);
    EXPECT_EQ(own.up, shared.up);
    EXPECT_EQ(own.down, shared.down);
    if (chunks == Chunks::whole) {
      EXPECT_EQ(own.client, shared.client);
      EXPECT_EQ(own.server, shared.server);
    }
  }
}

TEST(Buffers, AreHeldOnlyWhileSomethingIsInThem) {
  const auto buffers = std::make_shared<Buffers>();
  PairOptions options;
  options.buffers = buffers;
  Pair pair(std::move(options));
  pair.login();
  pair.run();
  const auto all = buffers->kept();
  EXPECT_GT(all, 0U);
  auto room = pair.server->incoming();
  EXPECT_FALSE(room.empty());
  EXPECT_LT(buffers->kept(), all);  // a read is under way
  pair.server->received(0);
  EXPECT_EQ(buffers->kept(), all);
  ASSERT_EQ(pair.client->ignore(bytes_of("x")), Status::ok);
  EXPECT_LT(buffers->kept(), all);                                                // something waits to be sent
  EXPECT_FALSE(pair.client->deadline() && *pair.client->deadline() <= pair.now);  // and calls for no poll
  pair.run();
  EXPECT_EQ(buffers->kept(), all);
}

TEST(Buffers, ComeBackFromAnEngineThatGoesWithSomethingInThem) {
  const auto buffers = std::make_shared<Buffers>();
  PairOptions options;
  options.buffers = buffers;
  auto pair = std::make_unique<Pair>(std::move(options));
  pair->login();
  const auto all = buffers->kept();
  ASSERT_EQ(pair->client->ignore(bytes_of("on its way")), Status::ok);
  EXPECT_FALSE(pair->client->outgoing().empty());
  ASSERT_EQ(pair->client->ignore(bytes_of("behind it")), Status::ok);  // in the other half
  const auto before = buffers->kept();
  EXPECT_LT(before, all);
  pair.reset();
  EXPECT_EQ(buffers->kept(), before + 2 * Buffers::smallest) << "both halves";
}

TEST(Buffers, OutliveTheOneWhoMadeThem) {
  auto buffers = std::make_shared<Buffers>();
  PairOptions options;
  options.buffers = buffers;
  auto pair = std::make_unique<Pair>(std::move(options));
  buffers.reset();
  pair->login();
  ASSERT_EQ(pair->client->ignore(bytes_of("x")), Status::ok);  // goes with something in hand
  pair.reset();
}

}  // namespace
}  // namespace nacre::test
