// Authenticator: how a client decides whether a host key is the server's. The exchange's signature by the key has been
// verified already; whose key it is, is decided here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "crypto/keys.hpp"
#include "flow/flow.hpp"

namespace nacre {

struct OfferedHostKey {
  ByteVector key;         // the blob
  std::string type;       // "ssh-ed25519", escaped
  std::string algorithm;  // of the signature: "rsa-sha2-512"
  std::string fingerprint() const { return nacre::fingerprint(key); }
};

struct HostKeyDecision {
  bool trusted = false;
  std::string why;  // of a refusal: one line for people, which becomes the error's text
};

class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // May take its time: a person may be asked meanwhile. Limits::kex_time stands still meanwhile.
  virtual Awaitable<HostKeyDecision> judge(OfferedHostKey offered) = 0;
};

using HostKeyJudge = std::function<Awaitable<HostKeyDecision>(OfferedHostKey)>;

// By the text of a known_hosts file. Known: trusted. Revoked or changed: refused. Unknown: `unknown` is asked, or,
// without one, it is refused. The text is parsed anew at each question and may be large.
std::shared_ptr<Authenticator> trust_known_hosts(std::string known_hosts_text, std::string host, std::uint16_t port,
                                                 HostKeyJudge unknown = {});

// This key and no other.
std::shared_ptr<Authenticator> trust_key(PublicKey key);

// The key with this fingerprint, "SHA256:..." as `fingerprint` and ssh-keygen -l print it.
std::shared_ptr<Authenticator> trust_fingerprint(std::string fingerprint);

// As the function says.
std::shared_ptr<Authenticator> trust_by(HostKeyJudge judge);

// Anybody may be the server: for tests and for networks that you trust as you trust your own memory.
std::shared_ptr<Authenticator> trust_any_host_key_without_checking();

}  // namespace nacre
