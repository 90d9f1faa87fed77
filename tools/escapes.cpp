// Escape characters: three states, one byte at a time.
#include "tools/escapes.hpp"

namespace nacre::tools {
namespace {

constexpr char control_z = 0x1a;

EscapeAction action_of(char c) {
  switch (c) {
    case '.': return EscapeAction::disconnect;
    case '?': return EscapeAction::help;
    case 'R': return EscapeAction::rekey;
    case 'B': return EscapeAction::send_break;
    case control_z: return EscapeAction::suspend;
    default: return EscapeAction::none;
  }
}

bool ends_line(char c) { return c == '\r' || c == '\n'; }

}  // namespace

EscapeFilter::Result EscapeFilter::feed(std::string_view typed) {
  Result result;
  for (const char c : typed) {
    ++result.taken;
    if (state_ == State::escaped) {
      state_ = State::line_start;
      result.action = action_of(c);
      if (result.action != EscapeAction::none) return result;
      state_ = ends_line(c) ? State::line_start : State::within;
      if (c != escape_) result.send += escape_;  // the escape twice stands for itself
      result.send += c;
    } else if (state_ == State::line_start && c == escape_ && escape_ != '\0') {
      state_ = State::escaped;
    } else {
      state_ = ends_line(c) ? State::line_start : State::within;
      result.send += c;
    }
  }
  return result;
}

std::string_view EscapeFilter::help() {
  return "At the start of a line, after the escape character (~ unless told otherwise):\r\n"
         " .   end the connection\r\n"
         " R   new keys\r\n"
         " B   send a break\r\n"
         " ^Z  put nacre-ssh to sleep\r\n"
         " ?   this text\r\n"
         " ~   the escape character itself\r\n";
}

}  // namespace nacre::tools
