// Who may log in to nacre-sshd: the account's own name with its authorized keys, and the names of a users file.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <asio/any_io_executor.hpp>

#include "engine/trust/authorized_keys.hpp"
#include "flow/authorizer.hpp"
#include "flow/users.hpp"
#include "tools/account.hpp"
#include "tools/program_log.hpp"
#include "tools/sshd_options.hpp"

namespace nacre::tools {

// What all connections share. Does not change while the server runs.
struct LoginRules {
  SshdOptions options;
  Account account;
  std::shared_ptr<const Users> users;  // null: nobody has a password
  std::optional<Executor> workers;     // where passwords are hashed
  std::shared_ptr<ProgramLog> log;
};

// What one connection has come to. Its login writes it, its sessions read it.
struct LoginState {
  std::string address;  // of the client, in numbers
  std::string peer;     // "127.0.0.1 port 40522"
  bool authenticated = false;
  bool settled = false;    // it has logged in, or has ended without
  bool attempted = false;  // a key or a password has been offered
  KeyOptions permitted;    // what the keys' lines leave of the rights
  Names steps;             // methods that have been passed
  std::function<void()> on_authenticated;
};

std::unique_ptr<Authorizer> make_login(std::shared_ptr<const LoginRules> rules, std::shared_ptr<LoginState> state);

// The paths of AuthorizedKeysFile for the account, %h, %u, %% and ~ expanded, others relative to its home.
Parsed<Names> authorized_keys_paths(const SshdOptions& options, const Account& account);

// AllowUsers and DenyUsers: "name", or "name@addresses", where the addresses are patterns or have a prefix length.
bool matches_user(const Names& patterns, std::string_view user, std::string_view address);

// Why nobody could log in as things stand, as a hint at start; nothing when somebody could.
std::optional<std::string> nobody_can_log_in(const LoginRules& rules);

// With AuthenticationMethods: what follows when `method` has been passed after `steps`.
AuthVerdict verdict_after(const Names& lists, const Names& steps, std::string_view method);

}  // namespace nacre::tools
