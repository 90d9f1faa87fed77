// Packets of every cipher and MAC through writer, stream and reader: however the stream is cut, what was sent comes out
// in its order and unchanged; from the first damaged byte on nothing comes out. The first two bytes choose cipher and
// MAC, the others what happens.
#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>

#include "crypto/botan_provider.hpp"
#include "engine/transport/inbox.hpp"
#include "engine/transport/outbox.hpp"
#include "engine/transport/packet_reader.hpp"
#include "engine/transport/packet_writer.hpp"
#include "fuzz/null_provider.hpp"
#include "fuzz/watch.hpp"

namespace {

using namespace nacre;
using fuzz::require;

constexpr std::uint32_t max_length = 256 * 1024;

class Framing {
 public:
  Framing(const CipherAlgorithm& cipher, const MacAlgorithm* mac) : cipher_(cipher), mac_(mac) { switch_keys(); }

  void run(fuzz::Control control) {
    while (!control.empty() && !dead_) {
      switch (control.next() % 8) {
        case 0:
        case 1: send(control.next() % 64 + 1, control.next()); break;
        case 2: send(control.next16() % 3000 + 1, control.next()); break;
        case 3:
        case 4: deliver(control.next()); break;
        case 5: deliver(outbox_.size()); break;
        case 6: damage(control.next16(), control.next()); break;
        default:
          if (control.next() % 4 != 0) break;
          deliver_all();
          if (!dead_ && damaged_at_ == none) switch_keys();
      }
    }
    deliver_all();
    if (damaged_at_ == none) require(!dead_ && sent_.empty());
  }

 private:
  void switch_keys() {
    ++generation_;
    const ByteVector key(cipher_.key_size, std::byte{generation_}), iv(cipher_.iv_size, std::byte{generation_}),
        mac_key(mac_ ? mac_->key_size : 0, std::byte{generation_});
    const PacketKeys keys{key, iv, mac_key};
    writer_.switch_keys(cipher_.sealer(keys, mac_), generation_ % 2 == 0);
    reader_.switch_keys(cipher_.opener(keys, mac_), generation_ % 2 == 0);
  }

  void send(std::size_t size, unsigned fill) {
    ByteVector payload(size, static_cast<std::byte>(fill));
    writer_.send_payload(payload);
    require(writer_.failure() == Code::none);
    sent_.push_back(std::move(payload));
  }

  // One bit of what waits for the stream.
  void damage(std::size_t at, unsigned bit) {
    const auto out = outbox_.outgoing();
    if (out.empty() || damaged_at_ != none) return;
    damaged_at_ = delivered_ + at % out.size();
    damage_ = std::byte{1} << bit % 8;
  }

  void deliver(std::size_t most) {
    const auto out = outbox_.outgoing();
    const auto room = inbox_.incoming();
    const auto size = std::min({most, out.size(), room.size()});
    std::copy_n(out.begin(), size, room.begin());
    if (damaged_at_ >= delivered_ && damaged_at_ < delivered_ + size) room[damaged_at_ - delivered_] ^= damage_;
    inbox_.received(size);
    outbox_.sent(size);
    delivered_ += size;
    read_all();
  }

  void deliver_all() {
    while (!dead_ && outbox_.size() != 0) deliver(outbox_.size());
  }

  void read_all() {
    for (;;) {
      const auto packet = reader_.next(inbox_, max_length);
      if (!packet) {
        require(damaged_at_ < delivered_);
        dead_ = true;
        return;
      }
      if (!*packet) return;
      opened_ += (*packet)->wire_size;
      require(opened_ <= delivered_ && opened_ <= damaged_at_);  // no packet with the damage in it, and none behind
      require(!sent_.empty() && same_bytes((*packet)->payload, sent_.front()));
      sent_.pop_front();
      inbox_.lend((*packet)->wire_size);
      inbox_.release(false);
    }
  }

  static constexpr std::size_t none = ~std::size_t{0};

  const CipherAlgorithm& cipher_;
  const MacAlgorithm* mac_;
  fuzz::CountingRandom random_;
  Outbox outbox_;
  PacketWriter writer_{outbox_, random_};
  Inbox inbox_{320 * 1024};
  PacketReader reader_;
  std::deque<ByteVector> sent_;
  std::size_t delivered_ = 0, opened_ = 0;
  std::size_t damaged_at_ = none;
  std::byte damage_{};
  std::uint8_t generation_ = 0;
  bool dead_ = false;
};

const Provider& provider() {
  static const auto random = seeded_random(std::uint64_t{1});
  static const Provider all = botan_provider(*random);
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 1000) return 0;
  const auto& cipher = provider().ciphers[data[0] % provider().ciphers.size()];
  const auto* mac = cipher.authenticates ? nullptr : &provider().macs[data[1] % provider().macs.size()];
  Framing(cipher, mac).run(fuzz::Control(std::as_bytes(std::span(data, size)).subspan(2)));
  return 0;
}
