// The table of nacre-sshd's options, and their way into an engine's configuration.
#include "tools/sshd_options.hpp"

#include <algorithm>

#include "engine/trust/pattern.hpp"

namespace nacre::tools {
namespace {

using Table = OptionTable<SshdOptions>;

Problem set_startups(SshdOptions& options, const std::string& value) {
  const auto parts = split_list(value, ':');
  Names all = parts;
  if (all.size() == 1) all = {parts[0], "100", parts[0]};
  const std::string form = "'" + value + "' is not of the form start:rate:full, as in 10:30:100";
  if (all.size() != 3) return form;
  const auto start = parse_number(all[0], 1, 100'000);
  const auto rate = parse_number(all[1], 1, 100);
  const auto full = parse_number(all[2], 1, 100'000);
  if (!start || !rate || !full || *start > *full) return form;
  options.startups = {static_cast<unsigned>(*start), static_cast<unsigned>(*rate), static_cast<unsigned>(*full)};
  return std::nullopt;
}

Problem set_subsystem(SshdOptions& options, const std::string& value) {
  const auto end = value.find_first_of(" \t");
  if (end == std::string::npos) return "'" + value + "' has no command; write name and command";
  const auto name = value.substr(0, end);
  for (const auto& each : options.subsystems)
    if (each.first == name) return std::nullopt;
  const auto command = std::string(trimmed(std::string_view(value).substr(end)));
  options.subsystems.emplace_back(name, command);
  return std::nullopt;
}

Problem set_methods(SshdOptions& options, const std::string& value) {
  const auto lists = split_words(value);
  if (!lists) return lists.error();
  if (lists->size() == 1 && in_lower_case(lists->front()) == "any") return std::nullopt;
  for (const auto& list : *lists)
    for (const auto& method : split_list(list))
      if (method != "publickey" && method != "password" && method != "keyboard-interactive")
        return "'" + method + "' is none of publickey, password, keyboard-interactive";
  options.authentication_methods = *lists;
  return std::nullopt;
}

Problem set_environment(SshdOptions& options, const std::string& value) {
  const auto words = split_words(value);
  if (!words) return words.error();
  for (const auto& word : *words) {
    if (word.find('=') == std::string::npos || word.front() == '=')
      return "'" + word + "' is not of the form NAME=value";
    options.set_env.push_back(word);
  }
  return std::nullopt;
}

Problem set_root(SshdOptions& options, const std::string& value) {
  const auto choice =
      parse_choice(value, {"no", "prohibit-password", "yes", "without-password", "forced-commands-only"});
  if (!choice) return choice.error();
  if (*choice == 4) return std::string("forced-commands-only is not known here; write yes, no or prohibit-password");
  options.root_login = *choice == 3 ? RootLogin::prohibit_password : static_cast<RootLogin>(*choice);
  return std::nullopt;
}

std::string_view name_of(RootLogin login) {
  switch (login) {
    case RootLogin::no: return "no";
    case RootLogin::prohibit_password: return "prohibit-password";
    case RootLogin::yes: break;
  }
  return "yes";
}

// What stands behind the last '@' must be able to match: an entry that never does would deny nobody.
Problem check_user_pattern(const std::string& pattern) {
  const auto at = pattern.rfind('@');
  if (at == std::string::npos) return std::nullopt;
  const auto places = split_list(std::string_view(pattern).substr(at + 1));
  if (at == 0 || places.empty()) return "'" + pattern + "' has nothing on one side of its '@'";
  for (const auto& place : places) {
    if (!can_match_addresses(place))
      return "'" + place + "' is no address or pattern of addresses; names of hosts are not looked up here";
  }
  return std::nullopt;
}

void add_users(Table& table, std::string name, Names SshdOptions::*member) {
  table.add(
      std::move(name),
      [member](SshdOptions& options, const std::string& value) -> Problem {
        const auto words = split_words(value);
        if (!words) return words.error();
        for (const auto& word : *words) {
          if (auto problem = check_user_pattern(word)) return problem;
          (options.*member).push_back(word);
        }
        return std::nullopt;
      },
      [member](const SshdOptions& options) { return options.*member; }, Table::Times::many);
}

Problem set_listen(SshdOptions& options, const std::string& value) {
  SshdOptions probe;
  probe.listen_addresses = {value};
  const auto places = listen_places(probe);
  if (!places) return places.error();
  options.listen_addresses.push_back(value);
  return std::nullopt;
}

void add_addresses(Table& table) {
  table.add(
      "Port",
      [](SshdOptions& options, const std::string& value) -> Problem {
        const auto port = parse_port(value, true);
        if (!port) return port.error();
        options.port = *port;
        return std::nullopt;
      },
      [](const SshdOptions& options) { return Names{std::to_string(options.port)}; });
  table.add(
      "ListenAddress", set_listen,
      [](const SshdOptions& options) {
        return options.listen_addresses.empty() ? Names{"127.0.0.1"} : options.listen_addresses;
      },
      Table::Times::many);
  add_words(table, "HostKey", &SshdOptions::host_keys);
}

void add_algorithm_lists(Table& table, const AlgorithmTables& algorithms) {
  add_algorithms(table, "Ciphers", &SshdOptions::ciphers, algorithms.ciphers);
  add_algorithms(table, "MACs", &SshdOptions::macs, algorithms.macs);
  add_algorithms(table, "KexAlgorithms", &SshdOptions::key_exchanges, algorithms.key_exchanges);
  add_algorithms(table, "HostKeyAlgorithms", &SshdOptions::host_key_algorithms, algorithms.host_keys);
  add_algorithms(table, "PubkeyAcceptedAlgorithms", &SshdOptions::user_key_algorithms, algorithms.user_keys);
  table.alias("PubkeyAcceptedKeyTypes", "PubkeyAcceptedAlgorithms");
}

void add_login(Table& table) {
  table.add(
      "AuthorizedKeysFile",
      [](SshdOptions& options, const std::string& value) -> Problem {
        const auto words = split_words(value);
        if (!words) return words.error();
        options.authorized_keys_files = *words;
        if (words->size() == 1 && in_lower_case(words->front()) == "none") options.authorized_keys_files.clear();
        return std::nullopt;
      },
      [](const SshdOptions& options) {
        return Names{options.authorized_keys_files.empty() ? "none" : join(options.authorized_keys_files, " ")};
      });
  add_text(table, "UsersFile", &SshdOptions::users_file);
  add_flag(table, "PubkeyAuthentication", &SshdOptions::publickey);
  add_flag(table, "PasswordAuthentication", &SshdOptions::password);
  add_flag(table, "KbdInteractiveAuthentication", &SshdOptions::keyboard_interactive);
  table.alias("ChallengeResponseAuthentication", "KbdInteractiveAuthentication");
  table.add("AuthenticationMethods", set_methods, [](const SshdOptions& options) {
    return Names{options.authentication_methods.empty() ? "any" : join(options.authentication_methods, " ")};
  });
  add_users(table, "AllowUsers", &SshdOptions::allow_users);
  add_users(table, "DenyUsers", &SshdOptions::deny_users);
  table.add("PermitRootLogin", set_root,
            [](const SshdOptions& options) { return Names{std::string(name_of(options.root_login))}; });
  add_flag(table, "StrictModes", &SshdOptions::strict_modes);
  add_number(table, "MaxAuthTries", &SshdOptions::max_auth_tries, 1, 1000);
  add_time(table, "LoginGraceTime", &SshdOptions::login_grace_time, false);
  table.add("MaxStartups", set_startups, [](const SshdOptions& options) {
    const auto& startups = options.startups;
    return Names{std::to_string(startups.start) + ":" + std::to_string(startups.rate) + ":" +
                 std::to_string(startups.full)};
  });
}

void add_sources(Table& table) {
  table.add(
      "PerSourceMaxStartups",
      [](SshdOptions& options, const std::string& value) -> Problem {
        options.sources.startups.reset();
        if (in_lower_case(value) == "none") return std::nullopt;
        const auto number = parse_number(value, 1, 100'000);
        if (!number) return number.error();
        options.sources.startups = static_cast<unsigned>(*number);
        return std::nullopt;
      },
      [](const SshdOptions& options) {
        const auto& most = options.sources.startups;
        return Names{most ? std::to_string(*most) : "none"};
      });
  table.add(
      "PerSourceNetBlockSize",
      [](SshdOptions& options, const std::string& value) { return parse_block_size(options.sources, value); },
      [](const SshdOptions& options) {
        return Names{std::to_string(options.sources.bits4) + ":" + std::to_string(options.sources.bits6)};
      });
  table.add(
      "PerSourcePenalties",
      [](SshdOptions& options, const std::string& value) { return parse_penalties(options.sources.penalties, value); },
      [](const SshdOptions& options) { return Names{show(options.sources.penalties)}; });
  table.add(
      "PerSourcePenaltyExemptList",
      [](SshdOptions& options, const std::string& value) { return parse_exempt(options.sources, value); },
      [](const SshdOptions& options) {
        return Names{options.sources.exempt.empty() ? "none" : options.sources.exempt};
      });
}

void add_sessions(Table& table) {
  add_words(table, "AcceptEnv", &SshdOptions::accept_env);
  table.add(
      "SetEnv", set_environment, [](const SshdOptions& options) { return options.set_env; }, Table::Times::many);
  table.add(
      "Subsystem", set_subsystem,
      [](const SshdOptions& options) {
        Names lines;
        for (const auto& [name, command] : options.subsystems) lines.push_back(name + " " + command);
        return lines;
      },
      Table::Times::many);
  add_number(table, "MaxSessions", &SshdOptions::max_sessions, 0, 10'000);
  add_flag(table, "PermitTTY", &SshdOptions::permit_tty);
  table.add(
      "ForceCommand",
      [](SshdOptions& options, const std::string& value) -> Problem {
        if (value.empty()) return std::string("it has no command; write none where none is meant");
        options.force_command.reset();
        if (in_lower_case(value) != "none") options.force_command = value;
        return std::nullopt;
      },
      [](const SshdOptions& options) { return Names{options.force_command.value_or("none")}; });
  add_text(table, "Banner", &SshdOptions::banner_file);
  add_time(table, "ClientAliveInterval", &SshdOptions::client_alive_interval, true);
  add_number(table, "ClientAliveCountMax", &SshdOptions::client_alive_count_max, 1, 1000);
  table.add(
      "RekeyLimit",
      [](SshdOptions& options, const std::string& value) -> Problem {
        const auto limit = parse_rekey_limit(value);
        if (!limit) return limit.error();
        options.rekey_limit = *limit;
        return std::nullopt;
      },
      [](const SshdOptions& options) {
        const auto& limit = options.rekey_limit;
        return Names{(limit.bytes ? std::to_string(*limit.bytes) : "default") + " " +
                     (limit.time ? std::to_string(limit.time->count()) : "none")};
      });
  add_flag(table, "RequireStrictKex", &SshdOptions::require_strict_kex);
}

void add_program(Table& table) {
  table.add(
      "LogLevel",
      [](SshdOptions& options, const std::string& value) -> Problem {
        const auto loudness = parse_loudness(value);
        if (!loudness) return loudness.error();
        options.loudness = *loudness;
        return std::nullopt;
      },
      [](const SshdOptions& options) { return Names{std::string(name_of(options.loudness))}; });
  add_text(table, "PidFile", &SshdOptions::pid_file);
}

void add_others(Table& table) {
  for (const auto* name : {"X11Forwarding", "AllowTcpForwarding", "AllowStreamLocalForwarding", "AllowAgentForwarding",
                           "PermitTunnel", "GatewayPorts", "HostbasedAuthentication", "KerberosAuthentication",
                           "GSSAPIAuthentication", "PermitUserEnvironment", "PermitEmptyPasswords", "Compression",
                           "UsePAM", "UseDNS", "PrintMotd", "PrintLastLog", "PermitUserRC", "ExposeAuthInfo"})
    add_absent(table, name, {"no"});
  for (const auto* name : {"ChrootDirectory", "TrustedUserCAKeys", "RevokedKeys", "AuthorizedKeysCommand",
                           "AuthorizedPrincipalsFile", "HostCertificate", "HostKeyAgent", "VersionAddendum"})
    add_absent(table, name, {"none"});
  for (const auto* name : {"DisableForwarding", "IgnoreRhosts", "UsePrivilegeSeparation", "TCPKeepAlive"})
    add_absent(table, name, {"yes", "sandbox"});
  for (const auto* name :
       {"SyslogFacility", "LogVerbose", "IPQoS", "AddressFamily", "SshdSessionPath", "SshdAuthPath", "FingerprintHash"})
    add_ignored<SshdOptions>(table, name);
}

// "127.0.0.1", "127.0.0.1:22", "[::1]:22", "::1", "localhost", "*".
Parsed<ListenPlace> listen_place(std::string_view text, std::uint16_t port) {
  auto address = text;
  const auto colon = text.rfind(':');
  const bool bracket = text.starts_with('[');
  const bool has_port = colon != std::string_view::npos && (bracket ? text[colon - 1] == ']' : text.find(':') == colon);
  if (has_port) {
    const auto given = parse_port(text.substr(colon + 1), true);
    if (!given) return Unexpected<std::string>{given.error()};
    port = *given;
    address = text.substr(0, colon);
  }
  if (bracket && address.size() > 2 && address.back() == ']') address = address.substr(1, address.size() - 2);
  if (address == "localhost") address = "127.0.0.1";
  if (address == "*") address = "0.0.0.0";
  if (!is_address(address))
    return Unexpected<std::string>{"'" + std::string(text) +
                                   "' is not an address in numbers, as 127.0.0.1 or [::1]:2222"};
  return ListenPlace{std::string(address), port};
}

}  // namespace

OptionTable<SshdOptions> sshd_option_table(const AlgorithmTables& algorithms) {
  Table table;
  add_addresses(table);
  add_algorithm_lists(table, algorithms);
  add_login(table);
  add_sources(table);
  add_sessions(table);
  add_program(table);
  add_others(table);
  return table;
}

Problem read_sshd_config(const OptionTable<SshdOptions>& table, SshdOptions& options, std::set<std::string>& seen,
                         std::string_view text) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto line = trimmed(take_line(text));
    if (line.empty() || line.front() == '#') continue;
    auto rest = line;
    if (in_lower_case(take_word(rest)) == "match")
      return "line " + std::to_string(number) + ": Match blocks are not known here";
    if (auto problem = table.set(options, seen, line)) return "line " + std::to_string(number) + ": " + *problem;
  }
  return std::nullopt;
}

Parsed<std::vector<ListenPlace>> listen_places(const SshdOptions& options) {
  std::vector<ListenPlace> places;
  const auto texts = options.listen_addresses.empty() ? Names{"127.0.0.1"} : options.listen_addresses;
  for (const auto& text : texts) {
    const auto place = listen_place(text, options.port);
    if (!place) return Unexpected<std::string>{place.error()};
    places.push_back(*place);
  }
  return places;
}

ServerConfig server_config(const SshdOptions& options) {
  ServerConfig config;
  config.algorithms = {options.key_exchanges, options.host_key_algorithms, options.ciphers, options.macs};
  config.publickey = options.publickey;
  config.password = options.password;
  config.keyboard_interactive = options.keyboard_interactive;
  config.require_strict = options.require_strict_kex;
  auto& limits = config.limits;
  limits.sessions = options.max_sessions;
  limits.auth_failures = options.max_auth_tries;
  limits.login_time = options.login_grace_time;
  if (options.rekey_limit.bytes) limits.rekey_bytes = *options.rekey_limit.bytes;
  if (options.rekey_limit.time) limits.rekey_interval = *options.rekey_limit.time;
  return config;
}

bool turn_away(const Startups& startups, unsigned waiting, unsigned dice) {
  if (waiting < startups.start) return false;
  if (waiting >= startups.full) return true;
  const auto span = startups.full - startups.start;
  const auto chance = startups.rate + (100 - startups.rate) * (waiting - startups.start) / span;
  return dice < chance;
}

}  // namespace nacre::tools
