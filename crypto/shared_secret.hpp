// The shared secret K as it enters the exchange hash and the key derivation: encoded, with its length in front.
#pragma once

#include "crypto/secret.hpp"
#include "crypto/wire.hpp"

namespace nacre {

inline Secret secret_as_string(Bytes value) {
  Secret encoded(4 + value.size());
  SpanSink sink{encoded.buffer().data()};
  Writer(sink).write(value);
  return encoded;
}

// As an mpint of the big-endian `value`: without the zeros in front, with one where the highest bit is set.
inline Secret secret_as_mpint(Bytes value) {
  CountSink count;
  Writer(count).write(Mpint{value});
  Secret encoded(count.count);
  SpanSink sink{encoded.buffer().data()};
  Writer(sink).write(Mpint{value});
  return encoded;
}

}  // namespace nacre
