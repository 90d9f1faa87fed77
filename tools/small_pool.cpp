// The wish for a small pool stands in the environment while Botan's static objects are made, and not for children to inherit.
#include "tools/small_pool.hpp"

#include <cstdlib>
#include <string>

namespace nacre::tools {
namespace {

constexpr const char* variable = "BOTAN_MLOCK_POOL_SIZE";  // in KiB
bool wished = false;

constexpr int before_static_objects = 101;  // the first priority that is not the compiler's own

[[gnu::constructor(before_static_objects)]] void wish() {
  wished = ::getenv(variable) == nullptr && ::setenv(variable, std::to_string(small_pool_kib).c_str(), 0) == 0;
}

}  // namespace

void use_small_pool() {
  if (wished) (void)::unsetenv(variable);
  wished = false;
}

}  // namespace nacre::tools
