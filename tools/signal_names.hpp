// Signals by the names that SSH has for them (RFC 4254 6.10): "TERM", without SIG.
#pragma once

#include <optional>
#include <string_view>

namespace nacre::tools {

std::optional<int> signal_number(std::string_view name);
// Signals that the RFC has no name for come out as "SIG@openssh.com", which is OpenSSH's word for them.
std::string_view signal_name(int number);

}  // namespace nacre::tools
