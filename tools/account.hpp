// The account a program runs as, and whether files of it are nobody else's to change.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "crypto/expected.hpp"

namespace nacre::tools {

struct Account {
  std::string name;
  std::string home;
  std::string shell;
  uid_t uid = 0;
};

// As the password database has it. The error says what is missing.
Expected<Account, std::string> own_account();

// Why the file can't be trusted with logins: it, or a folder above it up to `home` (or the root), belongs to somebody
// else or can be written by others (sshd_config(5) StrictModes). Nothing: it can.
std::optional<std::string> who_else_can_change(const std::string& path, const Account& account);

// Why a private key file is not private: others can read it. Nothing: only its owner can. Missing files are nothing too.
std::optional<std::string> who_else_can_read(const std::string& path);

}  // namespace nacre::tools
