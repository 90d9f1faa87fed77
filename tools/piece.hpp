// Piece: how much a pump reads at a time. A keystroke shall not cost a large buffer, nor bulk data many small packets.
#pragma once

#include <algorithm>
#include <cstddef>

namespace nacre::tools {

class Piece {
 public:
  std::size_t size() const { return size_; }  // bytes

  // A read into `room` bytes brought `got`. Whether that was all there is for now: the source has been emptied.
  bool took(std::size_t got, std::size_t room) {
    if (got == room) size_ = std::min(largest, std::max(size_, room) * 4);
    if (got < size_ / 4) size_ = std::max(smallest, size_ / 2);
    return got < room;
  }

 private:
  static constexpr std::size_t smallest = 4 * 1024;
  static constexpr std::size_t largest = 128 * 1024;  // what a packet holds, Limits::max_packet
  std::size_t size_ = smallest;
};

}  // namespace nacre::tools
