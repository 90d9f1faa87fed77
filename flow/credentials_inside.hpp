// What a Credentials holds, and where a login stands in it. Internal.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "crypto/wire.hpp"
#include "flow/credentials.hpp"

namespace nacre {

struct Credentials::Inside {
  struct Key {
    PublicKey key;
    std::shared_ptr<const PrivateKey> private_half;  // or
    Signer signer;
  };
  std::vector<Key> keys;
  std::vector<std::shared_ptr<const Secret>> passwords;
  AskPassword ask_password;
  unsigned password_attempts = 0;
  AskPrompts ask_prompts;
  unsigned prompt_attempts = 0;
  AskNewPassword ask_new_password;
  std::vector<std::string> methods = {"publickey", "keyboard-interactive", "password"};
};

// One login's way through its credentials: each is tried once, askers as often as they may.
class CredentialPlan {
 public:
  explicit CredentialPlan(std::shared_ptr<const Credentials::Inside> from) : from_(std::move(from)) {}

  struct Nothing {};
  struct UseKey {
    const Credentials::Inside::Key* key;
  };
  struct UsePassword {
    std::shared_ptr<const Secret> password;
  };
  struct UseAskedPassword {
    unsigned attempt;
  };
  struct UsePrompts {
    std::shared_ptr<const Secret> password;
  };  // null: the asker answers
  using Next = std::variant<Nothing, UseKey, UsePassword, UseAskedPassword, UsePrompts>;

  Next next(NameList methods);
  const Credentials::Inside& from() const { return *from_; }
  const Credentials::Inside::Key* find_key(Bytes blob) const;
  void no_more_asking() { asked_ = from_->password_attempts; }
  void no_more_prompts() { prompted_ = from_->prompt_attempts; }

 private:
  Next next_of(std::string_view method);
  std::shared_ptr<const Credentials::Inside> from_;
  std::size_t keys_ = 0, passwords_ = 0, prompt_passwords_ = 0;
  unsigned asked_ = 0, prompted_ = 0;
};

}  // namespace nacre
