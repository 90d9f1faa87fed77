// Authentication on the client (RFC 4252, RFC 4256): one request at a time, and what 60 means depends on which.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "engine/effects.hpp"

namespace nacre {

class ClientAuth {
 public:
  ClientAuth(std::string user, bool allow_no_credential)
      : user_(std::move(user)), allow_no_credential_(allow_no_credential) {}

  void request_service(Effects& effects);
  // Messages that the order table has permitted in the stages service and auth, by number.
  Error on_message(std::uint8_t number, Bytes body, Bytes session_id, Effects& effects);

  Status answer(Ticket ticket, const Credential& credential, Bytes session_id, Effects& effects, Error& error);
  Status answer(Ticket ticket, const Signature& signature, Effects& effects);
  Status answer(Ticket ticket, const Responses& responses, Effects& effects);
  Status answer(Ticket ticket, const NewPassword& passwords, Effects& effects);
  bool holds(Ticket ticket) const;

  bool service_runs() const { return service_runs_; }
  bool done() const { return std::holds_alternative<Done>(state_); }
  bool request_outstanding() const;
  const std::string& user() const { return user_; }

 private:
  struct AwaitService {};
  struct Choosing {
    Ticket ticket;
  };  // the application picks a credential
  struct NoneSent {};
  struct PasswordSent {};
  struct KeyOffered {
    ByteVector key;
    std::string algorithm;
  };  // 60 is PK_OK
  struct Signing {
    Ticket ticket;
    ByteVector key, algorithm, message;
  };
  struct KeySent {};
  struct PromptsAwaited {
    std::uint32_t rounds;
  };  // 60 is INFO_REQUEST
  struct Answering {
    Ticket ticket;
    std::uint32_t rounds;
    std::vector<Prompt> prompts;
  };
  struct ChangingPassword {
    Ticket ticket;
  };
  struct Done {};
  using State = std::variant<AwaitService, Choosing, NoneSent, PasswordSent, KeyOffered, Signing, KeySent,
                             PromptsAwaited, Answering, ChangingPassword, Done>;

  Error on_service_accept(Bytes body, Effects& effects);
  Error on_failure(Bytes body, Effects& effects);
  Error on_success(Bytes body, Effects& effects);
  Error on_banner(Bytes body, Effects& effects);
  Error on_sixty(Bytes body, Bytes session_id, Effects& effects);
  Error on_public_key_ok(KeyOffered offered, Bytes body, Bytes session_id, Effects& effects);
  Error on_info_request(std::uint32_t rounds, Bytes body, Effects& effects);

  void choose(Effects& effects);
  void ask_for_signature(ByteVector key, std::string algorithm, Bytes session_id, Effects& effects);
  template <Structure Body>
  void send_request(std::string_view method, const Body& body, Effects& effects);

  std::string user_;
  bool allow_no_credential_;
  bool service_runs_ = false;
  bool credential_used_ = false;  // in the request in hand something was shown that not everybody has
  bool step_passed_ = false;      // or in one that was a partial success
  std::string methods_;           // as the last failure told, and whether it was a partial success
  bool partial_ = false;
  std::uint32_t banners_ = 0;
  std::size_t banner_bytes_ = 0;
  State state_ = AwaitService{};
  State answered_ = AwaitService{};  // the one before: what its event has lent outlives the answer until the next poll
};

}  // namespace nacre
