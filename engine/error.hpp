// What can go wrong. Error: why a connection ended. Status: what a call of the application's came to.
#pragma once

#include <cstdint>
#include <string_view>

#include "crypto/expected.hpp"

namespace nacre {

// Reasons of SSH_MSG_DISCONNECT (RFC 4253 11.1).
enum class Reason : std::uint32_t {
  none = 0,  // not on the wire: there was no DISCONNECT
  host_not_allowed_to_connect = 1,
  protocol_error = 2,
  key_exchange_failed = 3,
  reserved = 4,
  mac_error = 5,
  compression_error = 6,
  service_not_available = 7,
  protocol_version_not_supported = 8,
  host_key_not_verifiable = 9,
  connection_lost = 10,
  by_application = 11,
  too_many_connections = 12,
  auth_cancelled_by_user = 13,
  no_more_auth_methods_available = 14,
  illegal_user_name = 15,
};

// Why a connection ended. The table of texts and the map to reasons are in error.cpp.
enum class Code : std::uint16_t {
  none,
  // ends that are nobody's fault
  closed_by_application,
  disconnected_by_peer,
  connection_lost,  // the stream ended without a DISCONNECT
  cut_in_packet,    // the stream ended inside a packet
  // identification
  not_ssh,
  ident_malformed,
  ident_too_long,
  version_unsupported,
  // packets
  packet_corrupt,  // bad length, alignment or tag under keys: one code, so that a peer learns nothing
  packet_length,   // a bad length in the clear; where: that length
  packet_padding,
  sequence_exhausted,
  // order and form
  unexpected_message,  // where: its number
  malformed_message,   // where: its number
  too_much_chatter,
  too_many_unimplemented,
  // key exchange
  no_common_algorithm,  // where: the index of the list in KEXINIT, 0 to 7
  negotiation_too_large,
  not_strict,             // the configuration requires strict key exchange
  key_exchange_value,     // the peer's public value is bad
  host_key_unacceptable,  // of another type than agreed, malformed or too small
  host_key_signature,     // wrong
  host_key_refused,       // by the application
  host_key_changed,       // during the connection
  rekey_too_often,
  rekey_before_auth,
  too_much_held,  // the peer keeps asking and never finishes its key exchange
  // services and authentication
  service_unknown,
  user_changed,
  user_name_too_long,
  too_many_auth_failures,
  too_many_auth_requests,
  no_more_methods,  // client: nothing the server takes is left to try
  auth_unasked,     // client: SUCCESS without a request that deserves it
  too_many_prompts,
  too_many_banners,
  // connection
  unknown_channel,  // where, of these three: the recipient channel that the peer named
  window_exceeded,
  window_overflow,
  packet_size_unusable,
  sessions_refused,  // opened after no-more-sessions@openssh.com
  // time
  ident_timeout,
  kex_timeout,
  login_timeout,
  rekey_timeout,
  // our side
  random_failed,
  crypto_failed,
  out_of_memory,      // std::bad_alloc has come out of a call of the engine
  signature_refused,  // by the application, for our own host key
  signature_wrong,    // the signature we were given for our key does not verify; it was not sent
  configuration,      // see `check` in config.hpp
};

struct Error {
  Code code = Code::none;
  std::uint32_t where = 0;  // what the code's line above says, else 0
};

template <class T>
using Result = Expected<T, Error>;

std::string_view describe(Code code);  // a sentence for people, without a full stop
Reason reason_of(Code code);           // what a DISCONNECT for it says; `none`: no DISCONNECT is sent

// What a call of the application's came to. Everything but ok and busy is a mistake of the caller's; nothing has
// changed then, and the connection goes on.
enum class [[nodiscard]] Status : std::uint8_t{
    ok,
    busy,            // queues are full or a channel is between states: again after the next poll
    closed,          // the engine, the channel, or our direction of it has ended
    too_early,       // not authenticated, or the channel is not open yet
    unknown_ticket,  // never given out, or answered already
    wrong_answer,    // the ticket asks for an answer of another kind
    unknown_channel,
    too_large,  // more than a packet takes, or than a limit permits
    malformed,  // a name or a text that SSH can't carry
};

std::string_view describe(Status status);

}  // namespace nacre
