// Passwords kept as salted hashes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/bytes.hpp"
#include "crypto/random.hpp"

namespace nacre {

// An Argon2id line ("$argon2id$v=19$..."), 64 MiB, 3 passes. Nothing when a primitive failed.
std::optional<std::string> hash_password(Bytes password, Random& random);

// Argon2id, Argon2i, Argon2d and bcrypt ("$2a$", "$2b$", "$2y$") lines. The digest is compared in constant time. Lines
// that would cost more than 1 GiB or 2^16 rounds are refused: a users file is trusted, a slip of its writer is not.
bool check_password(Bytes password, std::string_view hash);

// Whether check_password would understand the line.
bool is_password_hash(std::string_view hash);

}  // namespace nacre
