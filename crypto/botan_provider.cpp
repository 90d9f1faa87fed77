// The tables of the default provider, in order of preference, and what of them is offered by default.
#include "crypto/botan_provider.hpp"

#include "crypto/botan_parts.hpp"

namespace nacre {

namespace {

using parts::Curve;
using parts::ModpGroup;

std::unique_ptr<Hash> make_sha256() { return make_hash(HashName::sha256); }
std::unique_ptr<Hash> make_sha384() { return make_hash(HashName::sha384); }
std::unique_ptr<Hash> make_sha512() { return make_hash(HashName::sha512); }

// NIST's curves and the 2048-bit group work, for peers that know nothing better, and are not offered unasked.
constexpr KeyExchangeAlgorithm key_exchanges[] = {
    {"mlkem768x25519-sha256", true, make_sha256, parts::make_mlkem768_x25519},
    {"curve25519-sha256", true, make_sha256, parts::make_curve25519},
    {"curve25519-sha256@libssh.org", true, make_sha256, parts::make_curve25519},
    {"diffie-hellman-group16-sha512", true, make_sha512, parts::make_dh<ModpGroup::group16>},
    {"diffie-hellman-group18-sha512", true, make_sha512, parts::make_dh<ModpGroup::group18>},
    {"ecdh-sha2-nistp256", false, make_sha256, parts::make_ecdh<Curve::p256>},
    {"ecdh-sha2-nistp384", false, make_sha384, parts::make_ecdh<Curve::p384>},
    {"ecdh-sha2-nistp521", false, make_sha512, parts::make_ecdh<Curve::p521>},
    {"diffie-hellman-group14-sha256", false, make_sha256, parts::make_dh<ModpGroup::group14>},
};

// RFC 4344 3.2 for a block of 128 bits: 2^32 blocks of 16 bytes. ChaCha20 has no such bound; it is given the same.
constexpr std::uint64_t max_bytes = std::uint64_t{1} << 36;

constexpr CipherAlgorithm ciphers[] = {
    {"aes128-gcm@openssh.com", 16, 12, true, true, max_bytes, parts::gcm_opener<128>, parts::gcm_sealer<128>},
    {"aes256-gcm@openssh.com", 32, 12, true, true, max_bytes, parts::gcm_opener<256>, parts::gcm_sealer<256>},
    {"chacha20-poly1305@openssh.com", 64, 0, true, true, max_bytes, parts::chacha_opener, parts::chacha_sealer},
    {"aes128-ctr", 16, 16, false, true, max_bytes, parts::ctr_opener<128>, parts::ctr_sealer<128>},
    {"aes256-ctr", 32, 16, false, true, max_bytes, parts::ctr_opener<256>, parts::ctr_sealer<256>},
    {"aes192-ctr", 24, 16, false, true, max_bytes, parts::ctr_opener<192>, parts::ctr_sealer<192>},
};

constexpr MacAlgorithm macs[] = {
    {"hmac-sha2-256-etm@openssh.com", 32, 32, true, true, parts::hmac_sha2_256},
    {"hmac-sha2-512-etm@openssh.com", 64, 64, true, true, parts::hmac_sha2_512},
    {"hmac-sha2-256", 32, 32, false, false, parts::hmac_sha2_256},
    {"hmac-sha2-512", 64, 64, false, false, parts::hmac_sha2_512},
};

constexpr SignatureAlgorithm signatures[] = {
    {"ssh-ed25519", "ssh-ed25519", true, parts::acceptable_ed25519, parts::verify_ed25519},
    {"rsa-sha2-512", "ssh-rsa", true, parts::acceptable_rsa, parts::verify_rsa<512>},
    {"rsa-sha2-256", "ssh-rsa", true, parts::acceptable_rsa, parts::verify_rsa<256>},
    {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", false, parts::acceptable_ecdsa<Curve::p256>,
     parts::verify_ecdsa<Curve::p256>},
    {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", false, parts::acceptable_ecdsa<Curve::p384>,
     parts::verify_ecdsa<Curve::p384>},
    {"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521", false, parts::acceptable_ecdsa<Curve::p521>,
     parts::verify_ecdsa<Curve::p521>},
};

}  // namespace

Provider botan_provider(Random& random) {
  return {
      .key_exchanges = key_exchanges, .ciphers = ciphers, .macs = macs, .signatures = signatures, .random = &random};
}

}  // namespace nacre
