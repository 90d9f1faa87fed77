// The decisions of nacre-sshd about who its clients are, each of them a line in the log.
#include "tools/sshd_login.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include "engine/trust/pattern.hpp"
#include "tools/files.hpp"

namespace nacre::tools {
namespace {

constexpr std::size_t keys_file_limit = 1024 * 1024;  // bytes

std::string time_text(bool utc) {
  const auto now = std::time(nullptr);
  std::tm parts{};
  if (utc)
    gmtime_r(&now, &parts);
  else
    localtime_r(&now, &parts);
  std::array<char, 16> text{};
  std::strftime(text.data(), text.size(), "%Y%m%d%H%M%S", &parts);
  return text.data();
}

// Whether PermitRootLogin leaves the account its passwords.
bool passwords_serve(const LoginRules& rules) {
  return rules.options.root_login == RootLogin::yes || rules.account.uid != 0;
}

class Login final : public Authorizer {
 public:
  Login(std::shared_ptr<const LoginRules> rules, std::shared_ptr<LoginState> state)
      : rules_(std::move(rules)), state_(std::move(state)) {
    if (rules_->users) passwords_ = authorize_by(rules_->users, rules_->workers);
  }

  Awaitable<bool> key_of_interest(std::string user, std::string algorithm, ByteVector key) override {
    state_->attempted = true;
    const bool interesting = may_enter(user) && is_next("publickey") && find_key(user, algorithm, key).has_value();
    if (!interesting) say_failed("publickey", user, fingerprint(key));
    co_return interesting;
  }

  Awaitable<AuthVerdict> key_proven(std::string user, std::string algorithm, ByteVector key) override {
    state_->attempted = true;
    auto entry = find_key(user, algorithm, key);
    const auto shown = fingerprint(key);
    if (!may_enter(user) || !entry) {
      say_failed("publickey", user, shown);
      co_return AuthVerdict::reject;
    }
    co_return passed("publickey", user, printable(algorithm) + " " + shown, entry->options);
  }

  Awaitable<AuthVerdict> password(std::string user, Secret password) override {
    state_->attempted = true;
    if (!passwords_) co_return AuthVerdict::reject;
    auto asked = passwords_->password(user, std::move(password));
    const auto verdict = co_await std::move(asked);
    co_return after_password("password", user, verdict);
  }

  Awaitable<Step> prompts(std::string user, std::string submethods) override {
    state_->attempted = true;
    if (!passwords_) co_return AuthVerdict::reject;
    auto asked = passwords_->prompts(user, std::move(submethods));
    auto step = co_await std::move(asked);
    co_return step;
  }

  Awaitable<Step> responses(std::string user, std::vector<Secret> responses) override {
    if (!passwords_) co_return AuthVerdict::reject;
    auto asked = passwords_->responses(user, std::move(responses));
    auto step = co_await std::move(asked);
    if (const auto* verdict = std::get_if<AuthVerdict>(&step))
      co_return after_password("keyboard-interactive", user, *verdict);
    co_return step;
  }

  void ended() override {
    if (passwords_) passwords_->ended();
  }

 private:
  AuthVerdict after_password(std::string_view method, const std::string& user, AuthVerdict verdict) {
    if (state_->settled) return AuthVerdict::reject;  // the connection has ended while its password was judged
    if (verdict != AuthVerdict::accept || !may_enter(user) || !passwords_serve(*rules_)) {
      say_failed(method, user, {});
      return AuthVerdict::reject;
    }
    return passed(method, user, {}, {});
  }

  bool may_enter(std::string_view user) const {
    const auto& options = rules_->options;
    if (matches_user(options.deny_users, user, state_->address)) return false;
    if (!options.allow_users.empty() && !matches_user(options.allow_users, user, state_->address)) return false;
    return options.root_login != RootLogin::no || rules_->account.uid != 0;
  }

  bool is_next(std::string_view method) const {
    const auto& lists = rules_->options.authentication_methods;
    return verdict_after(lists, state_->steps, method) != AuthVerdict::reject;
  }

  std::optional<AuthorizedKey> find_key(std::string_view user, const std::string& algorithm, Bytes key) const {
    const auto& accepted = rules_->options.user_key_algorithms;
    const bool known = accepted.empty() || std::find(accepted.begin(), accepted.end(), algorithm) != accepted.end();
    if (user != rules_->account.name || !known) return std::nullopt;
    const auto paths = authorized_keys_paths(rules_->options, rules_->account);
    if (!paths) return std::nullopt;
    for (const auto& path : *paths)
      if (auto entry = find_key_in(path, key)) return entry;
    return std::nullopt;
  }

  std::optional<AuthorizedKey> find_key_in(const std::string& path, Bytes key) const {
    if (!file_exists(path)) return std::nullopt;
    if (rules_->options.strict_modes)
      if (auto problem = who_else_can_change(path, rules_->account)) {
        rules_->log->info("keys of " + path + " don't count: " + *problem);
        return std::nullopt;
      }
    const auto text = read_file(path, keys_file_limit);
    if (!text) {
      rules_->log->info(text.error());
      return std::nullopt;
    }
    std::vector<TrustWarning> warnings;
    const auto utc = time_text(true);
    const auto local = time_text(false);
    auto entry = find_authorized_key(text_of(text->bytes()), key, {state_->address, utc, local}, &warnings);
    for (const auto& warning : warnings)
      rules_->log->verbose(path + " line " + std::to_string(warning.line) + ": " + std::string(warning.text));
    if (entry) entry->type = entry->comment = {};  // they were views into the text
    return entry;
  }

  AuthVerdict passed(std::string_view method, const std::string& user, const std::string& with,
                     const KeyOptions& options) {
    const auto verdict = verdict_after(rules_->options.authentication_methods, state_->steps, method);
    if (verdict == AuthVerdict::reject) {
      say_failed(method, user, "out of turn");
      return verdict;
    }
    state_->permitted = state_->steps.empty() ? options : intersect(state_->permitted, options);
    state_->steps.emplace_back(method);
    const auto* word = verdict == AuthVerdict::accept ? "Accepted " : "Partly accepted ";
    rules_->log->info(word + std::string(method) + " for " + printable(user) + " from " + state_->peer +
                      (with.empty() ? "" : ": " + with));
    if (verdict == AuthVerdict::accept) {
      state_->authenticated = true;
      if (state_->on_authenticated) state_->on_authenticated();
    }
    return verdict;
  }

  void say_failed(std::string_view method, std::string_view user, const std::string& with) const {
    rules_->log->info("Failed " + std::string(method) + " for " + printable(user) + " from " + state_->peer +
                      (with.empty() ? "" : ": " + with));
  }

  std::shared_ptr<const LoginRules> rules_;
  std::shared_ptr<LoginState> state_;
  std::unique_ptr<Authorizer> passwords_;
};

}  // namespace

std::unique_ptr<Authorizer> make_login(std::shared_ptr<const LoginRules> rules, std::shared_ptr<LoginState> state) {
  return std::make_unique<Login>(std::move(rules), std::move(state));
}

Parsed<Names> authorized_keys_paths(const SshdOptions& options, const Account& account) {
  Names paths;
  for (const auto& file : options.authorized_keys_files) {
    auto path = expand_percent(file, {{'h', account.home}, {'u', account.name}, {'U', std::to_string(account.uid)}});
    if (!path) return Unexpected<std::string>{"AuthorizedKeysFile: " + path.error()};
    auto place = expand_home(*path, account.home);
    if (!place.starts_with('/')) place = account.home + "/" + place;
    paths.push_back(std::move(place));
  }
  return paths;
}

bool matches_user(const Names& patterns, std::string_view user, std::string_view address) {
  return std::any_of(patterns.begin(), patterns.end(), [&](std::string_view pattern) {
    const auto at = pattern.rfind('@');
    if (at == std::string_view::npos) return matches_pattern(user, pattern);
    return matches_pattern(user, pattern.substr(0, at)) &&
           matches_address_list(address, pattern.substr(at + 1)) == ListMatch::yes;
  });
}

std::optional<std::string> nobody_can_log_in(const LoginRules& rules) {
  const bool by_password = rules.users && (rules.options.password || rules.options.keyboard_interactive);
  if (by_password && passwords_serve(rules)) return std::nullopt;
  const auto paths = authorized_keys_paths(rules.options, rules.account);
  if (rules.options.publickey && paths)
    for (const auto& path : *paths)
      if (file_exists(path)) return std::nullopt;
  if (!rules.options.publickey) return "nobody can log in: PubkeyAuthentication is off and there is no UsersFile";
  return "nobody can log in yet: there is no key in " +
         (paths ? join(*paths, " or ") : std::string("AuthorizedKeysFile")) +
         ", where the line of a user's FILE.pub belongs, and no UsersFile";
}

AuthVerdict verdict_after(const Names& lists, const Names& steps, std::string_view method) {
  if (lists.empty()) return AuthVerdict::accept;
  auto verdict = AuthVerdict::reject;
  for (const auto& list : lists) {
    const auto wanted = split_list(list);
    if (wanted.size() <= steps.size() || !std::equal(steps.begin(), steps.end(), wanted.begin())) continue;
    if (wanted[steps.size()] != method) continue;
    if (wanted.size() == steps.size() + 1) return AuthVerdict::accept;
    verdict = AuthVerdict::partial;
  }
  return verdict;
}

}  // namespace nacre::tools
