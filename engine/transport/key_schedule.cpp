// H and the letters A to F.
#include "engine/transport/key_schedule.hpp"

#include <algorithm>

namespace nacre {
namespace {

struct HashSink {
  Hash& hash;
  void put(Bytes bytes) { hash.update(bytes); }
};

// K1 = HASH(K || H || letter || session_id), K2 = HASH(K || H || K1), and so on, cut to size.
std::optional<Secret> derive(Hash& hash, Bytes secret, Bytes exchange_hash, Bytes session_id, char letter,
                             std::size_t size) {
  Secret block(hash.size());
  Secret result(size);
  for (std::size_t done = 0; done < size;) {
    hash.update(secret);
    hash.update(exchange_hash);
    if (done == 0) {
      hash.update(bytes_of({&letter, 1}));
      hash.update(session_id);
    } else {
      hash.update(result.bytes().first(done));
    }
    if (!hash.finish(block.buffer())) return std::nullopt;
    const auto part = std::min(size - done, block.size());
    std::memcpy(result.buffer().data() + done, block.bytes().data(), part);
    done += part;
  }
  return result;
}

}  // namespace

std::optional<ByteVector> exchange_hash(Hash& hash, const ExchangeInputs& inputs) {
  HashSink sink{hash};
  Writer<HashSink> writer(sink);
  writer.write(inputs.client_ident);
  writer.write(inputs.server_ident);
  writer.write(inputs.client_init);
  writer.write(inputs.server_init);
  writer.write(inputs.host_key);
  writer.write(inputs.client_value);
  writer.write(inputs.server_value);
  hash.update(inputs.secret);
  ByteVector result(hash.size());
  if (!hash.finish(result)) return std::nullopt;
  return result;
}

std::optional<DirectionKeys> derive_keys(Hash& hash, Bytes secret, Bytes exchange_hash, Bytes session_id,
                                         const CipherChoice& choice, bool to_server) {
  auto iv = derive(hash, secret, exchange_hash, session_id, to_server ? 'A' : 'B', choice.cipher->iv_size);
  auto key = derive(hash, secret, exchange_hash, session_id, to_server ? 'C' : 'D', choice.cipher->key_size);
  auto mac_key =
      derive(hash, secret, exchange_hash, session_id, to_server ? 'E' : 'F', choice.mac ? choice.mac->key_size : 0);
  if (!iv || !key || !mac_key) return std::nullopt;
  return DirectionKeys{std::move(*iv), std::move(*key), std::move(*mac_key)};
}

}  // namespace nacre
