// The table of nacre-ssh's options, and their way into an engine's configuration.
#include "tools/ssh_options.hpp"

#include <algorithm>

namespace nacre::tools {
namespace {

using Table = OptionTable<SshOptions>;

// An option that is one of a few words. `shown` are the words by the enumeration's values.
template <class Choice>
void add_choice(Table& table, std::string name, Choice SshOptions::*member, std::vector<std::string_view> words,
                std::vector<Choice> values) {
  table.add(
      std::move(name),
      [member, words, values](SshOptions& options, const std::string& value) -> Problem {
        const auto index = parse_choice(value, words);
        if (!index) return index.error();
        options.*member = values[*index];
        return std::nullopt;
      },
      [member, words, values](const SshOptions& options) {
        const auto at = std::find(values.begin(), values.end(), options.*member);
        return Names{std::string(words[static_cast<std::size_t>(at - values.begin())])};
      });
}

// Words that take the place of the default ones.
void add_list(Table& table, std::string name, Names SshOptions::*member, char separator) {
  table.add(
      std::move(name),
      [member, separator](SshOptions& options, const std::string& value) -> Problem {
        const auto words = separator == ',' ? Parsed<Names>(split_list(value)) : split_words(value);
        if (!words) return words.error();
        options.*member = *words;
        if (words->size() == 1 && in_lower_case(words->front()) == "none") (options.*member).clear();
        return std::nullopt;
      },
      [member, separator](const SshOptions& options) {
        const auto& words = options.*member;
        return Names{words.empty() ? "none" : join(words, separator == ',' ? "," : " ")};
      });
}

Problem set_environment(SshOptions& options, const std::string& value) {
  const auto words = split_words(value);
  if (!words) return words.error();
  for (const auto& word : *words) {
    if (word.find('=') == std::string::npos || word.front() == '=')
      return "'" + word + "' is not of the form NAME=value";
    options.set_env.push_back(word);
  }
  return std::nullopt;
}

Problem set_escape(SshOptions& options, const std::string& value) {
  if (in_lower_case(value) == "none") return options.escape.clear(), std::nullopt;
  if (value.size() == 1) return options.escape = value, std::nullopt;
  if (value.size() == 2 && value.front() == '^' && value[1] >= '@')
    return options.escape = std::string(1, static_cast<char>(value[1] & 0x1f)), std::nullopt;
  return "'" + value + "' is neither one character, nor as in ^B, nor none";
}

void add_place(Table& table) {
  add_text(table, "HostName", &SshOptions::host_name, "");
  add_text(table, "HostKeyAlias", &SshOptions::host_key_alias, "");
  add_text(table, "User", &SshOptions::user, "");
  table.add(
      "Port",
      [](SshOptions& options, const std::string& value) -> Problem {
        const auto port = parse_port(value);
        if (!port) return port.error();
        options.port = *port;
        return std::nullopt;
      },
      [](const SshOptions& options) { return Names{std::to_string(options.port)}; });
  add_choice<AddressFamily>(table, "AddressFamily", &SshOptions::address_family, {"any", "inet", "inet6"},
                            {AddressFamily::any, AddressFamily::inet, AddressFamily::inet6});
  add_time(table, "ConnectTimeout", &SshOptions::connect_timeout, true);
  add_text(table, "ProxyCommand", &SshOptions::proxy_command);
}

void add_trust(Table& table) {
  add_choice<HostChecking>(table, "StrictHostKeyChecking", &SshOptions::host_checking,
                           {"yes", "true", "accept-new", "ask", "no", "false", "off"},
                           {HostChecking::yes, HostChecking::yes, HostChecking::accept_new, HostChecking::ask,
                            HostChecking::no, HostChecking::no, HostChecking::no});
  add_list(table, "UserKnownHostsFile", &SshOptions::user_known_hosts, ' ');
  add_list(table, "GlobalKnownHostsFile", &SshOptions::global_known_hosts, ' ');
  add_flag(table, "HashKnownHosts", &SshOptions::hash_known_hosts);
  add_flag(table, "VisualHostKey", &SshOptions::visual_host_key);
}

void add_login(Table& table) {
  table.add(
      "IdentityFile",
      [](SshOptions& options, const std::string& value) -> Problem {
        options.identity_files.push_back(value);
        return std::nullopt;
      },
      [](const SshOptions& options) { return options.identity_files; }, Table::Times::many);
  add_list(table, "PreferredAuthentications", &SshOptions::preferred_methods, ',');
  add_flag(table, "PubkeyAuthentication", &SshOptions::publickey);
  add_flag(table, "PasswordAuthentication", &SshOptions::password);
  add_flag(table, "KbdInteractiveAuthentication", &SshOptions::keyboard_interactive);
  table.alias("ChallengeResponseAuthentication", "KbdInteractiveAuthentication");
  add_number(table, "NumberOfPasswordPrompts", &SshOptions::password_prompts, 1, 1000);
  add_flag(table, "BatchMode", &SshOptions::batch_mode);
}

void add_algorithm_lists(Table& table, const AlgorithmTables& algorithms) {
  add_algorithms(table, "Ciphers", &SshOptions::ciphers, algorithms.ciphers);
  add_algorithms(table, "MACs", &SshOptions::macs, algorithms.macs);
  add_algorithms(table, "KexAlgorithms", &SshOptions::key_exchanges, algorithms.key_exchanges);
  add_algorithms(table, "HostKeyAlgorithms", &SshOptions::host_key_algorithms, algorithms.host_keys);
  add_algorithms(table, "PubkeyAcceptedAlgorithms", &SshOptions::user_key_algorithms, algorithms.user_keys);
  table.alias("PubkeyAcceptedKeyTypes", "PubkeyAcceptedAlgorithms");
  add_flag(table, "RequireStrictKex", &SshOptions::require_strict_kex);
  table.add(
      "RekeyLimit",
      [](SshOptions& options, const std::string& value) -> Problem {
        const auto limit = parse_rekey_limit(value);
        if (!limit) return limit.error();
        options.rekey_limit = *limit;
        return std::nullopt;
      },
      [](const SshOptions& options) {
        const auto& limit = options.rekey_limit;
        return Names{(limit.bytes ? std::to_string(*limit.bytes) : "default") + " " +
                     (limit.time ? std::to_string(limit.time->count()) : "none")};
      });
}

void add_session(Table& table) {
  add_words(table, "SendEnv", &SshOptions::send_env);
  table.add(
      "SetEnv", set_environment, [](const SshOptions& options) { return options.set_env; }, Table::Times::many);
  add_choice<TerminalWish>(table, "RequestTTY", &SshOptions::terminal, {"auto", "no", "yes", "force"},
                           {TerminalWish::automatic, TerminalWish::no, TerminalWish::yes, TerminalWish::force});
  add_choice<SessionKind>(table, "SessionType", &SshOptions::session, {"default", "none", "subsystem"},
                          {SessionKind::usual, SessionKind::none, SessionKind::subsystem});
  add_text(table, "RemoteCommand", &SshOptions::remote_command);
  add_flag(table, "StdinNull", &SshOptions::stdin_null);
  table.add("EscapeChar", set_escape,
            [](const SshOptions& options) { return Names{options.escape.empty() ? "none" : options.escape}; });
  add_time(table, "ServerAliveInterval", &SshOptions::server_alive_interval, true);
  add_number(table, "ServerAliveCountMax", &SshOptions::server_alive_count_max, 1, 1000);
  table.add(
      "LogLevel",
      [](SshOptions& options, const std::string& value) -> Problem {
        const auto loudness = parse_loudness(value);
        if (!loudness) return loudness.error();
        options.loudness = *loudness;
        return std::nullopt;
      },
      [](const SshOptions& options) { return Names{std::string(name_of(options.loudness))}; });
}

void add_others(Table& table) {
  for (const auto* name : {"ForwardX11",
                           "ForwardX11Trusted",
                           "ForwardAgent",
                           "PermitLocalCommand",
                           "Compression",
                           "GatewayPorts",
                           "Tunnel",
                           "HostbasedAuthentication",
                           "GSSAPIAuthentication",
                           "GSSAPIDelegateCredentials",
                           "ControlMaster",
                           "ControlPersist",
                           "ExitOnForwardFailure",
                           "ForkAfterAuthentication",
                           "VerifyHostKeyDNS",
                           "UpdateHostKeys",
                           "EnableSSHKeysign",
                           "CanonicalizeHostname",
                           "AddKeysToAgent",
                           "UseKeychain",
                           "EnableEscapeCommandline"})
    add_absent(table, name, {"no", "false", "off"});
  for (const auto* name : {"ControlPath", "ProxyJump", "IdentityAgent", "PKCS11Provider", "SecurityKeyProvider",
                           "RevokedHostKeys", "KnownHostsCommand", "LocalCommand", "CertificateFile"})
    add_absent(table, name, {"none"});
  add_absent(table, "ClearAllForwardings", {"yes", "no"});
  // Without an agent, only the files that are named are tried: both values mean the same here.
  for (const auto* name :
       {"IdentitiesOnly", "CheckHostIP", "TCPKeepAlive", "IPQoS", "FingerprintHash", "LogVerbose",
        "StreamLocalBindUnlink", "NoHostAuthenticationForLocalhost", "ConnectionAttempts", "Tag", "WarnWeakCrypto"})
    add_ignored<SshOptions>(table, name);
}

}  // namespace

OptionTable<SshOptions> ssh_option_table(const AlgorithmTables& algorithms) {
  Table table;
  add_place(table);
  add_trust(table);
  add_login(table);
  add_algorithm_lists(table, algorithms);
  add_session(table);
  add_others(table);
  return table;
}

ClientConfig client_config(const SshOptions& options) {
  ClientConfig config;
  config.user = options.user;
  config.algorithms = {options.key_exchanges, options.host_key_algorithms, options.ciphers, options.macs};
  config.require_strict = options.require_strict_kex;
  auto& limits = config.limits;
  if (options.rekey_limit.bytes) limits.rekey_bytes = *options.rekey_limit.bytes;
  if (options.rekey_limit.time) limits.rekey_interval = *options.rekey_limit.time;
  if (options.connect_timeout.count() > 0) limits.ident_time = options.connect_timeout;
  if (!options.batch_mode) {  // a person may take a while over a fingerprint or a password
    limits.kex_time = std::chrono::minutes(15);
    limits.login_time = std::chrono::hours(1);
  }
  return config;
}

Problem check_names(const std::string& host, const std::string& user, bool for_a_shell) {
  const auto is_blank_or_control = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; };
  const auto is_one_word = [&](const std::string& text) {
    return !text.starts_with('-') && std::none_of(text.begin(), text.end(), is_blank_or_control);
  };
  const auto is_for_a_shell = [](const std::string& text) {
    return text.find_first_of("'`\"$\\;&<>|(){}*?[]~#!") == std::string::npos;
  };
  if (host.empty()) return std::string("the host name is empty");
  if (!is_one_word(host)) return std::string("the host name has characters that no host name has");
  if (!for_a_shell) return std::nullopt;
  // A blank makes two arguments of a name, and the second may be an option.
  if (!is_one_word(user) || !is_for_a_shell(user) || !is_for_a_shell(host))
    return std::string("the user or host name has characters that a shell would read as more than a name");
  return std::nullopt;
}

}  // namespace nacre::tools
