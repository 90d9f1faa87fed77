// The account, and permissions of its files.
#include "tools/account.hpp"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace nacre::tools {
namespace {

std::string octal(mode_t mode) {
  std::array<char, 8> text{};
  for (std::size_t i = 0; i < 4; ++i) text[i] = static_cast<char>('0' + (mode >> (9 - 3 * i) & 7));
  return text.data();
}

std::optional<std::string> objection(const std::string& path, const Account& account) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return path + ": " + std::strerror(errno);
  if (about.st_uid != 0 && about.st_uid != account.uid) return path + " belongs to another user";
  const bool sticky =
      S_ISDIR(about.st_mode) && (about.st_mode & S_ISVTX) != 0;  // as /tmp: what is ours in it stays ours
  if ((about.st_mode & 022) != 0 && !sticky)
    return path + " can be written by others (mode " + octal(about.st_mode & 07777) + ")";
  return std::nullopt;
}

}  // namespace

Expected<Account, std::string> own_account() {
  errno = 0;
  const auto* entry = ::getpwuid(::geteuid());
  if (entry == nullptr)
    return Unexpected<std::string>{"there is no account with the user id " + std::to_string(::geteuid())};
  Account account{entry->pw_name, entry->pw_dir, entry->pw_shell, entry->pw_uid};
  if (account.shell.empty()) account.shell = "/bin/sh";
  return account;
}

std::optional<std::string> who_else_can_change(const std::string& path, const Account& account) {
  const auto resolved = std::unique_ptr<char, decltype(&std::free)>(::realpath(path.c_str(), nullptr), &std::free);
  const auto home = std::unique_ptr<char, decltype(&std::free)>(::realpath(account.home.c_str(), nullptr), &std::free);
  if (!resolved) return path + ": " + std::strerror(errno);
  std::string place = resolved.get();
  for (;;) {
    if (auto problem = objection(place, account)) return problem;
    if (home && place == home.get()) return std::nullopt;
    const auto slash = place.rfind('/');
    if (place == "/" || slash == std::string::npos) return std::nullopt;
    place.resize(slash == 0 ? 1 : slash);
  }
}

std::optional<std::string> who_else_can_read(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) return std::nullopt;
  if ((about.st_mode & 077) == 0 || about.st_uid != ::getuid()) return std::nullopt;
  return "others can read it (mode " + octal(about.st_mode & 07777) + "); chmod 600 " + path;
}

}  // namespace nacre::tools
