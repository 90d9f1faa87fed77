// A crowd of clients in one process: idle ones that log in and stay, busy ones that log in, have bytes echoed and compare
// them, and are cut off now and then at a byte of chance. Prints figures when its time is over, and goes on until the
// server has ended every connection; then prints how they ended.
//   nacre-crowd PORT USER KEYFILE IDLE BUSY SECONDS SEED
#include <sys/socket.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <string>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include "crypto/botan_provider.hpp"
#include "crypto/key_file.hpp"
#include "flow/client_session.hpp"
#include "flow/stream_flow.hpp"
#include "flow/system_io.hpp"

namespace nacre::fire {
namespace {

using Chance = std::mt19937_64;
constexpr auto never = std::numeric_limits<std::uint64_t>::max();

// A socket that is cut after so many bytes, both ways together: in the middle of whatever that is.
class CutFlow {
 public:
  CutFlow(SocketFlow flow, std::uint64_t left, bool reset) : flow_(std::move(flow)), left_(left) {
    const linger at_once{1, 0};
    if (reset) ::setsockopt(flow_.descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  Executor get_executor() { return flow_.get_executor(); }
  Tried try_read(Buffer into) {
    return counted(into, [&](Buffer part) { return flow_.try_read(part); });
  }
  Tried try_write(Bytes bytes) {
    return counted(bytes, [&](Bytes part) { return flow_.try_write(part); });
  }
  Awaitable<FlowResult<Done>> wait_readable() { return flow_.wait_readable(); }
  Awaitable<FlowResult<Done>> wait_writable() { return flow_.wait_writable(); }
  Awaitable<FlowResult<std::size_t>> read(Buffer into) { return system_io::read(*this, into); }
  Awaitable<FlowResult<Done>> write(Bytes bytes) { return system_io::write(*this, bytes); }
  Awaitable<FlowResult<Done>> writev(std::span<const Bytes> several) {
    for (const auto bytes : several) {
      auto writing = write(bytes);
      auto written = co_await std::move(writing);
      if (!written) co_return written;
    }
    co_return Done{};
  }
  Awaitable<FlowResult<Done>> finish() { return flow_.finish(); }
  Awaitable<void> close() { return flow_.close(); }

 private:
  template <class Span, class Try>
  Tried counted(Span span, Try attempt) {
    if (left_ == 0) return FlowResult<std::size_t>(Unexpected{FlowError{FlowCode::lost, "cut"}});
    auto tried = attempt(span.first(static_cast<std::size_t>(std::min<std::uint64_t>(span.size(), left_))));
    if (tried && *tried && left_ != never) left_ -= **tried;
    return tried;
  }
  SocketFlow flow_;
  std::uint64_t left_;
};

struct Figures {
  std::uint64_t connections = 0, conversations = 0, cut = 0, failed = 0, damaged = 0, lost = 0, bytes = 0;
  std::uint64_t idle = 0, ended = 0, told = 0;  // idle connections: that there are, that the server ended, with words
  std::string first_failure;
};

class Crowd {
 public:
  Crowd(asio::io_context& loop, std::uint16_t port, std::shared_ptr<const PrivateKey> key, std::string user,
        unsigned seed)
      : loop_(loop), port_(port), random_(system_random()), seed_(seed) {
    options_.provider = botan_provider(*random_);
    options_.config.user = std::move(user);
    credentials_.key(std::move(key));
  }

  void start(unsigned idle, unsigned busy, std::chrono::seconds time) { spawn(run(idle, busy, time)); }

 private:
  void spawn(Awaitable<void> body) { asio::co_spawn(loop_, std::move(body), asio::detached); }

  Awaitable<void> rest(std::chrono::milliseconds time) {
    asio::steady_timer timer(loop_, time);
    asio::error_code ignored;
    auto waiting = timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_await std::move(waiting);
  }

  Awaitable<void> run(unsigned idle, unsigned busy, std::chrono::seconds time) {
    constexpr unsigned doors = 8;  // that log in at the same time
    for (unsigned i = 0; i < doors; ++i) spawn(fill(idle / doors + (i < idle % doors ? 1 : 0)));
    while (figures_.idle + figures_.lost < idle) {
      auto resting = rest(std::chrono::milliseconds(50));
      co_await std::move(resting);
    }
    say("full");
    for (unsigned i = 0; i < busy; ++i) spawn(work(i));
    auto resting = rest(time);
    co_await std::move(resting);
    say("over");
    over_ = true;
  }

  Awaitable<FlowResult<ClientSession>> login(std::uint64_t cut_after, bool reset) {
    auto connecting = connect_tcp(loop_.get_executor(), "127.0.0.1", port_);
    auto socket = co_await std::move(connecting);
    if (!socket) co_return Unexpected{socket.error()};
    ++figures_.connections;
    AnyFlow flow(CutFlow(std::move(*socket), cut_after, reset));
    auto starting =
        ClientSession::start(std::move(flow), trust_any_host_key_without_checking(), credentials_, options_);
    auto session = co_await std::move(starting);
    co_return session;
  }

  Awaitable<void> fill(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      auto logging = login(never, false);
      auto session = co_await std::move(logging);
      if (session)
        spawn(stay(std::move(*session)));
      else
        fail(session.error().text);
      ++(session ? figures_.idle : figures_.lost);
    }
  }

  Awaitable<void> stay(ClientSession session) {
    auto waiting = session.wait_ended();
    const auto ending = co_await std::move(waiting);
    ++(over_ ? figures_.ended : figures_.lost);
    if (ending.by_peer) ++figures_.told;
    if (over_ && figures_.ended == figures_.idle) say("ended");
  }

  Awaitable<void> work(unsigned number) {
    Chance chance(seed_ + number);
    for (bool on = true; on;) {
      const bool cut = chance() % 4 == 0;
      const auto after = cut ? chance() % (std::uint64_t{1} << (4 + chance() % 16)) : never;
      auto logging = login(after, chance() % 2 == 0);
      auto session = co_await std::move(logging);
      std::string problem = session ? std::string() : session.error().text;
      if (session) {
        auto conversing = converse(*session, chance);
        problem = co_await std::move(conversing);
      }
      on = !over_;
      if (over_) continue;
      ++figures_.conversations;
      if (cut && !problem.empty())
        ++figures_.cut;
      else if (!problem.empty())
        fail(problem);
      auto resting = rest(std::chrono::milliseconds(chance() % 500));
      co_await std::move(resting);
    }
  }

  // Some rounds of bytes to `cat` and back. The problem, if there is one.
  Awaitable<std::string> converse(ClientSession session, Chance& chance) {
    auto opening = session.open_session();
    auto channel = co_await std::move(opening);
    if (!channel) co_return channel.error().text;
    auto asking = channel->request(ExecRequest{"exec cat"});
    const auto asked = co_await std::move(asking);
    if (!asked) co_return asked.error().text;
    for (auto rounds = 1 + chance() % 12; rounds > 0 && !over_; --rounds) {
      auto echoing = echo(*channel, chance);
      auto problem = co_await std::move(echoing);
      if (!problem.empty()) co_return problem;
      auto resting = rest(std::chrono::milliseconds(chance() % 1000));
      co_await std::move(resting);
    }
    auto leaving = session.disconnect();
    co_await std::move(leaving);
    co_return std::string();
  }

  Awaitable<std::string> echo(ChannelFlow& channel, Chance& chance) {
    ByteVector sent(1 + chance() % 48'000);
    for (auto& byte : sent) byte = static_cast<std::byte>(chance());
    auto writing = channel.write(sent);
    const auto written = co_await std::move(writing);
    if (!written) co_return written.error().text;
    ByteVector got(sent.size());
    for (std::size_t filled = 0; filled < got.size();) {
      auto reading = channel.read(Buffer(got).subspan(filled));
      const auto size = co_await std::move(reading);
      if (!size) co_return size.error().text;
      if (*size == 0) co_return std::string("the end came too early");
      filled += *size;
    }
    figures_.bytes += 2 * got.size();
    if (got != sent) ++figures_.damaged;
    co_return got == sent ? std::string() : std::string("other bytes came back");
  }

  void fail(const std::string& problem) {
    if (figures_.failed++ == 0) figures_.first_failure = problem;
  }

  void say(const char* phase) const {
    const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    const auto& f = figures_;
    std::printf(
        "%s connections %llu conversations %llu cut %llu failed %llu damaged %llu bytes %llu idle %llu lost %llu "
        "ended %llu told %llu\n",
        phase, number(f.connections), number(f.conversations), number(f.cut), number(f.failed), number(f.damaged),
        number(f.bytes), number(f.idle), number(f.lost), number(f.ended), number(f.told));
    if (!f.first_failure.empty()) std::fprintf(stderr, "the first failure: %s\n", f.first_failure.c_str());
    std::fflush(stdout);
  }

  asio::io_context& loop_;
  std::uint16_t port_;
  std::unique_ptr<Random> random_;
  unsigned seed_;
  ClientOptions options_;
  Credentials credentials_;
  Figures figures_;
  bool over_ = false;
};

}  // namespace
}  // namespace nacre::fire

int main(int count, char** values) {
  using namespace nacre;
  if (count != 8) return 2;
  std::ifstream file(values[3], std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  auto key = read_private_key(bytes_of(text), {});
  if (!key) return 2;
  const auto number = [&](int at) { return static_cast<unsigned>(std::strtoul(values[at], nullptr, 10)); };
  asio::io_context loop(1);
  fire::Crowd crowd(loop, static_cast<std::uint16_t>(number(1)), std::move(key->key), values[2], number(7));
  crowd.start(number(4), number(5), std::chrono::seconds(number(6)));
  loop.run();
}
