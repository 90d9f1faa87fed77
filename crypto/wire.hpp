// The values of RFC 4251 5: byte, boolean, uint32, uint64, string, mpint, name-list. Reader and Writer.
//
// A Reader fails once and stays failed, so whoever decodes asks once, at the end. Nothing here allocates: strings are
// views into the input, and lengths are believed only as far as there are bytes.
#pragma once

#include <array>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "crypto/bytes.hpp"

namespace nacre {

// A name-list as it stands on the wire: names with commas between them. A view.
class NameList {
 public:
  NameList() = default;
  explicit NameList(std::string_view text) : text_(text) {}
  std::string_view text() const { return text_; }
  bool empty() const { return text_.empty(); }

  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;
    using pointer = const std::string_view*;
    using reference = std::string_view;

    Iterator() = default;
    explicit Iterator(std::string_view rest) : rest_(rest) { cut(); }
    std::string_view operator*() const { return name_; }
    Iterator& operator++() {
      rest_.remove_prefix(name_.size());
      if (!rest_.empty()) rest_.remove_prefix(1);
      cut();
      return *this;
    }
    Iterator operator++(int) {
      auto was = *this;
      ++*this;
      return was;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.rest_.size() == b.rest_.size(); }

   private:
    void cut() { name_ = rest_.substr(0, rest_.find(',')); }
    std::string_view rest_;
    std::string_view name_;
  };
  Iterator begin() const { return Iterator(text_); }
  Iterator end() const { return Iterator(text_.substr(text_.size())); }

  // Whole names only: neither a prefix nor another case is the same name.
  bool contains(std::string_view name) const {
    for (auto each : *this)
      if (each == name) return true;
    return false;
  }
  std::size_t size() const { return static_cast<std::size_t>(std::distance(begin(), end())); }
  std::string_view first() const { return *begin(); }

  // RFC 4251 5 and 6: printable US-ASCII, no empty name. One comma at the very end is tolerated, since peers in the
  // field send it; the list is then without it.
  static bool parse(std::string_view text, NameList& into);

 private:
  std::string_view text_;
};

// A non-negative mpint's magnitude, big-endian and without leading zeros: empty for 0. A view.
struct Mpint {
  static constexpr std::size_t max_bytes = 2048;  // 16384 bits
  Bytes magnitude;

  // From the contents of the wire's string. False for negative numbers, superfluous zeros in front, and longer ones.
  static bool parse(Bytes contents, Mpint& into);
};

// All that is left of a body, with no length in front: what follows a method's or a request's name.
struct Rest {
  Bytes bytes;
};

class Reader {
 public:
  explicit Reader(Bytes data) : data_(data) {}

  void read(std::uint8_t& value) {
    if (auto b = take(1); !b.empty()) value = std::to_integer<std::uint8_t>(b[0]);
  }
  void read(bool& value) {  // RFC 4251 5: all non-zero values are true
    std::uint8_t byte = 0;
    read(byte);
    value = byte != 0;
  }
  void read(std::uint32_t& value) {
    if (auto b = take(4); !b.empty()) value = load_be32(b.data());
  }
  void read(std::uint64_t& value) {
    if (auto b = take(8); !b.empty()) value = load_be64(b.data());
  }
  void read(Bytes& value) {
    std::uint32_t size = 0;
    read(size);
    value = take(size);
  }
  void read(std::string_view& value) {
    Bytes bytes;
    read(bytes);
    value = text_of(bytes);
  }
  template <std::size_t N>
  void read(std::array<std::byte, N>& value) {
    if (auto b = take(N); !b.empty()) std::memcpy(value.data(), b.data(), N);
  }
  void read(NameList& value);
  void read(Mpint& value);  // negative, over-long, or with superfluous zeros in front: a failure
  void read(Rest& value) { value.bytes = take(data_.size()); }

  Bytes rest() const { return data_; }  // not read yet
  void fail() {
    failed_ = true;
    data_ = {};
  }
  bool failed() const { return failed_; }
  bool done() const { return !failed_ && data_.empty(); }  // everything read, nothing left

 private:
  Bytes take(std::size_t size) {
    if (failed_ || size > data_.size()) {
      fail();
      return {};
    }
    auto head = data_.first(size);
    data_ = data_.subspan(size);
    return head;
  }

  Bytes data_;
  bool failed_ = false;
};

// Writes to any sink that has put(Bytes). Sinks for vectors, spans and counting stand below; a hash makes a fourth.
template <class Sink>
class Writer {
 public:
  explicit Writer(Sink& sink) : sink_(sink) {}

  void write(std::uint8_t value) {
    const auto byte = static_cast<std::byte>(value);
    sink_.put(Bytes(&byte, 1));
  }
  void write(bool value) { write(static_cast<std::uint8_t>(value ? 1 : 0)); }
  void write(std::uint32_t value) {
    std::array<std::byte, 4> bytes;
    store_be32(value, bytes.data());
    sink_.put(bytes);
  }
  void write(std::uint64_t value) {
    std::array<std::byte, 8> bytes;
    store_be64(value, bytes.data());
    sink_.put(bytes);
  }
  void write(Bytes value) {
    write(static_cast<std::uint32_t>(value.size()));
    sink_.put(value);
  }
  void write(std::string_view value) { write(bytes_of(value)); }
  void write(const char* value) { write(std::string_view(value)); }
  template <std::size_t N>
  void write(const std::array<std::byte, N>& value) {
    sink_.put(value);
  }
  void write(NameList value) { write(value.text()); }
  void write(Mpint value) {
    auto magnitude = value.magnitude;
    while (!magnitude.empty() && magnitude.front() == std::byte{0}) magnitude = magnitude.subspan(1);
    const bool pad = !magnitude.empty() && (magnitude.front() & std::byte{0x80}) != std::byte{0};
    write(static_cast<std::uint32_t>(magnitude.size() + (pad ? 1 : 0)));
    if (pad) write(std::uint8_t{0});
    sink_.put(magnitude);
  }
  void write(Rest value) { sink_.put(value.bytes); }

 private:
  Sink& sink_;
};

struct VectorSink {
  ByteVector& to;
  void put(Bytes bytes) { append(to, bytes); }
};

struct CountSink {
  std::size_t count = 0;
  void put(Bytes bytes) { count += bytes.size(); }
};

// Into a place that is known to be large enough: whoever writes has counted before.
struct SpanSink {
  std::byte* to;
  void put(Bytes bytes) {
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    to += bytes.size();
  }
};

}  // namespace nacre
