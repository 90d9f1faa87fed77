// Padding, sealing, and the messages kept during a key exchange.
#include "engine/transport/packet_writer.hpp"

namespace nacre {
namespace {

constexpr std::size_t header_size = 4 + 1;  // packet_length, padding_length
constexpr std::size_t max_padding = 255;

std::size_t padding_for(std::size_t payload, const PacketShape& shape) {
  const auto counted = 1 + payload + (shape.length_is_aligned ? 4 : 0);
  const auto padding = shape.block - counted % shape.block;
  return padding < min_padding ? padding + shape.block : padding;
}

}  // namespace

void PacketWriter::send_payload(Bytes payload) {
  const auto place = begin(payload.size());
  std::memcpy(place.data(), payload.data(), payload.size());
  end(payload.size());
}

Buffer PacketWriter::begin(std::size_t payload_size) {
  place_ = outbox_.reserve(header_size + payload_size + max_padding + shape_.tag);
  return place_.subspan(header_size, payload_size);
}

void PacketWriter::end(std::size_t payload_size) {
  const auto padding = padding_for(payload_size, shape_);
  const auto length = 1 + payload_size + padding;
  const auto packet = place_.first(4 + length + shape_.tag);
  store_be32(static_cast<std::uint32_t>(length), packet.data());
  packet[4] = static_cast<std::byte>(padding);
  if (failure_ == Code::none) failure_ = seal(packet, packet.subspan(header_size + payload_size, padding));
  if (failure_ != Code::none) return wipe(packet);  // nobody else will: it stays where the stream never sees it
  ++sequence_;
  ++packets_;
  bytes_ += packet.size();
  outbox_.commit(packet.size());
}

Code PacketWriter::seal(Buffer packet, Buffer padding) {
  if (!pad(padding)) return Code::random_failed;
  if (packets_ >= max_packets_) return Code::sequence_exhausted;
  return !sealer_ || sealer_->seal(sequence_, packet) ? Code::none : Code::crypto_failed;
}

bool PacketWriter::pad(Buffer padding) {
  if (padding.size() > random_left_) {
    if (!random_.fill(random_bytes_)) return false;
    random_left_ = random_bytes_.size();
  }
  random_left_ -= padding.size();
  std::memcpy(padding.data(), random_bytes_.data() + random_left_, padding.size());
  return true;
}

void PacketWriter::switch_keys(std::unique_ptr<Sealer> sealer, bool reset) {
  sealer_ = std::move(sealer);
  shape_ = sealer_->shape();
  if (reset) sequence_ = 0;
  bytes_ = packets_ = 0;
}

void PacketWriter::end_exchange() {
  exchanging_ = false;
  const auto kept = std::exchange(kept_, {});
  kept_messages_ = 0;
  for (Bytes rest = kept; !rest.empty();) {
    const auto size = load_be32(rest.data());
    send_payload(rest.subspan(4, size));
    rest = rest.subspan(4 + size);
  }
}

void PacketWriter::drop_keys() {
  sealer_.reset();
  random_left_ = 0;
  kept_ = {};
  kept_messages_ = 0;
}

}  // namespace nacre
