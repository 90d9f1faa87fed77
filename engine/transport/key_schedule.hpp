// The exchange hash and the keys that come from it (RFC 4253 7.2 and 8).
#pragma once

#include <optional>

#include "crypto/key_exchange.hpp"
#include "engine/transport/negotiation.hpp"

namespace nacre {

// What both sides hash, in the order it is hashed. The lines are without CR LF, the inits with their message number.
struct ExchangeInputs {
  std::string_view client_ident, server_ident;
  Bytes client_init, server_init;
  Bytes host_key;
  Bytes client_value, server_value;
  Bytes secret;  // K as KeyExchange gives it, length in front
};

std::optional<ByteVector> exchange_hash(Hash& hash, const ExchangeInputs& inputs);

// The keys of one direction. The letters are RFC 4253's: 'A' 'C' 'E' from client to server, 'B' 'D' 'F' back.
struct DirectionKeys {
  Secret iv, key, mac_key;
  PacketKeys view() const { return {key.bytes(), iv.bytes(), mac_key.bytes()}; }
};
std::optional<DirectionKeys> derive_keys(Hash& hash, Bytes secret, Bytes exchange_hash, Bytes session_id,
                                         const CipherChoice& choice, bool to_server);

}  // namespace nacre
