// One channel (RFC 4254 5), and the table that numbers them.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "engine/event.hpp"

namespace nacre {

struct Channel {
  enum class Phase : std::uint8_t {
    unused,
    opening,  // we asked, the peer has not answered
    asked,    // the peer asked, the application has not answered
    open,
  };
  struct PeerRequest {  // waits for the application; answered in order
    Ticket ticket;
    bool answered = false;
    bool success = false;
  };

  std::uint32_t id = 0;       // ours: what the peer sends to
  std::uint32_t peer_id = 0;  // the peer's: what we send to
  Phase phase = Phase::unused;
  bool session = false;
  bool eof_sent = false;
  bool eof_received = false;
  bool close_sent = false;
  bool wants_write = false;             // a write took less than all
  bool ready = false;                   // stands in the list of those that can be written again
  bool program = false;                 // shell, exec or subsystem has been asked for (RFC 4254 6.5: one only)
  bool exited = false;                  // exit-status or exit-signal has come: the first counts
  std::uint32_t environment = 0;        // env requests so far
  std::uint64_t environment_bytes = 0;  // in them

  // Sending: what the peer still takes.
  std::uint32_t send_window = 0;
  std::uint32_t send_max_packet = 0;
  // Receiving: what the peer may still send, what the application still holds of it, and what it is done with but the
  // peer has not been told. The three always add up to `granted`, but for what was dropped after our CLOSE.
  std::uint32_t granted = 0;
  std::uint32_t receive_window = 0;
  std::uint32_t lent = 0;
  std::uint32_t credit = 0;

  std::vector<Ticket> our_requests;        // sent with want_reply, in order
  std::vector<PeerRequest> peer_requests;  // received with want_reply, in order
};

// Removes the first elements; a list that was much longer once gives its room back, as there may be many of them.
template <class T>
void take_front(std::vector<T>& list, std::size_t size) {
  list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(size));
  if (list.capacity() > 16 && list.size() < list.capacity() / 4) list.shrink_to_fit();
}

// Channels by number. A number is its slot and, in all the bits that slots don't need, how often the slot has been used
// before, so that a stale one finds nothing; a slot is used again only when both sides have closed.
class ChannelTable {
 public:
  // `channels`: as many at one time, at most.
  explicit ChannelTable(std::size_t channels)
      : slot_mask_(static_cast<std::uint32_t>(std::bit_ceil(std::clamp<std::size_t>(channels, 1, max_channels)) - 1)) {}

  // Null when there is none of that number.
  Channel* find(std::uint32_t id) {
    const auto slot = id & slot_mask_;
    if (slot >= slots_.size() || slots_[slot].phase == Channel::Phase::unused || slots_[slot].id != id) return nullptr;
    return &slots_[slot];
  }
  const Channel* find(std::uint32_t id) const { return const_cast<ChannelTable*>(this)->find(id); }

  Channel& add() {
    if (unused_.empty()) {
      unused_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back().id = unused_.back();
    }
    auto& channel = slots_[unused_.back()];
    unused_.pop_back();
    ++used_;
    return channel;
  }
  void remove(Channel& channel) {
    const auto id = channel.id;
    channel = Channel{};
    channel.id = id + slot_mask_ + 1;  // wraps within the upper bits
    unused_.push_back(id & slot_mask_);
    --used_;
  }
  std::size_t used() const { return used_; }

  // All places, unused ones among them.
  auto begin() { return slots_.begin(); }
  auto end() { return slots_.end(); }

  static constexpr std::size_t max_channels = std::size_t{1} << 20;

 private:
  std::uint32_t slot_mask_;
  std::vector<Channel> slots_;
  std::vector<std::uint32_t> unused_;
  std::size_t used_ = 0;
};

}  // namespace nacre
