// One event loop a core, connections spread over them, over loopback TCP: bytes a second against the number of loops. Engines
// share nothing that changes, so the loops need no lock. Each loop has both ends of its connections. Wall time. JSON.
//   nacre-bench-cores [ROUNDS]
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/joined.hpp"

namespace nacre::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Sockets = std::array<int, 2>;

constexpr int connections_a_loop = 8;
constexpr auto measured_time = std::chrono::milliseconds(1000);

// Two ends of a TCP connection over loopback; -1 where that failed.
Sockets connected() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Sockets ends{-1, -1};
  if (bind(listener, any, size) == 0 && listen(listener, 1) == 0 && getsockname(listener, any, &size) == 0) {
    ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(ends[0], any, size) == 0) ends[1] = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    const int yes = 1;
    for (const int end : ends) setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  }
  close(listener);
  return ends;
}

// A client and a server engine with a socket each.
class Connection {
 public:
  explicit Connection(World& world)
      : pair_(world), sockets_(connected()), piece_(32 * 1024, std::byte{'x'}), now_(world.now) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    for (const int end : sockets_) close(end);
  }

  // Whether anything moved.
  bool turn() {
    if (pair_.at_client.authenticated && !asked_) asked_ = pair_.client.open("session").has_value();
    if (pair_.at_client.channel)
      while (pair_.client.write(*pair_.at_client.channel, piece_) == piece_.size()) continue;
    const bool moved = move(pair_.client, pair_.at_client, sockets_[0]);
    return move(pair_.server, pair_.at_server, sockets_[1]) || moved;
  }
  void wait_for(std::vector<pollfd>& all) {
    all.push_back({sockets_[0], static_cast<short>(pair_.client.outgoing().empty() ? POLLIN : POLLIN | POLLOUT), 0});
    all.push_back({sockets_[1], static_cast<short>(pair_.server.outgoing().empty() ? POLLIN : POLLIN | POLLOUT), 0});
  }
  std::uint64_t bytes() const { return pair_.at_server.bytes; }

 private:
  template <class Role>
  bool move(Role& engine, Side& side, int socket) {
    const auto in = engine.incoming();
    const auto got = in.empty() ? 0 : recv(socket, in.data(), in.size(), MSG_DONTWAIT);
    engine.received(got > 0 ? static_cast<std::size_t>(got) : 0);
    while (const auto event = engine.poll(now_)) side.on(engine, *event);
    const auto out = engine.outgoing();
    const auto put = out.empty() ? 0 : send(socket, out.data(), out.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    engine.sent(put > 0 ? static_cast<std::size_t>(put) : 0);
    return got > 0 || put > 0;
  }

  Joined pair_;
  Sockets sockets_;
  ByteVector piece_;
  TimePoint now_;
  bool asked_ = false;
};

void stay_on(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  sched_setaffinity(0, sizeof set, &set);
}

// One core's loop; answers bytes a second.
double loop(int core) {
  stay_on(core);
  World world({.limits = unhurried()});
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < connections_a_loop; ++i) connections.push_back(std::make_unique<Connection>(world));
  std::vector<pollfd> waiting;
  std::uint64_t before = 0;
  auto begin = Clock::now();
  bool warm = false;
  for (;;) {
    waiting.clear();
    std::uint64_t bytes = 0;
    bool moved = false;
    for (const auto& connection : connections) {
      moved = connection->turn() || moved;
      connection->wait_for(waiting);
      bytes += connection->bytes();
    }
    const auto passed = Clock::now() - begin;
    if (!warm && passed > measured_time / 3) {
      warm = true;
      before = bytes;
      begin = Clock::now();
    } else if (warm && passed > measured_time) {
      return static_cast<double>(bytes - before) / std::chrono::duration<double>(passed).count();
    }
    ::poll(waiting.data(), waiting.size(), moved ? 0 : 10);
  }
}

double throughput(unsigned cores) {
  std::vector<double> speeds(cores);
  std::vector<std::thread> threads;
  for (unsigned core = 0; core < cores; ++core)
    threads.emplace_back([core, &speeds] { speeds[core] = loop(static_cast<int>(core)); });
  for (auto& thread : threads) thread.join();
  double all = 0;
  for (const double speed : speeds) all += speed;
  return all;
}

}  // namespace
}  // namespace nacre::bench

int main(int argc, char** argv) {
  using namespace nacre::bench;
  int rounds = 3;
  if (argc > 1) {
    const std::string text = argv[1];
    if (std::from_chars(text.data(), text.data() + text.size(), rounds).ec != std::errc{} || rounds < 1) return 2;
  }
  std::vector<unsigned> counts;
  for (unsigned count = 1; count <= std::max(1U, std::thread::hardware_concurrency()); count *= 2)
    counts.push_back(count);
  std::vector<std::string> lines(counts.size());
  for (int round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < counts.size(); ++i)
      lines[i] += (round == 0 ? "" : ", ") + std::to_string(throughput(counts[i]));
  std::printf("{\n");
  for (std::size_t i = 0; i < counts.size(); ++i)
    std::printf("  \"cores/%u\": [%s]%s\n", counts[i], lines[i].c_str(), i + 1 < counts.size() ? "," : "");
  std::printf("}\n");
}
