// The names in a provider's tables, for option parsing.
#pragma once

#include "crypto/provider.hpp"
#include "tools/option_table.hpp"

namespace nacre::tools {

struct AlgorithmTables {
  Algorithms key_exchanges;
  Algorithms host_keys;
  Algorithms user_keys;  // all of them are the default
  Algorithms ciphers;
  Algorithms macs;
};

template <class Table>
Algorithms algorithms_of(const Table& table) {
  Algorithms algorithms;
  for (const auto& row : table) {
    algorithms.supported.emplace_back(row.name);
    if (row.by_default) algorithms.defaults.emplace_back(row.name);
  }
  return algorithms;
}

inline AlgorithmTables algorithm_tables(const Provider& provider) {
  AlgorithmTables tables{algorithms_of(provider.key_exchanges),
                         algorithms_of(provider.signatures),
                         {},
                         algorithms_of(provider.ciphers),
                         algorithms_of(provider.macs)};
  tables.user_keys = {tables.host_keys.supported, tables.host_keys.supported};
  return tables;
}

}  // namespace nacre::tools
