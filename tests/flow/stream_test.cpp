// Flows over the system: TCP, Unix sockets, pipes, files, terminals; sessions over them; jump hosts; channels as Asio's
// streams.
#include <fcntl.h>
#include <pty.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>

#include <asio/buffer.hpp>
#include <asio/completion_condition.hpp>
#include <asio/detached.hpp>
#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/redirect_error.hpp>
#include <asio/streambuf.hpp>
#include <asio/write.hpp>

#include "engine/direct_tcpip.hpp"
#include "flow/stream_flow.hpp"
#include "tests/flow/world.hpp"

namespace nacre::testing {
namespace {

static_assert(ReadyFlow<SocketFlow> && ReadyFlow<DescriptorFlow> && ReadyFlow<ChannelFlow> && ReadyFlow<SshFlow>);

// Sends a pattern through an echo of the peer's, and checks what comes back.
Awaitable<void> expect_echo(World& world, SshFlow& flow, std::size_t size) {
  const auto sent = pattern(size, 21);
  asio::co_spawn(
      world.io,
      [](SshFlow& to, Bytes bytes) -> Awaitable<void> {
        auto written = co_await to.write(bytes);
        EXPECT_TRUE(written);
        auto finished = co_await to.finish();
        EXPECT_TRUE(finished);
      }(flow, sent),
      asio::detached);
  const auto all = co_await read_all(flow);
  EXPECT_FALSE(all.error);
  EXPECT_TRUE(same_bytes(bytes_of(all.text), sent)) << all.text.size();
}

TEST(Stream, ASessionOverTcp) {
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    auto listener = Listener::listen(world.io.get_executor(), "127.0.0.1", 0);
    EXPECT_TRUE(listener) << (listener ? "" : listener.error().text);
    if (!listener) co_return;
    const auto port = listener->port();
    asio::co_spawn(
        world.io,
        [&]() -> Awaitable<void> {
          auto accepted = co_await listener->accept();
          EXPECT_TRUE(accepted);
          EXPECT_TRUE(accepted->peer().starts_with("127.0.0.1 port ")) << accepted->peer();
          world.serve(std::move(*accepted), echo);
        },
        asio::detached);
    auto socket = co_await connect_tcp(world.io.get_executor(), "localhost", port, 5s);
    EXPECT_TRUE(socket) << (socket ? "" : socket.error().text);
    if (!socket) co_return;
    int on = 0;
    socklen_t size = sizeof on;
    ::getsockopt(socket->descriptor(), IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, &size);
    EXPECT_EQ(on, 1);
    auto flow = co_await world.connect(std::move(*socket), ChannelWish());
    EXPECT_TRUE(flow) << (flow ? "" : flow.error().text);
    if (!flow) co_return;
    co_await expect_echo(world, *flow, 20'000'000);
    co_await flow->close();
    const auto ended = co_await world.server_ended();
    EXPECT_EQ(flow_error(ended).code, FlowCode::disconnected);
  });
}

TEST(Stream, ASessionOverASocketPair) {
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    auto pair = socket_pair(world.io.get_executor());
    EXPECT_TRUE(pair);
    if (!pair) co_return;
    EXPECT_EQ(pair->first.peer(), "a local socket");
    world.serve(std::move(pair->first), echo);
    auto flow = co_await world.connect(std::move(pair->second), ChannelWish());
    EXPECT_TRUE(flow);
    if (!flow) co_return;
    co_await expect_echo(world, *flow, 5'000'000);
  });
}

TEST(Stream, ASessionOverTwoPipes) {  // as a ProxyCommand has
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    int there[2], back[2];
    EXPECT_EQ(::pipe2(there, O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(back, O_CLOEXEC), 0);
    world.serve(DescriptorFlow(world.io.get_executor(), there[0], back[1]), echo);
    auto flow = co_await world.connect(DescriptorFlow(world.io.get_executor(), back[0], there[1]), ChannelWish());
    EXPECT_TRUE(flow);
    if (!flow) co_return;
    co_await expect_echo(world, *flow, 5'000'000);
    co_await flow->close();
    const auto ended = co_await world.server_ended();
    EXPECT_TRUE(ended.by_peer);
  });
}

TEST(Stream, NobodyThereIsUnreachable) {
  asio::io_context io;
  run(io, [&]() -> Awaitable<void> {
    auto listener = Listener::listen(io.get_executor(), "127.0.0.1", 0);
    const auto port = listener->port();
    listener->close();
    auto refused = co_await connect_tcp(io.get_executor(), "127.0.0.1", port, 5s);
    EXPECT_TRUE(!refused && refused.error().code == FlowCode::unreachable);
    EXPECT_EQ(refused ? "" : refused.error().text,
              "could not connect to 127.0.0.1 port " + std::to_string(port) + ": Connection refused");
    auto nobody = co_await connect_unix(io.get_executor(), "/nonexistent/socket");
    EXPECT_TRUE(!nobody && nobody.error().code == FlowCode::unreachable);
    const auto bad = Listener::listen(io.get_executor(), "somewhere", 22);
    EXPECT_TRUE(!bad && bad.error().code == FlowCode::configuration);
  });
}

TEST(Stream, FilesAndTheNullDeviceAreRead) {
  asio::io_context io;
  run(io, [&]() -> Awaitable<void> {
    std::FILE* file = std::tmpfile();
    const auto sent = pattern(200'000);
    EXPECT_EQ(std::fwrite(sent.data(), 1, sent.size(), file), sent.size());
    std::rewind(file);
    DescriptorFlow flow(io.get_executor(), ::dup(::fileno(file)), ::open("/dev/null", O_WRONLY | O_CLOEXEC));
    auto ready = co_await flow.wait_readable();
    EXPECT_TRUE(ready);
    const auto all = co_await read_all(flow);
    EXPECT_TRUE(same_bytes(bytes_of(all.text), sent));
    auto put = co_await flow.write(sent);
    EXPECT_TRUE(put);
    DescriptorFlow null(io.get_executor(), ::open("/dev/null", O_RDONLY | O_CLOEXEC), -1);
    const auto nothing = co_await read_all(null);
    EXPECT_TRUE(nothing.text.empty() && !nothing.error);
    std::fclose(file);
  });
}

TEST(Stream, BorrowedDescriptorsKeepTheirFlags) {
  asio::io_context io;
  int pipe[2];
  ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
  {
    DescriptorFlow flow(io.get_executor(), pipe[0], pipe[1], DescriptorFlow::Ownership::borrowed);
    EXPECT_NE(::fcntl(pipe[0], F_GETFL) & O_NONBLOCK, 0);
  }
  EXPECT_EQ(::fcntl(pipe[0], F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(::close(pipe[0]) + ::close(pipe[1]), 0);
}

TEST(Stream, TerminalsWorkAndAreNotMadeNonBlocking) {
  asio::io_context io;
  int master = -1, slave = -1;
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  run(io, [&]() -> Awaitable<void> {
    DescriptorFlow terminal(io.get_executor(), slave, slave, DescriptorFlow::Ownership::borrowed);
    DescriptorFlow program(io.get_executor(), master, master);
    EXPECT_EQ(::fcntl(slave, F_GETFL) & O_NONBLOCK, 0);
    asio::co_spawn(
        io,
        [&]() -> Awaitable<void> {
          co_await sleep(5ms);
          auto typed = co_await program.write(bytes_of("typed\n"));
          EXPECT_TRUE(typed);
        },
        asio::detached);
    std::vector<std::byte> buffer(100);
    auto got = co_await terminal.read(buffer);
    EXPECT_TRUE(got && text_of(Bytes(buffer).first(*got)) == "typed\n");
    EXPECT_EQ(::fcntl(slave, F_GETFL) & O_NONBLOCK, 0);
    auto shown = co_await terminal.write(pattern(3000, 1));  // more than a terminal takes at once
    EXPECT_TRUE(shown);
    co_await terminal.close();
    ::close(slave);
    for (;;) {  // its end is an end, not EIO
      auto rest = co_await program.read(buffer);
      EXPECT_TRUE(rest);
      if (!rest || *rest == 0) break;
    }
  });
}

// ---- jump hosts

TEST(JumpHost, ASessionOverASession) {
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    auto outer_end = world.served([&](nacre::Run program) -> Awaitable<Exit> {
      EXPECT_EQ(program.program.text, "inner");
      auto [near, far] = memory_flow(world.io.get_executor());
      world.serve(std::move(far), echo);
      const auto channel = program.channel;
      asio::co_spawn(
          world.io,
          [](ChannelFlow from, MemoryFlow& to) -> Awaitable<void> {
            std::vector<std::byte> buffer(20'000);
            for (;;) {
              auto got = co_await from.read(buffer);
              if (!got || *got == 0) break;
              auto put = co_await to.write(Bytes(buffer).first(*got));
              if (!put) break;
            }
            co_await to.close();
          }(channel, near),
          asio::detached);
      std::vector<std::byte> buffer(20'000);
      for (;;) {
        auto got = co_await near.read(buffer);
        if (!got || *got == 0) break;
        auto put = co_await program.channel.write(Bytes(buffer).first(*got));
        if (!put) break;
      }
      co_await program.channel.wait_closed();
      co_return Exit(0);
    });
    auto outer = co_await world.connect(std::move(outer_end), ChannelWish(RunSubsystem("inner")));
    EXPECT_TRUE(outer);
    if (!outer) co_return;
    auto inner = co_await world.connect(std::move(*outer), ChannelWish());
    EXPECT_TRUE(inner) << (inner ? "" : inner.error().text);
    if (!inner) co_return;
    co_await expect_echo(world, *inner, 3'000'000);
    co_await inner->close();
    co_await sleep(20ms);
  });
}

TEST(JumpHost, C17_OverADirectTcpipChannel) {
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    auto options = world.server_options();
    options.other_channel = [&](const ServedClient& client, std::string_view type, Bytes data) {
      OpenAnswer answer;
      const auto wanted = type == DirectTcpip::type ? parse_direct_tcpip(data) : std::nullopt;
      EXPECT_EQ(client.user, "alice");
      if (!wanted || wanted->host != "inner.example" || wanted->port != 2222) return answer;
      answer.run = [&](ChannelFlow channel) {
        world.serve(std::move(channel), echo);
      };  // the channel is the inner server's flow
      return answer;
    };
    auto [client, server] = memory_flow(world.io.get_executor());
    world.serve(std::move(server), sessions_by(echo), std::move(options));
    auto session = co_await world.log_in(std::move(client));
    EXPECT_TRUE(session);
    if (!session) co_return;
    auto refused = co_await session->open_direct_tcpip("elsewhere", 1);
    EXPECT_TRUE(!refused && refused.error().code == FlowCode::channel_refused);
    auto wrapped = direct_tcpip_data({"inner.example", 2222, "", 0});
    wrapped[wrapped.size() - 11] = std::byte{1};  // the port is 65536 + 2222
    auto malformed = co_await session->open(std::string(DirectTcpip::type), std::move(wrapped));
    EXPECT_TRUE(!malformed && malformed.error().code == FlowCode::channel_refused);
    auto through = co_await session->open_direct_tcpip("inner.example", 2222);
    EXPECT_TRUE(through);
    if (!through) co_return;
    auto inner = co_await world.connect(std::move(*through), ChannelWish());
    EXPECT_TRUE(inner) << (inner ? "" : inner.error().text);
    if (!inner) co_return;
    co_await expect_echo(world, *inner, 2'000'000);
    co_await inner->close();
  });
}

// ---- Asio's concepts

TEST(AsioStream, AsiosAlgorithmsRunOverAChannel) {
  World world;
  run(world.io, [&]() -> Awaitable<void> {
    auto flow = co_await world.connect(world.served(echo), ChannelWish());
    EXPECT_TRUE(flow);
    if (!flow) co_return;
    auto channel = flow->channel();
    const auto sent = pattern(400'000, 5);
    const std::vector<asio::const_buffer> pieces = {asio::buffer(sent.data(), 1000), asio::const_buffer(),
                                                    asio::buffer(sent) + 1000};
    bool written = false;
    asio::async_write(channel, pieces, [&](asio::error_code error, std::size_t size) {  // a callback for a token
      EXPECT_FALSE(error);
      EXPECT_EQ(size, sent.size());
      written = true;
    });
    ByteVector got(sent.size());
    const auto size = co_await asio::async_read(channel, asio::buffer(got), asio::use_awaitable);
    EXPECT_EQ(size, sent.size());
    EXPECT_TRUE(got == sent);
    EXPECT_TRUE(written);
    auto last = co_await flow->write(bytes_of("a line\nrest"));
    EXPECT_TRUE(last);
    asio::streambuf lines;
    const auto line = co_await asio::async_read_until(channel, lines, '\n', asio::use_awaitable);
    EXPECT_EQ(line, 7u);
    auto finished = co_await flow->finish();
    EXPECT_TRUE(finished);
    asio::error_code end;
    co_await asio::async_read(channel, lines, asio::transfer_all(), asio::redirect_error(asio::use_awaitable, end));
    EXPECT_EQ(end, asio::error::eof);
    EXPECT_EQ(lines.size(), 11u);
    co_await channel.close();
    co_await channel.async_write_some(asio::buffer(sent), asio::redirect_error(asio::use_awaitable, end));
    EXPECT_EQ(end, to_error_code({FlowCode::closed, {}}));
    EXPECT_EQ(end.message(), "closed");
  });
}

TEST(AsioStream, AnyFlowCanBeWrapped) {
  asio::io_context io;
  run(io, [&]() -> Awaitable<void> {
    auto [one, other] = memory_flow(io.get_executor());
    AsyncStream stream(std::move(one));
    const auto sent = pattern(1000);
    const auto written = co_await asio::async_write(stream, asio::buffer(sent), asio::use_awaitable);
    EXPECT_EQ(written, 1000u);
    auto finished = co_await stream.flow().finish();
    EXPECT_TRUE(finished);
    const auto all = co_await read_all(other);
    EXPECT_TRUE(same_bytes(bytes_of(all.text), sent));
  });
}

}  // namespace
}  // namespace nacre::testing
