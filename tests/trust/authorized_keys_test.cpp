// authorized_keys: options and their quoting, what grants and what does not.
#include "engine/trust/authorized_keys.hpp"

#include <gtest/gtest.h>

#include "tests/trust/keys.hpp"

namespace nacre {
namespace {

using test::blob;
using test::ecdsa;
using test::ecdsa_base64;
using test::ed25519;
using test::ed25519_base64;

const KeyContext here = {"192.0.2.9", "20260301120000", "20260301130000"};

std::optional<AuthorizedKey> find(const std::string& text, std::vector<TrustWarning>* warnings = nullptr) {
  return find_authorized_key(text, blob(ed25519_base64), here, warnings);
}

std::optional<KeyOptions> options(std::string_view text) {
  std::string_view problem;
  return parse_key_options(text, problem);
}

TEST(AuthorizedKeys, PlainLines) {
  const auto text = "# comment\r\n\n" + ecdsa() + " other\n" + ed25519() + " me and my key\r\n";
  const auto key = find(text);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->line, 4u);
  EXPECT_EQ(key->comment, "me and my key");
  EXPECT_TRUE(key->options.pty);
  EXPECT_FALSE(find(ecdsa() + "\n"));
  EXPECT_FALSE(find(""));
}

TEST(AuthorizedKeys, OptionsWithQuotes) {
  const auto key =
      find("no-pty,command=\"echo \\\"hi, there\\\" # x\",environment=\"A=b=c\",environment=\"A=second\" " + ed25519());
  ASSERT_TRUE(key);
  EXPECT_FALSE(key->options.pty);
  EXPECT_EQ(key->options.command, "echo \"hi, there\" # x");
  ASSERT_EQ(key->options.environment.size(), 1u);
  EXPECT_EQ(key->options.environment[0].first, "A");
  EXPECT_EQ(key->options.environment[0].second, "b=c");
}

TEST(AuthorizedKeys, RestrictAndWhatComesAfterIt) {
  const auto restricted = options("Restrict,pty");
  ASSERT_TRUE(restricted);
  EXPECT_TRUE(restricted->pty);
  EXPECT_FALSE(restricted->port_forwarding);
  EXPECT_FALSE(restricted->agent_forwarding);
  EXPECT_FALSE(restricted->x11_forwarding);
  EXPECT_FALSE(restricted->user_rc);
}

TEST(AuthorizedKeys, WhatNobodyKnowsDoesNotGrant) {
  for (const std::string bad : {"frobnicate", "no-frobnicate", "pty=\"yes\"", "command", "command=ls", "command=\"ls",
                                "command=\"a\",command=\"b\"", "environment=\"=x\"", "environment=\"A B=x\"",
                                "expiry-time=\"2026\"", "pty,", "pty,,no-pty", "no-no-pty", "from"}) {
    std::vector<TrustWarning> warnings;
    EXPECT_FALSE(find(bad + " " + ed25519() + "\n", &warnings)) << bad;
    EXPECT_EQ(warnings.size(), 1u) << bad;
  }
}

TEST(AuthorizedKeys, SearchGoesOnAfterALineThatDoesNotGrant) {
  const auto text = "from=\"198.51.100.*\" " + ed25519() + "\nfrobnicate " + ed25519() + "\nno-pty " + ed25519() + "\n";
  std::vector<TrustWarning> warnings;
  const auto key = find(text, &warnings);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->line, 3u);
  EXPECT_EQ(warnings.size(), 2u);
}

TEST(AuthorizedKeys, From) {
  const auto allows = [](const std::string& list) { return find("from=\"" + list + "\" " + ed25519()).has_value(); };
  EXPECT_TRUE(allows("192.0.2.9"));
  EXPECT_TRUE(allows("192.0.2.*"));
  EXPECT_TRUE(allows("192.0.2.0/24"));
  EXPECT_TRUE(allows("198.51.100.1,192.0.2.8/31"));
  EXPECT_FALSE(allows("192.0.2.0/29"));
  EXPECT_FALSE(allows("192.0.2.0/24,!192.0.2.9"));
  EXPECT_FALSE(allows("!192.0.2.9,192.0.2.0/24"));
  EXPECT_FALSE(allows("192.0.2.0/33"));
  EXPECT_FALSE(allows("192.0.2.9,nonsense/8")) << "a slip shuts";
  EXPECT_FALSE(allows("2001:db8::/32"));
  EXPECT_FALSE(allows(""));
}

TEST(AuthorizedKeys, FromForIpv6) {
  const KeyContext v6 = {"2001:db8::5", "20260301120000", "20260301130000"};
  const auto allows = [&](const std::string& list) {
    return find_authorized_key("from=\"" + list + "\" " + ed25519(), blob(ed25519_base64), v6).has_value();
  };
  EXPECT_TRUE(allows("2001:db8::/32"));
  EXPECT_TRUE(allows("2001:0db8:0:0::/64"));
  EXPECT_FALSE(allows("2001:db9::/32"));
  EXPECT_FALSE(allows("0.0.0.0/0"));
  EXPECT_TRUE(allows("::/0"));
}

TEST(AuthorizedKeys, V4InV6IsV4) {
  const KeyContext mapped = {"::ffff:192.0.2.9", "20260301120000", "20260301130000"};
  EXPECT_TRUE(find_authorized_key("from=\"192.0.2.0/24\" " + ed25519(), blob(ed25519_base64), mapped));
}

TEST(AuthorizedKeys, ExpiryTime) {
  const auto allows = [](const std::string& time) {
    return find("expiry-time=\"" + time + "\" " + ed25519()).has_value();
  };
  EXPECT_TRUE(allows("20260302"));
  EXPECT_FALSE(allows("20260301"));
  EXPECT_TRUE(allows("202603011230Z")) << "UTC: it is 12:00";
  EXPECT_FALSE(allows("202603011230")) << "here: it is 13:00";
  EXPECT_FALSE(allows("20260301120000Z"));
  EXPECT_TRUE(allows("20260301120001Z"));
  EXPECT_FALSE(allows("20260302,x"));
}

TEST(AuthorizedKeys, AuthoritiesDoNotLogIn) { EXPECT_FALSE(find("cert-authority " + ed25519())); }

TEST(AuthorizedKeys, ALongLineIsSkippedWhole) {
  const auto text = "environment=\"A=" + std::string(70'000, 'x') + "\" " + ed25519();
  EXPECT_FALSE(find(text));
  EXPECT_FALSE(find(std::string(70'000, 'x') + " " + ed25519()));
}

TEST(AuthorizedKeys, CutAnywhereNeverGrants) {
  const auto text = "command=\"ls\",no-pty " + ed25519();
  for (std::size_t size = 0; size < text.size(); ++size) EXPECT_FALSE(find(text.substr(0, size))) << size;
}

TEST(AuthorizedKeys, A12StepsIntersect) {
  const auto both = intersect(*options("no-pty"), *options("no-port-forwarding,command=\"ls\""));
  EXPECT_FALSE(both.pty);
  EXPECT_FALSE(both.port_forwarding);
  EXPECT_TRUE(both.agent_forwarding);
  EXPECT_EQ(both.command, "ls");
}

}  // namespace
}  // namespace nacre
