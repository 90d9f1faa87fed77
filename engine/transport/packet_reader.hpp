// PacketReader: the stream's bytes become opened packets, one at a time (RFC 4253 6).
#pragma once

#include <memory>
#include <optional>

#include "crypto/packet_cipher.hpp"
#include "engine/error.hpp"
#include "engine/transport/inbox.hpp"

namespace nacre {

struct OpenedPacket {
  std::uint32_t sequence;
  Bytes payload;          // number and body; never empty
  std::size_t wire_size;  // bytes of the whole packet in the inbox
};

class PacketReader {
 public:
  // `max_packets` under one key, and before the first.
  explicit PacketReader(std::uint64_t max_packets = 0xffffffff) : max_packets_(max_packets) {}

  // The next packet, nothing when more bytes are needed, or the end. Opens it in place; the inbox still holds it.
  Result<std::optional<OpenedPacket>> next(Inbox& inbox, std::uint32_t max_length);

  // From the next packet on. `reset`: strict key exchange starts the sequence anew.
  void switch_keys(std::unique_ptr<Opener> opener, bool reset);
  void drop_keys() { opener_.reset(); }

  std::uint32_t sequence() const { return sequence_; }       // of the next packet
  std::uint64_t bytes_under_keys() const { return bytes_; }  // since the last switch, whole packets
  std::uint64_t packets_under_keys() const { return packets_; }
  bool in_packet() const { return length_.has_value(); }

 private:
  Error check_length(std::uint32_t length, const PacketShape& shape, std::uint32_t max_length) const;

  const std::uint64_t max_packets_;
  std::unique_ptr<Opener> opener_;
  std::optional<std::uint32_t> length_;  // of the packet that is arriving
  std::uint32_t sequence_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t packets_ = 0;
};

}  // namespace nacre
