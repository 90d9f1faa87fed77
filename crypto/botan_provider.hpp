// The default provider, on Botan 3. No type of Botan's is named here.
#pragma once

#include "crypto/provider.hpp"

namespace nacre {

// The tables live as long as the program. `random` must outlive every engine made with the provider.
Provider botan_provider(Random& random);

}  // namespace nacre
