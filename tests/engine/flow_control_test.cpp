// Windows, packet sizes, credit and back-pressure: what is sent is what was permitted, and what is kept is bounded.
// The ids are those of the list of attacks.
#include <gtest/gtest.h>

#include "tests/engine/puppet.hpp"

namespace nacre::test {
namespace {

using namespace std::chrono_literals;

// A channel that the puppet opens with this much room for the engine's data.
ChannelId open_with(Puppet& puppet, std::uint32_t window, std::uint32_t packet = 32 * 1024) {
  puppet.send(ChannelOpen{"session", 7, window, packet, {}});
  puppet.pump();
  const auto confirmation = puppet.last<ChannelOpenConfirmation>();
  EXPECT_TRUE(confirmation);
  puppet.forget();
  return {confirmation ? confirmation->sender : 0};
}

std::string changing_text(std::size_t size) {
  std::string result(size, '\0');
  for (std::size_t i = 0; i < size; ++i) result[i] = static_cast<char>('a' + i * 7 % 26);
  return result;
}

std::size_t data_bytes(const Puppet& puppet) {
  std::size_t bytes = 0;
  for (const auto& payload : puppet.received)
    if (payload[0] == std::byte{ChannelData::number}) bytes += payload.size() - 9;
  return bytes;
}

// ---- sending

TEST(Windows, NeverExceeded) {
  for (const std::uint32_t window : {0U, 1U, 100U, 32'768U, 100'000U}) {
    auto puppet = logged_in();
    const auto id = open_with(*puppet, window);
    const auto all = changing_text(90'000);
    EXPECT_EQ(puppet->engine().write(id, bytes_of(all)), std::min<std::size_t>(window, all.size()));
    puppet->pump();
    EXPECT_EQ(data_bytes(*puppet), std::min<std::size_t>(window, all.size()));
    for (const auto& payload : puppet->received) EXPECT_GT(payload.size(), 9U) << "an empty packet";
  }
}

TEST(Windows, BothStreamsShareOne) {
  auto puppet = logged_in();
  const auto id = open_with(*puppet, 100);
  EXPECT_EQ(puppet->engine().write(id, bytes_of(changing_text(60))), 60U);
  EXPECT_EQ(puppet->engine().write(id, bytes_of(changing_text(60)), Stream::err), 40U);
  EXPECT_EQ(puppet->engine().write(id, bytes_of(changing_text(60))), 0U);
  puppet->pump();
  EXPECT_EQ(puppet->last<ChannelExtendedData>()->data.size(), 40U);
  EXPECT_EQ(puppet->last<ChannelExtendedData>()->type, 1U);
}

TEST(Windows, WritableComesWhenThereIsRoomAndNotBefore) {
  auto puppet = logged_in();
  const auto id = open_with(*puppet, 10);
  EXPECT_EQ(puppet->engine().write(id, bytes_of(changing_text(10))), 10U);
  puppet->pump();
  puppet->send(ChannelWindowAdjust{id.id, 5});
  puppet->pump();
  EXPECT_EQ(puppet->told("Writable"), 0U);  // nobody was turned away
  EXPECT_EQ(puppet->engine().write(id, bytes_of(changing_text(6))), 5U);
  puppet->pump();
  EXPECT_EQ(puppet->told("Writable"), 0U);
  puppet->send(ChannelWindowAdjust{id.id, 0});  // as good as none
  puppet->pump();
  EXPECT_EQ(puppet->told("Writable"), 0U);
  puppet->send(ChannelWindowAdjust{id.id, 5});
  puppet->pump();
  EXPECT_EQ(puppet->told("Writable 0"), 1U);
  puppet->send(ChannelWindowAdjust{id.id, 5});
  puppet->pump();
  EXPECT_EQ(puppet->told("Writable 0"), 1U);  // once
  EXPECT_TRUE(puppet->engine().prepare(id, 0).empty());
  EXPECT_EQ(puppet->engine().prepare(id, 100).size(), 10U);
}

TEST(Windows, C08_C10_HugeOnes) {
  auto puppet = logged_in();
  const auto id = open_with(*puppet, 0xffffffff, 0xffffffff);
  EXPECT_EQ(puppet->engine().write(id, bytes_of(changing_text(200'000))), 200'000U);
  puppet->pump();
  for (const auto& payload : puppet->received) EXPECT_LE(payload.size(), 9U + Limits{}.max_packet);
  puppet->send(ChannelWindowAdjust{id.id, 200'000});
  puppet->pump();
  EXPECT_EQ(puppet->closed, 0);
  puppet->send(ChannelWindowAdjust{id.id, 1});
  puppet->pump();
  EXPECT_EQ(puppet->code(), Code::window_overflow);
  EXPECT_EQ(puppet->farewell(), Reason::protocol_error);
}

TEST(Windows, PrepareAndCommitEqualWrite) {
  for (const auto stream : {Stream::out, Stream::err}) {
    Pair written, prepared;
    for (auto* pair : {&written, &prepared}) {
      pair->login();
      const auto id = pair->open_session();
      const auto all = changing_text(20'000);
      for (std::size_t at = 0; at < all.size(); at += 3'000) {
        const auto part = std::string_view(all).substr(at, 3'000);
        if (pair == &written) {
          ASSERT_EQ(pair->client->write(id, bytes_of(part), stream), part.size());
        } else {
          const auto place = pair->client->prepare(id, part.size(), stream);
          ASSERT_EQ(place.size(), part.size());
          std::memcpy(place.data(), part.data(), part.size());
          pair->client->commit(id, part.size());
        }
      }
      pair->run();
      EXPECT_EQ(pair->server_data[pair->server_channel->id], all);
    }
    EXPECT_TRUE(same_bytes(written.to_server.record, prepared.to_server.record));
  }
}

TEST(Windows, ACommitOfLessOrNothingOrTooLate) {
  auto puppet = logged_in();
  const auto id = open_with(*puppet, 1000), other = open_with(*puppet, 1000);
  auto& engine = puppet->engine();
  auto place = engine.prepare(id, 100);
  ASSERT_EQ(place.size(), 100U);
  std::memcpy(place.data(), "0123456789", 10);
  engine.commit(id, 10);
  engine.commit(id, 10);  // there is no place any more
  puppet->pump();
  EXPECT_EQ(puppet->count(ChannelData::number), 1U);
  EXPECT_EQ(text_of(puppet->last<ChannelData>()->data), "0123456789");
  EXPECT_EQ(engine.writable(id), 990U);
  puppet->forget();

  // Whatever comes between, a lost place is nothing but lost.
  const std::vector<std::function<void()>> between{[&] { static_cast<void>(engine.outgoing()); },
                                                   [&] { engine.write(other, bytes_of("x")); },
                                                   [&] { static_cast<void>(engine.ignore(bytes_of("x"))); },
                                                   [&] {
                                                     static_cast<void>(engine.poll(puppet->now));
                                                     static_cast<void>(engine.ignore(bytes_of(changing_text(30'000))));
                                                   },
                                                   [&] { static_cast<void>(engine.prepare(other, 5)); },
                                                   [&] { static_cast<void>(engine.request(id, ExitStatus{1}, false)); },
                                                   [&] {
                                                     static_cast<void>(engine.rekey());
                                                     puppet->pump();
                                                   },
                                                   [&] { puppet->pump(); },
                                                   [&] { engine.commit(other, 5); },
                                                   [&] { static_cast<void>(engine.finish(id)); },
                                                   [&] { static_cast<void>(engine.close(id)); },
                                                   [&] {
                                                     puppet->send(ChannelClose{id.id});
                                                     puppet->pump();
                                                   },
                                                   [&] { engine.disconnect(); }};
  for (std::size_t i = 0; i < between.size(); ++i) {
    static_cast<void>(engine.ignore(bytes_of("something in the buffer")));
    place = engine.prepare(id, 100);
    std::fill(place.begin(), place.end(), std::byte{'p'});
    between[i]();
    engine.commit(id, 100);
    puppet->pump();
    EXPECT_EQ(puppet->closed, i + 1 < between.size() ? 0 : 1) << i << describe(puppet->code());
    static_cast<void>(puppet->engine().ignore(bytes_of("in step")));
    puppet->pump();
  }
  EXPECT_TRUE(puppet->has(Disconnect::number)) << "the puppet could read all that came";
}

TEST(Windows, CommitOnAnotherChannelOrBeyondThePlace) {
  auto puppet = logged_in();
  const auto id = open_with(*puppet, 1000), other = open_with(*puppet, 1000);
  static_cast<void>(puppet->engine().prepare(id, 100));
  puppet->engine().commit(other, 50);
  puppet->pump();
  EXPECT_EQ(puppet->count(ChannelData::number), 0U);
  auto place = puppet->engine().prepare(id, 10);
  std::fill(place.begin(), place.end(), std::byte{'x'});
  puppet->engine().commit(id, 5000);
  puppet->pump();
  EXPECT_EQ(puppet->last<ChannelData>()->data.size(), 10U);
}

// ---- receiving

TEST(Windows, C09_WhatIsGrantedIsTakenAndNoByteMore) {
  PuppetOptions options;
  options.server.limits.window = 1000;
  for (const std::size_t extra : {0U, 1U}) {
    auto puppet = logged_in(options);
    puppet->consume = false;
    const auto id = open_with(*puppet, 0);
    puppet->send(ChannelData{id.id, bytes_of(changing_text(600))});
    puppet->send(ChannelData{id.id, bytes_of(changing_text(400 + extra))});
    puppet->pump();
    EXPECT_EQ(puppet->code(), extra == 0 ? Code::none : Code::window_exceeded);
    EXPECT_EQ(puppet->data.size(), extra == 0 ? 1000U : 600U);
    EXPECT_FALSE(puppet->has(ChannelWindowAdjust::number));
  }
}

TEST(Windows, C09_NoPacketLargerThanPromised) {
  for (const std::size_t extra : {0U, 1U}) {
    auto puppet = logged_in();
    const auto id = open_with(*puppet, 0);
    puppet->send(ChannelData{id.id, bytes_of(changing_text(Limits{}.max_packet + extra))});
    puppet->pump();
    EXPECT_EQ(puppet->code(), extra == 0 ? Code::none : Code::window_exceeded);
  }
}

TEST(Windows, CreditComesOnlyFromConsumed) {
  PuppetOptions options;
  options.server.limits.window = 1000;
  auto puppet = logged_in(options);
  puppet->consume = false;
  const auto id = open_with(*puppet, 0);
  auto& engine = puppet->engine();
  engine.consumed(id, 1000);  // nothing was lent yet
  puppet->send(ChannelData{id.id, bytes_of(changing_text(1000))});
  puppet->pump();
  puppet->advance(100s);
  EXPECT_FALSE(puppet->has(ChannelWindowAdjust::number));
  engine.consumed(id, 499);
  engine.consumed(id, 0);
  puppet->pump();
  EXPECT_FALSE(puppet->has(ChannelWindowAdjust::number));
  engine.consumed(id, 1);
  puppet->pump();
  EXPECT_EQ(puppet->last<ChannelWindowAdjust>()->bytes, 500U);
  engine.consumed(id, 1'000'000);  // more than was lent
  engine.consumed(id, 1'000'000);
  puppet->pump();
  EXPECT_EQ(puppet->count(ChannelWindowAdjust::number), 2U);
  EXPECT_EQ(puppet->last<ChannelWindowAdjust>()->bytes, 500U);
  engine.consumed(ChannelId{id.id + 1}, 10);
  puppet->pump();
  EXPECT_EQ(puppet->closed, 0);
}

TEST(Windows, NoCreditAfterEofOrClose) {
  PuppetOptions options;
  options.server.limits.window = 1000;
  for (const bool eof : {false, true}) {
    auto puppet = logged_in(options);
    puppet->consume = false;
    const auto id = open_with(*puppet, 0);
    puppet->send(ChannelData{id.id, bytes_of(changing_text(1000))});
    if (eof) puppet->send(ChannelEof{id.id});
    puppet->pump();
    if (!eof) {
      EXPECT_EQ(puppet->engine().close(id), Status::ok);
    }
    puppet->engine().consumed(id, 1000);
    puppet->pump();
    EXPECT_FALSE(puppet->has(ChannelWindowAdjust::number));
  }
}

TEST(Windows, TheBudgetOfAConnectionIsShared) {
  PuppetOptions options;
  options.server.limits.window = 100'000;
  options.server.limits.receive_budget = 250'000;
  options.server.limits.max_packet = 32 * 1024;
  auto puppet = logged_in(options);
  std::vector<std::uint32_t> windows;
  for (int i = 0; i < 4; ++i) {
    puppet->send(ChannelOpen{"direct-tcpip", 7, 0, 1000, {}});
    puppet->pump();
    windows.push_back(puppet->last<ChannelOpenConfirmation>()->window);
  }
  EXPECT_EQ(windows, (std::vector<std::uint32_t>{100'000, 100'000, 50'000, 32 * 1024}));
}

// ---- back-pressure

TEST(BackPressure, AboveTheSoftMarkNothingIsWritten) {
  auto puppet = logged_in();
  const auto id = open_with(*puppet, 0x7fffffff);
  puppet->paused = true;
  const auto all = changing_text(1'000'000);
  const auto taken = puppet->engine().write(id, bytes_of(all));
  EXPECT_GE(taken, Limits{}.outbox_soft - Limits{}.max_packet);
  EXPECT_LE(taken, Limits{}.outbox_soft + Limits{}.max_packet);
  EXPECT_EQ(puppet->engine().write(id, bytes_of(all)), 0U);
  EXPECT_TRUE(puppet->engine().prepare(id, 10).empty());
  EXPECT_EQ(puppet->engine().writable(id), 0U);
  EXPECT_EQ(puppet->engine().ignore(bytes_of("x")), Status::busy);
  puppet->pump();
  EXPECT_EQ(puppet->told("Writable"), 0U);
  // Writable at half the soft mark, and the deadline says so as soon as enough has been sent.
  while (puppet->told("Writable") == 0) {
    const auto out = puppet->engine().outgoing();
    ASSERT_FALSE(out.empty());
    EXPECT_GT(*puppet->engine().deadline(), puppet->now);
    puppet->engine().sent(out.size());
    EXPECT_EQ(*puppet->engine().deadline(), puppet->now) << "sent() made room: poll has something to tell";
    puppet->pump();
  }
}

// Else two that both write, over a stream that is full, would wait for each other for ever.
TEST(BackPressure, OurOwnDataNeverKeepsUsFromReading) {
  for (const std::size_t soft :
       {std::size_t{1'000}, Limits{}.outbox_soft, Limits{}.outbox_hard, std::size_t{1} << 30}) {
    PuppetOptions options;
    options.server.limits.outbox_soft = soft;
    auto puppet = logged_in(options);
    const auto id = open_with(*puppet, 0x7fffffff, Limits{}.max_packet);
    puppet->paused = true;
    const auto all = changing_text(1'000'000);
    std::size_t taken = 0;
    for (const std::size_t size : {soft - 500, all.size(), std::size_t{1}})  // to just below the mark, and over it
      taken += puppet->engine().write(id, bytes_of(all).first(std::min(size, all.size())));
    EXPECT_GE(taken, std::min(soft, Limits{}.outbox_hard - 1'000));
    puppet->send(Debug{true, "hear me", ""});
    puppet->pump();
    EXPECT_EQ(puppet->told("DebugReceived"), 1U) << soft;
  }
}

TEST(BackPressure, AboveTheHardMarkNothingIsRead) {
  for (const auto role : {Role::server, Role::client}) {
    auto puppet = logged_in({.engine = role});
    puppet->paused = true;
    const auto ping = changing_text(1000);
    std::size_t sent = 0;
    for (; sent < 5'000 && !puppet->engine().incoming().empty(); ++sent) {
      puppet->send(Ping{bytes_of(ping)});
      puppet->pump();
    }
    EXPECT_LT(sent, 1'000U);  // hard mark and inbox together: about half a megabyte
    EXPECT_GT(sent, 300U);
    puppet->paused = false;
    puppet->pump();
    EXPECT_EQ(puppet->count(Pong::number), sent);
    EXPECT_EQ(puppet->closed, 0);
  }
}

TEST(BackPressure, APeerThatNeverReadsCostsABoundedAmount) {
  auto puppet = logged_in();
  const auto id = open_with(*puppet, 0x7fffffff);
  puppet->paused = true;
  std::size_t outgoing = 0;
  for (int i = 0; i < 20'000 && !puppet->engine().incoming().empty(); ++i) {
    puppet->send(ChannelRequest{id.id, "x-anything", true, {}});
    puppet->send_number(200);
    puppet->send(Ping{bytes_of("x")});
    puppet->send(GlobalRequest{"keepalive@openssh.com", true, {}});
    puppet->engine().write(id, bytes_of("more and more"));
    puppet->pump();
    outgoing = std::max(outgoing, puppet->engine().outgoing().size());
  }
  EXPECT_TRUE(puppet->engine().incoming().empty());
  EXPECT_LE(outgoing, 256U * 1024);
  EXPECT_EQ(puppet->closed, 0);
}

TEST(BackPressure, OneSlowChannelStallsOnlyItself) {
  PairOptions options;
  options.server.limits.window = options.client.limits.window = 10'000;
  Pair pair(options);
  pair.consume = false;
  std::map<std::uint32_t, bool> slow;
  std::map<std::uint32_t, std::size_t> got;
  pair.on_server = [&](const Event& event) {
    if (const auto* data = std::get_if<DataReceived>(&event)) {
      got[data->channel.id] += data->data.size();
      if (!slow[data->channel.id]) pair.server->consumed(data->channel, data->data.size());
    }
    return false;
  };
  pair.login();
  std::vector<ChannelId> channels;
  for (int i = 0; i < 5; ++i) channels.push_back(pair.open_session());
  slow[2] = true;
  const auto all = changing_text(200'000);
  std::vector<std::size_t> done(5, 0);
  pair.on_client = [&](const Event& event) {
    const auto* writable = std::get_if<Writable>(&event);
    if (!writable) return false;
    for (std::size_t i = 0; i < channels.size(); ++i)
      if (channels[i] == writable->channel)
        done[i] += pair.client->write(channels[i], bytes_of(std::string_view(all).substr(done[i])));
    return true;
  };
  for (std::size_t i = 0; i < channels.size(); ++i) done[i] = pair.client->write(channels[i], bytes_of(all));
  pair.run();
  for (std::uint32_t i = 0; i < 5; ++i) {
    EXPECT_EQ(got[i], i == 2 ? 10'000U : all.size()) << i;
    EXPECT_EQ(pair.server_data[i], all.substr(0, got[i]));
  }
  slow[2] = false;
  pair.server->consumed(ChannelId{2}, 10'000);
  pair.run();
  EXPECT_EQ(got[2], all.size());
}

TEST(BackPressure, ManyChannelsAtOnceGetTheirOwnBytes) {
  PairOptions options;
  options.server.limits.sessions = 200;
  Pair pair(options);
  pair.login();
  std::vector<ChannelId> channels;
  for (int i = 0; i < 200; ++i) channels.push_back(pair.open_session());
  std::vector<std::string> wanted(200);
  for (int round = 0; round < 5; ++round) {
    for (std::size_t i = 0; i < channels.size(); ++i) {
      const auto part = changing_text(100 + i * 3) + std::to_string(i);
      wanted[i] += part;
      std::size_t done = 0;
      while (done < part.size()) {
        done += pair.client->write(channels[i], bytes_of(std::string_view(part).substr(done)));
        if (done < part.size()) pair.run();
      }
    }
    pair.run();
  }
  for (std::uint32_t i = 0; i < 200; ++i) EXPECT_EQ(pair.server_data[i], wanted[i]) << i;
}

}  // namespace
}  // namespace nacre::test
