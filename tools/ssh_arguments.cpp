// The command line of nacre-ssh.
#include "tools/ssh_arguments.hpp"

namespace nacre::tools {
namespace {

// One word of letters, "-vvp22": each letter by itself, a value behind the first letter that takes one.
bool take_letters(const Names& words, std::size_t& at, std::string_view with_value, Names& into) {
  const auto& word = words[at];
  for (std::size_t i = 1; i < word.size(); ++i) {
    into.push_back({'-', word[i]});
    if (with_value.find(word[i]) == std::string_view::npos) continue;
    if (i + 1 < word.size())
      into.push_back(word.substr(i + 1));
    else if (at + 1 < words.size())
      into.push_back(words[++at]);
    else
      return false;
    return true;
  }
  return true;
}

}  // namespace

Parsed<CommandLine> split_command_line(const Names& words, std::string_view with_value) {
  CommandLine line;
  std::size_t at = 0;
  for (;;) {
    for (; at < words.size() && words[at].size() > 1 && words[at].front() == '-' && words[at] != "--"; ++at) {
      if (words[at].starts_with("--"))
        line.options.push_back(words[at]);
      else if (!take_letters(words, at, with_value, line.options))
        return Unexpected<std::string>{line.options.back() + " needs a value"};
    }
    if (at < words.size() && words[at] == "--") ++at;
    if (line.destination || at == words.size()) break;
    line.destination = words[at++];  // options may follow it, as in "ssh host -p 22 command"
  }
  for (; at < words.size(); ++at) line.command.push_back(words[at]);
  return line;
}

Parsed<Destination> parse_destination(std::string_view text) {
  Destination destination;
  constexpr std::string_view scheme = "ssh://";
  const bool is_uri = text.starts_with(scheme);
  if (is_uri) {
    text.remove_prefix(scheme.size());
    if (text.ends_with('/')) text.remove_suffix(1);
  }
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    destination.user = text.substr(0, at);
    if (destination.user.empty()) return Unexpected<std::string>{"there is no user name before '@'"};
    text.remove_prefix(at + 1);
  }
  if (is_uri) {
    const bool bracket = text.starts_with('[');
    const auto colon = bracket ? text.find("]:") + (text.find("]:") == std::string_view::npos ? 0 : 1) : text.find(':');
    if (colon != std::string_view::npos) {
      destination.port = text.substr(colon + 1);
      if (destination.port.empty()) return Unexpected<std::string>{"there is no port after ':'"};
      text = text.substr(0, colon);
    }
    if (text.find('/') != std::string_view::npos) return Unexpected<std::string>{"a path can't follow the host"};
  }
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  destination.host = text;
  if (destination.host.empty()) return Unexpected<std::string>{"the host name is empty"};
  return destination;
}

}  // namespace nacre::tools
