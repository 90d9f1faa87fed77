// THE table: which message, from which side, in which state of a connection. Asked before a body is read.
// The documentation (docs/states.md) and the tests read the same table.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace nacre {

enum class Role : std::uint8_t { client, server };

// Where a connection stands. Key exchange and the services run side by side; these are the pairs that differ.
enum class Stage : std::uint8_t {
  kex_init,      // the peer's KEXINIT has not come
  kex_method,    // it has; messages of the agreed method are to come
  kex_new_keys,  // the peer's NEWKEYS is to come
  service,       // keys are on, no service runs
  auth,          // ssh-userauth runs
  open,          // authenticated
  rekey_ours,    // open, we sent KEXINIT, the peer has not
  rekey_theirs,  // open, the peer's KEXINIT has come, its NEWKEYS has not
  closed,
};
constexpr std::size_t stage_count = 9;

enum class Ruling : std::uint8_t {
  accept,
  expected,       // accept only when it is the one that is outstanding, else end
  hold,           // accept; what we reply waits for new keys
  taint,          // before KEXINIT: forgiven unless the exchange turns out to be strict
  ignore,         // drop, and charge it to the peer's chatter
  unimplemented,  // answer UNIMPLEMENTED
  end,            // a protocol error
};

// `strict` counts only in the first key exchange (kex_method and kex_new_keys).
Ruling rule(std::uint8_t number, Role receiver, Stage stage, bool strict);

std::string_view name_of(Stage stage);
std::string_view name_of(Ruling ruling);

// The table itself, for those who print it.
struct OrderRow {
  std::uint8_t first, last;  // message numbers
  std::string_view name;
  // A letter a column: kex_init, kex_method strict, kex_method not, kex_new_keys strict, kex_new_keys not, service,
  // auth, open, rekey_ours, rekey_theirs, closed. A accept, E expected, H hold, T taint, I ignore, U unimplemented, - end.
  std::string_view server, client;  // as received by
};
std::span<const OrderRow> order_table();

}  // namespace nacre
