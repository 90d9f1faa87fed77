// ClientSession: the handle of a client's session.
#include "flow/client_session.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include "engine/direct_tcpip.hpp"
#include "flow/client_role.hpp"
#include "flow/session_core.hpp"

namespace nacre {

struct ClientSession::Inside {
  Inside(std::shared_ptr<SessionCore> with_core, std::shared_ptr<ClientRole> with_role, std::string with_user)
      : core(std::move(with_core)), role(std::move(with_role)), user(std::move(with_user)) {}
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  ~Inside() { core->drop(); }

  std::shared_ptr<SessionCore> core;
  std::shared_ptr<ClientRole> role;
  std::string user;
};

ClientSession::ClientSession(std::shared_ptr<Inside> inside) : inside_(std::move(inside)) {}

Awaitable<FlowResult<ClientSession>> ClientSession::start(AnyFlow flow, std::shared_ptr<Authenticator> authenticator,
                                                          Credentials credentials, ClientOptions options) {
  auto user = options.config.user;
  const auto config = std::make_shared<const ClientConfig>(options.config);
  if (const auto problem = check(options.provider, *config)) {
    close_in_background(std::move(flow));
    co_return Unexpected{
        FlowError{FlowCode::configuration, problem->field + " '" + problem->value + "': " + problem->text}};
  }
  std::variant<Client, Server> engine(std::in_place_type<Client>, options.provider, config, options.buffers);
  const auto core = std::make_shared<SessionCore>(std::move(engine), std::move(flow), options.log, std::string());
  const auto role = std::make_shared<ClientRole>(std::move(authenticator), credentials, options, *core);
  core->set_role([role](const Event& event) { return role->on_event(event); });
  const auto inside = std::make_shared<Inside>(core, role, std::move(user));
  asio::co_spawn(core->get_executor(), SessionCore::run(core, options.keep_alive), asio::detached);

  while (!core->ended() && !core->engine().authenticated()) co_await core->changed().wait();
  if (core->ended()) co_return Unexpected{core->error()};
  co_return ClientSession(inside);
}

Executor ClientSession::get_executor() const { return inside_->core->get_executor(); }
const Negotiated& ClientSession::negotiated() const { return inside_->core->negotiated(); }
std::string ClientSession::host_key_fingerprint() const { return inside_->role->host_key_fingerprint(); }
std::string_view ClientSession::user() const { return inside_->user; }

Awaitable<FlowResult<ChannelFlow>> ClientSession::open(std::string type, ByteVector data) {
  const auto core = inside_->core;
  auto opened = co_await core->open(std::move(type), std::move(data));
  if (!opened) co_return Unexpected{opened.error()};
  co_return ChannelFlow(*opened);
}

Awaitable<FlowResult<ChannelFlow>> ClientSession::open_session() { return open("session", {}); }

Awaitable<FlowResult<ChannelFlow>> ClientSession::open_direct_tcpip(std::string host, std::uint16_t port) {
  DirectTcpip wanted;
  wanted.host = host;
  wanted.port = port;
  wanted.originator = "127.0.0.1";  // nobody beyond this program
  return open(std::string(DirectTcpip::type), direct_tcpip_data(wanted));
}

Awaitable<FlowResult<ClientSession::GlobalAnswer>> ClientSession::global_request(std::string name, ByteVector data) {
  const auto core = inside_->core;
  auto answer = co_await core->global_request(std::move(name), std::move(data));
  if (!answer) co_return Unexpected{answer.error()};
  co_return GlobalAnswer{answer->success, std::move(answer->data)};
}

Status ClientSession::rekey() {
  const auto status = inside_->core->command([](Engine& engine) { return engine.rekey(); });
  inside_->core->drive().wake();
  return status;
}

Awaitable<void> ClientSession::disconnect(std::string text) {
  const auto core = inside_->core;
  core->end(Reason::by_application, {FlowCode::closed, text.empty() ? "closed by the application" : std::move(text)});
  while (!core->ended()) co_await core->changed().wait();
}

Awaitable<Ending> ClientSession::wait_ended() {
  const auto core = inside_->core;
  while (!core->ended()) co_await core->changed().wait();
  co_return core->ending();
}

bool ClientSession::ended() const { return inside_->core->ended(); }

}  // namespace nacre
