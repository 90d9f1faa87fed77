// The authenticators that come with nacre.
#include "flow/authenticator.hpp"

#include "engine/text.hpp"
#include "engine/trust/known_hosts.hpp"

namespace nacre {

namespace {

std::string what_is(const OfferedHostKey& offered) { return printable(offered.type) + " key " + offered.fingerprint(); }

class ByFunction : public Authenticator {
 public:
  explicit ByFunction(HostKeyJudge judge) : judge_(std::move(judge)) {}
  Awaitable<HostKeyDecision> judge(OfferedHostKey offered) override {
    auto decision = co_await judge_(std::move(offered));
    co_return decision;
  }

 private:
  HostKeyJudge judge_;
};

class ByKnownHosts : public Authenticator {
 public:
  ByKnownHosts(std::string text, std::string host, std::uint16_t port, HostKeyJudge unknown)
      : text_(std::move(text)), host_(std::move(host)), port_(port), unknown_(std::move(unknown)) {}

  Awaitable<HostKeyDecision> judge(OfferedHostKey offered) override {
    const auto name = known_hosts_name(host_, port_);
    switch (find_host(text_, host_, port_, offered.key)) {
      case HostKeyMatch::known: co_return HostKeyDecision{true, {}};
      case HostKeyMatch::revoked:
        co_return HostKeyDecision{false, "the host key of " + name + " is marked as revoked: " + what_is(offered)};
      case HostKeyMatch::changed:
        co_return HostKeyDecision{false, "the host key of " + name + " has changed: the server has the " +
                                             what_is(offered) +
                                             ", and known hosts lists another. Somebody may be listening in"};
      case HostKeyMatch::unknown: break;
    }
    if (!unknown_) co_return HostKeyDecision{false, "the host key of " + name + " is not known: " + what_is(offered)};
    auto decision = co_await unknown_(std::move(offered));
    co_return decision;
  }

 private:
  std::string text_, host_;
  std::uint16_t port_;
  HostKeyJudge unknown_;
};

class ByKey : public Authenticator {
 public:
  explicit ByKey(PublicKey key) : key_(std::move(key)) {}
  Awaitable<HostKeyDecision> judge(OfferedHostKey offered) override {
    if (same_bytes(offered.key, key_.blob())) co_return HostKeyDecision{true, {}};
    co_return HostKeyDecision{false, "the server has another host key than expected: " + what_is(offered)};
  }

 private:
  PublicKey key_;
};

class ByFingerprint : public Authenticator {
 public:
  explicit ByFingerprint(std::string fingerprint) : fingerprint_(std::move(fingerprint)) {}
  Awaitable<HostKeyDecision> judge(OfferedHostKey offered) override {
    if (offered.fingerprint() == fingerprint_) co_return HostKeyDecision{true, {}};
    co_return HostKeyDecision{false, "the server has another host key than expected: " + what_is(offered)};
  }

 private:
  std::string fingerprint_;
};

class Anybody : public Authenticator {
 public:
  Awaitable<HostKeyDecision> judge(OfferedHostKey) override { co_return HostKeyDecision{true, {}}; }
};

}  // namespace

std::shared_ptr<Authenticator> trust_known_hosts(std::string known_hosts_text, std::string host, std::uint16_t port,
                                                 HostKeyJudge unknown) {
  return std::make_shared<ByKnownHosts>(std::move(known_hosts_text), std::move(host), port, std::move(unknown));
}
std::shared_ptr<Authenticator> trust_key(PublicKey key) { return std::make_shared<ByKey>(std::move(key)); }
std::shared_ptr<Authenticator> trust_fingerprint(std::string fingerprint) {
  return std::make_shared<ByFingerprint>(std::move(fingerprint));
}
std::shared_ptr<Authenticator> trust_by(HostKeyJudge judge) { return std::make_shared<ByFunction>(std::move(judge)); }
std::shared_ptr<Authenticator> trust_any_host_key_without_checking() { return std::make_shared<Anybody>(); }

}  // namespace nacre
