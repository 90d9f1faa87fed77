// The input buffer by itself: when it grows, when bytes move, and what is left of them in a place that is given up.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/transport/inbox.hpp"

namespace nacre::test {
namespace {

constexpr std::size_t first = 4096;  // bytes of a new buffer

// `size` bytes arrive, as far as one read may bring them.
std::size_t arrive(Inbox& inbox, std::size_t size, std::byte value = std::byte{0x55}) {
  const auto room = inbox.incoming();
  const auto taken = std::min(size, room.size());
  std::fill_n(room.begin(), taken, value);
  inbox.received(taken);
  return taken;
}

TEST(Inbox, AReadThatFilledItAsksForALargerOne) {
  Inbox inbox(1 << 20);
  EXPECT_EQ(arrive(inbox, SIZE_MAX), first);
  inbox.take(first);
  EXPECT_EQ(inbox.incoming().size(), 4 * first);
  inbox.received(100);
  inbox.take(100);
  EXPECT_EQ(inbox.incoming().size(), 4 * first) << "the last one was not filled";
}

TEST(Inbox, WhatIsNotTakenStays) {
  Inbox inbox(1 << 20);
  arrive(inbox, first, std::byte{1});
  arrive(inbox, first, std::byte{2});
  ASSERT_EQ(inbox.size(), 2 * first);
  EXPECT_EQ(inbox.capacity(), 4 * first);
  const auto pending = inbox.pending();
  EXPECT_EQ(std::count(pending.begin(), pending.begin() + first, std::byte{1}), std::ptrdiff_t{first});
  EXPECT_EQ(std::count(pending.begin() + first, pending.end(), std::byte{2}), std::ptrdiff_t{first});
}

TEST(Inbox, BytesMoveOnlyWhenRoomIsShort) {
  Inbox inbox(first);
  arrive(inbox, 1000);
  inbox.take(500);
  const auto* place = inbox.pending().data();
  EXPECT_EQ(arrive(inbox, 1000), 1000U);
  EXPECT_EQ(inbox.pending().data(), place) << "half of it was free behind them";
  arrive(inbox, 1000);
  EXPECT_EQ(inbox.incoming().size(), first - 2500) << "and now it was not: they have gone to the front";
  EXPECT_EQ(inbox.pending().data(), place - 500);
}

TEST(Inbox, ALimitIsNeverExceeded) {
  Inbox inbox(10'000);
  std::size_t all = 0;
  for (std::size_t taken = 1; taken != 0; all += taken) taken = arrive(inbox, SIZE_MAX);
  EXPECT_EQ(all, 10'000U);
  EXPECT_EQ(inbox.capacity(), 10'000U);
}

TEST(Inbox, TheNextBufferIsAsLargeAsTheLastOneWasUsed) {
  Buffers buffers;
  Inbox inbox(1 << 20, &buffers);
  arrive(inbox, first);
  arrive(inbox, 5000);
  inbox.take(first + 5000);
  inbox.give_back();
  EXPECT_EQ(inbox.capacity(), 0U);
  EXPECT_EQ(inbox.incoming().size(), 16'384U) << "9096 bytes were in it, and Buffers has powers of two";
  inbox.received(16'384);
  inbox.take(16'384);
  inbox.give_back();
  EXPECT_EQ(inbox.incoming().size(), 65'536U) << "the last read was cut short";
}

TEST(Inbox, WhatMovedToALargerPlaceIsWipedInTheOldOne) {
  Buffers buffers;
  Inbox inbox(1 << 20, &buffers);
  arrive(inbox, first);
  arrive(inbox, 1);  // moves what is there
  ASSERT_EQ(inbox.capacity(), 4 * first);
  const auto old = buffers.take(first);
  const Bytes bytes(old.bytes.get(), old.capacity);
  EXPECT_EQ(std::count(bytes.begin(), bytes.end(), std::byte{}), std::ptrdiff_t{first});
}

}  // namespace
}  // namespace nacre::test
