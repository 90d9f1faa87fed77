// In place of openssl_composed.cpp where libcrypto's headers are not installed.
#include "bench/bare.hpp"

namespace nacre::bench {

std::unique_ptr<Bare> openssl_composed(const Suite&, const PacketKeys&, bool) { return nullptr; }

std::string openssl_version() { return "not installed"; }

}  // namespace nacre::bench
