// The default provider with every one of its calls counted, and one of them made to fail: as hardware, a library or an
// exhausted generator would fail, by the answer that the interface has for it.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "crypto/provider.hpp"
#include "tests/faults/conversation.hpp"

namespace nacre::test {

// One plan for the process: the tables of a provider are plain functions.
struct FaultPlan {
  std::uint64_t calls = 0;
  std::uint64_t fail_at = 0;  // the number of the call that fails, from 1; 0: none does
  Side failed_side = Side::none;
  std::string_view failed_call;
};
inline FaultPlan fault_plan;

// Whether this call is the one.
bool due(std::string_view call);

Provider faulty_provider(Random& random);

class FaultyRandom final : public Random {
 public:
  explicit FaultyRandom(std::uint64_t seed) : random_(seeded_random(seed)) {}
  bool fill(Buffer out) override { return !due("random") && random_->fill(out); }

 private:
  std::unique_ptr<Random> random_;
};

// A key in a token that may be pulled out.
class FaultyKey final : public PrivateKey {
 public:
  FaultyKey(std::unique_ptr<PrivateKey> key, Side side) : key_(std::move(key)), side_(side) {}
  const PublicKey& public_key() const override { return key_->public_key(); }
  std::optional<ByteVector> sign(std::string_view algorithm, Bytes message, Random& random) const override;
  Secret private_section() const override;

 private:
  std::unique_ptr<PrivateKey> key_;
  Side side_;
};

}  // namespace nacre::test
