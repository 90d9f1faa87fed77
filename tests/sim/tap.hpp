// Tap: a referee between the two ends of a connection without encryption. It reads the packets of both directions as
// they are sent and holds them to the RFCs by itself: order, windows, packet sizes, who may speak when.
#pragma once

#include <array>
#include <functional>
#include <vector>

#include "engine/codec.hpp"

namespace nacre::sim {

class Tap {
 public:
  // How many bytes of a channel the application at `side` is done with.
  std::function<std::uint64_t(unsigned side, std::uint32_t channel)> consumed;
  std::array<std::uint32_t, 2> window{};  // Limits::window of each side

  // What the party at `side` sends.
  void see(unsigned side, Bytes bytes);

  // What the other side of this channel may still send to it. Nothing: unknown here.
  std::optional<std::uint64_t> may_send(unsigned side, std::uint32_t own_channel) const;

 private:
  struct Half {                       // what one side has said of a channel
    std::optional<std::uint32_t> id;  // its own number
    std::uint64_t granted = 0;        // bytes that the other side may send it, in all
    std::uint32_t first_window = 0;
    std::uint32_t max_packet = 0;  // that it takes
    std::uint64_t sent = 0;        // bytes it has sent
    bool eof = false, closed = false;
  };
  struct Wired {
    std::array<Half, 2> half;
    bool confirmed = false, refused = false;
  };
  struct Side {
    bool ident_seen = false, exchanging = false, disconnected = false, keys_on = false;
    ByteVector rest;  // of a packet that is not whole
  };

  void packet(unsigned side, Bytes payload);
  void channel_message(unsigned side, std::uint8_t number, Bytes body);
  void open(unsigned side, Bytes body);
  void confirm(unsigned side, Bytes body);
  void data(unsigned side, Wired& wired, std::size_t size);
  void adjust(unsigned side, Wired& wired, std::uint32_t bytes);
  Wired* find(unsigned owner, std::uint32_t id);

  std::array<Side, 2> sides_;
  std::vector<Wired> wired_;
};

}  // namespace nacre::sim
