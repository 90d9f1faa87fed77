// Authorizer: how a server decides about its clients (RFC 4252). One object serves one connection, so it may keep
// what it has seen: an answer of `partial` asks the client for another method, which may depend on the last.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "crypto/keys.hpp"
#include "crypto/secret.hpp"
#include "engine/event.hpp"
#include "flow/credentials.hpp"
#include "flow/flow.hpp"

namespace nacre {

// User names are the client's bytes, bounded and not escaped. Every answer may take its time; the login deadline of
// Limits goes on. Whatever is not overridden says no.
class Authorizer {
 public:
  virtual ~Authorizer() = default;

  // Whether a proof by this key would be of interest. Nothing is proven yet.
  virtual Awaitable<bool> key_of_interest(std::string user, std::string algorithm, ByteVector key);
  // The client has proven that it holds the key. Asked without key_of_interest too.
  virtual Awaitable<AuthVerdict> key_proven(std::string user, std::string algorithm, ByteVector key);
  virtual Awaitable<AuthVerdict> password(std::string user, Secret password);
  virtual Awaitable<AuthVerdict> none(std::string user);  // only with ServerConfig::none

  // keyboard-interactive: a round of questions, or a verdict.
  using Step = std::variant<AuthVerdict, PromptRound>;
  virtual Awaitable<Step> prompts(std::string user, std::string submethods);
  virtual Awaitable<Step> responses(std::string user, std::vector<Secret> responses);

  // The connection has ended: answers that are still to come are for nobody, and need not be found. Told once.
  virtual void ended() {}
};

}  // namespace nacre
