// Credentials: what a client authenticates with (RFC 4252), in the order in which it is tried. Keys, signers that
// hold the private half elsewhere, a password, or callbacks that ask a person for one.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/keys.hpp"
#include "crypto/secret.hpp"
#include "flow/flow.hpp"

namespace nacre {

// Answers the SSH signature blob over `message`, or nothing when it can't or may not. May take its time: load a key
// file and ask for its passphrase, ask an agent, wait for a touch.
using Signer =
    std::function<Awaitable<std::optional<ByteVector>>(ByteVector key, std::string algorithm, ByteVector message)>;

// Answers a password, or nothing to leave this method. `attempt` counts from 1.
using AskPassword = std::function<Awaitable<std::optional<Secret>>(unsigned attempt)>;

// One round of keyboard-interactive (RFC 4256). All texts are escaped already.
struct PromptRound {
  struct Question {
    std::string text;
    bool echo = false;
  };
  std::string name;
  std::string instruction;
  std::vector<Question> questions;  // may be empty
};
// Answers as many secrets as there are questions, or nothing to leave this method.
using AskPrompts = std::function<Awaitable<std::optional<std::vector<Secret>>>(PromptRound round)>;

// Asked for a new password when the server says that the old one has expired (RFC 4252 8). Nothing: not wanted.
struct PasswordChange {
  Secret old_password;
  Secret new_password;
};
using AskNewPassword = std::function<Awaitable<std::optional<PasswordChange>>(std::string prompt)>;

// Built by its calls, in the order of trying within each method; the methods are tried in the order of prefer().
// A copy shares nothing that changes but the callbacks.
class Credentials {
 public:
  Credentials& key(std::shared_ptr<const PrivateKey> key);
  // The public half is offered; `signer` is called only when the server wants it.
  Credentials& signer(PublicKey key, Signer signer);
  // Answers "password", and "keyboard-interactive" when that asks one hidden question. Tried once each.
  Credentials& password(const Secret& password);
  Credentials& ask_password(AskPassword ask, unsigned attempts = 3);
  Credentials& ask_prompts(AskPrompts ask, unsigned attempts = 3);
  Credentials& ask_new_password(AskNewPassword ask);
  // Which methods, in this order: default publickey, keyboard-interactive, password. Others are never tried.
  Credentials& prefer(std::vector<std::string> methods);

  struct Inside;
  std::shared_ptr<const Inside> inside() const;

 private:
  Inside& own();
  std::shared_ptr<Inside> inside_;
};

}  // namespace nacre
