// client_of_flow: a session, one channel on it, and the requests that start a program.
#include "flow/client_of_flow.hpp"

namespace nacre {

namespace {

constexpr std::size_t errors_kept = 64 * 1024;

// Environment variables are asked for without an answer: servers refuse most of them, and that is no error.
Awaitable<FlowResult<Done>> start_program(ChannelFlow channel, const ChannelWish& wish) {
  if (wish.pty) {
    const Request pty = PtyRequest{wish.pty->term,  wish.pty->columns, wish.pty->rows,
                                   wish.pty->width, wish.pty->height,  wish.pty->modes};
    auto asked = co_await channel.request(pty);
    if (!asked) co_return asked;
  }
  for (const auto& [variable, value] : wish.environment) {
    const Request environment = EnvRequest{variable, value};
    const auto sent = channel.send(environment);
    if (!sent) co_return sent;
  }
  Request start = ShellRequest{};
  if (const auto* command = std::get_if<RunCommand>(&wish.what)) start = ExecRequest{command->command};
  if (const auto* subsystem = std::get_if<RunSubsystem>(&wish.what)) start = SubsystemRequest{subsystem->name};
  auto asked = co_await channel.request(start);
  co_return asked;
}

}  // namespace

Awaitable<FlowResult<ChannelFlow>> open_channel(ClientSession session, ChannelWish wish) {
  if (const auto* to = std::get_if<ConnectTo>(&wish.what)) {
    auto opened = co_await session.open_direct_tcpip(to->host, to->port);
    co_return opened;
  }
  auto opened = co_await session.open_session();
  if (!opened) co_return opened;
  auto started = co_await start_program(*opened, wish);
  if (started) co_return opened;
  co_await opened->close();
  co_return Unexpected{started.error()};
}

SshFlow::SshFlow(ClientSession session, ChannelFlow channel)
    : session_(std::move(session)), channel_(std::move(channel)), errors_(std::make_shared<std::string>()) {
  channel_.set_sink(Stream::err, [errors = errors_](Bytes bytes) {
    errors->append(text_of(bytes));
    if (errors->size() > 2 * errors_kept) errors->erase(0, errors->size() - errors_kept);
    return bytes.size();
  });
}

std::string SshFlow::errors() const {
  return errors_->size() <= errors_kept ? *errors_ : errors_->substr(errors_->size() - errors_kept);
}

Awaitable<void> SshFlow::close() {
  auto session = session_;
  channel_.close_at_once();
  co_await session.disconnect();
}

Awaitable<FlowResult<SshFlow>> client_of_flow(std::shared_ptr<Authenticator> authenticator, std::string user,
                                              Credentials credentials, ChannelWish wish, AnyFlow flow,
                                              ClientOptions options) {
  if (!user.empty()) options.config.user = std::move(user);
  auto session = co_await ClientSession::start(std::move(flow), std::move(authenticator), std::move(credentials),
                                               std::move(options));
  if (!session) co_return Unexpected{session.error()};
  auto channel = co_await open_channel(*session, std::move(wish));
  if (!channel) {
    co_await session->disconnect();
    co_return Unexpected{channel.error()};
  }
  co_return SshFlow(std::move(*session), std::move(*channel));
}

}  // namespace nacre
