// The codec: a message is a plain struct with a number and a tuple of member pointers, and everything that treats a
// message as bytes walks that one declaration.
#pragma once

#include <concepts>
#include <optional>
#include <tuple>

#include "crypto/wire.hpp"

namespace nacre {

template <class M>
concept Structure = requires {
  M::fields;
};  // a body: a message's, a method's or a request's

template <class M>
concept Message = Structure<M> && requires {
  { M::number } -> std::convertible_to<std::uint8_t>;
};

// The fields alone.
template <Structure M, class Sink>
void encode_fields(const M& message, Sink& sink) {
  Writer<Sink> writer(sink);
  std::apply([&](auto... field) { (writer.write(message.*field), ...); }, M::fields);
}

// The number, where there is one, and the fields: a packet's payload.
template <Structure M, class Sink>
void encode(const M& message, Sink& sink) {
  if constexpr (Message<M>) Writer<Sink>(sink).write(static_cast<std::uint8_t>(M::number));
  encode_fields(message, sink);
}

template <Structure M>
std::size_t encoded_size(const M& message) {
  CountSink count;
  encode(message, count);
  return count.count;
}

template <Structure M>
ByteVector encoded(const M& message) {
  ByteVector bytes;
  bytes.reserve(encoded_size(message));
  VectorSink sink{bytes};
  encode(message, sink);
  return bytes;
}

template <Structure M>
void read_fields(Reader& reader, M& message) {
  std::apply([&](auto... field) { (reader.read(message.*field), ...); }, M::fields);
}

// The fields, from all of a body: bytes that follow the last field are an error.
template <Structure M>
std::optional<M> decode(Bytes body) {
  M message{};
  Reader reader(body);
  read_fields(reader, message);
  if (!reader.done()) return std::nullopt;
  return message;
}

}  // namespace nacre
