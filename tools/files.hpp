// Files as the programs use them: read whole up to a limit, written whole or not at all. And text of others made safe
// to print. Errors are sentences for people: what failed, on which file, why.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/expected.hpp"
#include "crypto/secret.hpp"

namespace nacre::tools {

// All bytes of the file; an error when it has more than `limit`. It may hold a key, so it is wiped when it dies.
Expected<Secret, std::string> read_file(const std::string& path, std::size_t limit);

enum class IfExists { replace, rewrite, refuse };

// Writes `contents` beside `path`, flushes them to the disk, and only then gives them that name: on any failure the
// place is as it was. Nothing is the good answer; otherwise the error. `replace` puts a new file there, even in place of a
// symbolic link; `rewrite` gives new contents to the file that is there, behind the links that lead to it, which keeps its
// owner. `refuse` never replaces a file, not even one that appeared meanwhile.
std::optional<std::string> write_file(const std::string& path, Bytes contents, mode_t mode, IfExists if_exists);

bool file_exists(const std::string& path);

// The text of a stranger (a peer, a file, an argument) for a terminal or a log line: control characters, DEL, C1 and
// what is not UTF-8 become \xNN, a backslash is doubled, and after `limit` bytes it ends in "...".
std::string printable(std::string_view text, std::size_t limit = 256);

}  // namespace nacre::tools
