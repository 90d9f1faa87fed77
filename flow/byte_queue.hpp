// ByteQueue: bytes that wait, in pieces, so that nothing is moved when more come. Empty, it holds no memory.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "crypto/bytes.hpp"

namespace nacre {

class ByteQueue {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // The first piece; empty only when the queue is.
  Bytes front() const {
    if (pieces_.empty()) return {};
    const auto& piece = pieces_.front();
    return {piece.bytes.get() + piece.begin, piece.end - piece.begin};
  }

  void push(Bytes bytes) {
    size_ += bytes.size();
    if (!pieces_.empty()) bytes = bytes.subspan(pieces_.back().fill(bytes));
    while (!bytes.empty()) {
      const auto room = std::clamp(bytes.size(), smallest, largest);
      pieces_.push_back({std::make_unique_for_overwrite<std::byte[]>(room), room, 0, 0});
      bytes = bytes.subspan(pieces_.back().fill(bytes));
    }
  }

  // `size` is at most size().
  void pop(std::size_t size) {
    size_ -= size;
    while (size != 0) {
      auto& piece = pieces_.front();
      const auto part = std::min(size, piece.end - piece.begin);
      piece.begin += part;
      size -= part;
      if (piece.begin == piece.end) pieces_.erase(pieces_.begin());
    }
  }

  // Moves as much as fits and answers how much.
  std::size_t read(Buffer into) {
    std::size_t done = 0;
    while (done < into.size() && !empty()) {
      const auto from = front();
      const auto part = std::min(from.size(), into.size() - done);
      std::memcpy(into.data() + done, from.data(), part);
      pop(part);
      done += part;
    }
    return done;
  }

 private:
  static constexpr std::size_t smallest = 4096, largest = 65536;
  struct Piece {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t room, begin, end;
    std::size_t fill(Bytes from) {
      const auto part = std::min(from.size(), room - end);
      if (part != 0) std::memcpy(bytes.get() + end, from.data(), part);
      end += part;
      return part;
    }
  };
  std::vector<Piece> pieces_;
  std::size_t size_ = 0;
};

}  // namespace nacre
