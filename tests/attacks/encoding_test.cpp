// Attacks on encodings, on who reads a peer's text, and on the engine's own bounds (rows E01 to E05, E07, E09, E11, E14).
#include "crypto/key_file.hpp"
#include "engine/text.hpp"
#include "tests/attacks/samples.hpp"

namespace nacre::test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

// The engine has taken it for what it is not, or it has ended for a reason that it can give.
testing::AssertionResult refused(Puppet& puppet) {
  for (const auto code : {Code::malformed_message, Code::too_many_prompts})
    if (puppet.code() == code) return ended(puppet, code);
  return testing::AssertionFailure() << "not refused: " << describe(puppet.code()) << "\n" << puppet.log();
}

// What stands in messages that are believed or dropped however they are framed.
bool unread(const Sample& sample) { return sample.number <= Unimplemented::number; }

TEST(attacks_encoding, E01_lengths_that_lie) {
  for (const auto& sample : samples()) {
    const int good_end = sample.number == Disconnect::number ? 1 : 0;
    ASSERT_TRUE(well_formed(sample, sample.body)) << int{sample.number};
    EXPECT_EQ(after(sample, sample.body)->closed, good_end) << int{sample.number} << " is no good sample";
    for (const auto at : lengths_in(sample)) {
      const auto is = load_be32(sample.body.data() + at);
      for (const auto lie : {0x80000000U, 0xffffffffU, 0xfffffffcU, is + 1, is - 1, 0U}) {
        if (lie == is) continue;
        auto body = sample.body;
        store_be32(lie, body.data() + at);
        auto puppet = after(sample, body);
        const auto what = std::to_string(sample.number) + " at " + std::to_string(at) + ": " + std::to_string(lie);
        if (unread(sample)) {
          EXPECT_EQ(puppet->closed, good_end) << what;
        } else if (!well_formed(sample, body)) {
          EXPECT_TRUE(refused(*puppet)) << what;
        } else {  // it can be read, and says something else
          EXPECT_EQ(puppet->closed, 0) << what << ": " << describe(puppet->code());
        }
      }
    }
  }
}

TEST(attacks_encoding, E02_numbers_otherwise_encoded) {
  const auto reads = [](Bytes contents) {
    const ByteVector bytes = Fields().string(contents);
    Reader reader(bytes);
    Mpint number;
    reader.read(number);
    return reader.done();
  };
  EXPECT_TRUE(reads({}) && reads(from_hex("7f")) && reads(from_hex("0080")) && reads(ByteVector(2048, std::byte{1})));
  for (const auto& bad : {from_hex("80"), from_hex("ff"), from_hex("00"), from_hex("007f"), from_hex("000080"),
                          ByteVector(2049, std::byte{1}), ByteVector(1'000'000, std::byte{1})})
    EXPECT_FALSE(reads(bad)) << bad.size();
  EXPECT_EQ(encoded_size(OneString{}), 4U);
  EXPECT_TRUE(same_bytes(ByteVector(Fields().mpint({})), ByteVector(4))) << "0 is the empty string";
}

TEST(attacks_encoding, E03_bytes_behind_the_last_field) {
  for (const auto& sample : samples()) {
    if (sample.form.ends_with('o') || unread(sample)) continue;
    auto longer = sample.body;
    longer.push_back(std::byte{0});
    EXPECT_TRUE(refused(*after(sample, longer))) << int{sample.number};
    if (sample.body.empty()) continue;
    auto shorter = sample.body;
    shorter.pop_back();
    EXPECT_TRUE(refused(*after(sample, shorter))) << int{sample.number};
  }
}

TEST(attacks_encoding, E04_control_characters_for_a_terminal) {
  EXPECT_EQ(printable("\x1b]0;title\a\x1b[2Jx\r\n"), "\\x1b]0;title\\x07\\x1b[2Jx\\x0d\\x0a");
  EXPECT_EQ(printable("a\nb\tc\x7f\x9b", Lines::many), "a\nb\tc\\x7f\\x9b");
  EXPECT_EQ(printable("\xc2\x9b[2J"), "\\xc2\\x9b[2J") << "a C1 control in UTF-8";
  for (int value = 0; value < 256; ++value) {
    const char c = static_cast<char>(value);
    for (const char out : printable({&c, 1})) EXPECT_TRUE(out >= ' ' && out <= '~') << "one line, whatever it is";
  }
  // The engine itself gives the bytes as they came, and bounded: who prints them escapes them.
  auto puppet = logged_in(Role::client);
  std::string text;
  puppet->on_event = [&](const Event& event) {
    if (const auto* closed = std::get_if<Closed>(&event)) text = closed->text;
    return false;
  };
  puppet->send(Disconnect{2, "\x1b[31m" + std::string(400, '!'), ""});
  puppet->pump();
  EXPECT_EQ(text.size(), Limits{}.disconnect_text);
  EXPECT_EQ(printable(text).find('\x1b'), std::string::npos);
}

TEST(attacks_encoding, E05_text_that_is_not_utf_8) {
  for (const auto text : {"\xff\xfe"sv, "\xc3"sv, "\xed\xa0\x80"sv, "\xf4\x90\x80\x80"sv, "\xc0\x80"sv, "\x80"sv}) {
    const auto shown = printable(text);
    EXPECT_EQ(shown.size(), 4 * text.size()) << shown;
    auto client = in_auth(Role::client);
    client->send(UserauthBanner{text, text});
    client->send(Debug{true, text, text});
    client->pump();
    EXPECT_EQ(client->events.size(), 2U);
    EXPECT_TRUE(lives(*client));
    auto server = in_auth(Role::server);
    try_password(*server, "x", text);
    EXPECT_TRUE(failed(*server));
  }
  EXPECT_EQ(printable("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
}

TEST(attacks_encoding, E07_key_files_that_ask_for_too_much) {
  const auto random = seeded_random(4);
  const auto key = key_from_seed(KeyType::ed25519, 4);
  const auto file = write_private_key(*key, "comment", std::nullopt, *random);
  ASSERT_TRUE(file && read_private_key(file->bytes(), {}));
  for (std::size_t cut = 0; cut + 2 < file->size(); ++cut)
    EXPECT_FALSE(read_private_key(file->bytes().first(cut), {})) << cut;
  for (std::size_t at = 40; at + 40 < file->size(); ++at) {  // any other character instead: never a third outcome
    auto bytes = copy_of(file->bytes());
    bytes[at] ^= std::byte{1};
    const auto read = read_private_key(bytes, {});
    EXPECT_TRUE(!read || same_bytes(read->key->public_key().blob(), key->public_key().blob())) << at;
  }
  const auto large = read_private_key(ByteVector(1024 * 1024 + 1, std::byte{'x'}), {});
  EXPECT_TRUE(!large && large.error() == KeyFileError::too_large);
  const KeyFileProtection dear{bytes_of("secret"), "aes256-ctr", 2049};
  EXPECT_FALSE(write_private_key(*key, "", dear, *random));
}

TEST(attacks_encoding, E09_sums_of_32_bits) {
  // Each length that a sum of 32 bits would make small again: it is compared with what is there, and nothing added to it.
  ByteVector bytes(64, std::byte{1});
  for (std::uint32_t near = 0; near < 64; ++near) {
    store_be32(0xffffffffU - near, bytes.data());
    Reader reader(bytes);
    Bytes value;
    reader.read(value);
    EXPECT_TRUE(reader.failed() && value.empty());
    auto extensions = with_keys(Role::client);
    extensions->send(ExtInfo{0xffffffffU - near, {bytes}});
    extensions->pump();
    EXPECT_EQ(extensions->code(), Code::malformed_message);
    if (sanitized && near == 8) break;
  }
  for (const std::uint32_t count : {0x40000000U, 0x40000001U, 0x80000000U, 0xffffffffU}) {
    auto prompts = in_stage(Role::client, Stage::dialogue);
    prompts->send(InfoRequest{"", "", "", count, {bytes}});
    prompts->pump();
    EXPECT_TRUE(refused(*prompts)) << count;
  }
}

// All that waits for the stream, into the puppet's hands without a look into it: how many bytes it is.
std::size_t take_all(Puppet& puppet) {
  std::size_t taken = 0;
  for (auto out = puppet.engine().outgoing(); !out.empty(); out = puppet.engine().outgoing()) {
    const auto room = puppet.inbox.incoming();
    const auto size = std::min(room.size(), out.size());
    if (size == 0) break;
    std::memcpy(room.data(), out.data(), size);
    puppet.inbox.received(size);
    puppet.engine().sent(size);
    taken += size;
  }
  return taken;
}

// Of a packet beyond its payload: two lengths, up to 19 bytes of padding, the tag.
constexpr std::size_t packet_overhead = 4 + 1 + 19 + 16;

TEST(attacks_encoding, E11_output_nobody_takes) {
  for (const auto role : both) {
    for (const std::size_t size : {std::size_t{16}, std::size_t{30'000}}) {  // of the largest answer
      auto puppet = logged_in(role);
      puppet->paused = true;
      int sent = 0;
      for (; sent < 100'000 && !puppet->engine().incoming().empty(); ++sent) {
        puppet->send(GlobalRequest{"keepalive@openssh.com", true, {}});
        puppet->send_number(200);
        puppet->send(Ping{ByteVector(size - 5)});
        puppet->pump();
      }
      EXPECT_LT(sent, 100'000) << "it reads for ever";
      const auto waited = take_all(*puppet);
      EXPECT_GT(waited, Limits{}.outbox_hard) << "it was not brought so far";
      EXPECT_LE(waited, Limits{}.outbox_hard + size + packet_overhead) << size;
      puppet->paused = false;
      puppet->pump();
      EXPECT_TRUE(lives(*puppet));
    }
  }
}

TEST(attacks_engine, E14_a_deadline_between_any_two_steps) {
  for (const auto role : both) {
    Puppet whole({.engine = role});
    ASSERT_TRUE(whole.login());
    const Bytes stream = whole.delivered;
    for (std::size_t cut = 0; cut < stream.size(); cut += sanitized ? 29 : 7) {
      auto puppet = silent(role);
      puppet->paused = true;
      puppet->send_raw(stream.first(cut));
      puppet->pump();
      const bool in = puppet->engine().authenticated();
      ASSERT_TRUE(puppet->engine().deadline() || in) << cut;
      puppet->advance(24h);
      EXPECT_EQ(puppet->closed, in ? 0 : 1) << cut << puppet->log();
      const auto code = puppet->code();
      EXPECT_TRUE(in || code == Code::ident_timeout || code == Code::kex_timeout || code == Code::login_timeout)
          << cut << describe(code);
      puppet->advance(24h);
      EXPECT_EQ(puppet->told("Closed"), in ? 0U : 1U);
    }
  }
}

// Likewise from the KEXINIT of a peer on, until its NEWKEYS.
TEST(attacks_engine, E14_a_deadline_in_a_rekey) {
  for (const auto role : both) {
    Puppet whole({.engine = role});
    ASSERT_TRUE(whole.login());
    const auto logged_in = whole.delivered.size();
    whole.options.hold_method = true;
    whole.send_kex_init();
    whole.pump();
    const auto begun = whole.delivered.size();
    whole.send_method();
    whole.pump();
    ASSERT_EQ(whole.told("KeysExchanged first=0"), 1U);
    const Bytes stream = whole.delivered;
    for (std::size_t cut = logged_in; cut < stream.size(); cut += sanitized ? 29 : 7) {
      auto puppet = silent(role);
      puppet->paused = true;
      puppet->send_raw(stream.first(cut));
      puppet->pump();
      ASSERT_TRUE(puppet->engine().authenticated()) << cut;
      EXPECT_EQ(puppet->closed, 0) << cut;
      if (cut < begun) continue;
      ASSERT_TRUE(puppet->engine().deadline()) << cut;
      puppet->advance(24h);
      EXPECT_EQ(puppet->closed, 1) << cut << puppet->log();
      EXPECT_EQ(puppet->code(), Code::rekey_timeout) << cut << describe(puppet->code());
      puppet->advance(24h);
      EXPECT_EQ(puppet->told("Closed"), 1U);
    }
  }
}

}  // namespace
}  // namespace nacre::test
