// Credentials, and the order in which a login tries them.
#include "flow/credentials.hpp"

#include <variant>

#include "flow/credentials_inside.hpp"

namespace nacre {

// Copy on write: a Credentials that has been handed over does not change any more.
Credentials::Inside& Credentials::own() {
  inside_ = inside_ ? std::make_shared<Inside>(*inside_) : std::make_shared<Inside>();
  return *inside_;
}

std::shared_ptr<const Credentials::Inside> Credentials::inside() const {
  return inside_ ? inside_ : std::make_shared<Inside>();
}

Credentials& Credentials::key(std::shared_ptr<const PrivateKey> key) {
  auto public_half = key->public_key();
  own().keys.push_back({std::move(public_half), std::move(key), {}});
  return *this;
}

Credentials& Credentials::signer(PublicKey key, Signer signer) {
  own().keys.push_back({std::move(key), nullptr, std::move(signer)});
  return *this;
}

Credentials& Credentials::password(const Secret& password) {
  own().passwords.push_back(std::make_shared<const Secret>(password.copy()));
  return *this;
}

Credentials& Credentials::ask_password(AskPassword ask, unsigned attempts) {
  auto& inside = own();
  inside.ask_password = std::move(ask);
  inside.password_attempts = attempts;
  return *this;
}

Credentials& Credentials::ask_prompts(AskPrompts ask, unsigned attempts) {
  auto& inside = own();
  inside.ask_prompts = std::move(ask);
  inside.prompt_attempts = attempts;
  return *this;
}

Credentials& Credentials::ask_new_password(AskNewPassword ask) {
  own().ask_new_password = std::move(ask);
  return *this;
}

Credentials& Credentials::prefer(std::vector<std::string> methods) {
  own().methods = std::move(methods);
  return *this;
}

// ---- CredentialPlan

CredentialPlan::Next CredentialPlan::next(NameList methods) {
  for (const auto& method : from_->methods) {
    if (!methods.contains(method)) continue;
    auto found = next_of(method);
    if (!std::holds_alternative<Nothing>(found)) return found;
  }
  return Nothing{};
}

CredentialPlan::Next CredentialPlan::next_of(std::string_view method) {
  if (method == "publickey" && keys_ < from_->keys.size()) return UseKey{&from_->keys[keys_++]};
  if (method == "password") {
    if (passwords_ < from_->passwords.size()) return UsePassword{from_->passwords[passwords_++]};
    if (from_->ask_password && asked_ < from_->password_attempts) return UseAskedPassword{++asked_};
  }
  if (method == "keyboard-interactive") {
    if (prompt_passwords_ < from_->passwords.size()) return UsePrompts{from_->passwords[prompt_passwords_++]};
    if (from_->ask_prompts && prompted_ < from_->prompt_attempts) {
      ++prompted_;
      return UsePrompts{nullptr};
    }
  }
  return Nothing{};
}

const Credentials::Inside::Key* CredentialPlan::find_key(Bytes blob) const {
  for (const auto& each : from_->keys)
    if (same_bytes(each.key.blob(), blob)) return &each;
  return nullptr;
}

}  // namespace nacre
