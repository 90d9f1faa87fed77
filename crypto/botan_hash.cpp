// SHA-2 (FIPS 180-4), running and whole, and HMAC-SHA1 (RFC 2104) for known_hosts.
#include <botan/hash.h>
#include <botan/mac.h>

#include "crypto/botan_guard.hpp"
#include "crypto/hash.hpp"

namespace nacre {

namespace {

class BotanHash final : public Hash {
 public:
  explicit BotanHash(std::unique_ptr<Botan::HashFunction> hash) : hash_(std::move(hash)) {}

  std::size_t size() const override { return hash_->output_length(); }
  void update(Bytes data) override { hash_->update(octets(data)); }
  bool finish(Buffer out) override {
    return guarded([&] {
      if (out.size() < size()) return false;
      hash_->final(octets(out.first(size())));
      return true;
    });
  }

 private:
  std::unique_ptr<Botan::HashFunction> hash_;
};

const char* botan_name(HashName name) {
  switch (name) {
    case HashName::sha256: return "SHA-256";
    case HashName::sha384: return "SHA-384";
    case HashName::sha512: break;
  }
  return "SHA-512";
}

}  // namespace

std::unique_ptr<Hash> make_hash(HashName name) {
  return std::make_unique<BotanHash>(Botan::HashFunction::create_or_throw(botan_name(name)));
}

std::array<std::byte, 32> sha256(Bytes data) {
  std::array<std::byte, 32> digest;
  const auto hash = Botan::HashFunction::create_or_throw("SHA-256");
  hash->update(octets(data));
  hash->final(octets(Buffer(digest)));
  return digest;
}

std::array<std::byte, 20> hmac_sha1(Bytes key, Bytes data) {
  std::array<std::byte, 20> digest;
  const auto mac = Botan::MessageAuthenticationCode::create_or_throw("HMAC(SHA-1)");
  mac->set_key(octets(key));
  mac->update(octets(data));
  mac->final(octets(Buffer(digest)));
  return digest;
}

}  // namespace nacre
