// The world of the flow tests: keys from seeds, a server in the background, clients that log in.
#include "tests/flow/world.hpp"

#include <asio/detached.hpp>

namespace nacre::testing {

World::World()
    : random(seeded_random(7)),
      provider(botan_provider(*random)),
      host_key(generate_key(KeyType::ed25519, *random)),
      user_key(generate_key(KeyType::ed25519, *random)),
      other_key(generate_key(KeyType::ed25519, *random)) {
  User alice{"alice", {copy_of(user_key->public_key().blob())}, hash_of_sesame()};
  users = std::make_shared<const Users>(*Users::make({alice}));
  server_config.password = true;
  server_config.keyboard_interactive = true;
  server_config.limits.failure_delay = 1ms;
  client_config.user = "alice";
}

ServerOptions World::server_options() {
  ServerOptions options;
  options.provider = provider;
  options.config = std::make_shared<const ServerConfig>(server_config);
  options.host_keys = {host_key};
  options.authorizer = authorize_by(users);
  options.log = server_log;
  options.peer = "a test";
  return options;
}

ClientOptions World::client_options() {
  ClientOptions options;
  options.provider = provider;
  options.config = client_config;
  options.log = client_log;
  return options;
}

void World::serve(AnyFlow flow, SessionFactory sessions, ServerOptions options) {
  asio::co_spawn(io, spawn_server(stop.get_token(), std::move(options), std::move(flow), std::move(sessions)),
                 [this](std::exception_ptr thrown, Ending how) {
                   EXPECT_FALSE(thrown);
                   ending = std::move(how);
                 });
}

void World::serve(AnyFlow flow, RunProgram program) {
  serve(std::move(flow), sessions_by(std::move(program)), server_options());
}

MemoryFlow World::served(RunProgram program, MemoryLine there, MemoryLine back) {
  auto [client, server] = memory_flow(io.get_executor(), there, back);
  serve(std::move(server), std::move(program));
  return std::move(client);
}

Awaitable<FlowResult<SshFlow>> World::connect(AnyFlow flow, ChannelWish wish) {
  return client_of_flow(trusting(), "alice", with_key(), std::move(wish), std::move(flow), client_options());
}

Awaitable<FlowResult<ClientSession>> World::log_in(AnyFlow flow) {
  return ClientSession::start(std::move(flow), trusting(), with_key(), client_options());
}

Awaitable<Ending> World::server_ended() {
  while (!ending) co_await sleep(1ms);
  co_return *ending;
}

Awaitable<void> sleep(std::chrono::milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

Awaitable<Everything> read_all(ChannelFlow channel, Stream stream) {
  Everything all;
  std::vector<std::byte> buffer(16 * 1024);
  for (;;) {
    auto got = co_await channel.read(buffer, stream);
    if (!got) all.error = got.error();
    if (!got || *got == 0) co_return all;
    all.text += text_of(Bytes(buffer).first(*got));
  }
}

ByteVector pattern(std::size_t size, std::uint64_t seed) {
  ByteVector bytes(size);
  std::uint64_t state = seed * 0x9e3779b97f4a7c15 + 1;
  for (auto& byte : bytes) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = static_cast<std::byte>(state >> 32);
  }
  return bytes;
}

Awaitable<Exit> echo(Run run) {
  std::vector<std::byte> buffer(32 * 1024);
  for (;;) {
    auto got = co_await run.channel.read(buffer);
    if (!got || *got == 0) break;
    auto written = co_await run.channel.write(Bytes(buffer).first(*got));
    if (!written) break;
  }
  co_return Exit(0);
}

Awaitable<Exit> greet(Run run) {
  auto said = co_await run.channel.write(bytes_of("hello"));
  EXPECT_TRUE(said);
  auto warned = co_await run.channel.write(bytes_of("beware"), Stream::err);
  EXPECT_TRUE(warned);
  co_return Exit(7);
}

std::string hash_of_sesame() { return "$2b$04$abcdefghijklmnopqrstuuinwY/tkBVrn3xrxQI/TgnMHhkvl85RW"; }

}  // namespace nacre::testing
