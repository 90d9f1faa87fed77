// Terminal modes on the wire (attacks row C16), escape characters, signal names.
#include <gtest/gtest.h>

#include <csignal>

#include "tools/escapes.hpp"
#include "tools/signal_names.hpp"
#include "tools/tty_modes.hpp"

namespace nacre::tools {
namespace {

TEST(TtyModes, ThereAndBack) {
  termios one{};
  one.c_iflag = ICRNL | IXON;
  one.c_oflag = OPOST | ONLCR;
  one.c_lflag = ISIG | ICANON | ECHO;
  one.c_cflag = CS8;
  one.c_cc[VINTR] = 3;
  one.c_cc[VERASE] = 0x7f;
  cfsetispeed(&one, B38400);
  cfsetospeed(&one, B38400);
  termios other{};
  other.c_lflag = NOFLSH | TOSTOP;
  decode_modes(encode_modes(one), other);
  EXPECT_EQ(other.c_iflag, one.c_iflag);
  EXPECT_EQ(other.c_oflag, one.c_oflag);
  EXPECT_EQ(other.c_lflag, one.c_lflag);
  EXPECT_EQ(other.c_cflag & CSIZE, one.c_cflag & CSIZE);
  EXPECT_EQ(other.c_cc[VINTR], 3);
  EXPECT_EQ(other.c_cc[VERASE], 0x7f);
  EXPECT_EQ(cfgetospeed(&other), static_cast<speed_t>(B38400));
}

TEST(TtyModes, C16EveryCutIsBounded) {
  termios from{};
  from.c_lflag = ECHO;
  const auto modes = encode_modes(from);
  for (std::size_t size = 0; size <= modes.size(); ++size) {
    termios into{};
    decode_modes(Bytes(modes).first(size), into);
  }
}

TEST(TtyModes, C16UnknownOpcodes) {
  termios into{};
  const auto one = [](unsigned opcode) {
    ByteVector modes = {static_cast<std::byte>(opcode), std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1}};
    const ByteVector echo = {std::byte{53}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1}};
    append(modes, echo);
    return modes;
  };
  decode_modes(one(99), into);  // unknown, with an argument: passed over
  EXPECT_NE(into.c_lflag & ECHO, 0u);
  into = {};
  decode_modes(one(160), into);  // from here on nobody knows the length: the walk stops
  EXPECT_EQ(into.c_lflag & ECHO, 0u);
  decode_modes(one(0), into);  // TTY_OP_END
  EXPECT_EQ(into.c_lflag & ECHO, 0u);
}

std::string typed(EscapeFilter& filter, std::string_view text, std::string& actions) {
  std::string sent;
  while (!text.empty()) {
    const auto result = filter.feed(text);
    sent += result.send;
    if (result.action != EscapeAction::none) actions += static_cast<char>('0' + static_cast<int>(result.action));
    text.remove_prefix(result.taken);
  }
  return sent;
}

TEST(Escapes, OnlyAtTheStartOfALine) {
  EscapeFilter filter('~');
  std::string actions;
  EXPECT_EQ(typed(filter, "a~.b\r~~x\r~x", actions), "a~.b\r~x\r~x");
  EXPECT_TRUE(actions.empty());
  EXPECT_EQ(typed(filter, "\r~.", actions), "\r");
  EXPECT_EQ(actions, "1");
}

TEST(Escapes, SameInPieces) {
  EscapeFilter filter('~');
  std::string actions;
  std::string sent;
  for (const char c : std::string_view("~?ls\r~~\r~B~Rx")) sent += typed(filter, std::string_view(&c, 1), actions);
  EXPECT_EQ(sent, "ls\r~\rx");
  EXPECT_EQ(actions, "243");
}

TEST(Escapes, None) {
  EscapeFilter filter('\0');
  std::string actions;
  EXPECT_EQ(typed(filter, std::string_view("\r~.\0.", 5), actions), std::string("\r~.\0.", 5));
  EXPECT_TRUE(actions.empty());
}

TEST(Signals, Names) {
  EXPECT_EQ(signal_number("TERM"), SIGTERM);
  EXPECT_EQ(signal_name(SIGKILL), "KILL");
  EXPECT_FALSE(signal_number("SIGTERM"));
  EXPECT_FALSE(signal_number("term"));
  EXPECT_FALSE(signal_number(""));
  EXPECT_NE(signal_name(SIGWINCH).find('@'), std::string_view::npos);
}

}  // namespace
}  // namespace nacre::tools
