// Log: where the drivers tell what happens, one line an event. The program decides what becomes of it.
#pragma once

#include <cstdint>
#include <string_view>

namespace nacre {

enum class LogLevel : std::uint8_t { error, info, verbose, debug };

class Log {
 public:
  virtual ~Log() = default;
  // One line without '\n', fit to print: the peer's text in it is escaped. No secrets are ever in it.
  virtual void line(LogLevel level, std::string_view text) = 0;
};

}  // namespace nacre
