// known_hosts: each rule of the format, the attacks of rows E06 and K28, and files that ssh-keygen -H made.
#include "engine/trust/known_hosts.hpp"

#include <gtest/gtest.h>

#include "crypto/hash.hpp"
#include "crypto/wire.hpp"
#include "tests/trust/keys.hpp"

namespace nacre {
namespace {

using test::blob;
using test::ecdsa;
using test::ecdsa_base64;
using test::ed25519;
using test::ed25519_base64;
using test::rsa;
using test::rsa_base64;

HostKeyMatch find(const std::string& text, std::string_view host, std::string_view key = ed25519_base64,
                  std::uint16_t port = 22) {
  return find_host(text, host, port, blob(key));
}

TEST(KnownHosts, PlainNames) {
  const auto text = "a.test,b.test " + ed25519() + " comment here\n";
  EXPECT_EQ(find(text, "a.test"), HostKeyMatch::known);
  EXPECT_EQ(find(text, "B.Test"), HostKeyMatch::known);
  EXPECT_EQ(find(text, "c.test"), HostKeyMatch::unknown);
  EXPECT_EQ(find(text, "a.test", ecdsa_base64), HostKeyMatch::changed);
  EXPECT_EQ(find("", "a.test"), HostKeyMatch::unknown);
}

TEST(KnownHosts, CommentsBlanksAndCarriageReturns) {
  const auto text = "# a.test " + ed25519() + "\r\n\r\n  \t\n \ta.test\t" + ed25519() + "\r\n";
  EXPECT_EQ(look_up_host(text, "a.test", 22, blob(ed25519_base64)).line, 4u);
}

TEST(KnownHosts, LastLineWithoutEnd) { EXPECT_EQ(find("a.test " + ed25519(), "a.test"), HostKeyMatch::known); }

TEST(KnownHosts, PatternsAndNegation) {
  const auto text = "*.test,!evil.test,192.0.2.? " + ed25519() + "\n";
  EXPECT_EQ(find(text, "a.test"), HostKeyMatch::known);
  EXPECT_EQ(find(text, "192.0.2.9"), HostKeyMatch::known);
  EXPECT_EQ(find(text, "192.0.2.99"), HostKeyMatch::unknown);
  EXPECT_EQ(find(text, "evil.test"), HostKeyMatch::unknown);
}

TEST(KnownHosts, Ports) {
  const auto text = "[a.test]:2222 " + ed25519() + "\nb.test " + ed25519() + "\n";
  EXPECT_EQ(find(text, "a.test", ed25519_base64, 2222), HostKeyMatch::known);
  EXPECT_EQ(find(text, "a.test", ed25519_base64, 22), HostKeyMatch::unknown);
  EXPECT_EQ(find(text, "a.test", ed25519_base64, 2223), HostKeyMatch::unknown);
  EXPECT_EQ(find(text, "b.test", ed25519_base64, 2222), HostKeyMatch::known) << "the bare name lists this key";
  EXPECT_EQ(find(text, "b.test", rsa_base64, 2222), HostKeyMatch::unknown) << "the bare name says nothing of others";
}

TEST(KnownHosts, SeveralKeysOfOneHost) {
  const auto text = "a.test " + rsa() + "\na.test " + ed25519() + "\n";
  const auto finding = look_up_host(text, "a.test", 22, blob(ed25519_base64));
  EXPECT_EQ(finding.match, HostKeyMatch::known);
  EXPECT_EQ(finding.line, 2u);
  const auto changed = look_up_host(text, "a.test", 22, blob(ecdsa_base64));
  EXPECT_EQ(changed.match, HostKeyMatch::changed);
  EXPECT_EQ(changed.line, 1u);
  EXPECT_EQ(changed.listed_type, "ssh-rsa");
}

TEST(KnownHosts, OfTheSameKeyTwiceTheFirstLineIsTold) {
  const auto text = "a.test " + rsa() + "\na.test " + ed25519() + "\na.test " + ed25519() + "\na.test " + rsa() + "\n";
  EXPECT_EQ(look_up_host(text, "a.test", 22, blob(ed25519_base64)).line, 2u);
  EXPECT_EQ(look_up_host(text, "a.test", 22, blob(ecdsa_base64)).line, 1u);
}

TEST(KnownHosts, E06RevokedBeatsAMatch) {
  const auto after = "a.test " + ed25519() + "\n@revoked * " + ed25519() + "\n";
  const auto before = "@revoked * " + ed25519() + "\na.test " + ed25519() + "\n";
  EXPECT_EQ(find(after, "a.test"), HostKeyMatch::revoked);
  EXPECT_EQ(find(before, "a.test"), HostKeyMatch::revoked);
  EXPECT_EQ(find(before, "a.test", ed25519_base64, 2222), HostKeyMatch::revoked);
  EXPECT_EQ(find("@revoked a.test " + ed25519(), "a.test", ed25519_base64, 2222), HostKeyMatch::revoked);
  EXPECT_EQ(find("@revoked a.test " + rsa(), "a.test"), HostKeyMatch::unknown);
}

TEST(KnownHosts, E06AuthoritiesAreNoPlainKeys) {
  EXPECT_EQ(find("@cert-authority * " + ed25519() + "\n", "a.test"), HostKeyMatch::unknown);
  EXPECT_EQ(find("@cert-authority * " + rsa() + "\n", "a.test"), HostKeyMatch::unknown);
}

TEST(KnownHosts, E06MarkersUnknownOrTwoMakeALineNothing) {
  std::vector<TrustWarning> warnings;
  const auto text = "@trusted a.test " + ed25519() + "\n@revoked @cert-authority a.test " + ed25519() + "\n";
  EXPECT_EQ(look_up_host(text, "a.test", 22, blob(ed25519_base64), &warnings).match, HostKeyMatch::unknown);
  ASSERT_EQ(warnings.size(), 2u);
  EXPECT_EQ(warnings[0].line, 1u);
  EXPECT_EQ(warnings[1].line, 2u);
}

TEST(KnownHosts, E06KeyTypeMustMatchTheBlob) {
  std::vector<TrustWarning> warnings;
  const auto text = "a.test ssh-rsa " + std::string(ed25519_base64) + "\n";
  EXPECT_EQ(look_up_host(text, "a.test", 22, blob(ed25519_base64), &warnings).match, HostKeyMatch::unknown);
  EXPECT_EQ(warnings.size(), 1u);
}

TEST(KnownHosts, E06RevokedCountsWhateverTypeTheLineSays) {
  std::vector<TrustWarning> warnings;
  const auto text = "a.test " + ed25519() + "\n@revoked a.test ssh-rsa " + std::string(ed25519_base64) + "\n";
  EXPECT_EQ(look_up_host(text, "a.test", 22, blob(ed25519_base64), &warnings).match, HostKeyMatch::revoked);
  EXPECT_EQ(warnings.size(), 1u);
  EXPECT_EQ(find("@revoked a.test ssh-rsa " + std::string(ed25519_base64), "a.test", rsa_base64),
            HostKeyMatch::unknown);
  EXPECT_EQ(find("@cert-authority a.test ssh-rsa " + std::string(ed25519_base64), "a.test"), HostKeyMatch::unknown);
}

TEST(KnownHosts, E06AnOverLongLineIsSkippedWhole) {
  std::vector<TrustWarning> warnings;
  // Were the line split at any bound, its tail would be an entry by itself.
  for (const std::size_t size : {4096u, 8192u, 16384u, 32768u, 65536u}) {
    auto text = std::string(size, 'x') + " a.test " + ed25519();
    EXPECT_EQ(look_up_host(text, "a.test", 22, blob(ed25519_base64), &warnings).match, HostKeyMatch::unknown);
  }
  const auto text = std::string(100'000, 'x') + "\na.test " + ed25519() + "\n";
  warnings.clear();
  EXPECT_EQ(look_up_host(text, "a.test", 22, blob(ed25519_base64), &warnings).line, 2u);
  ASSERT_EQ(warnings.size(), 1u) << "and nobody is left to wonder why";
  EXPECT_EQ(warnings[0].line, 1u);
  EXPECT_NE(warnings[0].text.find("too long"), std::string_view::npos);
}

TEST(KnownHosts, HashedBySshKeygen) {
  const auto text = std::string(test::hashed_example) + " " + ed25519() + "\n" + std::string(test::hashed_port) + " " +
                    ecdsa() + "\n" + std::string(test::hashed_address) + " " + ed25519() + "\n";
  EXPECT_EQ(find(text, "example.test"), HostKeyMatch::known);
  EXPECT_EQ(find(text, "EXAMPLE.test"), HostKeyMatch::known);
  EXPECT_EQ(find(text, "192.0.2.7"), HostKeyMatch::known);
  EXPECT_EQ(find(text, "192.0.2.8"), HostKeyMatch::unknown);
  const auto port = look_up_host(text, "example.test", 2222, blob(ecdsa_base64));
  EXPECT_EQ(port.match, HostKeyMatch::known);
  EXPECT_EQ(port.line, 2u);
  EXPECT_EQ(find(text, "example.test", rsa_base64), HostKeyMatch::changed);
}

TEST(KnownHosts, BrokenHashesMatchNothing) {
  for (const std::string hosts :
       {"|1|", "|1|a", "|1||", "|1|====|====", "|1|====|Wkg2VI4w2gfWgR7Z7scAtpu5kOg=",
        "|1|AXzzsLT7B6VnTQp7m5eOG6TGv7c=|====", "|1|AXzzsLT7B6VnTQp7m5eOG6TGv7c=|", "|2|AAAA|AAAA", "|"})
    EXPECT_EQ(find(hosts + " " + ed25519() + "\n", "a.test"), HostKeyMatch::unknown) << hosts;
}

TEST(KnownHosts, E06ASaltOfAnotherLengthMatchesNothing) {
  for (const std::size_t size : {0U, 1U, 19U, 20U, 21U, 64U, 4096U, 4097U, 10'000U}) {
    const ByteVector salt(size, std::byte{7});
    const auto hash = size <= 4096 ? hmac_sha1(salt, bytes_of("a.test")) : std::array<std::byte, 20>{};
    const auto text = "|1|" + base64_encode(salt) + "|" + base64_encode(hash) + " " + ed25519() + "\n";
    EXPECT_EQ(find(text, "a.test"), size == 20 ? HostKeyMatch::known : HostKeyMatch::unknown) << size;
  }
}

TEST(KnownHosts, CutAnywhereNeverKnownByAccident) {
  const auto text = "a.test " + ed25519();
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_EQ(find(text.substr(0, size), "a.test") == HostKeyMatch::known, false) << size;
}

TEST(KnownHosts, LinesToAppendAreFoundAgain) {
  const auto random = seeded_random(7);
  for (const std::uint16_t port : {std::uint16_t{22}, std::uint16_t{2222}})
    for (auto* hashed : {static_cast<Random*>(nullptr), random.get()}) {
      const auto line = known_hosts_line("A.test", port, blob(ed25519_base64), hashed);
      ASSERT_TRUE(line);
      EXPECT_EQ(line->back(), '\n');
      EXPECT_EQ(line->find("a.test") == std::string::npos, hashed != nullptr);
      EXPECT_EQ(find(*line, "a.test", ed25519_base64, port), HostKeyMatch::known);
    }
  EXPECT_TRUE(known_hosts_line("fe80::1%eth0", 22, blob(ed25519_base64)));
}

TEST(KnownHosts, WithoutRandomnessNoNameIsHashed) {
  class NoRandom final : public Random {
    bool fill(Buffer) override { return false; }
  } none;
  EXPECT_FALSE(known_hosts_line("a.test", 22, blob(ed25519_base64), &none));
}

TEST(KnownHosts, KeysWhoseTypeWouldMeanMoreAreNotWritten) {
  for (const std::string_view type : {"", "a,b", "a b", "a\n", "*", "@revoked"}) {
    ByteVector key;
    VectorSink sink{key};
    Writer(sink).write(type);
    EXPECT_FALSE(known_hosts_line("a.test", 22, key)) << type;
  }
}

TEST(KnownHosts, RevokedForThePort) {
  const auto text = "a.test " + ed25519() + "\n@revoked [a.test]:2222 " + ed25519() + "\n";
  EXPECT_EQ(find(text, "a.test", ed25519_base64, 2222), HostKeyMatch::revoked);
  EXPECT_EQ(find(text, "a.test"), HostKeyMatch::known);
}

TEST(KnownHosts, E13NamesThatWouldMeanMoreAreNotWritten) {
  for (const std::string_view host :
       {"", "a b", "a\nb", "*", "a?", "a,b", "-x", "#x", "@revoked", "|1|a|b", "!a", "a\x7f"})
    EXPECT_FALSE(known_hosts_line(host, 22, blob(ed25519_base64))) << host;
  EXPECT_FALSE(known_hosts_line("a.test", 22, Bytes{}));
}

TEST(KnownHosts, K28PreferringKnownTypesIsAChoice) {
  const auto text =
      "@revoked a.test " + ecdsa() + "\na.test " + rsa() + "\nA.test " + rsa() + "\nb.test " + ed25519() + "\n";
  const auto types = known_key_types(text, "a.test", 22);
  ASSERT_EQ(types.size(), 1u);
  EXPECT_EQ(types[0], "ssh-rsa");
  const std::vector<std::string> names = {"ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256"};
  const std::vector<std::string> preferred = {"rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519", "ecdsa-sha2-nistp256"};
  EXPECT_EQ(prefer_key_types(names, types), preferred);
  EXPECT_EQ(prefer_key_types(names, {}), names);
}

}  // namespace
}  // namespace nacre
