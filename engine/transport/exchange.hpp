// A key exchange from KEXINIT to NEWKEYS (RFC 4253 7 to 9), the first and every later one, both roles.
//
// The states are small structs that own exactly what they need. A handler takes the old state out and puts the new one
// in; what is stored meanwhile is Failed, so that an early way out can only leave a dead exchange.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "engine/effects.hpp"
#include "engine/transport/key_schedule.hpp"

namespace nacre {

// Proofs: only who has checked can make one.
class SignatureVerified {
  friend class Exchange;
  SignatureVerified() = default;
};
class HostKeyTrusted {
  friend class Exchange;
  HostKeyTrusted() = default;
};

// What both sides of an exchange have agreed on, and what they will hash.
struct Agreed {
  Agreement algorithms;
  ByteVector client_init, server_init;  // payloads
};

struct Quiet {};   // no exchange runs
struct Proposed {  // our KEXINIT is out, the peer's has not come
  ByteVector our_init;
};
struct AwaitReply {  // client: the peer's value, host key and signature are to come
  Agreed agreed;
  std::unique_ptr<KeyExchange> method;
  ByteVector our_value;
  bool skip_one;  // the server's guess was wrong
};
struct AwaitInitial {  // server: the peer's value is to come
  Agreed agreed;
  bool skip_one;  // its guess was wrong
};
struct Secrets {  // the exchange is computed
  Agreement algorithms;
  Secret secret;
  ByteVector hash;
};
struct AwaitTrust {  // client: the application judges the host key
  Secrets secrets;
  ByteVector host_key;
  SignatureVerified proof;
  Ticket ticket;
};
struct AwaitSignature {  // server: the application signs
  Secrets secrets;
  ByteVector host_key;
  ByteVector our_value;
  Ticket ticket;
};
struct AwaitNewKeys {  // our NEWKEYS is out, the peer's is to come
  Agreement algorithms;
  std::unique_ptr<Opener> opener;
};
struct Failed {};
using ExchangeState =
    std::variant<Quiet, Proposed, AwaitReply, AwaitInitial, AwaitTrust, AwaitSignature, AwaitNewKeys, Failed>;

// What stays from one exchange to the next.
class Exchange {
 public:
  // One of the two is there; it outlives the exchange.
  Exchange(const ClientConfig* client, const ServerConfig* server) : client_(client), server_(server) {}

  // Sends our KEXINIT.
  Error start(Effects& effects);
  // The identification lines without CR LF, before the peer's KEXINIT is handled.
  void set_idents(std::string_view ours, std::string_view peers);
  const std::string& our_ident() const { return our_ident_; }
  std::string_view peer_ident() const { return peer_ident_; }

  // The messages of an exchange. The order table has permitted them; which one is outstanding is checked here.
  Error on_kex_init(Bytes payload, std::uint32_t sequence, bool tainted, bool require_strict, Effects& effects);
  Error on_method_message(std::uint8_t number, Bytes body, Effects& effects);
  // The opener of the packets to come, when the message is in order.
  Result<std::unique_ptr<Opener>> on_new_keys(Bytes body, Effects& effects);

  Status answer(Ticket ticket, HostKeyVerdict verdict, Effects& effects, Error& error);
  Status answer(Ticket ticket, const Signature& signature, Effects& effects, Error& error);
  bool holds(Ticket ticket) const;

  bool idle() const { return std::holds_alternative<Quiet>(state_); }
  bool proposed() const { return std::holds_alternative<Proposed>(state_); }
  bool waits_for_new_keys() const { return std::holds_alternative<AwaitNewKeys>(state_); }
  // The peer's guess was wrong, and the packet it sent along is to be dropped, whatever method it was made for.
  bool skips_one() const {
    const auto* initial = std::get_if<AwaitInitial>(&state_);
    const auto* reply = std::get_if<AwaitReply>(&state_);
    return (initial && initial->skip_one) || (reply && reply->skip_one);
  }
  bool waits_for_application() const {
    return std::holds_alternative<AwaitTrust>(state_) || std::holds_alternative<AwaitSignature>(state_);
  }
  bool first_done() const { return first_done_; }
  bool strict() const { return strict_; }
  bool peer_takes_extensions() const { return peer_extensions_; }
  Bytes session_id() const { return session_id_; }
  // Of the exchange that has just ended.
  const Agreement& agreement() const { return agreement_; }

  // Of a negotiation that failed: what the peer offered. Else empty.
  const std::string& explanation() const { return explanation_; }

  void fail() noexcept;  // and wipe what the state held

 private:
  Error begin_method(Agreed agreed, bool guess_follows, Effects& effects);
  Error on_initial(AwaitInitial state, Bytes body, Effects& effects);
  Error on_reply(AwaitReply state, Bytes body, Effects& effects);
  std::optional<Secrets> compute(const Agreed& agreed, Secret secret, Bytes host_key, Bytes client_value,
                                 Bytes server_value);
  Error send_new_keys(Secrets secrets, Effects& effects);
  Error accept_host_key(AwaitTrust state, HostKeyTrusted trust, Effects& effects);

  Role role() const { return client_ ? Role::client : Role::server; }

  const ClientConfig* client_;
  const ServerConfig* server_;
  std::string our_ident_, peer_ident_;
  std::string explanation_;
  ExchangeState state_ = Quiet{};
  ByteVector session_id_;            // the first exchange hash, for ever
  ByteVector host_key_;              // client: the one that was trusted
  ByteVector lent_key_, lent_hash_;  // of the last event: they outlive its answer until the next poll
  Agreement agreement_;
  bool first_done_ = false;
  bool strict_ = false;
  bool peer_extensions_ = false;
};

}  // namespace nacre
