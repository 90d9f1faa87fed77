// A program outside nacre's tree: a client and a server in one process log in to each other, without a socket. The test
// compiles it against what `meson install` leaves, with what pkg-config says, and runs it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <tuple>

#include "crypto/botan_provider.hpp"
#include "crypto/keys.hpp"
#include "engine/client.hpp"
#include "engine/server.hpp"
#include "engine/text.hpp"

namespace {

// What one side has ready goes to the other. False: there was nothing.
bool carry(nacre::Engine& from, nacre::Engine& to) {
  const auto out = from.outgoing();
  const auto in = out.empty() ? nacre::Buffer{} : to.incoming();
  const auto size = std::min(out.size(), in.size());
  if (size == 0) return false;
  std::memcpy(in.data(), out.data(), size);
  to.received(size);
  from.sent(size);
  return true;
}

const char* answer(nacre::Client& client, const nacre::Event& event, nacre::Bytes host_key) {
  if (auto* e = std::get_if<nacre::HostKeyOffered>(&event))
    std::ignore = client.answer(
        e->ticket, nacre::same_bytes(e->key, host_key) ? nacre::HostKeyVerdict::trust : nacre::HostKeyVerdict::refuse);
  if (auto* e = std::get_if<nacre::CredentialsWanted>(&event))
    std::ignore = client.answer(e->ticket, nacre::TryPassword{nacre::bytes_of("open sesame")});
  if (std::get_if<nacre::Authenticated>(&event)) return "logged in";
  return std::get_if<nacre::Closed>(&event) ? "closed" : nullptr;
}

void answer(nacre::Server& server, const nacre::Event& event, const nacre::PrivateKey& key, nacre::Random& random) {
  if (auto* e = std::get_if<nacre::SignatureWanted>(&event)) {
    const auto blob = key.sign(e->algorithm, e->message, random);
    std::ignore = server.answer(e->ticket, blob ? nacre::Signature{*blob} : nacre::Signature{});
  }
  if (auto* e = std::get_if<nacre::PasswordReceived>(&event)) {
    const bool right = e->user == "ali" && nacre::same_bytes(e->password, nacre::bytes_of("open sesame"));
    std::ignore = server.answer(e->ticket, right ? nacre::AuthVerdict::accept : nacre::AuthVerdict::reject);
  }
}

}  // namespace

int main() {
  const auto random = nacre::system_random();
  const auto provider = nacre::botan_provider(*random);
  const auto key = nacre::generate_key(nacre::KeyType::ed25519, *random);
  const auto blob = key->public_key().blob();
  auto client_config = std::make_shared<nacre::ClientConfig>();
  client_config->user = "ali";
  auto server_config = std::make_shared<nacre::ServerConfig>();
  server_config->host_keys = {nacre::copy_of(blob)};
  server_config->password = true;
  nacre::Client client(provider, client_config);
  nacre::Server server(provider, server_config);
  const char* outcome = nullptr;
  for (bool moved = true; moved && outcome == nullptr;) {
    const auto now = std::chrono::steady_clock::now();
    while (auto event = server.poll(now)) answer(server, *event, *key, *random);
    while (auto event = client.poll(now))
      if (outcome == nullptr) outcome = answer(client, *event, blob);
    const bool there = carry(client, server);
    moved = carry(server, client) || there;
  }
  std::puts(outcome == nullptr ? "stuck" : outcome);
  return outcome != nullptr && client.authenticated() ? 0 : 1;
}
