// ClientRole: the client's part of a session: the host key, the login, banners. Internal.
#pragma once

#include <memory>
#include <string>

#include "flow/client_session.hpp"
#include "flow/credentials_inside.hpp"
#include "flow/session_core.hpp"

namespace nacre {

class ClientRole : public std::enable_shared_from_this<ClientRole> {
 public:
  ClientRole(std::shared_ptr<Authenticator> authenticator, const Credentials& credentials, const ClientOptions& options,
             SessionCore& core)
      : authenticator_(std::move(authenticator)),
        plan_(credentials.inside()),
        random_(*options.provider.random),
        banner_(options.banner),
        core_(core) {}

  bool on_event(const Event& event);
  const std::string& host_key_fingerprint() const { return fingerprint_; }

 private:
  void on_host_key(const HostKeyOffered& offered);
  void on_credentials(const CredentialsWanted& wanted);
  void on_signature(const SignatureWanted& wanted);
  void on_prompts(const PromptsReceived& received);
  void on_new_password(const PasswordChangeWanted& wanted);
  void try_key(Ticket ticket, const Credentials::Inside::Key& key);
  void give_up(Ticket ticket);
  void say(std::string text);
  void answered(Status status);
  void spawn(Awaitable<void> question);
  Awaitable<void> judge_host_key(Ticket ticket, OfferedHostKey offered);
  Awaitable<void> ask_password(Ticket ticket, unsigned attempt);
  Awaitable<void> ask_signer(Ticket ticket, Signer signer, ByteVector key, std::string algorithm, ByteVector message);
  Awaitable<void> ask_prompts(Ticket ticket, PromptRound round);
  Awaitable<void> ask_new_password(Ticket ticket, std::string prompt);
  void answer_prompts(Ticket ticket, std::size_t count, const std::vector<Secret>& secrets);

  std::shared_ptr<Authenticator> authenticator_;
  CredentialPlan plan_;
  Random& random_;
  std::function<void(std::string_view)> banner_;
  SessionCore& core_;  // owns this; what is spawned keeps it alive
  bool none_tried_ = false;
  std::string methods_;                            // that can continue, as the server said last
  std::shared_ptr<const Secret> prompt_password_;  // answers the first hidden question
  std::string fingerprint_;
};

}  // namespace nacre
