// Of Botan's locked memory a program that serves one user has no more than it asked for. A program by itself, since the
// pool is made once, before main().
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <limits>
#include <string>

#include "crypto/key_file.hpp"
#include "tools/small_pool.hpp"

namespace nacre::tools {
namespace {

// "VmLck:      32 kB" of /proc/self/status.
std::size_t locked_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmLck:") {
      std::size_t kib = 0;
      status >> kib;
      return kib;
    }
  return std::numeric_limits<std::size_t>::max();
}

bool botan_is_shared() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    if (line.find("libbotan-3.so") != std::string::npos) return true;
  return false;
}

TEST(SmallPool, LocksNoMoreThanAskedAndLeavesNoTrace) {
  if (botan_is_shared())
    GTEST_SKIP() << "a shared libbotan-3 is initialized before the program can ask it for anything";
  use_small_pool();
  EXPECT_EQ(::getenv("BOTAN_MLOCK_POOL_SIZE"), nullptr);
  const auto random = system_random();
  ASSERT_TRUE(generate_key(KeyType::ed25519, *random));
  EXPECT_LE(locked_kib(), small_pool_kib);  // less where the system or a sanitizer grants nothing
}

}  // namespace
}  // namespace nacre::tools
