// The example's types, for the test that runs it.
#pragma once

#include <string_view>

#include "crypto/keys.hpp"
#include "engine/client.hpp"

namespace nacre {

struct Login {
  Bytes host_key;         // the one that the server must have
  const PrivateKey& key;  // ours
  Random& random;
  std::string_view command;
};

std::uint32_t run(Client& ssh, int socket, const Login& login);

}  // namespace nacre
