// spawn_server: one connection from its first byte to its end; and the handler behind the simple way in.
#include "flow/spawn_server.hpp"

#include <asio/co_spawn.hpp>
#include <asio/post.hpp>

#include "flow/server_role.hpp"
#include "flow/session_core.hpp"

namespace nacre {

namespace {

Ending misconfigured(const ConfigProblem& problem) {
  Ending ending;
  ending.error.code = Code::configuration;
  ending.cause = FlowError{FlowCode::configuration, problem.field + " '" + problem.value + "': " + problem.text};
  return ending;
}

// Collects what is asked before the program starts.
class RunSession : public SessionHandler {
 public:
  RunSession(std::shared_ptr<const RunProgram> run, const ServedClient& client)
      : run_(std::move(run)), client_(client) {}

  bool pty(const PtyRequest& wanted) override {
    pty_ = Run::Pty{
        std::string(wanted.term), {wanted.columns, wanted.rows, wanted.width, wanted.height}, copy_of(wanted.modes)};
    return true;
  }
  void resize(const WindowChange& size) override {
    live_->size = size;
    if (live_->resized) live_->resized(size);
  }
  bool environment(std::string_view variable, std::string_view value) override {
    environment_.emplace_back(variable, value);
    return true;
  }
  void signal(std::string_view name) override {
    if (live_->signalled)
      live_->signalled(name);
    else if (live_->signals.size() < most_signals)
      live_->signals.emplace_back(name);
  }
  bool start(Program program, ChannelFlow channel) override {
    const auto executor = channel.get_executor();
    Run run{client_, std::move(program), std::move(pty_), std::move(environment_), std::move(channel), live_};
    asio::co_spawn(executor, run_to_the_end(run_, std::move(run)),
                   [](std::exception_ptr) {});  // thrown: the channel closes
    return true;
  }
  void closed() override {
    if (live_->closed) live_->closed();
  }

 private:
  static constexpr std::size_t most_signals = 16;

  static Awaitable<void> run_to_the_end(std::shared_ptr<const RunProgram> program, Run run) {
    auto channel = run.channel;
    auto exit = co_await (*program)(std::move(run));
    co_await channel.exit_with(std::move(exit));
  }

  std::shared_ptr<const RunProgram> run_;
  ServedClient client_;
  std::optional<Run::Pty> pty_;
  std::vector<std::pair<std::string, std::string>> environment_;
  std::shared_ptr<Run::Live> live_ = std::make_shared<Run::Live>();
};

}  // namespace

SessionFactory sessions_by(RunProgram run) {
  return [run = std::make_shared<const RunProgram>(std::move(run))](const ServedClient& client) {
    return std::make_unique<RunSession>(run, client);
  };
}

std::shared_ptr<const ServerConfig> with_host_keys(ServerConfig config,
                                                   const std::vector<std::shared_ptr<const PrivateKey>>& keys) {
  config.host_keys.clear();
  for (const auto& key : keys) config.host_keys.push_back(copy_of(key->public_key().blob()));
  return std::make_shared<const ServerConfig>(std::move(config));
}

Awaitable<Ending> spawn_server(std::stop_token stop, ServerOptions options, AnyFlow flow, SessionFactory sessions) {
  auto config = options.config ? options.config : std::make_shared<const ServerConfig>();
  if (config->host_keys.empty()) config = with_host_keys(*config, options.host_keys);
  if (const auto problem = check(options.provider, *config)) {
    close_in_background(std::move(flow));
    co_return misconfigured(*problem);
  }
  const auto executor = flow.get_executor();
  const auto keep_alive = options.keep_alive;
  std::variant<Client, Server> engine(std::in_place_type<Server>, options.provider, config, options.buffers);
  const auto core = std::make_shared<SessionCore>(std::move(engine), std::move(flow), options.log, options.peer);
  const auto role = std::make_shared<ServerRole>(std::move(options), std::move(sessions), *core);
  core->set_role([role](const Event& event) { return role->on_event(event); });

  const std::stop_callback stopper(stop, [executor, weak = std::weak_ptr(core)] {
    asio::post(executor, [weak] {
      if (const auto alive = weak.lock())
        alive->end(Reason::by_application, {FlowCode::stopped, "the server is stopping"});
    });
  });
  struct Guard {  // handlers hold channels, channels hold the core, and the core holds the handlers: ended here
    ~Guard() { role->end(); }
    std::shared_ptr<ServerRole> role;
  };
  const Guard guard{role};
  co_await SessionCore::run(core, keep_alive);
  co_return core->ending();
}

Awaitable<Ending> spawn_server(std::stop_token stop, ServerOptions options, AnyFlow flow, RunProgram run) {
  return spawn_server(std::move(stop), std::move(options), std::move(flow), sessions_by(std::move(run)));
}

}  // namespace nacre
