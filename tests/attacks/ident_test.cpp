// Attacks on identification, and messages that cost much and say nothing (rows I01 to I06, I17 to I21 of rows.txt).
#include "tests/attacks/attack.hpp"

namespace nacre::test {
namespace {

using namespace std::string_literals;

std::unique_ptr<Puppet> reads(Role role, std::string_view text) {
  auto puppet = silent(role);
  puppet->send_raw(bytes_of(text));
  puppet->pump();
  return puppet;
}

bool takes(Role role, std::string_view line, std::string_view ident) {
  auto puppet = reads(role, line);
  return puppet->closed == 0 && puppet->engine().peer_ident() == ident;
}

TEST(attacks_ident, I01_endless_ident_line) {
  for (const auto role : both) {
    auto puppet = silent(role);
    puppet->send_raw(bytes_of("SSH-2.0-"));
    for (int i = 0; i < 1000 && puppet->closed == 0; ++i) {
      puppet->send_raw(ByteVector(50, std::byte{'x'}));
      puppet->pump();
    }
    EXPECT_TRUE(hung_up(*puppet, Code::ident_too_long));
    EXPECT_LE(puppet->delivered.size(), Limits{}.ident_line + 50) << "it listened for longer than a line may be";
    EXPECT_TRUE(takes(role, "SSH-2.0-" + std::string(245, 'x') + "\r\n", "SSH-2.0-" + std::string(245, 'x')));
    EXPECT_EQ(reads(role, "SSH-2.0-" + std::string(246, 'x') + "\r\n")->code(), Code::ident_too_long);
  }
}

TEST(attacks_ident, I01_endless_lines_before_it) {
  auto many = reads(Role::client, repeated("hello\r\n", 1025) + "SSH-2.0-x\r\n");
  EXPECT_TRUE(hung_up(*many, Code::not_ssh, "LineReceived"));
  EXPECT_EQ(many->told("LineReceived"), 1024U);
  auto much = reads(Role::client, repeated(std::string(8190, 'x') + "\r\n", 9));
  EXPECT_TRUE(hung_up(*much, Code::not_ssh, "LineReceived"));
  auto wide = reads(Role::client, std::string(8192, 'x'));
  EXPECT_TRUE(hung_up(*wide, Code::ident_too_long));
}

TEST(attacks_ident, I02_lines_of_a_client_before_it) {
  for (const auto* text : {"GET / HTTP/1.1\r\n", "\r\n", "G", "SSX", "ssh-2.0-x\r\n", " SSH-2.0-x\r\n"})
    EXPECT_TRUE(hung_up(*reads(Role::server, text), Code::not_ssh)) << text;
}

TEST(attacks_ident, I03_control_characters) {
  for (const auto role : both) {
    for (const auto& line : {"SSH-2.0-a\0b\r\n"s, "SSH-2.0-a\rb\r\n"s, "SSH-2.0-a\r\r\n"s, "SSH-2.0-\x1b[2J\r\n"s})
      EXPECT_TRUE(hung_up(*reads(role, line), Code::ident_malformed)) << line;
    EXPECT_TRUE(takes(role, "SSH-2.0-bare\n", "SSH-2.0-bare"));
  }
  // The hash is over the line without its end, whatever the end was: else no login would succeed.
  for (const auto role : both)
    for (const auto* line : {"SSH-2.0-x\n", "SSH-2.0-x y \r\n"}) {
      Puppet puppet({.engine = role, .ident = line});
      EXPECT_TRUE(puppet.login()) << puppet.log();
    }
}

TEST(attacks_ident, I04_versions_that_begin_like_ours) {
  for (const auto role : both) {
    for (const auto* line : {"SSH-2.01-x\r\n", "SSH-2.0\r\n", "SSH-2.0_x\r\n", "SSH-1.990-x\r\n", "SSH-1.5-x\r\n",
                             "SSH-20-x\r\n", "SSH-2-x\r\n", "SSH-\r\n"})
      EXPECT_TRUE(hung_up(*reads(role, line), Code::version_unsupported)) << line;
    for (const auto* line : {"SSH-2.0-\r\n", "SSH-1.99-\r\n"})
      EXPECT_TRUE(hung_up(*reads(role, line), Code::ident_malformed)) << line;
    EXPECT_TRUE(takes(role, "SSH-1.99-x\r\n", "SSH-1.99-x"));
  }
}

TEST(attacks_ident, I05_names_of_buggy_programs) {
  const std::vector<std::string> names{
      "OpenSSH_9.9", "OpenSSH_9.1",      "OpenSSH_7.4",     "OpenSSH_5.3", "OpenSSH_2.3.0",
      "PuTTY_0.52",  "WinSCP_release_5", "libssh_0.5.0",    "libssh2_1.2", "dropbear_0.44",
      "Cisco-1.25",  "paramiko_2.4.0",   "AsyncSSH_2.14.0", "Go",          "JSCH-0.1.54",
      "Twisted",     "RomSShell_4.62",   "FuTTY",           "OSU_0",       "2.1.0 SSH Secure Shell (non-commercial)"};
  for (const auto role : both) {
    std::string first;
    for (const auto& name : names) {
      Puppet puppet({.engine = role, .ident = "SSH-2.0-" + name + "\r\n"});
      EXPECT_TRUE(puppet.login()) << name;
      std::string log;
      for (const auto& line : puppet.events)
        if (!line.starts_with("SignatureWanted")) log += line.substr(0, line.find(" SSH-2.0-")) + "\n";
      // All that it says word for word, but for the cookie, and for the signature of the hash that the name is part of.
      for (const auto& payload : puppet.received) {
        const auto number = std::to_integer<int>(payload[0]);
        log += std::to_string(number) + ":" + std::to_string(payload.size()) + " ";
        if (number != KexReply::number) log += text_of(Bytes(payload).subspan(number == KexInit::number ? 1 + 16 : 1));
      }
      if (first.empty()) first = log;
      EXPECT_EQ(log, first) << name;
    }
  }
}

TEST(attacks_ident, I06_other_pieces_of_the_same_stream) {
  for (const auto role : both) {
    Puppet whole({.engine = role});
    ASSERT_TRUE(whole.login());
    if (role == Role::server) {
      const auto id = whole.open();
      whole.send(ChannelRequest{id, "exec", true, {encoded(ExecRequest{"ls"})}});
      whole.send(ChannelData{id, bytes_of("some input")});
      whole.send(ChannelEof{id});
      whole.send(ChannelClose{id});
    }
    whole.send(Disconnect{11, "bye", ""});
    whole.pump();
    ASSERT_EQ(whole.closed, 1);
    const Bytes stream = whole.delivered;
    const auto replay = [&](std::size_t piece, std::size_t first) {
      auto puppet = silent(role);
      puppet->paused = true;
      puppet->send_raw(stream.first(first));
      puppet->pump();
      for (auto rest = stream.subspan(first); !rest.empty(); rest = rest.subspan(std::min(piece, rest.size()))) {
        puppet->send_raw(rest.first(std::min(piece, rest.size())));
        puppet->pump();
      }
      return puppet->events;
    };
    EXPECT_EQ(replay(1, 0), whole.events);
    for (std::size_t at = 0; at <= stream.size(); at += sanitized ? 41 : 5)
      ASSERT_EQ(replay(SIZE_MAX, at), whole.events) << "split at " << at;
  }
}

// ---- chatter

TEST(attacks_chatter, I17_flood_before_authentication) {
  for (const auto role : both) {
    for (const std::uint8_t number : {std::uint8_t{2}, std::uint8_t{3}, std::uint8_t{4}}) {
      auto puppet = in_auth(role);
      const auto payload = number == 4 ? encoded(Debug{false, "", ""}) : payload_of(number, Fields().u32(0));
      for (int i = 0; i < 64; ++i) puppet->send_payload(payload);
      puppet->pump();
      EXPECT_TRUE(puppet->closed == 0 && puppet->received.empty()) << int{number};
      puppet->send_payload(payload);
      puppet->pump();
      EXPECT_TRUE(ended(*puppet, Code::too_much_chatter, Reason::protocol_error, "DebugReceived")) << int{number};
    }
    auto large = in_auth(role);
    for (int i = 0; i < 9; ++i) large->send(Ignore{ByteVector(30'000)});
    large->pump();
    EXPECT_TRUE(ended(*large, Code::too_much_chatter));
  }
}

TEST(attacks_chatter, I17_flood_after_authentication_is_nothing) {
  for (const auto role : both) {
    auto puppet = logged_in(role);
    for (int i = 0; i < 2'000; ++i) {
      puppet->send(Ignore{bytes_of("x")});
      puppet->send(Unimplemented{0});
    }
    puppet->pump();
    EXPECT_TRUE(puppet->received.empty() && puppet->events.empty());
    EXPECT_TRUE(lives(*puppet));
  }
}

TEST(attacks_chatter, I18_ping_flood) {
  for (const auto role : both) {
    auto early = in_auth(role);
    for (int i = 0; i < 64; ++i) early->send(Ping{bytes_of("x")});
    early->pump();
    EXPECT_TRUE(early->received.empty()) << "a PONG before authentication";
    early->send(Ping{bytes_of("x")});
    early->pump();
    EXPECT_TRUE(ended(*early, Code::too_much_chatter));

    auto during = logged_in(role);
    during->options.hold_kex_init = true;
    ASSERT_EQ(during->engine().rekey(), Status::ok);
    during->pump();
    during->forget();
    for (int i = 0; i < 257; ++i) during->send(Ping{bytes_of("x")});
    during->pump();
    EXPECT_TRUE(ended(*during, Code::too_much_held));
    EXPECT_FALSE(during->has(Pong::number)) << "a PONG during a key exchange";

    // A peer that pings and does not listen is held up by its own stream.
    auto deaf = logged_in(role);
    deaf->paused = true;
    int pings = 0;
    for (; pings < 5'000 && !deaf->engine().incoming().empty(); ++pings) {
      deaf->send(Ping{ByteVector(1000)});
      deaf->pump();
    }
    EXPECT_LT(pings, 1'000);
    deaf->paused = false;
    deaf->pump();
    EXPECT_EQ(deaf->count(Pong::number), static_cast<std::size_t>(pings));
    EXPECT_TRUE(lives(*deaf));
  }
}

TEST(attacks_chatter, I19_unimplemented_ping_pong) {
  for (const auto role : both) {
    auto open = logged_in(role);
    for (int i = 0; i < 50; ++i) open->send_number(200);
    open->pump();
    EXPECT_EQ(open->received.size(), 50U);
    EXPECT_EQ(open->count(Unimplemented::number), 50U);
    const auto first = decode<Unimplemented>(Bytes(open->received[0]).subspan(1))->sequence;
    EXPECT_EQ(open->last<Unimplemented>()->sequence, first + 49);
    open->forget();
    for (int i = 0; i < 50; ++i) open->send(Unimplemented{first});
    open->pump();
    EXPECT_TRUE(open->received.empty()) << "an answer to an answer";

    auto early = in_auth(role);
    for (int i = 0; i < 16; ++i) early->send_number(9);
    early->pump();
    EXPECT_EQ(early->count(Unimplemented::number), 16U);
    early->send_number(9);
    early->pump();
    EXPECT_TRUE(ended(*early, Code::too_many_unimplemented));
  }
}

TEST(attacks_chatter, I20_disconnect_cut_short) {
  const auto whole = encoded(Disconnect{11, std::string(300, 'x'), "en"});
  for (const auto role : both)
    for (const std::size_t size : {1U, 2U, 4U, 5U, 8U, 9U, 100U, 308U, 310U, 315U}) {
      auto puppet = logged_in(role);
      std::string text;
      puppet->on_event = [&](const Event& event) {
        if (const auto* closed = std::get_if<Closed>(&event)) text = closed->text;
        return false;
      };
      puppet->send_payload(Bytes(whole).first(std::min(size, whole.size())));
      puppet->send(Ping{bytes_of("afterwards")});
      puppet->send(ChannelOpen{"session", 1, 1000, 1000, {}});
      puppet->pump();
      EXPECT_TRUE(puppet->by_peer);
      EXPECT_EQ(puppet->code(), Code::disconnected_by_peer) << size;
      EXPECT_EQ(puppet->events.size(), 1U) << puppet->log();
      EXPECT_TRUE(puppet->received.empty()) << "an answer to a farewell";
      EXPECT_EQ(text, std::string(size > 308 ? 256 : 0, 'x')) << size;
    }
}

TEST(attacks_chatter, I21_numbers_nobody_has) {
  for (const auto role : both) {
    for (unsigned number = 0; number < 256; ++number) {
      const bool unknown_transport = (number >= 8 && number <= 19) || (number >= 22 && number <= 29);
      const bool extension = number == 192 || number == 193;
      if (number != 0 && !unknown_transport && !extension && number < 83) continue;
      auto puppet = in_auth(role);
      puppet->send_number(static_cast<std::uint8_t>(number));
      puppet->pump();
      if (number == 0 || (number >= 83 && !extension)) {
        EXPECT_TRUE(ended(*puppet, Code::unexpected_message)) << number;
        EXPECT_EQ(puppet->error.where, number);
      } else {
        EXPECT_EQ(puppet->received.size(), unknown_transport ? 1U : 0U) << number;
        EXPECT_TRUE(lives(*puppet)) << number;
      }
    }
    auto open = logged_in(role);
    open->send_number(0);
    open->pump();
    EXPECT_TRUE(ended(*open, Code::unexpected_message));
  }
}

}  // namespace
}  // namespace nacre::test
