// Sessions of nacre-sshd with requests that no usual client sends: signals to what the server has chosen, and variables
// without end.
#include "tools/sshd_session.hpp"

#include <unistd.h>

#include <csignal>

#include "tests/flow/world.hpp"
#include "tools/sshd_program.hpp"

namespace nacre::tools {
namespace {

using nacre::testing::read_all;
using nacre::testing::run;

class SshdSession : public ::testing::Test {
 protected:
  SshdSession() {
    ::signal(SIGPIPE, SIG_IGN);  // as in nacre-sshd: a command that is gone reads nothing
    rules->account = {"alice", "/", "/bin/sh", ::getuid()};
    rules->log = std::make_shared<ProgramLog>("sshd_session_test", Loudness::quiet);
  }

  // A session channel of a client that has logged in.
  Awaitable<std::optional<ChannelFlow>> channel() {
    auto [client, server] = memory_flow(world.io.get_executor(), {}, {});
    world.serve(std::move(server), program_sessions({rules, state, programs, "127.0.0.1 1 127.0.0.1 22"}),
                world.server_options());
    session = co_await world.log_in(AnyFlow(std::move(client)));
    EXPECT_TRUE(*session) << session->error().text;
    if (!*session) co_return std::nullopt;
    auto opened = co_await (*session)->open_session();
    EXPECT_TRUE(opened) << opened.error().text;
    if (!opened) co_return std::nullopt;
    co_return std::move(*opened);
  }

  // What `waiting` says after the client has sent it a signal, and then the line it waits for.
  std::string after_a_signal(Request request) {
    std::string said;
    run(world.io, [&]() -> Awaitable<void> {
      auto opened = co_await channel();
      if (!opened) co_return;
      const auto started = co_await opened->request(request);
      EXPECT_TRUE(started);
      std::vector<std::byte> ready(6);
      const auto got = co_await opened->read(ready);
      EXPECT_TRUE(got && *got == 6);
      (void)opened->send(SignalRequest{"TERM"});
      (void)co_await opened->write(bytes_of("on\n"));
      const auto all = co_await read_all(*opened, Stream::out);
      said = all.text;
    });
    return said;
  }

  static constexpr const char* waiting = "echo ready; read line; echo went $line";

  nacre::testing::World world;
  std::shared_ptr<LoginRules> rules = std::make_shared<LoginRules>();
  std::shared_ptr<LoginState> state = std::make_shared<LoginState>();
  std::shared_ptr<RunningPrograms> programs = std::make_shared<RunningPrograms>();
  std::optional<FlowResult<ClientSession>> session;
};

TEST_F(SshdSession, AClientMaySignalItsOwnCommand) { EXPECT_EQ(after_a_signal(ExecRequest{waiting}), ""); }

TEST_F(SshdSession, AForcedCommandIsNotTheClientsToSignal) {
  state->permitted.command = waiting;
  EXPECT_EQ(after_a_signal(ExecRequest{"true"}), "went on\n");
}

TEST_F(SshdSession, ACommandThatTheServerForcesIsNotTheClientsToSignal) {
  rules->options.force_command = waiting;
  EXPECT_EQ(after_a_signal(ShellRequest{}), "went on\n");
}

TEST_F(SshdSession, ASubsystemIsNotTheClientsToSignal) {
  rules->options.subsystems = {{"waits", waiting}};
  EXPECT_EQ(after_a_signal(SubsystemRequest{"waits"}), "went on\n");
}

TEST_F(SshdSession, TheVariablesOfAClientHaveALimitTogether) {
  rules->options.accept_env = {"V*"};
  std::size_t taken = 0;
  std::string said;
  run(world.io, [&]() -> Awaitable<void> {
    auto opened = co_await channel();
    if (!opened) co_return;
    const std::string value(1000, 'x');
    for (int i = 0; i < 100; ++i) {
      const auto name = "V" + std::to_string(i);
      const auto answer = co_await opened->request(Request(EnvRequest{name, value}));
      taken += answer ? 1 : 0;
    }
    (void)co_await opened->request(Request(ExecRequest{"env | grep -c ^V"}));
    const auto all = co_await read_all(*opened, Stream::out);
    said = all.text;
  });
  EXPECT_EQ(taken, 65u) << "of 64 KiB";
  EXPECT_EQ(said, "65\n");
}

}  // namespace
}  // namespace nacre::tools
