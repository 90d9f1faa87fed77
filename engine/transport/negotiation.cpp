// Lists in, algorithms out. Markers are never algorithms, since only names of the provider's tables are chosen.
#include "engine/transport/negotiation.hpp"

#include <algorithm>
#include <array>

namespace nacre {
namespace {

constexpr std::string_view none = "none";

// Both spellings: OpenSSH's and the IETF draft's.
constexpr std::array<std::string_view, 2> strict_client{"kex-strict-c-v00@openssh.com", "kex-strict-c"};
constexpr std::array<std::string_view, 2> strict_server{"kex-strict-s-v00@openssh.com", "kex-strict-s"};

void add_name(std::string& list, std::string_view name) {
  if (!list.empty()) list += ',';
  list += name;
}

// Those of `configured` that the table has, or the table's defaults.
template <class Row>
std::string names_of(std::span<const Row> table, const std::vector<std::string>& configured) {
  std::string list;
  for (const auto& name : configured)
    if (find_algorithm(table, name)) add_name(list, name);
  if (configured.empty())
    for (const auto& row : table)
      if (row.by_default) add_name(list, row.name);
  return list;
}

Proposal common_proposal(const Provider& provider, const AlgorithmNames& names) {
  return {names_of(provider.key_exchanges, names.key_exchanges), names_of(provider.signatures, names.host_keys),
          names_of(provider.ciphers, names.ciphers), names_of(provider.macs, names.macs)};
}

std::string_view key_type_of(Bytes blob) {
  Reader reader(blob);
  std::string_view type;
  reader.read(type);
  return type;
}

// The first of the client's names that the server has too and the provider knows.
template <class Row>
const Row* choose(std::span<const Row> table, NameList client, NameList server, const Limits& limits) {
  for (const auto name : client) {
    if (name.size() > limits.name_bytes) continue;
    const auto* row = find_algorithm(table, name);
    if (row && server.contains(name)) return row;
  }
  return nullptr;
}

Result<CipherChoice> choose_cipher(const Provider& provider, NameList client_ciphers, NameList server_ciphers,
                                   NameList client_macs, NameList server_macs, std::uint32_t index,
                                   const Limits& limits) {
  CipherChoice choice;
  choice.cipher = choose(provider.ciphers, client_ciphers, server_ciphers, limits);
  if (!choice.cipher) return Unexpected{Error{Code::no_common_algorithm, index}};
  if (choice.cipher->authenticates)
    return choice;  // the lists of MACs don't count then (RFC 5647 as OpenSSH amends it)
  choice.mac = choose(provider.macs, client_macs, server_macs, limits);
  if (!choice.mac) return Unexpected{Error{Code::no_common_algorithm, index + 2}};
  return choice;
}

bool is_right_guess(const KexInit& client, const KexInit& server) {
  return !client.key_exchanges.empty() && !server.key_exchanges.empty() &&
         client.key_exchanges.first() == server.key_exchanges.first() && !client.host_keys.empty() &&
         !server.host_keys.empty() && client.host_keys.first() == server.host_keys.first();
}

}  // namespace

Proposal make_proposal(const Provider& provider, const ClientConfig& config) {
  return common_proposal(provider, config.algorithms);
}

Proposal make_proposal(const Provider& provider, const ServerConfig& config) {
  auto proposal = common_proposal(provider, config.algorithms);
  std::string usable;
  // A host key of a type that is not a default one is there because somebody put it there: its algorithms count.
  for (const auto& row : provider.signatures) {
    const bool held = std::any_of(config.host_keys.begin(), config.host_keys.end(),
                                  [&](const auto& key) { return key_type_of(key) == row.key_type; });
    const bool wanted = config.algorithms.host_keys.empty() || NameList(proposal.host_keys).contains(row.name);
    if (held && wanted) add_name(usable, row.name);
  }
  proposal.host_keys = usable;
  return proposal;
}

std::optional<ByteVector> make_kex_init(const Proposal& proposal, Role role, bool first, Random& random) {
  auto key_exchanges = proposal.key_exchanges;
  if (first) {
    add_name(key_exchanges, role == Role::client ? "ext-info-c" : "ext-info-s");
    for (const auto name : role == Role::client ? strict_client : strict_server) add_name(key_exchanges, name);
  }
  KexInit init;
  if (!random.fill(init.cookie)) return std::nullopt;
  init.key_exchanges = NameList(key_exchanges);
  init.host_keys = NameList(proposal.host_keys);
  init.ciphers_to_server = init.ciphers_to_client = NameList(proposal.ciphers);
  init.macs_to_server = init.macs_to_client = NameList(proposal.macs);
  init.compressions_to_server = init.compressions_to_client = NameList(none);
  return encoded(init);
}

Error check_kex_init(const KexInit& init, std::size_t payload_size, const Limits& limits) {
  if (payload_size > limits.kexinit_bytes) return {Code::negotiation_too_large, 0};
  for (const auto list : {init.key_exchanges, init.host_keys, init.ciphers_to_server, init.ciphers_to_client,
                          init.macs_to_server, init.macs_to_client, init.compressions_to_server,
                          init.compressions_to_client, init.languages_to_server, init.languages_to_client}) {
    if (list.text().size() > limits.name_list_bytes || list.size() > limits.name_list_names)
      return {Code::negotiation_too_large, 0};
  }
  return {};
}

Result<Agreement> negotiate(const Provider& provider, const KexInit& client, const KexInit& server,
                            const Limits& limits) {
  Agreement agreed;
  agreed.key_exchange = choose(provider.key_exchanges, client.key_exchanges, server.key_exchanges, limits);
  if (!agreed.key_exchange) return Unexpected{Error{Code::no_common_algorithm, 0}};
  agreed.host_key = choose(provider.signatures, client.host_keys, server.host_keys, limits);
  if (!agreed.host_key) return Unexpected{Error{Code::no_common_algorithm, 1}};

  const auto to_server = choose_cipher(provider, client.ciphers_to_server, server.ciphers_to_server,
                                       client.macs_to_server, server.macs_to_server, 2, limits);
  if (!to_server) return Unexpected{to_server.error()};
  const auto to_client = choose_cipher(provider, client.ciphers_to_client, server.ciphers_to_client,
                                       client.macs_to_client, server.macs_to_client, 3, limits);
  if (!to_client) return Unexpected{to_client.error()};
  agreed.to_server = *to_server;
  agreed.to_client = *to_client;

  if (!client.compressions_to_server.contains(none) || !server.compressions_to_server.contains(none))
    return Unexpected{Error{Code::no_common_algorithm, 6}};
  if (!client.compressions_to_client.contains(none) || !server.compressions_to_client.contains(none))
    return Unexpected{Error{Code::no_common_algorithm, 7}};
  agreed.guess_is_right = is_right_guess(client, server);
  return agreed;
}

std::string describe_no_common(std::uint32_t list, const KexInit& peer, std::size_t limit) {
  struct Kind {
    std::string_view name;
    NameList offer;
  };
  const std::array kinds{Kind{"key exchange", peer.key_exchanges},
                         Kind{"host key", peer.host_keys},
                         Kind{"cipher to the server", peer.ciphers_to_server},
                         Kind{"cipher to the client", peer.ciphers_to_client},
                         Kind{"MAC to the server", peer.macs_to_server},
                         Kind{"MAC to the client", peer.macs_to_client},
                         Kind{"compression to the server", peer.compressions_to_server},
                         Kind{"compression to the client", peer.compressions_to_client}};
  const auto& [name, offer] = kinds[list];
  std::string text = "no algorithm in common (" + std::string(name) + "); the peer offers ";
  text += offer.empty() ? "none" : offer.text().substr(0, limit);
  if (offer.text().size() > limit) text += "...";
  return text;
}

Markers markers_of(const KexInit& peer, Role peer_role) {
  const auto has = [&](std::string_view name) { return peer.key_exchanges.contains(name); };
  const auto& strict = peer_role == Role::client ? strict_client : strict_server;
  return {.strict = std::any_of(strict.begin(), strict.end(), has),
          .extensions = has(peer_role == Role::client ? "ext-info-c" : "ext-info-s")};
}

}  // namespace nacre
