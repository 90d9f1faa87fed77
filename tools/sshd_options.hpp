// The options of nacre-sshd, under sshd_config(5)'s names, and what they make of an engine's configuration.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/config.hpp"
#include "tools/option_table.hpp"
#include "tools/program_log.hpp"
#include "tools/provider_names.hpp"
#include "tools/sshd_sources.hpp"

namespace nacre::tools {

struct ListenPlace {
  std::string address;  // in numbers
  std::uint16_t port;
};

// New connections are refused at random from `start` unauthenticated ones on, with `rate` percent, rising to all of
// them at `full` (sshd_config(5) MaxStartups).
struct Startups {
  unsigned start = 10;
  unsigned rate = 30;
  unsigned full = 100;
};

// What PermitRootLogin says of the account with the user id 0.
enum class RootLogin : std::uint8_t { no, prohibit_password, yes };

struct SshdOptions {
  std::uint16_t port = 22;
  Names listen_addresses;                                                        // as written
  Names host_keys;                                                               // paths
  Names key_exchanges, host_key_algorithms, user_key_algorithms, ciphers, macs;  // empty: the defaults
  Names authorized_keys_files = {".ssh/authorized_keys"};
  std::string users_file;
  bool publickey = true;
  bool password = true;  // as in OpenSSH; without a users file there is nobody with a password
  bool keyboard_interactive = true;
  Names authentication_methods;  // "publickey,password": in this order; one of the lists suffices. Empty: any one
  Names accept_env;
  Names set_env;                  // "NAME=value"
  Names allow_users, deny_users;  // "name" or "name@addresses", patterns
  Startups startups;
  SourceRules sources;
  unsigned max_sessions = 10;
  unsigned max_auth_tries = 6;
  std::chrono::seconds login_grace_time{120};
  std::chrono::seconds client_alive_interval{0};  // 0: nobody is asked
  unsigned client_alive_count_max = 3;
  RekeyLimit rekey_limit;
  std::vector<std::pair<std::string, std::string>> subsystems;
  std::string banner_file;
  std::optional<std::string> force_command;
  std::string pid_file;
  std::string path = "/usr/local/bin:/usr/bin:/bin:/usr/games";
  Loudness loudness = Loudness::info;
  bool permit_tty = true;
  RootLogin root_login = RootLogin::yes;
  bool strict_modes = true;
  bool require_strict_kex = false;
};

OptionTable<SshdOptions> sshd_option_table(const AlgorithmTables& algorithms);

// Reads a configuration file's text: a line an option, '#' begins a comment. Errors name the line.
Problem read_sshd_config(const OptionTable<SshdOptions>& table, SshdOptions& options, std::set<std::string>& seen,
                         std::string_view text);

// Where to listen: loopback unless told. Errors name what can't be listened on.
Parsed<std::vector<ListenPlace>> listen_places(const SshdOptions& options);

// The engine's part of it. The banner's text is filled in by whoever has read the file.
ServerConfig server_config(const SshdOptions& options);

// Whether one more connection is to be turned away while `waiting` have not authenticated yet. `dice` is 0 to 99.
bool turn_away(const Startups& startups, unsigned waiting, unsigned dice);

}  // namespace nacre::tools
