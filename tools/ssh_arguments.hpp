// The command line of nacre-ssh, cut as getopt cuts it for ssh: options, the destination, more options, the command.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/values.hpp"

namespace nacre::tools {

struct CommandLine {
  Names options;  // each with its value, if it has one, as the next word: "-v", "-p", "22"
  std::optional<std::string> destination;
  Names command;
};

// `with_value` are the letters that take a value. A problem when one of them has none.
Parsed<CommandLine> split_command_line(const Names& words, std::string_view with_value);

// "[user@]host" or "ssh://[user@]host[:port]". The last '@' divides.
struct Destination {
  std::string user;  // empty: not given
  std::string host;
  std::string port;  // empty: not given
};
Parsed<Destination> parse_destination(std::string_view text);

}  // namespace nacre::tools
