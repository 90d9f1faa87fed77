// What connections cost in memory, counted and not timed: a program of its own, since it stands in for malloc. Every call
// counts, whoever makes it: operator new, Botan's allocator, the C library. Prints JSON.
//   nacre-bench-memory [IDLE ENGINES]
#include <malloc.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "bench/joined.hpp"

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* place, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace {
std::size_t allocations = 0;
}

extern "C" {
void* malloc(std::size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* place, std::size_t size) {
  ++allocations;
  return __libc_realloc(place, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  ++allocations;
  return __libc_memalign(alignment, size);
}
}

namespace nacre::bench {
namespace {

using namespace std::chrono_literals;

// Bytes in use on the heap, with what the allocator adds to each piece.
std::size_t heap() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// Bytes of memory that this process holds, whoever asked for them: Botan keeps secrets in pages of its own.
std::size_t resident() {
  std::ifstream file("/proc/self/statm");
  std::size_t all = 0, pages = 0;
  file >> all >> pages;
  return pages * 4096;
}

// Ten seconds pass in which nothing happens.
void rest(World& world, Engine& engine) {
  for (int i = 0; i < 10; ++i) {
    world.now += 1s;
    engine.received(0);
    while (engine.poll(world.now)) continue;
  }
}

void transfer(Joined& pair, std::uint64_t goal) {
  const ByteVector piece(32 * 1024, std::byte{'x'});
  while (pair.at_server.bytes < goal && !pair.at_server.closed) {
    while (pair.client.write(*pair.at_client.channel, piece) == piece.size()) continue;
    pair.up();
    pair.down();
  }
}

struct Held {
  double server = 0, client = 0;  // bytes each
};

// What each of `count` idle engines holds: the heap before and after all clients, and all servers, are gone.
Held idle(const Choice& choice, int count, bool channel, std::uint64_t bytes) {
  World world(choice);
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::unique_ptr<Server>> servers;
  for (int i = 0; i < count; ++i) {
    Joined pair(world);
    if (!pair.login() || ((channel || bytes != 0) && !pair.open())) return {};
    transfer(pair, bytes);
    rest(world, pair.client);
    rest(world, pair.server);
    clients.push_back(std::make_unique<Client>(std::move(pair.client)));
    servers.push_back(std::make_unique<Server>(std::move(pair.server)));
  }
  const auto all = heap();
  std::for_each(clients.begin(), clients.end(), [](auto& client) { client.reset(); });
  const auto without_clients = heap();
  std::for_each(servers.begin(), servers.end(), [](auto& server) { server.reset(); });
  return {static_cast<double>(without_clients - heap()) / count, static_cast<double>(all - without_clients) / count};
}

std::vector<std::string> lines;

void tell(const std::string& name, double value) {
  char text[200];
  std::snprintf(text, sizeof text, "  \"%s\": %.3f", name.c_str(), value);
  lines.emplace_back(text);
}

void tell(const std::string& name, Held held) {
  tell("server/" + name, held.server);
  tell("client/" + name, held.client);
}

void idle_connections(const std::string& cipher, const std::string& name) {
  const Choice choice{.cipher = cipher, .limits = unhurried()};
  tell("idle/" + name, idle(choice, 200, false, 0));
  tell("idle-with-channel/" + name, idle(choice, 200, true, 0));
  tell("idle-after-1GB/" + name, idle(choice, 1, true, 1'000'000'000));
}

// Allocations for each packet of data, of both engines together.
void per_packet(const std::string& cipher, const std::string& name) {
  World world({.cipher = cipher, .limits = unhurried()});
  Joined pair(world);
  if (!pair.login() || !pair.open()) return;
  transfer(pair, 64 << 20);
  const auto bytes = pair.at_server.bytes;
  const auto before = allocations;
  transfer(pair, bytes + (256 << 20));
  const auto counted = allocations - before - 1;  // without the one of `transfer` itself
  tell("allocations/packet/" + name, static_cast<double>(counted) / (256.0 * 1024 / 32));
}

// Allocations of a connection's beginning and of a channel's life, of both engines together.
void per_event() {
  constexpr int count = 100;
  World world({.limits = unhurried()});
  { Joined warm(world), other(world); }
  auto before = allocations;
  for (int i = 0; i < count; ++i) Joined(world).login();
  tell("allocations/handshake", static_cast<double>(allocations - before) / count);

  Joined pair(world);
  if (!pair.login()) return;
  const auto cycle = [&] {
    if (!pair.open()) return;
    static_cast<void>(pair.client.close(*pair.at_client.channel));
    pair.settle();
    static_cast<void>(pair.server.close(*pair.at_server.channel));
    pair.settle();
  };
  for (int i = 0; i < count; ++i) cycle();
  before = allocations;
  for (int i = 0; i < count; ++i) cycle();
  tell("allocations/channel", static_cast<double>(allocations - before) / count);
  tell("channels closed", pair.at_client.channels_gone);
}

// Server engines that have logged in and rest; stops before the machine's memory does.
void many(int count) {
  constexpr std::size_t too_much = std::size_t{3} << 30;
  World world({.limits = unhurried()});
  std::vector<Server> servers;
  servers.reserve(static_cast<std::size_t>(count));
  const auto before_heap = heap(), before_resident = resident();
  while (servers.size() < static_cast<std::size_t>(count) && heap() - before_heap < too_much) {
    Joined pair(world);
    if (!pair.login()) return;
    rest(world, pair.server);
    servers.push_back(std::move(pair.server));
  }
  const auto made = static_cast<double>(servers.size());
  tell("many/engines", made);
  tell("many/heap", static_cast<double>(heap() - before_heap));
  tell("many/resident", static_cast<double>(resident() - before_resident));
}

}  // namespace
}  // namespace nacre::bench

int main(int argc, char** argv) {
  using namespace nacre::bench;
  int count = 0;
  if (argc > 1) {
    const std::string text = argv[1];
    if (std::from_chars(text.data(), text.data() + text.size(), count).ec != std::errc{}) return 2;
  }
  // Large pieces come from mmap, whatever was freed before, so that what is freed is seen to be gone.
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  if (count > 0) many(count);
  if (count == 0) {
    for (const auto& [cipher, name] : {std::pair{"aes128-gcm@openssh.com", "aes128-gcm"},
                                       {"chacha20-poly1305@openssh.com", "chacha20-poly1305"},
                                       {"aes128-ctr", "aes128-ctr"}}) {
      idle_connections(cipher, name);
      per_packet(cipher, name);
    }
    per_event();
  }
  std::printf("{\n");
  for (std::size_t i = 0; i < lines.size(); ++i)
    std::printf("%s%s\n", lines[i].c_str(), i + 1 < lines.size() ? "," : "");
  std::printf("}\n");
}
