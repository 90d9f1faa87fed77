// Users: the table, and the Authorizer over it.
#include "flow/users.hpp"

#include <algorithm>
#include <atomic>

#include <asio/co_spawn.hpp>
#include <asio/use_awaitable.hpp>

#include "crypto/password_hash.hpp"
#include "engine/text.hpp"

namespace nacre {

FlowResult<Users> Users::make(std::vector<User> users) {
  Users table;
  for (const auto& user : users) {
    const auto name = "user '" + printable(user.name) + "': ";
    if (user.name.empty()) return Unexpected{FlowError{FlowCode::configuration, "a user without a name"}};
    const auto same = [&](const User& other) { return &other != &user && other.name == user.name; };
    if (std::any_of(users.begin(), users.end(), same))
      return Unexpected{FlowError{FlowCode::configuration, name + "is listed twice"}};
    if (!user.password_hash.empty() && !is_password_hash(user.password_hash))
      return Unexpected{FlowError{FlowCode::configuration, name + "the password hash is not an Argon2 or bcrypt line"}};
    if (table.decoy_.empty()) table.decoy_ = user.password_hash;
  }
  table.users_ = std::move(users);
  return table;
}

FlowResult<Users> Users::parse(std::string_view text) {
  std::vector<User> users;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    const auto name_end = line.find_first_of(": \t");
    const auto where = "line " + std::to_string(number) + ": ";
    if (name_end == std::string_view::npos || name_end == 0)
      return Unexpected{FlowError{FlowCode::configuration, where + "expected name:hash"}};
    const auto hash = line.substr(std::min(line.find_first_not_of(": \t", name_end), line.size()));
    if (!is_password_hash(hash))
      return Unexpected{FlowError{FlowCode::configuration, where + "the hash is not an Argon2 or bcrypt line"}};
    users.push_back({std::string(line.substr(0, name_end)), {}, std::string(hash)});
  }
  return make(std::move(users));
}

const User* Users::find(std::string_view name) const {
  const auto at = std::find_if(users_.begin(), users_.end(), [&](const User& user) { return user.name == name; });
  return at == users_.end() ? nullptr : &*at;
}

bool Users::password_is_right(std::string_view name, Bytes password) const {
  const auto* user = find(name);
  const bool can = user && !user->password_hash.empty();
  const bool right = check_password(password, can ? user->password_hash : decoy_);
  return can && right;
}

bool Users::has_key(std::string_view name, Bytes key) const {
  const auto* user = find(name);
  if (!user) return false;
  return std::any_of(user->keys.begin(), user->keys.end(),
                     [&](const ByteVector& each) { return same_bytes(each, key); });
}

namespace {

class ByUsers : public Authorizer {
 public:
  ByUsers(std::shared_ptr<const Users> users, std::optional<Executor> workers)
      : users_(std::move(users)), workers_(std::move(workers)) {}

  Awaitable<bool> key_of_interest(std::string user, std::string, ByteVector key) override {
    co_return users_->has_key(user, key);
  }
  Awaitable<AuthVerdict> key_proven(std::string user, std::string, ByteVector key) override {
    co_return users_->has_key(user, key) ? AuthVerdict::accept : AuthVerdict::reject;
  }
  Awaitable<AuthVerdict> password(std::string user, Secret password) override {
    const auto users = users_;  // the connection may be gone when the hash is done
    bool right = false;
    if (workers_)  // awaiting a coroutine that was spawned there comes back to this one's executor
      right = co_await asio::co_spawn(*workers_, check(users, ended_, std::move(user), std::move(password)),
                                      asio::use_awaitable);
    else
      right = users->password_is_right(user, password.bytes());
    co_return right ? AuthVerdict::accept : AuthVerdict::reject;
  }
  Awaitable<Step> prompts(std::string, std::string) override {
    PromptRound round;
    round.questions.push_back({"Password: ", false});
    co_return round;
  }
  Awaitable<Step> responses(std::string user, std::vector<Secret> responses) override {
    if (responses.size() != 1) co_return AuthVerdict::reject;
    auto verdict = co_await password(std::move(user), std::move(responses[0]));
    co_return verdict;
  }
  void ended() override { *ended_ = true; }

 private:
  using Flag = std::shared_ptr<std::atomic<bool>>;

  // A client that has left costs no hash: a queue of them would keep the others waiting.
  static Awaitable<bool> check(std::shared_ptr<const Users> users, Flag ended, std::string user, Secret password) {
    co_return !*ended && users->password_is_right(user, password.bytes());
  }
  std::shared_ptr<const Users> users_;
  std::optional<Executor> workers_;
  Flag ended_ = std::make_shared<std::atomic<bool>>(false);  // read by the workers
};

}  // namespace

std::unique_ptr<Authorizer> authorize_by(std::shared_ptr<const Users> users, std::optional<Executor> workers) {
  return std::make_unique<ByUsers>(std::move(users), std::move(workers));
}

}  // namespace nacre
