// Negotiation of algorithms (RFC 4253 7.1): our KEXINIT, the peer's, and what follows from the two.
#pragma once

#include <string>

#include "crypto/provider.hpp"
#include "engine/config.hpp"
#include "engine/error.hpp"
#include "engine/messages.hpp"
#include "engine/order.hpp"

namespace nacre {

// The lists we offer, as they go on the wire. Rows only that the provider has.
struct Proposal {
  std::string key_exchanges;
  std::string host_keys;
  std::string ciphers;
  std::string macs;
};

// The configured names, or the provider's defaults. For a server, host key algorithms are those its keys can serve.
Proposal make_proposal(const Provider& provider, const ClientConfig& config);
Proposal make_proposal(const Provider& provider, const ServerConfig& config);

// The payload of our KEXINIT. The first of a connection also carries the markers of extension negotiation (RFC 8308
// 2.1) and strict key exchange. Nothing when there is no randomness.
std::optional<ByteVector> make_kex_init(const Proposal& proposal, Role role, bool first, Random& random);

struct CipherChoice {
  const CipherAlgorithm* cipher = nullptr;
  const MacAlgorithm* mac = nullptr;  // null where the cipher authenticates
};

struct Agreement {
  const KeyExchangeAlgorithm* key_exchange = nullptr;
  const SignatureAlgorithm* host_key = nullptr;
  CipherChoice to_server;
  CipherChoice to_client;
  bool guess_is_right = false;  // a first packet that followed the peer's KEXINIT counts
};

// Within the limits of name-lists, whatever the order.
Error check_kex_init(const KexInit& init, std::size_t payload_size, const Limits& limits);

// The client's order decides. Names are compared whole; those over Limits::name_bytes match nothing, nor do markers.
Result<Agreement> negotiate(const Provider& provider, const KexInit& client, const KexInit& server,
                            const Limits& limits);

// Code::no_common_algorithm in words, with what the peer offers: for our own side, `limit` bytes of the list at most.
std::string describe_no_common(std::uint32_t list, const KexInit& peer, std::size_t limit);

// What the markers of the peer's first KEXINIT say. Only those of the peer's own role count.
struct Markers {
  bool strict = false;
  bool extensions = false;
};
Markers markers_of(const KexInit& peer, Role peer_role);

}  // namespace nacre
