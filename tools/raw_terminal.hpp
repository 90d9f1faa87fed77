// The person's own terminal during an interactive session: raw while it lasts, as it was afterwards.
#pragma once

#include <termios.h>

#include <optional>
#include <string>

#include "engine/requests.hpp"

namespace nacre::tools {

class RawTerminal {
 public:
  // Leaves everything as it is when `descriptor` is no terminal.
  explicit RawTerminal(int descriptor);
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  ~RawTerminal() { restore(); }

  bool is_terminal() const { return saved_.has_value(); }
  const termios& settings() const { return *saved_; }  // as they were; only of a terminal
  void make_raw();
  void restore();

 private:
  int descriptor_;
  bool raw_ = false;
  std::optional<termios> saved_;
};

// The size of the terminal; nothing when it is none.
std::optional<WindowChange> window_size(int descriptor);

}  // namespace nacre::tools
