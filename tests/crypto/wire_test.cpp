// Reader, Writer, mpints and name-lists: the examples of RFC 4251 5 and the ways in which they go wrong.
#include "crypto/wire.hpp"

#include <gtest/gtest.h>

#include "tests/crypto/support.hpp"

namespace nacre::testing {
namespace {

template <class T>
std::string wire_of(const T& value) {
  ByteVector bytes;
  VectorSink sink{bytes};
  Writer writer(sink);
  writer.write(value);
  return to_hex(bytes);
}

bool reads_as_mpint(std::string_view hex, std::string_view magnitude) {
  const auto bytes = from_hex(hex);
  Reader reader(bytes);
  Mpint value;
  reader.read(value);
  return reader.done() && to_hex(value.magnitude) == magnitude;
}

TEST(Mpint, TheExamplesOfRfc4251) {
  const auto big = from_hex("09a378f9b2e332a7"), high = from_hex("80");
  EXPECT_EQ(wire_of(Mpint{}), "00000000");
  EXPECT_EQ(wire_of(Mpint{big}), "0000000809a378f9b2e332a7");
  EXPECT_EQ(wire_of(Mpint{high}), "000000020080");
  EXPECT_TRUE(reads_as_mpint("00000000", ""));
  EXPECT_TRUE(reads_as_mpint("0000000809a378f9b2e332a7", "09a378f9b2e332a7"));
  EXPECT_TRUE(reads_as_mpint("000000020080", "80"));
  EXPECT_FALSE(reads_as_mpint("00000002edcc", "")) << "-1234";
  EXPECT_FALSE(reads_as_mpint("00000005ff21524111", "")) << "-deadbeef";
}

TEST(Mpint, SuperfluousZerosAreRefusedAndNotWritten) {
  EXPECT_FALSE(reads_as_mpint("0000000100", ""));
  EXPECT_FALSE(reads_as_mpint("000000020001", ""));
  EXPECT_FALSE(reads_as_mpint("00000003000080", ""));
  const auto padded = from_hex("00000080");
  EXPECT_EQ(wire_of(Mpint{padded}), "000000020080");
}

TEST(Mpint, SixteenThousandBitsAndNoMore) {
  ByteVector number(Mpint::max_bytes, std::byte{0xff});
  ByteVector encoded;
  VectorSink sink{encoded};
  Writer(sink).write(Mpint{number});
  EXPECT_TRUE(reads_as_mpint(to_hex(encoded), to_hex(number)));
  number.push_back(std::byte{1});
  encoded.clear();
  Writer(sink).write(Mpint{number});
  EXPECT_FALSE(reads_as_mpint(to_hex(encoded), ""));
}

TEST(Reader, AFailureSticksAndIsNotDone) {
  const auto bytes = from_hex("00000005616263");
  Reader reader(bytes);
  std::string_view text = "before";
  reader.read(text);
  EXPECT_TRUE(reader.failed());
  EXPECT_FALSE(reader.done());
  EXPECT_TRUE(text.empty());
  std::uint8_t one = 7;
  reader.read(one);
  EXPECT_EQ(one, 7) << "a failed reader writes nothing";
  EXPECT_TRUE(reader.failed());
}

template <class T>
bool reads(Bytes bytes) {
  Reader reader(bytes);
  T value{};
  reader.read(value);
  return !reader.failed();
}

TEST(Reader, EveryTypeFailsByItself) {
  const ByteVector zeros(8);
  for (std::size_t size = 0; size <= zeros.size(); ++size) {
    const auto bytes = Bytes(zeros).first(size);
    EXPECT_EQ(reads<std::uint8_t>(bytes), size >= 1);
    EXPECT_EQ(reads<bool>(bytes), size >= 1);
    EXPECT_EQ(reads<std::uint32_t>(bytes), size >= 4);
    EXPECT_EQ(reads<std::uint64_t>(bytes), size >= 8);
    EXPECT_EQ(reads<Bytes>(bytes), size >= 4);
    EXPECT_EQ(reads<std::string_view>(bytes), size >= 4);
    EXPECT_EQ(reads<NameList>(bytes), size >= 4);
    EXPECT_EQ(reads<Mpint>(bytes), size >= 4);
    EXPECT_EQ((reads<std::array<std::byte, 3>>(bytes)), size >= 3);
    EXPECT_TRUE(reads<Rest>(bytes));
  }
  EXPECT_FALSE(reads<NameList>(from_hex("000000012c"))) << "a comma";
}

TEST(Reader, LengthsThatLie) {
  for (const char* hex : {"00000004616263", "ffffffff616263", "80000000616263", "7fffffff", "000000", ""}) {
    const auto bytes = from_hex(hex);
    Reader reader(bytes);
    Bytes value;
    reader.read(value);
    EXPECT_TRUE(reader.failed()) << hex;
    EXPECT_TRUE(value.empty()) << hex;
  }
}

TEST(Reader, EveryTypeAndNothingLeft) {
  ByteVector bytes;
  VectorSink sink{bytes};
  Writer writer(sink);
  writer.write(std::uint8_t{7});
  writer.write(true);
  writer.write(std::uint32_t{0x29b7f4aa});
  writer.write(std::uint64_t{0x0102030405060708});
  writer.write("testing");
  writer.write(NameList("zlib,none"));
  writer.write(std::array<std::byte, 2>{std::byte{1}, std::byte{2}});
  writer.write(Rest{bytes_of("rest")});
  EXPECT_EQ(to_hex(bytes), "070129b7f4aa01020304050607080000000774657374696e67000000097a6c69622c6e6f6e65010272657374");

  Reader reader(bytes);
  std::uint8_t a = 0;
  bool b = false;
  std::uint32_t c = 0;
  std::uint64_t d = 0;
  std::string_view e;
  NameList f;
  std::array<std::byte, 2> g{};
  Rest h;
  reader.read(a);
  reader.read(b);
  reader.read(c);
  reader.read(d);
  reader.read(e);
  reader.read(f);
  reader.read(g);
  EXPECT_FALSE(reader.done());
  reader.read(h);
  EXPECT_TRUE(reader.done());
  EXPECT_EQ(a, 7);
  EXPECT_TRUE(b);
  EXPECT_EQ(c, 0x29b7f4aaU);
  EXPECT_EQ(d, 0x0102030405060708U);
  EXPECT_EQ(e, "testing");
  EXPECT_EQ(f.text(), "zlib,none");
  EXPECT_EQ(g[1], std::byte{2});
  EXPECT_EQ(text_of(h.bytes), "rest");
}

TEST(Reader, EveryNonZeroByteIsTrue) {
  for (int value = 0; value < 256; ++value) {
    const auto byte = static_cast<std::byte>(value);
    Reader reader(Bytes(&byte, 1));
    bool flag = value == 0;
    reader.read(flag);
    EXPECT_EQ(flag, value != 0);
  }
}

TEST(Writer, CountsWhatItWrites) {
  CountSink count;
  Writer writer(count);
  writer.write("abc");
  writer.write(Mpint{});
  writer.write(std::uint64_t{});
  EXPECT_EQ(count.count, 7U + 4 + 8);
}

TEST(NameList, GoodOnes) {
  NameList list;
  ASSERT_TRUE(NameList::parse("", list));
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.size(), 0U);
  EXPECT_EQ(list.begin(), list.end());
  ASSERT_TRUE(NameList::parse("zlib", list));
  EXPECT_EQ(list.size(), 1U);
  ASSERT_TRUE(NameList::parse("zlib,none,a@b.c", list));
  EXPECT_EQ(list.size(), 3U);
  EXPECT_EQ(list.first(), "zlib");
  EXPECT_TRUE(list.contains("a@b.c"));
  EXPECT_FALSE(list.contains("a@b"));
  EXPECT_FALSE(list.contains("Zlib"));
  EXPECT_FALSE(list.contains(""));
  ASSERT_TRUE(NameList::parse("!,~", list)) << "the first printable character and the last";
  EXPECT_EQ(list.size(), 2U);
}

TEST(NameList, IsWalkedByStepsOfBothKinds) {
  const NameList list("a,b,");
  auto at = list.begin();
  EXPECT_EQ(*at++, "a");
  EXPECT_EQ(*at, "b");
  EXPECT_EQ(++at, list.end());
}

TEST(NameList, OneCommaAtTheEndIsForgiven) {
  NameList list;
  ASSERT_TRUE(NameList::parse("zlib,none,", list));
  EXPECT_EQ(list.text(), "zlib,none");
  EXPECT_EQ(list.size(), 2U);
}

TEST(NameList, BadOnes) {
  using namespace std::string_view_literals;
  for (const auto text : {","sv, ",a"sv, "a,,b"sv, "a,b,,"sv, ",,"sv, "a b"sv, "a\tb"sv, "a\0b"sv, "a\n"sv, "\x7f"sv,
                          "caf\xc3\xa9"sv, "a\x80"sv, "\xff"sv}) {
    NameList list("untouched");
    EXPECT_FALSE(NameList::parse(text, list)) << text;
    EXPECT_EQ(list.text(), "untouched");
  }
}

TEST(Secret, IsComparedInConstantTimeAndMovesAway) {
  Secret a{bytes_of("secret")};
  EXPECT_TRUE(equal_in_constant_time(a.bytes(), bytes_of("secret")));
  EXPECT_FALSE(equal_in_constant_time(a.bytes(), bytes_of("secreT")));
  EXPECT_FALSE(equal_in_constant_time(a.bytes(), bytes_of("secre")));
  EXPECT_TRUE(equal_in_constant_time({}, {}));
  for (std::size_t size = 1; size < 40; ++size) {
    ByteVector one(size, std::byte{0x5a}), other = one;
    EXPECT_TRUE(equal_in_constant_time(one, other)) << size;
    for (std::size_t at = 0; at < size; ++at) {
      other[at] ^= std::byte{0x80};
      EXPECT_FALSE(equal_in_constant_time(one, other)) << size << " " << at;
      other[at] = one[at];
    }
  }
  Secret b = std::move(a);
  EXPECT_EQ(b.size(), 6U);
  EXPECT_TRUE(a.empty());  // NOLINT: what a moved-from Secret is, is promised
  auto& itself = b;
  b = std::move(itself);
  EXPECT_EQ(b.size(), 6U);
  b = Secret(bytes_of("other"));
  EXPECT_EQ(text_of(b.bytes()), "other");
  b.clear();
  EXPECT_TRUE(b.empty());
  EXPECT_TRUE(Secret(std::size_t{0}).empty());
  EXPECT_TRUE(Secret(Bytes()).copy().empty());
}

TEST(SpanSink, TakesNothingToo) {
  std::array<std::byte, 4> place{};
  SpanSink sink{place.data()};
  Writer(sink).write(Bytes());
  EXPECT_EQ(sink.to, place.data() + 4);
}

TEST(SameBytes, OfAnyTwo) {
  EXPECT_TRUE(same_bytes({}, {}));
  EXPECT_FALSE(same_bytes({}, bytes_of("a")));
  EXPECT_FALSE(same_bytes(bytes_of("ab"), bytes_of("a")));
  EXPECT_FALSE(same_bytes(bytes_of("ab"), bytes_of("ac")));
  EXPECT_TRUE(same_bytes(bytes_of("ab"), copy_of(bytes_of("ab"))));
}

TEST(Secret, WipeLeavesZeros) {
  auto bytes = copy_of(bytes_of("secret"));
  wipe(bytes);
  EXPECT_EQ(to_hex(bytes), "000000000000");
  wipe({});
}

}  // namespace
}  // namespace nacre::testing
