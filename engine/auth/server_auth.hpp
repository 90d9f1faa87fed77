// Authentication on the server (RFC 4252, RFC 4256). The application decides; what it has not answered is not yes.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/config.hpp"
#include "engine/effects.hpp"

namespace nacre {

class ServerAuth {
 public:
  explicit ServerAuth(const ServerConfig& config) : config_(config) {}

  // Messages that the order table has permitted in the stages service and auth, by number.
  Error on_message(std::uint8_t number, Bytes body, Bytes session_id, Effects& effects);

  Status answer(Ticket ticket, KeyInterest interest, Effects& effects);
  Status answer(Ticket ticket, AuthVerdict verdict, Effects& effects);
  Status answer(Ticket ticket, const Prompts& prompts, Effects& effects);
  bool holds(Ticket ticket) const;

  // A failure whose time has not come, and what to do when it has.
  std::optional<TimePoint> deadline() const;
  Error send_due_failure(Effects& effects);

  // Nothing more is read before the application, or the clock, has spoken.
  bool blocks() const;
  bool service_runs() const { return service_runs_; }
  bool done() const { return std::holds_alternative<Done>(state_); }

 private:
  enum class Method : std::uint8_t { none, publickey, password, keyboard_interactive };
  struct AwaitService {};
  struct Ready {};  // the next request, please
  struct Offered {
    Ticket ticket;
    ByteVector key;
    std::string algorithm;
  };  // is the key of interest?
  struct Deciding {
    Ticket ticket;
    Method method;
  };  // is this enough?
  struct Prompted {
    std::uint32_t count;
  };  // 61 is to come
  struct Failing {
    TimePoint at;
    bool partial;
  };
  struct Done {};
  using State = std::variant<AwaitService, Ready, Offered, Deciding, Prompted, Failing, Done>;

  Error on_service_request(Bytes body, Effects& effects);
  Error on_request(Bytes body, Bytes session_id, Effects& effects);
  Error on_none(bool first, Effects& effects);
  Error on_public_key(Bytes body, Bytes session_id, Effects& effects);
  Error on_password(Bytes body, Effects& effects);
  Error on_keyboard_interactive(Bytes body, Effects& effects);
  Error on_info_response(Bytes body, Effects& effects);

  void fail(Effects& effects);
  void send_failure(bool partial, Effects& effects);
  Ticket decide(Method method, Effects& effects);
  bool passed(Method method) const;
  bool offers(Method method) const;
  std::string methods_left() const;

  const ServerConfig& config_;
  std::string user_;
  bool service_runs_ = false;
  bool asked_ = false;    // the first request has come: the user's name is fixed
  TimePoint asked_at_{};  // of the request in hand
  std::uint32_t requests_ = 0;
  std::uint32_t probes_ = 0;
  std::uint32_t failures_ = 0;
  std::vector<Method> passed_;    // methods of partial successes: each satisfies one step
  std::vector<Bytes> responses_;  // of the packet in hand
  ByteVector lent_key_;           // of PublicKeyOffered, which outlives its answer until the next poll
  State state_ = AwaitService{};
};

}  // namespace nacre
