// Escape characters of an interactive session (ssh(1), "ESCAPE CHARACTERS"): "~." at the start of a line and the like.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nacre::tools {

enum class EscapeAction : unsigned char { none, disconnect, help, rekey, send_break, suspend };

// Takes what is typed, piece by piece, and gives what is to be sent.
class EscapeFilter {
 public:
  // '\0': nothing is an escape.
  explicit EscapeFilter(char escape) : escape_(escape) {}

  struct Result {
    std::string send;  // of the input up to the action
    EscapeAction action = EscapeAction::none;
    std::size_t taken = 0;  // bytes of the input, those of the action included
  };
  // Up to the next action or the end of the input. To be called again with the rest.
  Result feed(std::string_view typed);

  static std::string_view help();

 private:
  enum class State : unsigned char { line_start, within, escaped };
  char escape_;
  State state_ = State::line_start;
};

}  // namespace nacre::tools
