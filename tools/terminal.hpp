// Questions to the person at the terminal, on /dev/tty whatever stdin and stdout are.
#pragma once

#include <optional>
#include <string>

#include "crypto/secret.hpp"

namespace nacre::tools {

// Whether there is a terminal to ask on.
bool has_terminal();

// One line, without its end, typed with the echo off. Nothing when there is no terminal, at the end of input, or when
// the line has more than 1023 bytes. A signal that ends or stops the program restores the echo first.
std::optional<Secret> ask_secret(const std::string& prompt);

// The same with the echo on.
std::optional<std::string> ask(const std::string& prompt);

// Asks until the answer is yes or no. False when nobody can answer.
bool confirm(const std::string& prompt);

// One line of a descriptor that is not a terminal, byte by byte, so that what follows is left for the next reader.
std::optional<Secret> read_line(int descriptor);

}  // namespace nacre::tools
