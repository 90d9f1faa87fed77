// What counts as an identification line, and how much a peer may say before it.
#include "engine/transport/ident.hpp"

#include <algorithm>

namespace nacre {
namespace {

Error check_ident(std::string_view line) {
  if (std::any_of(line.begin(), line.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }))
    return {Code::ident_malformed, 0};
  for (const std::string_view version : {"SSH-2.0-", "SSH-1.99-"}) {
    if (!line.starts_with(version)) continue;
    return {line.size() > version.size() ? Code::none : Code::ident_malformed, 0};
  }
  return {Code::version_unsupported, 0};
}

}  // namespace

Result<std::optional<IdentReader::Line>> IdentReader::next(std::string_view input, Role receiver,
                                                           const Limits& limits) {
  constexpr std::string_view start = "SSH-";
  const bool may_be_ident = input.starts_with(start.substr(0, std::min(input.size(), start.size())));
  // A client that begins with anything else is turned away at its first byte.
  if (receiver == Role::server && !may_be_ident) return Unexpected{Error{Code::not_ssh, 0}};
  const auto limit = may_be_ident ? limits.ident_line : limits.pre_ident_line;

  const auto newline = input.find('\n');
  if (newline == std::string_view::npos || newline >= limit) {
    if (input.size() < limit) return std::optional<Line>{};
    return Unexpected{Error{Code::ident_too_long, 0}};
  }
  auto text = input.substr(0, newline);
  if (text.ends_with('\r')) text.remove_suffix(1);
  const Line line{text, newline + 1, may_be_ident && input.size() >= start.size()};
  if (line.is_ident) {
    if (const auto error = check_ident(text); error.code != Code::none) return Unexpected{error};
    return std::optional(line);
  }
  if (receiver == Role::server) return Unexpected{Error{Code::not_ssh, 0}};
  bytes_ += line.size;
  if (++lines_ > limits.pre_ident_lines || bytes_ > limits.pre_ident_bytes) return Unexpected{Error{Code::not_ssh, 0}};
  return std::optional(line);
}

}  // namespace nacre
