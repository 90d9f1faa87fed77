// Lengths are judged before a byte is waited for, and paddings after the tag. Under keys every fault is the same one,
// so that a peer who tampers learns nothing from which it was.
#include "engine/transport/packet_reader.hpp"

namespace nacre {
namespace {

constexpr PacketShape clear_shape{.head = 4, .block = 8, .tag = 0, .length_is_aligned = true};
constexpr std::size_t length_size = 4;

}  // namespace

Error PacketReader::check_length(std::uint32_t length, const PacketShape& shape, std::uint32_t max_length) const {
  const auto aligned = std::size_t{length} + (shape.length_is_aligned ? length_size : 0);
  // At least padding_length, a byte of payload and the least padding; RFC 4253 6's minimum of 16 is not enforced, as
  // OpenSSH's shortest packets under an AEAD are 12.
  const bool good = length >= 1 + 1 + min_padding && length <= max_length && aligned % shape.block == 0 &&
                    length_size + length >= shape.head;
  if (good) return {};
  return opener_ ? Error{Code::packet_corrupt, 0} : Error{Code::packet_length, length};
}

Result<std::optional<OpenedPacket>> PacketReader::next(Inbox& inbox, std::uint32_t max_length) {
  const auto shape = opener_ ? opener_->shape() : clear_shape;
  const auto pending = inbox.pending();
  if (!length_) {
    if (pending.size() < shape.head) return std::optional<OpenedPacket>{};
    const auto length =
        opener_ ? opener_->packet_length(sequence_, pending.first(shape.head)) : load_be32(pending.data());
    if (const auto error = check_length(length, shape, max_length); error.code != Code::none) return Unexpected{error};
    length_ = length;
  }
  const auto whole = length_size + *length_ + shape.tag;
  if (pending.size() < whole) return std::optional<OpenedPacket>{};

  const auto packet = pending.first(whole);
  const auto opened = opener_ ? opener_->open(sequence_, packet) : std::optional(packet.subspan(length_size));
  if (!opened) return Unexpected{Error{Code::packet_corrupt, 0}};
  const auto padding = std::to_integer<std::size_t>((*opened)[0]);
  if (padding < min_padding || padding + 1 >= opened->size()) return Unexpected{Error{Code::packet_padding, 0}};

  // A sequence number may start over only between keys, and never before the first (the attack on strict key exchange
  // that fakes a 0).
  if (packets_ >= max_packets_) return Unexpected{Error{Code::sequence_exhausted, 0}};
  OpenedPacket result{sequence_, opened->subspan(1, opened->size() - 1 - padding), whole};
  ++sequence_;
  ++packets_;
  bytes_ += whole;
  length_.reset();
  return std::optional(result);
}

void PacketReader::switch_keys(std::unique_ptr<Opener> opener, bool reset) {
  opener_ = std::move(opener);
  if (reset) sequence_ = 0;
  bytes_ = packets_ = 0;
}

}  // namespace nacre
