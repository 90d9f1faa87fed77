// A flood: connections that do one rude thing as fast as they are let, and come back at once when they are cut off.
// It says how often they did it when its input or its time is over.
//   nacre-flood PORT SOURCE USER KEYFILE KIND CONNECTIONS SECONDS
// SOURCE is the address on 127.0.0.0/8 that it comes from. KIND is one of the table below.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <tuple>
#include <vector>

#include "crypto/botan_provider.hpp"
#include "crypto/key_file.hpp"
#include "engine/client.hpp"
#include "engine/messages.hpp"

namespace nacre::fire {
namespace {

using std::chrono::milliseconds, std::chrono::seconds, std::chrono::steady_clock;

enum class Kind { handshakes, probes, chatter, pings, opens, requests, renegotiations };
constexpr std::array<std::pair<std::string_view, Kind>, 7> kinds{{
    {"handshakes", Kind::handshakes},          // a whole key exchange, and gone
    {"probes", Kind::probes},                  // public keys that are offered and never proven
    {"chatter", Kind::chatter},                // IGNORE, from here on after a login
    {"pings", Kind::pings},                    // PING, each to be answered
    {"opens", Kind::opens},                    // channels of a type that nobody has
    {"requests", Kind::requests},              // global requests that nobody knows
    {"renegotiations", Kind::renegotiations},  // new keys, and new ones again
}};

// The engine has no call that sends PING, and an IGNORE has the same body: this turns one into the other as it is sealed.
constexpr std::string_view pinging_cipher = "aes128-gcm@openssh.com";
class PingingSealer final : public Sealer {
 public:
  explicit PingingSealer(std::unique_ptr<Sealer> inner) : inner_(std::move(inner)) {}
  PacketShape shape() const override { return inner_->shape(); }
  bool seal(std::uint32_t sequence, Buffer packet) override {
    constexpr std::size_t number_at = 5;  // behind the lengths of packet and padding
    if (packet[number_at] == std::byte{Ignore::number}) packet[number_at] = std::byte{Ping::number};
    return inner_->seal(sequence, packet);
  }

 private:
  std::unique_ptr<Sealer> inner_;
};
std::unique_ptr<Sealer> make_pinging_sealer(const PacketKeys& keys, const MacAlgorithm* mac) {
  const auto random = seeded_random(0);  // not used: only the table is wanted
  auto inner = find_algorithm(botan_provider(*random).ciphers, pinging_cipher)->sealer(keys, mac);
  return inner ? std::make_unique<PingingSealer>(std::move(inner)) : nullptr;
}

// What all connections of a flood share.
struct Flood {
  Kind kind{};
  sockaddr_in server{}, source{};
  const PrivateKey* key = nullptr;
  Random* random = nullptr;
  Provider provider;
  std::shared_ptr<const ClientConfig> config;
  std::uint64_t done = 0, connections = 0;
};

class Flooder {
 public:
  explicit Flooder(Flood& flood) : flood_(flood) {}
  ~Flooder() { hang_up(); }
  Flooder(const Flooder&) = delete;
  Flooder& operator=(const Flooder&) = delete;

  // One turn: what can be read, dealt with, done and written now. What to wait for until the next.
  pollfd turn() {
    if (socket_ < 0 && !call()) return {-1, 0, 0};
    read();
    while (auto event = client_->poll(steady_clock::now())) handle(*event);
    if (client_->authenticated()) push();
    write();
    if (client_->closed() || gone_) hang_up();
    if (socket_ < 0) return {-1, 0, 0};
    return {socket_, static_cast<short>(POLLIN | (client_->outgoing().empty() ? 0 : POLLOUT)), 0};
  }

 private:
  bool call() {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = [](const sockaddr_in& of) { return reinterpret_cast<const sockaddr*>(&of); };
    if (socket_ < 0 || ::bind(socket_, address(flood_.source), sizeof flood_.source) != 0 ||
        ::connect(socket_, address(flood_.server), sizeof flood_.server) != 0) {
      hang_up();
      return false;
    }
    ::fcntl(socket_, F_SETFL, O_NONBLOCK);
    client_ = std::make_unique<Client>(flood_.provider, flood_.config);
    gone_ = false;
    ++flood_.connections;
    return true;
  }

  void hang_up() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
    client_.reset();
  }

  static bool failed(ssize_t result) { return result < 0 && errno != EAGAIN && errno != EINTR; }

  void read() {
    const auto room = client_->incoming();
    if (room.empty()) return;
    const auto got = ::recv(socket_, room.data(), room.size(), 0);
    client_->received(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (got == 0 || failed(got)) client_->input_ended();
  }

  void write() {
    for (auto out = client_->outgoing(); !out.empty(); out = client_->outgoing()) {
      const auto put = ::send(socket_, out.data(), out.size(), MSG_NOSIGNAL);
      client_->sent(put > 0 ? static_cast<std::size_t>(put) : 0);
      gone_ = gone_ || failed(put);
      if (put <= 0) return;
    }
  }

  void handle(const Event& event) {
    if (const auto* offered = std::get_if<HostKeyOffered>(&event)) {
      std::ignore = client_->answer(offered->ticket, HostKeyVerdict::trust);
    } else if (const auto* wanted = std::get_if<CredentialsWanted>(&event)) {
      try_key(wanted->ticket);
    } else if (const auto* sign = std::get_if<SignatureWanted>(&event)) {
      const auto blob = flood_.key->sign(sign->algorithm, sign->message, *flood_.random);
      std::ignore = client_->answer(sign->ticket, blob ? Signature{*blob} : Signature{});
    } else if (const auto* keys = std::get_if<KeysExchanged>(&event)) {
      if (flood_.kind == Kind::handshakes) gone_ = true;
      if (flood_.kind == Kind::handshakes || !keys->first) ++flood_.done;
    }
  }

  void try_key(Ticket ticket) {
    if (flood_.kind != Kind::probes) {
      std::ignore = client_->answer(ticket, Credential(TryPublicKey{flood_.key->public_key().blob(), "ssh-ed25519"}));
      return;
    }
    auto blob = copy_of(flood_.key->public_key().blob());  // another key each time: 32 bytes at the end
    std::ignore = flood_.random->fill(Buffer(blob).last(31));
    std::ignore = client_->answer(ticket, Credential(TryPublicKey{blob, "ssh-ed25519"}));
    ++flood_.done;
  }

  // As much of it as the engine takes now.
  void push() {
    constexpr std::array<std::byte, 1> least{};
    const auto once = [&] {
      switch (flood_.kind) {
        case Kind::chatter:
        case Kind::pings: return client_->ignore(least) == Status::ok;
        case Kind::opens: return client_->open("nobody-has-this").has_value();
        case Kind::requests: return client_->global_request("nobody-knows-this", {}, true).has_value();
        case Kind::renegotiations: std::ignore = client_->rekey(); return false;
        case Kind::handshakes:
        case Kind::probes: return false;
      }
      return false;
    };
    while (once()) ++flood_.done;
  }

  Flood& flood_;
  int socket_ = -1;
  std::unique_ptr<Client> client_;
  bool gone_ = false;
};

void run(Flood& flood, std::size_t connections, seconds time) {
  std::vector<std::unique_ptr<Flooder>> flooders;
  while (flooders.size() < connections) flooders.push_back(std::make_unique<Flooder>(flood));
  std::vector<pollfd> waiting(connections + 1);
  waiting.back() = {STDIN_FILENO, POLLIN, 0};
  bool told = false;
  for (const auto end = steady_clock::now() + time; steady_clock::now() < end && waiting.back().revents == 0;) {
    std::transform(flooders.begin(), flooders.end(), waiting.begin(), [](auto& each) { return each->turn(); });
    if (!told && flood.done != 0) {
      std::puts("begun");
      std::fflush(stdout);
      told = true;
    }
    const bool idle = std::any_of(waiting.begin(), waiting.end(), [](const pollfd& each) { return each.fd < 0; });
    ::poll(waiting.data(), waiting.size(), idle ? 1 : 100);
  }
  std::printf("done %llu connections %llu\n", static_cast<unsigned long long>(flood.done),
              static_cast<unsigned long long>(flood.connections));
}

std::optional<sockaddr_in> address_of(const char* text, unsigned long port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool good = ::inet_pton(AF_INET, text, &address.sin_addr) == 1 && ntohl(address.sin_addr.s_addr) >> 24 == 127;
  return good ? std::optional(address) : std::nullopt;
}

}  // namespace
}  // namespace nacre::fire

int main(int count, char** values) {
  using namespace nacre;
  if (count != 8) return 2;
  std::ifstream file(values[4], std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto key = read_private_key(bytes_of(text), {});
  const auto* kind =
      std::find_if(fire::kinds.begin(), fire::kinds.end(), [&](const auto& each) { return each.first == values[5]; });
  const auto number = [&](int at) { return std::strtoul(values[at], nullptr, 10); };
  const auto server = fire::address_of("127.0.0.1", number(1)), source = fire::address_of(values[2], 0);
  if (!key || kind == fire::kinds.end() || !source) return 2;

  const auto random = system_random();
  auto provider = botan_provider(*random);
  std::vector<CipherAlgorithm> ciphers(provider.ciphers.begin(), provider.ciphers.end());
  ClientConfig config;
  config.user = values[3];
  if (kind->second == fire::Kind::pings) {
    config.algorithms.ciphers = {std::string(fire::pinging_cipher)};
    for (auto& cipher : ciphers) cipher.sealer = fire::make_pinging_sealer;
    provider.ciphers = ciphers;
  }
  fire::Flood flood{kind->second,
                    *server,
                    *source,
                    key->key.get(),
                    random.get(),
                    provider,
                    std::make_shared<ClientConfig>(std::move(config))};
  fire::run(flood, number(6), std::chrono::seconds(number(7)));
}
