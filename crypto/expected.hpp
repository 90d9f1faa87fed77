// Expected<T, E>: a value, or the reason why there is none. The member names are those of C++23's std::expected,
// so that the standard's may take its place.
#pragma once

#include <utility>
#include <variant>

namespace nacre {

template <class E>
struct Unexpected {
  E error;
};
template <class E>
Unexpected(E) -> Unexpected<E>;

template <class T, class E>
class [[nodiscard]] Expected {
 public:
  Expected(T value) : content_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit on purpose
  Expected(Unexpected<E> failure) : content_(std::in_place_index<1>, std::move(failure.error)) {}  // NOLINT: likewise

  bool has_value() const { return content_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  // The value, which must be there: asking without having looked is a bug of the caller.
  T& value() { return *std::get_if<0>(&content_); }
  const T& value() const { return *std::get_if<0>(&content_); }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // The reason, which must be there.
  const E& error() const { return *std::get_if<1>(&content_); }

 private:
  std::variant<T, E> content_;
};

}  // namespace nacre
