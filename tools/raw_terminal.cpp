// Raw mode and window size.
#include "tools/raw_terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

namespace nacre::tools {

RawTerminal::RawTerminal(int descriptor) : descriptor_(descriptor) {
  termios settings{};
  if (::isatty(descriptor) == 1 && ::tcgetattr(descriptor, &settings) == 0) saved_ = settings;
}

void RawTerminal::make_raw() {
  if (!saved_) return;
  auto raw = *saved_;
  ::cfmakeraw(&raw);
  raw_ = ::tcsetattr(descriptor_, TCSADRAIN, &raw) == 0;
}

void RawTerminal::restore() {
  if (raw_) (void)::tcsetattr(descriptor_, TCSADRAIN, &*saved_);
  raw_ = false;
}

std::optional<WindowChange> window_size(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0) return std::nullopt;
  return WindowChange{size.ws_col, size.ws_row, size.ws_xpixel, size.ws_ypixel};
}

}  // namespace nacre::tools
