// The identification exchange (RFC 4253 4.2).
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "engine/error.hpp"
#include "engine/limits.hpp"
#include "engine/order.hpp"

namespace nacre {

// Reads the peer's lines one at a time, up to its identification.
class IdentReader {
 public:
  struct Line {
    std::string_view text;  // without CR LF; a view into the input
    std::size_t size;       // bytes of the input it took
    bool is_ident;          // else a line that a server sent before
  };

  // The next line of `input`, nothing when it isn't whole yet, or why the peer is turned away.
  Result<std::optional<Line>> next(std::string_view input, Role receiver, const Limits& limits);

 private:
  std::size_t lines_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace nacre
