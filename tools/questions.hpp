// Questions to the person before nacre-ssh: on the terminal, or by the program that SSH_ASKPASS names.
#pragma once

#include <optional>
#include <string>

#include "crypto/secret.hpp"

namespace nacre::tools {

class Questions {
 public:
  explicit Questions(bool forbidden) : forbidden_(forbidden) {}

  // Whether anybody can be asked: not in batch mode, not without terminal and SSH_ASKPASS.
  bool possible() const;

  // One line, hidden while it is typed. Nothing: nobody answered.
  std::optional<Secret> secret(const std::string& prompt) const;
  std::optional<Secret> text(const std::string& prompt, bool echo) const;

 private:
  bool forbidden_;
};

}  // namespace nacre::tools
