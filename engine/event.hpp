// What an application sees of a connection. Every Bytes, string_view, NameList and span in an event lives until the
// next poll. Text is the peer's: bounded, not cleaned; `printable` (text.hpp) makes it fit to print.
//
// An event with a ticket asks for a decision. Tickets may be answered at any time and, where the RFC permits, in any
// order; until then the answer is not yes. The comment beside each names the call that answers it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "crypto/bytes.hpp"
#include "crypto/wire.hpp"
#include "engine/error.hpp"
#include "engine/requests.hpp"

namespace nacre {

struct Ticket {
  std::uint32_t id = 0;
  friend bool operator==(Ticket, Ticket) = default;
};

struct ChannelId {
  std::uint32_t id = 0;
  friend bool operator==(ChannelId, ChannelId) = default;
};

enum class Stream : std::uint8_t { out, err };  // channel data, and extended data of type 1 (RFC 4254 5.2)

// ---- transport, both roles

// New keys are in use in both directions. The names live as long as the provider's tables.
struct KeysExchanged {
  bool first;   // false: a rekey
  bool strict;  // strict key exchange is in force
  std::string_view key_exchange;
  std::string_view host_key;
  std::string_view cipher_in, cipher_out;
  std::string_view mac_in, mac_out;  // empty where the cipher authenticates
  std::string_view peer_ident;       // the peer's identification line, without CR LF
};

// A signature is needed over `message` by the private half of `key`. On a client: a user key, for authentication;
// on a server: a host key, for a key exchange, and it blocks input.
struct SignatureWanted {  // answer(ticket, Signature)
  Ticket ticket;
  Bytes key;
  std::string_view algorithm;
  Bytes message;
};

struct DebugReceived {  // SSH_MSG_DEBUG
  bool always_display;
  std::string_view text;
};

// The last event of every connection, exactly once.
struct Closed {
  Error error;            // code and place
  Reason reason;          // as sent or received in DISCONNECT; none when there was none
  std::string_view text;  // the peer's words when it disconnected, else ours; names what a peer offered in vain
  bool by_peer;
};

// ---- client

// The server's host key. The exchange's signature by it is verified already; whose key it is, is yours to know.
// Blocks input. Comes once: a later exchange with another key ends the connection.
struct HostKeyOffered {  // answer(ticket, HostKeyVerdict)
  Ticket ticket;
  Bytes key;
  std::string_view algorithm;
};

// A line the server sent before its identification (RFC 4253 4.2).
struct LineReceived {
  std::string_view text;
};

// Something to authenticate with, please. `methods` are those that can continue: empty the first time, as the server
// has not said yet. `partial`: the last one was accepted and another is needed.
struct CredentialsWanted {  // answer(ticket, Credential)
  Ticket ticket;
  NameList methods;
  bool partial;
};

struct Prompt {
  std::string_view text;
  bool echo;
};
struct PromptsReceived {  // keyboard-interactive (RFC 4256 3.2): answer(ticket, Responses)
  Ticket ticket;
  std::string_view name;
  std::string_view instruction;
  std::span<const Prompt> prompts;  // may be empty: answer with none
};

struct PasswordChangeWanted {  // RFC 4252 8: answer(ticket, NewPassword)
  Ticket ticket;
  std::string_view prompt;
};

struct BannerReceived {  // RFC 4252 5.4
  std::string_view text;
};

// ---- server

// Would a signature by this key be of interest? Nothing is proven. Blocks input.
struct PublicKeyOffered {  // answer(ticket, KeyInterest)
  Ticket ticket;
  std::string_view user;
  std::string_view algorithm;
  Bytes key;
};

// The client has proven that it holds this key. Blocks input.
struct PublicKeyProven {  // answer(ticket, AuthVerdict)
  Ticket ticket;
  std::string_view user;
  std::string_view algorithm;
  Bytes key;
};

struct PasswordReceived {  // answer(ticket, AuthVerdict). Blocks input. Wiped at the next poll.
  Ticket ticket;
  std::string_view user;
  Bytes password;
};

struct NoneReceived {  // only with ServerConfig::none: answer(ticket, AuthVerdict). Blocks input.
  Ticket ticket;
  std::string_view user;
};

struct KeyboardInteractiveWanted {  // answer(ticket, Prompts), or answer(ticket, AuthVerdict). Blocks input.
  Ticket ticket;
  std::string_view user;
  std::string_view submethods;
};

struct ResponsesReceived {  // answer(ticket, AuthVerdict), or answer(ticket, Prompts) for another round. Blocks input.
  Ticket ticket;
  std::string_view user;
  std::span<const Bytes> responses;  // as many as there were prompts. Wiped at the next poll.
};

// ---- after authentication, both roles

struct Authenticated {
  std::string_view user;
};

struct ChannelOpenReceived {  // the peer opens a channel: answer(ticket, ChannelVerdict)
  Ticket ticket;
  ChannelId channel;
  std::string_view type;  // "session"
  Bytes data;             // what the type adds
};

struct ChannelOpened {  // the peer accepted our open
  ChannelId channel;
};

struct ChannelRefused {  // the peer refused our open; the id is free
  ChannelId channel;
  std::uint32_t reason;  // RFC 4254 5.1
  std::string_view text;
};

// Give the room back with consumed() when the bytes are dealt with.
struct DataReceived {
  ChannelId channel;
  Stream stream;
  Bytes data;
};

struct Writable {  // after write or prepare took less than wanted: there is room again
  ChannelId channel;
};

struct EofReceived {
  ChannelId channel;
};

struct ChannelClosed {  // both sides have closed; the id is free
  ChannelId channel;
};

// A channel request. With want_reply: reply(ticket, success); without, the ticket is not to be answered.
struct RequestReceived {
  Ticket ticket;
  ChannelId channel;
  bool want_reply;
  Request request;
};

struct RequestAnswered {  // to a request of ours that wanted a reply
  Ticket ticket;          // as `request` gave it
  ChannelId channel;
  bool success;
};

struct GlobalRequestReceived {  // with want_reply: reply(ticket, success, data)
  Ticket ticket;
  bool want_reply;
  std::string_view name;
  Bytes data;
};

struct GlobalRequestAnswered {
  Ticket ticket;
  bool success;
  Bytes data;
};

using Event =
    std::variant<KeysExchanged, SignatureWanted, DebugReceived, Closed, HostKeyOffered, LineReceived, CredentialsWanted,
                 PromptsReceived, PasswordChangeWanted, BannerReceived, PublicKeyOffered, PublicKeyProven,
                 PasswordReceived, NoneReceived, KeyboardInteractiveWanted, ResponsesReceived, Authenticated,
                 ChannelOpenReceived, ChannelOpened, ChannelRefused, DataReceived, Writable, EofReceived, ChannelClosed,
                 RequestReceived, RequestAnswered, GlobalRequestReceived, GlobalRequestAnswered>;

// ---- answers

struct Signature {
  std::optional<Bytes> blob;  // the SSH signature blob (RFC 4253 6.6); nothing: it can't or may not be made
};

enum class HostKeyVerdict : std::uint8_t { refuse, trust };

enum class KeyInterest : std::uint8_t { no, yes };

enum class AuthVerdict : std::uint8_t {
  reject,
  accept,   // authentication is complete
  partial,  // this step has passed; another method is required (RFC 4252 5.1)
};

struct ChannelVerdict {
  bool accept = false;
  std::uint32_t reason = 1;  // of a refusal (RFC 4254 5.1): 1 prohibited, 2 connect failed, 3 unknown type, 4 resources
  std::string_view text = {};
};

struct Prompts {
  std::string_view name;
  std::string_view instruction;
  std::span<const Prompt> prompts;
};

struct Responses {
  std::span<const Bytes> responses;  // as many as there were prompts
};

struct NewPassword {
  std::optional<Bytes> old_password;  // nothing: not wanted after all; the next event is CredentialsWanted
  Bytes new_password = {};
};

// What a client tries. A key is first offered and signed when the server shows interest, or, with `signed_at_once`,
// signed in the first request: a round trip less, a signature more when the server does not want the key.
struct TryNone {};
struct TryPassword {
  Bytes password;
};
struct TryPublicKey {
  Bytes key;
  std::string_view algorithm;
  bool signed_at_once = false;
};
struct TryKeyboardInteractive {
  std::string_view submethods = {};
};
struct GiveUp {};  // ends the connection with Code::no_more_methods
using Credential = std::variant<GiveUp, TryNone, TryPassword, TryPublicKey, TryKeyboardInteractive>;

}  // namespace nacre
