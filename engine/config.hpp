// What a program decides before a connection begins. One configuration serves any number of engines.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/provider.hpp"
#include "engine/limits.hpp"

namespace nacre {

// Names to offer, most preferred first. An empty list means: those that the provider marks as default.
struct AlgorithmNames {
  std::vector<std::string> key_exchanges;
  std::vector<std::string> host_keys;
  std::vector<std::string> ciphers;
  std::vector<std::string> macs;
};

struct ClientConfig {
  std::string user;
  std::string software = "nacre_0.1";  // of the identification line (RFC 4253 4.2): printable, no space, no '-'
  AlgorithmNames algorithms;
  bool require_strict = false;       // refuse servers without strict key exchange
  bool allow_no_credential = false;  // accept SUCCESS to a "none" request
  Limits limits;
};

struct ServerConfig {
  std::string software = "nacre_0.1";
  AlgorithmNames algorithms;
  std::vector<ByteVector> host_keys;  // public key blobs, at least one. Their private halves stay with the application
  std::string banner;                 // sent before authentication; empty: none
  bool publickey = true;              // methods that are offered, in this order
  bool keyboard_interactive = false;
  bool password = false;
  bool none = false;  // ask the application about "none" requests too; never listed as a method
  bool require_strict = false;
  Limits limits;
};

// What is wrong with a configuration: an unknown algorithm name, no usable host key, a bad software version.
// An engine made with such a configuration ends with Code::configuration at its first poll.
struct ConfigProblem {
  std::string field;  // the member's name: "ciphers"
  std::string value;  // what stands in it
  std::string text;   // what is wrong, and what would be right
};
std::optional<ConfigProblem> check(const Provider& provider, const ClientConfig& config);
std::optional<ConfigProblem> check(const Provider& provider, const ServerConfig& config);

}  // namespace nacre
