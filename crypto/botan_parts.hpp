// What the files botan_*.cpp give to the tables in botan_provider.cpp. No type of Botan's is named here.
#pragma once

#include "crypto/key_exchange.hpp"
#include "crypto/keys.hpp"
#include "crypto/packet_cipher.hpp"

namespace nacre::parts {

enum class Curve { p256, p384, p521 };
enum class ModpGroup { group14, group16, group18 };

std::unique_ptr<KeyExchange> make_curve25519();
std::unique_ptr<KeyExchange> make_mlkem768_x25519();
template <Curve curve>
std::unique_ptr<KeyExchange> make_ecdh();
template <ModpGroup group>
std::unique_ptr<KeyExchange> make_dh();

// `key_bits` of AES: 128, 192 (CTR only) or 256.
template <int key_bits>
std::unique_ptr<Opener> gcm_opener(const PacketKeys& keys, const MacAlgorithm* mac);
template <int key_bits>
std::unique_ptr<Sealer> gcm_sealer(const PacketKeys& keys, const MacAlgorithm* mac);
std::unique_ptr<Opener> chacha_opener(const PacketKeys& keys, const MacAlgorithm* mac);
std::unique_ptr<Sealer> chacha_sealer(const PacketKeys& keys, const MacAlgorithm* mac);
template <int key_bits>
std::unique_ptr<Opener> ctr_opener(const PacketKeys& keys, const MacAlgorithm* mac);
template <int key_bits>
std::unique_ptr<Sealer> ctr_sealer(const PacketKeys& keys, const MacAlgorithm* mac);

enum MacId : int { hmac_sha2_256 = 1, hmac_sha2_512 = 2 };  // MacAlgorithm::id

bool acceptable_ed25519(Bytes key_blob);
bool verify_ed25519(Bytes key_blob, Bytes message, Bytes signature);
template <Curve curve>
bool acceptable_ecdsa(Bytes key_blob);
template <Curve curve>
bool verify_ecdsa(Bytes key_blob, Bytes message, Bytes signature);
bool acceptable_rsa(Bytes key_blob);
template <int hash_bits>
bool verify_rsa(Bytes key_blob, Bytes message, Bytes signature);

}  // namespace nacre::parts
