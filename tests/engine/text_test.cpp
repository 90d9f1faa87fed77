// Peer text made fit for a terminal, the tables of errors and reasons, and configurations judged before they are used.
#include <gtest/gtest.h>

#include "engine/config.hpp"
#include "engine/text.hpp"
#include "tests/engine/pair.hpp"

namespace nacre::test {
namespace {

using namespace std::string_view_literals;

TEST(Printable, E04_ControlsComeOutAsNumbers) {
  EXPECT_EQ(printable("plain text ~!"), "plain text ~!");
  EXPECT_EQ(printable(""), "");
  EXPECT_EQ(printable("\x1b[31mred\x1b[0m"), "\\x1b[31mred\\x1b[0m");
  EXPECT_EQ(printable("a\0b"sv), "a\\x00b");
  EXPECT_EQ(printable("\x7f\x80\x9f"), "\\x7f\\x80\\x9f");
  EXPECT_EQ(printable("back\\slash"), "back\\x5cslash");
  EXPECT_EQ(printable("a\nb\tc\rd"), "a\\x0ab\\x09c\\x0dd");
  EXPECT_EQ(printable("a\nb\tc\rd", Lines::many), "a\nb\tc\\x0dd");
  EXPECT_EQ(printable("\xc2\x85"), "\\xc2\\x85");  // a C1 control in UTF-8
}

TEST(Printable, E05_UtfEightIsKeptWhenItIsOne) {
  for (const auto good : {"\xc3\xa4"sv, "\xe2\x82\xac"sv, "\xf0\x9f\x98\x80"sv, "\xc2\xa0"sv, "\xef\xbf\xbd"sv})
    EXPECT_EQ(printable(good), good);
  for (const auto& [bad, out] : std::vector<std::pair<std::string_view, std::string>>{
           {"\xc0\x80"sv, "\\xc0\\x80"},                    // overlong
           {"\xe0\x80\x80"sv, "\\xe0\\x80\\x80"},           // overlong
           {"\xed\xa0\x80"sv, "\\xed\\xa0\\x80"},           // a surrogate
           {"\xf4\x90\x80\x80"sv, "\\xf4\\x90\\x80\\x80"},  // beyond the last
           {"\xf0\x80\x80\x80"sv, "\\xf0\\x80\\x80\\x80"},
           {"\xc3"sv, "\\xc3"},  // cut
           {"\xe2\x82"sv, "\\xe2\\x82"},
           {"\xf0\x9f\x98"sv, "\\xf0\\x9f\\x98"},
           {"\xff\xfe"sv, "\\xff\\xfe"},
           {"\xe2\x80\xae"sv, "\\xe2\\x80\\xae"}})  // turns the direction of text
    EXPECT_EQ(printable(bad), out);
}

// One octet of a sequence spoiled: that octet is text of its own, the others are numbers.
TEST(Printable, E05_EveryContinuationMustBeOne) {
  EXPECT_EQ(printable("\xc3z"), "\\xc3z");
  EXPECT_EQ(printable("\xe2z\xac"), "\\xe2z\\xac");
  EXPECT_EQ(printable("\xe2\x82z"), "\\xe2\\x82z");
  EXPECT_EQ(printable("\xf0z\x98\x80"), "\\xf0z\\x98\\x80");
  EXPECT_EQ(printable("\xf0\x9fz\x80"), "\\xf0\\x9fz\\x80");
  EXPECT_EQ(printable("\xf0\x9f\x98z"), "\\xf0\\x9f\\x98z");
  EXPECT_EQ(printable("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80");
}

// Of what Unicode has, all but controls, surrogates and the marks of direction (UAX 9) and of lines.
TEST(Printable, E05_EveryCodePoint) {
  for (unsigned point = 0x80; point <= 0x10ffff; ++point) {
    std::string text;
    const auto tail = [&](unsigned shift) { text += static_cast<char>(0x80 | (point >> shift & 0x3f)); };
    if (point < 0x800)
      text = {static_cast<char>(0xc0 | point >> 6)};
    else if (point < 0x10000)
      text = {static_cast<char>(0xe0 | point >> 12)}, tail(6);
    else
      text = {static_cast<char>(0xf0 | point >> 18)}, tail(12), tail(6);
    tail(0);
    const bool control = point < 0xa0, surrogate = point >> 11 == 0x1b, mark = point == 0x200e || point == 0x200f,
               line = point == 0x2028 || point == 0x2029, embedding = point >= 0x202a && point <= 0x202e,
               isolate = point >= 0x2066 && point <= 0x2069;
    ASSERT_EQ(printable(text) == text, !control && !surrogate && !mark && !line && !embedding && !isolate) << point;
  }
}

TEST(Printable, IsBounded) {
  EXPECT_EQ(printable(std::string(5000, 'x')), std::string(4096, 'x') + "...");
  EXPECT_EQ(printable("abcdef", Lines::one, 3), "abc...");
  EXPECT_EQ(printable("abc", Lines::one, 3), "abc");
  EXPECT_EQ(printable("\xe2\x82\xac", Lines::one, 2), "\\xe2\\x82...");
}

TEST(Printable, EveryByteAloneIsOneLineOfPrintableAscii) {
  for (int value = 0; value < 256; ++value) {
    const char c = static_cast<char>(value);
    for (const char out : printable(std::string_view(&c, 1))) EXPECT_TRUE(out >= ' ' && out <= '~') << value;
  }
}

TEST(Errors, EveryCodeHasItsOwnTextAndAPlausibleReason) {
  std::map<std::string_view, int> seen;
  for (int value = 0; value <= static_cast<int>(Code::configuration); ++value) {
    const auto code = static_cast<Code>(value);
    EXPECT_NE(describe(code), "unknown error") << value;
    EXPECT_FALSE(describe(code).ends_with('.')) << describe(code);
    EXPECT_EQ(seen[describe(code)]++, 0) << describe(code);
    EXPECT_LE(static_cast<std::uint32_t>(reason_of(code)), 15U);
  }
  for (int value = 0; value <= static_cast<int>(Status::malformed); ++value)
    EXPECT_NE(describe(static_cast<Status>(value)), "unknown status");
  EXPECT_EQ(sizeof(Error) <= 16, true);
}

struct Configs : testing::Test {
  std::unique_ptr<Random> random = seeded_random(1);
  Provider provider = botan_provider(*random);
  ClientConfig client;
  ServerConfig server;
  Configs() { server.host_keys.push_back(copy_of(key_from_seed(KeyType::ed25519, 1)->public_key().blob())); }
  std::string field(const auto& config) {
    const auto problem = check(provider, config);
    if (problem) {
      EXPECT_FALSE(problem->text.empty());
    }
    return problem ? problem->field : "";
  }
};

TEST_F(Configs, TheDefaultsAreGood) {
  EXPECT_EQ(field(client), "");
  EXPECT_EQ(field(server), "");
}

TEST_F(Configs, UnknownAlgorithms) {
  const std::vector<std::pair<std::vector<std::string> AlgorithmNames::*, std::string>> lists{
      {&AlgorithmNames::key_exchanges, "key_exchanges"},
      {&AlgorithmNames::host_keys, "host_keys"},
      {&AlgorithmNames::ciphers, "ciphers"},
      {&AlgorithmNames::macs, "macs"}};
  for (const auto& [list, name] : lists) {
    auto config = client;
    config.algorithms.*list = {"x-unknown"};
    EXPECT_EQ(field(config), name);
    EXPECT_EQ(check(provider, config)->value, "x-unknown");
    auto other = server;
    other.algorithms.*list = {"x-unknown"};
    EXPECT_EQ(field(other), name);
  }
}

TEST_F(Configs, Software) {
  for (const auto& bad : {"", "with space", "with-dash", "line\n", "\x80", "x\x7f"}) {
    client.software = server.software = bad;
    EXPECT_EQ(field(client), "software") << bad;
    EXPECT_EQ(field(server), "software") << bad;
  }
  client.software = std::string(201, 'x');
  EXPECT_EQ(field(client), "software");
}

TEST_F(Configs, UsersAndBanners) {
  client.user = std::string(1025, 'u');
  EXPECT_EQ(field(client), "user");
  client.user = std::string("a\0b", 3);
  EXPECT_EQ(field(client), "user");
  server.banner = std::string(40'000, 'b');
  EXPECT_EQ(field(server), "banner");
}

TEST_F(Configs, HostKeys) {
  auto none = server;
  none.host_keys.clear();
  EXPECT_EQ(field(none), "host_keys");
  auto cut = server;
  cut.host_keys[0].pop_back();
  EXPECT_EQ(field(cut), "host_keys");
  auto unserved = server;
  unserved.algorithms.host_keys = {"rsa-sha2-512"};
  EXPECT_EQ(field(unserved), "host_keys");
}

TEST_F(Configs, TheInboxHoldsAPacket) {
  client.limits.inbox = client.limits.packet_length;
  EXPECT_EQ(field(client), "limits.inbox");
}

TEST_F(Configs, LimitsThatNothingCouldKeep) {
  auto channels = server;
  channels.limits.channels = std::size_t{1} << 20;
  EXPECT_EQ(field(channels), "limits.channels");
  auto bytes = client;
  bytes.limits.rekey_bytes = std::uint64_t{1} << 40;
  EXPECT_EQ(field(bytes), "limits.rekey_bytes");
  auto packet = client;
  packet.limits.max_packet = packet.limits.packet_length - 512;
  EXPECT_EQ(field(packet), "");
  ++packet.limits.max_packet;
  EXPECT_EQ(field(packet), "limits.packet_length");
  auto before = server;
  before.limits.packet_length_before_auth = before.limits.packet_length + 1;
  EXPECT_EQ(field(before), "limits.packet_length_before_auth");
}

// Times are added to now: none may be so long that the sum is none.
TEST_F(Configs, TimesThatAreNone) {
  const std::vector<std::pair<Limits::Duration Limits::*, std::string>> times{
      {&Limits::ident_time, "ident_time"},       {&Limits::kex_time, "kex_time"},
      {&Limits::login_time, "login_time"},       {&Limits::rekey_time, "rekey_time"},
      {&Limits::failure_delay, "failure_delay"}, {&Limits::give_back_after, "give_back_after"}};
  for (const auto& [time, name] : times) {
    auto config = server;
    for (const auto bad : {Limits::longest + Limits::Duration(1), Limits::Duration::max(), Limits::Duration(-1)}) {
      config.limits.*time = bad;
      EXPECT_EQ(field(config), "limits." + name);
    }
    for (const auto good : {Limits::longest, Limits::Duration::zero()}) {
      config.limits.*time = good;
      EXPECT_EQ(field(config), "");
    }
  }
}

TEST_F(Configs, AnEngineMadeWithABadOneEndsAtItsFirstPoll) {
  PairOptions options;
  options.client.algorithms.ciphers = {"x-unknown"};
  Pair pair(options);
  std::string said;
  pair.on_client = [&](const Event& event) {
    if (const auto* closed = std::get_if<Closed>(&event)) said = closed->text;
    return false;
  };
  pair.run();
  EXPECT_EQ(pair.client_error->code, Code::configuration);
  EXPECT_NE(said.find("ciphers"), std::string::npos) << said;
  EXPECT_EQ(pair.client_closed, 1);
  EXPECT_EQ(pair.to_server.carried, 0U);
}

}  // namespace
}  // namespace nacre::test
