// PacketWriter: messages become sealed packets in the outbox, encoded and encrypted where they will be sent from
// (RFC 4253 6). During a key exchange, what may not be sent is kept, in order (RFC 4253 7.1).
#pragma once

#include <array>
#include <memory>

#include "crypto/packet_cipher.hpp"
#include "crypto/random.hpp"
#include "engine/codec.hpp"
#include "engine/error.hpp"
#include "engine/transport/outbox.hpp"

namespace nacre {

class PacketWriter {
 public:
  // `max_packets` under one key, and before the first.
  PacketWriter(Outbox& outbox, Random& random, std::uint64_t max_packets = 0xffffffff)
      : outbox_(outbox), random_(random), max_packets_(max_packets) {}

  // Sends, or keeps until new keys are on.
  template <Message M>
  void send(const M& message) {
    if (exchanging_ && !allowed_in_exchange(M::number)) return keep(message);
    const auto size = encoded_size(message);
    SpanSink sink{begin(size).data()};
    encode(message, sink);
    end(size);
  }
  // A payload that exists already.
  void send_payload(Bytes payload);

  // One packet by hand: a place for its payload, then how much of the place it came to take. begin without end is
  // nothing at all. The place is lost with any other call.
  Buffer begin(std::size_t payload_size);
  void end(std::size_t payload_size);

  // The same as long as the place of the last begin is good.
  std::uint64_t turn() const { return outbox_.turn(); }

  // Bytes that wait for the stream.
  std::size_t waiting() const { return outbox_.size(); }

  // Between our KEXINIT and our NEWKEYS only messages of the exchange go out; the others are kept.
  void begin_exchange() { exchanging_ = true; }
  // The keys of the packets after our NEWKEYS. `reset`: strict key exchange starts the sequence anew.
  void switch_keys(std::unique_ptr<Sealer> sealer, bool reset);
  // Our NEWKEYS is out: what was kept goes out now.
  void end_exchange();
  bool exchanging() const { return exchanging_; }
  std::size_t kept_messages() const { return kept_messages_; }
  std::size_t kept_bytes() const { return kept_.size(); }

  // The first failure of a primitive: nothing has been sent since.
  Code failure() const { return failure_; }
  void drop_keys();

  std::uint64_t bytes_under_keys() const { return bytes_; }
  std::uint64_t packets_under_keys() const { return packets_; }

 private:
  static constexpr bool allowed_in_exchange(std::uint8_t number) {
    return number <= 4 || (number >= 20 && number <= 49);
  }
  template <Message M>
  void keep(const M& message) {
    VectorSink sink{kept_};
    Writer<VectorSink>(sink).write(static_cast<std::uint32_t>(encoded_size(message)));
    encode(message, sink);
    ++kept_messages_;
  }
  Code seal(Buffer packet, Buffer padding);
  bool pad(Buffer padding);

  Outbox& outbox_;
  Random& random_;
  const std::uint64_t max_packets_;
  std::unique_ptr<Sealer> sealer_;
  PacketShape shape_{.head = 4, .block = 8, .tag = 0, .length_is_aligned = true};
  std::uint32_t sequence_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t packets_ = 0;
  Buffer place_;  // of the packet that has begun
  bool exchanging_ = false;
  Code failure_ = Code::none;
  ByteVector kept_;  // uint32 size, payload, and so on
  std::size_t kept_messages_ = 0;
  std::array<std::byte, 256> random_bytes_;  // padding comes from here, so that not every packet asks for randomness
  std::size_t random_left_ = 0;
};

}  // namespace nacre
