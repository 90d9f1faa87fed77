// The one table of texts and the one map to disconnect reasons.
#include "engine/error.hpp"

namespace nacre {
namespace {

struct Entry {
  Reason reason;
  std::string_view text;
};

Entry entry_of(Code code) {
  using enum Reason;
  switch (code) {
    case Code::none: return {none, "no error"};
    case Code::closed_by_application: return {by_application, "closed by the application"};
    case Code::disconnected_by_peer: return {none, "disconnected by the peer"};
    case Code::connection_lost: return {none, "connection lost"};
    case Code::cut_in_packet: return {none, "connection lost in the middle of a packet"};
    case Code::not_ssh: return {none, "the peer does not speak SSH"};
    case Code::ident_malformed: return {none, "malformed identification line"};
    case Code::ident_too_long: return {none, "identification too long"};
    case Code::version_unsupported: return {none, "the peer speaks another version of SSH than 2.0"};
    case Code::packet_corrupt: return {mac_error, "packet corrupt"};
    case Code::packet_length: return {protocol_error, "bad packet length"};
    case Code::packet_padding: return {protocol_error, "bad packet padding"};
    case Code::sequence_exhausted: return {protocol_error, "too many packets under one key"};
    case Code::unexpected_message: return {protocol_error, "unexpected message"};
    case Code::malformed_message: return {protocol_error, "malformed message"};
    case Code::too_much_chatter: return {protocol_error, "too many messages without content"};
    case Code::too_many_unimplemented: return {protocol_error, "too many unknown messages"};
    case Code::no_common_algorithm: return {key_exchange_failed, "no algorithm in common"};
    case Code::negotiation_too_large: return {key_exchange_failed, "key exchange proposal too large"};
    case Code::not_strict: return {key_exchange_failed, "strict key exchange is required"};
    case Code::key_exchange_value: return {key_exchange_failed, "bad key exchange value"};
    case Code::host_key_unacceptable: return {key_exchange_failed, "host key does not fit the agreed algorithm"};
    case Code::host_key_signature: return {key_exchange_failed, "host key signature does not verify"};
    case Code::host_key_refused: return {host_key_not_verifiable, "host key refused"};
    case Code::host_key_changed: return {host_key_not_verifiable, "host key changed during the connection"};
    case Code::rekey_too_often: return {protocol_error, "key exchanges without traffic between them"};
    case Code::rekey_before_auth: return {protocol_error, "key exchange before authentication"};
    case Code::too_much_held: return {protocol_error, "too many requests during a key exchange"};
    case Code::service_unknown: return {service_not_available, "service not available"};
    case Code::user_changed: return {protocol_error, "user name or service changed during authentication"};
    case Code::user_name_too_long: return {protocol_error, "user name too long"};
    case Code::too_many_auth_failures: return {protocol_error, "Too many authentication failures"};
    case Code::too_many_auth_requests: return {protocol_error, "too many authentication requests"};
    case Code::no_more_methods: return {no_more_auth_methods_available, "no more authentication methods available"};
    case Code::auth_unasked: return {protocol_error, "authentication succeeded without a credential"};
    case Code::too_many_prompts: return {protocol_error, "too many prompts"};
    case Code::too_many_banners: return {protocol_error, "too many banners"};
    case Code::unknown_channel: return {protocol_error, "message for a channel that is not open"};
    case Code::window_exceeded: return {protocol_error, "more channel data than the window permits"};
    case Code::window_overflow: return {protocol_error, "channel window overflow"};
    case Code::packet_size_unusable: return {protocol_error, "unusable maximum packet size"};
    case Code::sessions_refused: return {protocol_error, "session opened after no-more-sessions"};
    case Code::ident_timeout: return {none, "timeout waiting for the peer's identification"};
    case Code::kex_timeout: return {key_exchange_failed, "timeout during key exchange"};
    case Code::login_timeout: return {protocol_error, "timeout before authentication"};
    case Code::rekey_timeout: return {key_exchange_failed, "timeout during rekeying"};
    case Code::random_failed: return {by_application, "internal error: no randomness"};
    case Code::crypto_failed: return {by_application, "internal error: a cryptographic operation failed"};
    case Code::out_of_memory: return {none, "out of memory"};
    case Code::signature_refused: return {key_exchange_failed, "the host key can not sign"};
    case Code::signature_wrong: return {key_exchange_failed, "internal error: own signature does not verify"};
    case Code::configuration: return {none, "unusable configuration"};
  }
  return {by_application, "unknown error"};
}

}  // namespace

std::string_view describe(Code code) { return entry_of(code).text; }
Reason reason_of(Code code) { return entry_of(code).reason; }

std::string_view describe(Status status) {
  switch (status) {
    case Status::ok: return "ok";
    case Status::busy: return "busy: try again after the next poll";
    case Status::closed: return "closed";
    case Status::too_early: return "not possible yet";
    case Status::unknown_ticket: return "unknown ticket, or answered already";
    case Status::wrong_answer: return "the ticket asks for another kind of answer";
    case Status::unknown_channel: return "unknown channel";
    case Status::too_large: return "too large";
    case Status::malformed: return "malformed";
  }
  return "unknown status";
}

}  // namespace nacre
