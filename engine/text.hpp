// Peer text made fit for a terminal or a log.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace nacre {

enum class Lines { one, many };  // `many` keeps '\n' and '\t', for banners

// C0 and C1 controls, DEL and a lone backslash come out as \xNN; bytes that are not UTF-8 likewise. Never fails.
// At most `limit` bytes of the text are looked at; "..." tells of the rest.
std::string printable(std::string_view text, Lines lines = Lines::one, std::size_t limit = 4096);

}  // namespace nacre
