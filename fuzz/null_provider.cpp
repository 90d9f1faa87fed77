// The tables of the null provider. The names are real ones, so that a peer's lists match.
#include "fuzz/null_provider.hpp"

#include <algorithm>
#include <array>

#include "crypto/wire.hpp"

namespace nacre::fuzz {
namespace {

constexpr std::string_view key_type = "ssh-ed25519";

class NullHash : public Hash {
 public:
  std::size_t size() const override { return 32; }
  void update(Bytes data) override {
    for (const auto byte : data) state_ = state_ * 31 + std::to_integer<std::uint64_t>(byte);
  }
  bool finish(Buffer out) override {
    for (auto& byte : out) byte = static_cast<std::byte>((state_ = state_ * 6364136223846793005U + 1) >> 56);
    state_ = 0;
    return true;
  }

 private:
  std::uint64_t state_ = 0;
};

class NullKeyExchange : public KeyExchange {
 public:
  std::optional<ByteVector> initiate(Random&) override { return ByteVector(32); }
  std::optional<Secret> finish(Bytes reply) override { return reply.empty() ? std::nullopt : secret(); }
  std::optional<Reply> respond(Random&, Bytes initial_value) override {
    if (initial_value.empty()) return std::nullopt;
    return Reply{ByteVector(32), std::move(*secret())};
  }

 private:
  static std::optional<Secret> secret() { return Secret(std::size_t{36}); }
};

constexpr PacketShape shape_of_null{.head = 4, .block = 8, .tag = 0, .length_is_aligned = false};

class NullOpener : public Opener {
 public:
  PacketShape shape() const override { return shape_of_null; }
  std::uint32_t packet_length(std::uint32_t, Buffer head) override { return load_be32(head.data()); }
  std::optional<Buffer> open(std::uint32_t, Buffer packet) override { return packet.subspan(4); }
};

class NullSealer : public Sealer {
 public:
  PacketShape shape() const override { return shape_of_null; }
  bool seal(std::uint32_t, Buffer) override { return true; }
};

bool is_null_key(Bytes blob) {
  Reader reader(blob);
  std::string_view type;
  Bytes value;
  reader.read(type);
  reader.read(value);
  return reader.done() && type == key_type && value.size() == 32;
}

constexpr std::array exchanges{
    KeyExchangeAlgorithm{"curve25519-sha256", true, [] { return std::unique_ptr<Hash>(std::make_unique<NullHash>()); },
                         [] { return std::unique_ptr<KeyExchange>(std::make_unique<NullKeyExchange>()); }}};

constexpr std::array ciphers{CipherAlgorithm{
    "aes128-gcm@openssh.com", 16, 12, true, true, std::uint64_t{1} << 36,
    [](const PacketKeys&, const MacAlgorithm*) { return std::unique_ptr<Opener>(std::make_unique<NullOpener>()); },
    [](const PacketKeys&, const MacAlgorithm*) { return std::unique_ptr<Sealer>(std::make_unique<NullSealer>()); }}};

constexpr std::array macs{MacAlgorithm{"hmac-sha2-256-etm@openssh.com", 32, 32, true, true, 0}};

constexpr std::array signatures{SignatureAlgorithm{
    key_type, key_type, true, is_null_key,
    [](Bytes key, Bytes, Bytes signature) { return is_null_key(key) && same_bytes(signature, null_signature()); }}};

ByteVector two_strings(std::string_view first, std::string_view second) {
  ByteVector blob;
  VectorSink sink{blob};
  Writer<VectorSink> writer(sink);
  writer.write(first);
  writer.write(second);
  return blob;
}

}  // namespace

ByteVector null_key() { return two_strings(key_type, "0123456789abcdef0123456789abcdef"); }
ByteVector null_signature() { return two_strings(key_type, "signed"); }

Provider null_provider(Random& random) { return {exchanges, ciphers, macs, signatures, &random}; }

}  // namespace nacre::fuzz
