// The fields of key blobs and private sections, for the files that read and write them. Views into what was read.
#pragma once

#include <memory>

#include "crypto/keys.hpp"
#include "crypto/wire.hpp"

namespace nacre {

struct CurveFacts {
  std::string_view key_type;
  std::string_view name;    // as the blob says it again
  std::size_t field_bytes;  // of a coordinate, and of the order
  std::size_t bits;
};
const CurveFacts* find_curve(std::string_view key_type);  // null: not the name of one

struct RsaPublicFields {  // RFC 4253 6.6
  Mpint e;
  Mpint n;
  void read_from(Reader& reader) {
    reader.read(e);
    reader.read(n);
  }
};

struct EcdsaPublicFields {  // RFC 5656 3.1
  std::string_view curve;
  Bytes point;
  void read_from(Reader& reader) {
    reader.read(curve);
    reader.read(point);
  }
};

// The reverse of PrivateKey::private_section: reads its fields, from the type's name on, and leaves the reader behind
// them. Null when the type is unknown, a field is bad, or the public and the private fields are not of one key.
std::unique_ptr<PrivateKey> read_private_section(Reader& reader);

}  // namespace nacre
