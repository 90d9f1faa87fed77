// Secret: bytes that are moved and never copied, wiped when they die, compared in constant time only.
#pragma once

#include <memory>
#include <utility>

#include "crypto/bytes.hpp"

namespace nacre {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::size_t size) : bytes_(size ? new std::byte[size]{} : nullptr), size_(size) {}
  explicit Secret(Bytes copy_from) : Secret(copy_from.size()) {
    if (size_ != 0) std::memcpy(bytes_.get(), copy_from.data(), size_);
  }
  Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      clear();
      bytes_ = std::move(other.bytes_);
      size_ = std::exchange(other.size_, 0);
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { clear(); }

  Bytes bytes() const { return {bytes_.get(), size_}; }
  Buffer buffer() { return {bytes_.get(), size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Secret copy() const { return Secret(bytes()); }

  // Wiped and empty afterwards.
  void clear() noexcept {
    wipe(buffer());
    bytes_.reset();
    size_ = 0;
  }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t size_ = 0;
};

// Takes the same time wherever the first difference is. The sizes themselves are not secret.
[[nodiscard]] bool equal_in_constant_time(Bytes a, Bytes b) noexcept;

}  // namespace nacre
