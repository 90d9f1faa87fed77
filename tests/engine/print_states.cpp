// Prints docs/states.md from the order table. `./dev docs` writes the page, a test holds it to the table.
#include <cstdio>
#include <string>

#include "engine/order.hpp"

namespace {

using nacre::OrderRow;

std::string numbers_of(const OrderRow& row) {
  if (row.first == row.last) return std::to_string(row.first);
  return std::to_string(row.first) + "-" + std::to_string(row.last);
}

std::string cell(char letter) {
  if (letter == '-') return "**end**";
  for (const auto ruling : {nacre::Ruling::accept, nacre::Ruling::expected, nacre::Ruling::hold, nacre::Ruling::taint,
                            nacre::Ruling::ignore, nacre::Ruling::unimplemented}) {
    const auto name = nacre::name_of(ruling);
    if (name[0] == letter + ('a' - 'A')) return std::string(name);
  }
  return "?";
}

void print_table(std::string_view OrderRow::*letters) {
  std::puts(
      "| number | message | kex_init | kex_method, strict | kex_method | kex_new_keys, strict | kex_new_keys | service "
      "| auth | open | rekey_ours | rekey_theirs | closed |");
  std::puts("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
  for (const auto& row : nacre::order_table()) {
    std::string line = "| " + numbers_of(row) + " | " + std::string(row.name) + " |";
    for (const char letter : row.*letters) line += " " + cell(letter) + " |";
    std::puts(line.c_str());
  }
}

}  // namespace

int main() {
  std::puts(R"(# Which message in which state

Printed by `./dev docs` from the table in `engine/order.cpp`, which the engine asks before it reads a message's body.

States of a connection:

- **kex_init**: identification is over, the peer's KEXINIT has not come.
- **kex_method**: it has; the messages of the agreed method are to come. Strict key exchange permits less here.
- **kex_new_keys**: the peer's NEWKEYS is to come.
- **service**: keys are on, no service runs. **auth**: ssh-userauth runs. **open**: authenticated.
- **rekey_ours**: open, and we sent KEXINIT; the peer may still be sending what it sent before it saw ours.
- **rekey_theirs**: open, and the peer's KEXINIT has come; until its NEWKEYS, nothing else may.
- **closed**: ended; all input is dropped.

Rulings:

- **accept**: the handler reads it.
- **expected**: accepted when it is the one that is outstanding, else the connection ends.
- **hold**: accepted; what we reply waits for the new keys, within limits.
- **taint**: forgiven before KEXINIT, unless the exchange turns out to be strict.
- **ignore**: dropped, and before authentication charged to a small budget.
- **unimplemented**: answered with UNIMPLEMENTED.
- **end**: the connection ends with DISCONNECT, protocol error.

## Received by a server
)");
  print_table(&OrderRow::server);
  std::puts("\n## Received by a client\n");
  print_table(&OrderRow::client);
  return 0;
}
