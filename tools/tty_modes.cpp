// Terminal modes: the table of RFC 4254 8 and RFC 8160 against termios.
#include "tools/tty_modes.hpp"

#include <unistd.h>

#include <array>

#include "crypto/wire.hpp"

namespace nacre::tools {
namespace {

struct Character {
  std::uint8_t opcode;
  std::size_t index;  // in c_cc
};

constexpr std::array<Character, 15> characters = {{{1, VINTR},
                                                   {2, VQUIT},
                                                   {3, VERASE},
                                                   {4, VKILL},
                                                   {5, VEOF},
                                                   {6, VEOL},
                                                   {7, VEOL2},
                                                   {8, VSTART},
                                                   {9, VSTOP},
                                                   {10, VSUSP},
                                                   {12, VREPRINT},
                                                   {13, VWERASE},
                                                   {14, VLNEXT},
                                                   {18, VDISCARD},
                                                   {16, VSWTC}}};

struct Flag {
  std::uint8_t opcode;
  tcflag_t termios::*word;
  tcflag_t bits;
};

constexpr std::array<Flag, 34> flags = {
    {{30, &termios::c_iflag, IGNPAR}, {31, &termios::c_iflag, PARMRK}, {32, &termios::c_iflag, INPCK},
     {33, &termios::c_iflag, ISTRIP}, {34, &termios::c_iflag, INLCR},  {35, &termios::c_iflag, IGNCR},
     {36, &termios::c_iflag, ICRNL},  {37, &termios::c_iflag, IUCLC},  {38, &termios::c_iflag, IXON},
     {39, &termios::c_iflag, IXANY},  {40, &termios::c_iflag, IXOFF},  {41, &termios::c_iflag, IMAXBEL},
     {42, &termios::c_iflag, IUTF8},  {50, &termios::c_lflag, ISIG},   {51, &termios::c_lflag, ICANON},
     {52, &termios::c_lflag, XCASE},  {53, &termios::c_lflag, ECHO},   {54, &termios::c_lflag, ECHOE},
     {55, &termios::c_lflag, ECHOK},  {56, &termios::c_lflag, ECHONL}, {57, &termios::c_lflag, NOFLSH},
     {58, &termios::c_lflag, TOSTOP}, {59, &termios::c_lflag, IEXTEN}, {60, &termios::c_lflag, ECHOCTL},
     {61, &termios::c_lflag, ECHOKE}, {62, &termios::c_lflag, PENDIN}, {70, &termios::c_oflag, OPOST},
     {71, &termios::c_oflag, OLCUC},  {72, &termios::c_oflag, ONLCR},  {73, &termios::c_oflag, OCRNL},
     {74, &termios::c_oflag, ONOCR},  {75, &termios::c_oflag, ONLRET}, {92, &termios::c_cflag, PARENB},
     {93, &termios::c_cflag, PARODD}}};

constexpr std::uint8_t end_of_modes = 0;
constexpr std::uint8_t input_speed = 128;
constexpr std::uint8_t output_speed = 129;
constexpr std::uint8_t first_undefined = 160;  // from here on nobody knows how long arguments are
constexpr std::uint32_t no_character = 255;

struct Speed {
  speed_t code;
  std::uint32_t bits_per_second;
};

constexpr std::array<Speed, 18> speeds = {{{B50, 50},
                                           {B75, 75},
                                           {B110, 110},
                                           {B134, 134},
                                           {B150, 150},
                                           {B200, 200},
                                           {B300, 300},
                                           {B600, 600},
                                           {B1200, 1200},
                                           {B1800, 1800},
                                           {B2400, 2400},
                                           {B4800, 4800},
                                           {B9600, 9600},
                                           {B19200, 19200},
                                           {B38400, 38400},
                                           {B57600, 57600},
                                           {B115200, 115200},
                                           {B230400, 230400}}};

std::uint32_t bits_per_second(speed_t code) {
  for (const auto& speed : speeds)
    if (speed.code == code) return speed.bits_per_second;
  return 9600;
}

speed_t speed_code(std::uint32_t bits) {
  for (const auto& speed : speeds)
    if (speed.bits_per_second == bits) return speed.code;
  return B9600;
}

void set_flag(termios& terminal, tcflag_t termios::*word, tcflag_t bits, bool on) {
  if (on)
    terminal.*word |= bits;
  else
    terminal.*word &= ~bits;
}

void set_mode(termios& terminal, std::uint8_t opcode, std::uint32_t value) {
  for (const auto& each : characters)
    if (each.opcode == opcode)
      terminal.c_cc[each.index] = value == no_character ? cc_t{_POSIX_VDISABLE} : static_cast<cc_t>(value & 0xff);
  for (const auto& each : flags)
    if (each.opcode == opcode) set_flag(terminal, each.word, each.bits, value != 0);
  if ((opcode == 90 || opcode == 91) && value != 0) {  // CS7, CS8: one of the sizes
    terminal.c_cflag &= ~tcflag_t{CSIZE};
    terminal.c_cflag |= opcode == 90 ? CS7 : CS8;
  }
  if (opcode == input_speed) cfsetispeed(&terminal, speed_code(value));
  if (opcode == output_speed) cfsetospeed(&terminal, speed_code(value));
}

}  // namespace

ByteVector encode_modes(const termios& terminal) {
  ByteVector modes;
  VectorSink sink{modes};
  Writer writer(sink);
  const auto put = [&](std::uint8_t opcode, std::uint32_t value) {
    writer.write(opcode);
    writer.write(value);
  };
  put(output_speed, bits_per_second(cfgetospeed(&terminal)));
  put(input_speed, bits_per_second(cfgetispeed(&terminal)));
  for (const auto& each : characters) {
    const auto value = terminal.c_cc[each.index];
    put(each.opcode, value == _POSIX_VDISABLE ? no_character : std::uint32_t{value});
  }
  for (const auto& each : flags) put(each.opcode, (terminal.*each.word & each.bits) != 0 ? 1 : 0);
  put(90, (terminal.c_cflag & CSIZE) == CS7 ? 1 : 0);
  put(91, (terminal.c_cflag & CSIZE) == CS8 ? 1 : 0);
  writer.write(end_of_modes);
  return modes;
}

void decode_modes(Bytes modes, termios& terminal) {
  Reader reader(modes);
  for (;;) {
    std::uint8_t opcode = end_of_modes;
    std::uint32_t value = 0;
    reader.read(opcode);
    if (reader.failed() || opcode == end_of_modes || opcode >= first_undefined) return;
    reader.read(value);
    if (reader.failed()) return;
    set_mode(terminal, opcode, value);
  }
}

}  // namespace nacre::tools
