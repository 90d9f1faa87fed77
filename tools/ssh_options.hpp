// The options of nacre-ssh, under ssh_config(5)'s names, and what they make of an engine's configuration.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/config.hpp"
#include "tools/option_table.hpp"
#include "tools/program_log.hpp"
#include "tools/provider_names.hpp"

namespace nacre::tools {

enum class HostChecking : std::uint8_t { yes, accept_new, ask, no };
enum class TerminalWish : std::uint8_t { automatic, no, yes, force };
enum class AddressFamily : std::uint8_t { any, inet, inet6 };
enum class SessionKind : std::uint8_t { usual, none, subsystem };

struct SshOptions {
  std::string host_name;  // empty: as on the command line
  std::string host_key_alias;
  std::string user;
  std::uint16_t port = 22;
  AddressFamily address_family = AddressFamily::any;
  std::chrono::seconds connect_timeout{0};  // 0: as long as the system takes
  std::string proxy_command;
  HostChecking host_checking = HostChecking::ask;
  Names user_known_hosts = {"~/.ssh/known_hosts", "~/.ssh/known_hosts2"};
  Names global_known_hosts = {"/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"};
  bool hash_known_hosts = false;
  bool visual_host_key = false;
  Names identity_files;
  Names preferred_methods = {"publickey", "keyboard-interactive", "password"};
  bool publickey = true;
  bool password = true;
  bool keyboard_interactive = true;
  unsigned password_prompts = 3;
  bool batch_mode = false;
  Names key_exchanges, host_key_algorithms, user_key_algorithms, ciphers, macs;  // empty: the defaults
  bool require_strict_kex = false;
  std::chrono::seconds server_alive_interval{0};
  unsigned server_alive_count_max = 3;
  RekeyLimit rekey_limit;
  Names send_env;
  Names set_env;
  TerminalWish terminal = TerminalWish::automatic;
  SessionKind session = SessionKind::usual;
  std::string remote_command;
  bool stdin_null = false;
  std::string escape = "~";  // empty: none
  Loudness loudness = Loudness::info;
};

OptionTable<SshOptions> ssh_option_table(const AlgorithmTables& algorithms);

// The engine's part of it.
ClientConfig client_config(const SshOptions& options);

// What is wrong with a host or a user name that would mean more than a name to a program or a file it is given to:
// in a host's name blanks, control characters and a '-' in front; with a ProxyCommand these in a user's name too, and in
// both what a shell reads differently (attacks row E13).
Problem check_names(const std::string& host, const std::string& user, bool for_a_shell);

}  // namespace nacre::tools
