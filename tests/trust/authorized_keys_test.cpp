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

TEST(AuthorizedKeys, KeysOfAnotherTypeThanTheLineSaysAreNone) {
  EXPECT_FALSE(find("ssh-rsa " + std::string(ed25519_base64)));
  EXPECT_FALSE(find("ssh-ed25519 AAAA"));
  EXPECT_FALSE(find_authorized_key("ssh-ed25519 AAAA", blob("AAAA"), here));
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

TEST(AuthorizedKeys, FromWithWhatIsNegatedInAnotherForm) {
  const auto allows = [](std::string_view peer, const std::string& list) {
    const KeyContext context = {peer, "20260301120000", "20260301130000"};
    return find_authorized_key("from=\"" + list + "\" " + ed25519(), blob(ed25519_base64), context).has_value();
  };
  EXPECT_FALSE(allows("2001:db8::5", "!2001:DB8::5,2001:db8::/32"));
  EXPECT_FALSE(allows("2001:db8::5", "!2001:db8:0:0::5,2001:db8::/32"));
  EXPECT_TRUE(allows("2001:db8::6", "!2001:db8:0:0::5,2001:db8::/32"));
  EXPECT_FALSE(allows("::ffff:10.0.0.5", "!10.0.0.5,*"));
  EXPECT_TRUE(allows("::ffff:10.0.0.6", "!10.0.0.5,*"));
  EXPECT_FALSE(allows("fe80::1%eth0", "!fe80::1,fe80::/10"));
  EXPECT_TRUE(allows("fe80::2%eth0", "!fe80::1,fe80::/10"));
  EXPECT_FALSE(allows("10.0.0.5", "!host.test,*")) << "nobody looks names up";
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
  EXPECT_FALSE(allows("2026030a"));
  EXPECT_FALSE(allows("2026-302"));
  EXPECT_TRUE(allows("20260302z"));
}

TEST(AuthorizedKeys, OfSeveralExpiryTimesTheEarliestCounts) {
  EXPECT_EQ(options("expiry-time=\"20260302\",expiry-time=\"20260301\"")->expires_local, "20260301000000");
  EXPECT_EQ(options("expiry-time=\"20260301\",expiry-time=\"20260302\"")->expires_local, "20260301000000");
  EXPECT_EQ(options("expiry-time=\"20260302Z\",expiry-time=\"202603012359Z\"")->expires_utc, "20260301235900");
  const auto by_both_clocks = options("expiry-time=\"20260302Z\",expiry-time=\"20260301\"");
  EXPECT_EQ(by_both_clocks->expires_utc, "20260302000000");
  EXPECT_EQ(by_both_clocks->expires_local, "20260301000000");
  const auto allows = [](const std::string& option) { return find(option + " " + ed25519()).has_value(); };
  EXPECT_TRUE(allows("expiry-time=\"20260302Z\",expiry-time=\"20260302\""));
  EXPECT_FALSE(allows("expiry-time=\"20260302Z\",expiry-time=\"20260301\""));
  EXPECT_FALSE(allows("expiry-time=\"20260301Z\",expiry-time=\"20260302\""));
}

TEST(AuthorizedKeys, AKeyThatExpiresNeedsTheTime) {
  for (const std::string_view now :
       {"", "2026030112000", "202603011200000", "2026030112000 ", "20260301120000Z", "now"})
    for (const bool utc : {false, true}) {
      KeyContext context = here;
      (utc ? context.now_utc : context.now_local) = now;
      std::vector<TrustWarning> warnings;
      const auto line = std::string("expiry-time=\"20990101") + (utc ? "Z" : "") + "\" " + ed25519();
      EXPECT_FALSE(find_authorized_key(line, blob(ed25519_base64), context, &warnings)) << now;
      EXPECT_EQ(warnings.size(), 1u) << now;
      EXPECT_TRUE(find_authorized_key(ed25519(), blob(ed25519_base64), context)) << now;
    }
  EXPECT_FALSE(find_authorized_key("expiry-time=\"20990101\" " + ed25519(), blob(ed25519_base64), KeyContext{}));
}

TEST(AuthorizedKeys, ExpiryTimesOfNoCalendar) {
  const auto is_taken = [](const std::string& time) { return options("expiry-time=\"" + time + "\"").has_value(); };
  for (const char* bad :
       {"20261399", "20260001", "20261301", "20260100", "20260132", "20260431", "20260229", "21000229", "202601012400",
        "202601019900", "202601010060", "20260101000061", "20261399Z", "99999999999999"})
    EXPECT_FALSE(is_taken(bad)) << bad;
  for (const char* good : {"20280229", "20000229", "20261231235960", "202612312359", "99991231", "20260101Z"})
    EXPECT_TRUE(is_taken(good)) << good;
}

// The fields that differ from those of a line without options.
std::string changed(const KeyOptions& options) {
  std::string names;
  if (!options.pty) names += "pty ";
  if (!options.port_forwarding) names += "port ";
  if (!options.agent_forwarding) names += "agent ";
  if (!options.x11_forwarding) names += "x11 ";
  if (!options.user_rc) names += "rc ";
  if (!options.touch_required) names += "touch ";
  if (options.verify_required) names += "verify ";
  if (options.cert_authority) names += "authority ";
  if (options.command) names += "command=" + *options.command + " ";
  for (const auto& [name, value] : options.environment) names += "env=" + name + "=" + value + " ";
  for (const auto& each : options.from) names += "from=" + each + " ";
  const auto add_list = [&](const std::string& name, const PermitList& list) {
    if (list && list->empty()) names += name + "none ";
    for (const auto& each : list.value_or(std::vector<std::string>{})) names += name + each + " ";
  };
  add_list("open=", options.permit_open);
  add_list("listen=", options.permit_listen);
  add_list("principal=", options.principals);
  if (!options.expires_utc.empty()) names += "utc=" + options.expires_utc + " ";
  if (!options.expires_local.empty()) names += "local=" + options.expires_local + " ";
  return names;
}

TEST(AuthorizedKeys, EachOptionSetsItsFieldAndNoOther) {
  const auto of = [](std::string_view text) {
    const auto parsed = options(text);
    return parsed ? changed(*parsed) : "nothing";
  };
  EXPECT_EQ(of(""), "");
  EXPECT_EQ(of("pty,port-forwarding,agent-forwarding,X11-forwarding,user-rc"), "");
  EXPECT_EQ(of("no-pty"), "pty ");
  EXPECT_EQ(of("no-port-forwarding"), "port ");
  EXPECT_EQ(of("no-agent-forwarding"), "agent ");
  EXPECT_EQ(of("no-X11-forwarding"), "x11 ");
  EXPECT_EQ(of("no-user-rc"), "rc ");
  EXPECT_EQ(of("no-touch-required"), "touch ");
  EXPECT_EQ(of("verify-required"), "verify ");
  EXPECT_EQ(of("cert-authority"), "authority ");
  EXPECT_EQ(of("restrict"), "pty port agent x11 rc ");
  EXPECT_EQ(of("restrict,pty,port-forwarding,agent-forwarding,x11-forwarding,user-rc"), "");
  EXPECT_EQ(of("permitopen=\"a:1\",permitopen=\"b:2\""), "open=a:1 open=b:2 ");
  EXPECT_EQ(of("permitlisten=\"8080\""), "listen=8080 ");
  EXPECT_EQ(of("principals=\"a,b\""), "principal=a principal=b ");
  EXPECT_EQ(of("principals=\"\""), "principal=none ") << "nobody, and not everybody";
  EXPECT_EQ(of("principals=\",a,,\""), "principal=a ");
  EXPECT_EQ(of("expiry-time=\"20260301\""), "local=20260301000000 ");
  EXPECT_EQ(of("expiry-time=\"20260301Z\""), "utc=20260301000000 ");
  EXPECT_EQ(of("from=\"a\",from=\"b\""), "from=a from=b ");
  EXPECT_EQ(of("environment=\"Az_09=x\""), "env=Az_09=x ");
  for (const std::string_view bad :
       {"touch-required", "no-verify-required", "no-cert-authority", "no-restrict", "principals=\"a\",principals=\"b\"",
        "principals=\"\",principals=\"b\"", "environment=\"A\"", "environment=\"A-=x\"", "environment=\"{=x\"",
        "environment=\"@=x\"", "pty no-pty", "command=\"a\"b", "command=\"a\\\""})
    EXPECT_EQ(of(bad), "nothing") << bad;
  using namespace std::string_view_literals;
  EXPECT_EQ(of("command=\"a\0b\""sv), "nothing");
}

TEST(AuthorizedKeys, ABackslashIsOneUnlessAQuoteFollows) {
  EXPECT_EQ(find("command=\"a\\b \\\" c\" " + ed25519())->options.command, "a\\b \" c");
  EXPECT_FALSE(find("command=\"a\\\" " + ed25519())) << "the value has no end";
  EXPECT_FALSE(find("command=\"a \\"));
  EXPECT_FALSE(find("\\"));
  EXPECT_EQ(find("no-pty\t" + ed25519())->options.pty, false);
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

TEST(AuthorizedKeys, A12WhatOneStepForbidsTheOtherDoesNotAllow) {
  const KeyOptions none;
  for (const std::string_view text :
       {"no-pty", "no-port-forwarding", "no-agent-forwarding", "no-x11-forwarding", "no-user-rc", "verify-required",
        "command=\"ls\"", "environment=\"A=b\"", "from=\"a\"", "permitopen=\"a:1\"", "permitlisten=\"1\"",
        "principals=\"a\"", "cert-authority"}) {
    const auto one = *options(text);
    EXPECT_EQ(changed(intersect(one, none)), changed(one));
    EXPECT_EQ(changed(intersect(none, one)), changed(one));
  }
  const auto untouched = *options("no-touch-required");
  EXPECT_EQ(changed(intersect(untouched, none)), "");
  EXPECT_EQ(changed(intersect(none, untouched)), "");
  EXPECT_EQ(changed(intersect(untouched, untouched)), "touch ");
  EXPECT_EQ(intersect(*options("command=\"a\""), *options("command=\"b\"")).command, "a");
}

TEST(AuthorizedKeys, A12TwoListsPermitWhatStandsInBoth) {
  const auto both = [](std::string_view a, std::string_view b) { return changed(intersect(*options(a), *options(b))); };
  EXPECT_EQ(both("permitopen=\"a:1\",permitopen=\"b:2\"", "permitopen=\"b:2\",permitopen=\"c:3\""), "open=b:2 ");
  EXPECT_EQ(both("permitopen=\"a:1\"", "permitopen=\"b:2\""), "open=none ") << "nothing, which is not all";
  EXPECT_EQ(both("permitlisten=\"1\",permitlisten=\"2\"", "permitlisten=\"2\""), "listen=2 ");
  EXPECT_EQ(both("permitlisten=\"1\"", "permitlisten=\"2\""), "listen=none ");
  EXPECT_EQ(both("principals=\"a,b\"", "principals=\"c,b\""), "principal=b ");
  EXPECT_EQ(both("principals=\"a\"", "principals=\"b\""), "principal=none ");
  const auto nothing = intersect(*options("permitopen=\"a:1\""), *options("permitopen=\"b:2\""));
  EXPECT_EQ(changed(intersect(nothing, *options("permitopen=\"a:1\""))), "open=none ")
      << "a third step brings none back";
  EXPECT_EQ(changed(intersect(KeyOptions{}, nothing)), "open=none ");
  EXPECT_EQ(both("environment=\"A=1\"", "environment=\"A=2\",environment=\"B=3\""), "env=A=1 env=B=3 ");
  EXPECT_EQ(both("from=\"a\"", "from=\"b\""), "from=a from=b ") << "both must match";
}

TEST(AuthorizedKeys, A12TheEarlierExpiryCounts) {
  const auto both = [](std::string_view a, std::string_view b) { return changed(intersect(*options(a), *options(b))); };
  for (const std::string_view one : {"expiry-time=\"20260301\"", "expiry-time=\"20260301Z\""}) {
    EXPECT_EQ(both(one, ""), changed(*options(one)));
    EXPECT_EQ(both("", one), changed(*options(one)));
  }
  EXPECT_EQ(both("expiry-time=\"20260302\"", "expiry-time=\"20260301\""), "local=20260301000000 ");
  EXPECT_EQ(both("expiry-time=\"20260301Z\"", "expiry-time=\"20260302Z\""), "utc=20260301000000 ");
  EXPECT_EQ(both("expiry-time=\"20260302Z\"", "expiry-time=\"20260301\""), "utc=20260302000000 local=20260301000000 ");
}

}  // namespace
}  // namespace nacre
