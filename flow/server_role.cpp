// ServerRole: the engine's questions go to the authorizer, each in a coroutine of its own; requests go to the handlers.
#include "flow/server_role.hpp"

#include <asio/co_spawn.hpp>

#include "engine/text.hpp"

namespace nacre {

ServerRole::ServerRole(ServerOptions options, SessionFactory sessions, SessionCore& core)
    : options_(std::move(options)), sessions_(std::move(sessions)), core_(core) {
  if (!options_.authorizer) options_.authorizer = std::make_shared<Authorizer>();
  client_.peer = options_.peer;
}

bool ServerRole::on_event(const Event& event) {
  if (const auto* request = std::get_if<RequestReceived>(&event)) return on_request(*request);
  if (const auto* wanted = std::get_if<SignatureWanted>(&event)) return on_signature(*wanted), true;
  if (const auto* open = std::get_if<ChannelOpenReceived>(&event)) return on_open(*open), true;
  if (const auto* closed = std::get_if<ChannelClosed>(&event)) return on_closed(closed->channel), true;
  if (const auto* authenticated = std::get_if<Authenticated>(&event)) return on_authenticated(*authenticated), true;
  return on_auth_event(event);
}

void ServerRole::spawn(Awaitable<void> question) {
  asio::co_spawn(core_.get_executor(), std::move(question),
                 [self = shared_from_this(), core = core_.shared_from_this()](std::exception_ptr thrown) {
                   core->end_by(thrown);
                 });
}

// ---- host keys

void ServerRole::on_signature(const SignatureWanted& wanted) {
  for (const auto& key : options_.host_keys) {
    if (!same_bytes(key->public_key().blob(), wanted.key)) continue;
    const auto blob = key->sign(wanted.algorithm, wanted.message, *options_.provider.random);
    static_cast<void>(
        core_.engine().answer(wanted.ticket, Signature{blob ? std::optional<Bytes>(*blob) : std::nullopt}));
    return;
  }
  if (options_.host_key_signer)
    return spawn(
        ask_signer(wanted.ticket, copy_of(wanted.key), std::string(wanted.algorithm), copy_of(wanted.message)));
  static_cast<void>(core_.engine().answer(wanted.ticket, Signature{}));
}

Awaitable<void> ServerRole::ask_signer(Ticket ticket, ByteVector key, std::string algorithm, ByteVector message) {
  auto blob = co_await options_.host_key_signer(std::move(key), std::move(algorithm), std::move(message));
  static_cast<void>(core_.engine().answer(ticket, Signature{blob ? std::optional<Bytes>(*blob) : std::nullopt}));
  core_.drive().wake();
}

// ---- authentication

bool ServerRole::on_auth_event(const Event& event) {
  if (const auto* offered = std::get_if<PublicKeyOffered>(&event))
    spawn(ask_interest(offered->ticket, std::string(offered->user), std::string(offered->algorithm),
                       copy_of(offered->key)));
  else if (const auto* proven = std::get_if<PublicKeyProven>(&event))
    spawn(ask_key(proven->ticket, std::string(proven->user), std::string(proven->algorithm), copy_of(proven->key)));
  else if (const auto* password = std::get_if<PasswordReceived>(&event))
    spawn(ask_password(password->ticket, std::string(password->user), Secret(password->password)));
  else if (const auto* none = std::get_if<NoneReceived>(&event))
    spawn(ask_none(none->ticket, std::string(none->user)));
  else if (const auto* wanted = std::get_if<KeyboardInteractiveWanted>(&event))
    spawn(ask_prompts(wanted->ticket, std::string(wanted->user), std::string(wanted->submethods)));
  else if (const auto* received = std::get_if<ResponsesReceived>(&event)) {
    std::vector<Secret> responses;
    for (const auto response : received->responses) responses.emplace_back(response);
    spawn(ask_responses(received->ticket, std::string(received->user), std::move(responses)));
  } else
    return false;
  return true;
}

Awaitable<void> ServerRole::ask_interest(Ticket ticket, std::string user, std::string algorithm, ByteVector key) {
  const bool wanted =
      co_await options_.authorizer->key_of_interest(std::move(user), std::move(algorithm), std::move(key));
  static_cast<void>(core_.server().answer(ticket, wanted ? KeyInterest::yes : KeyInterest::no));
  core_.drive().wake();
}

Awaitable<void> ServerRole::ask_key(Ticket ticket, std::string user, std::string algorithm, ByteVector key) {
  auto method = "publickey " + printable(algorithm) + " " + fingerprint(key);
  const auto answer = co_await options_.authorizer->key_proven(user, std::move(algorithm), std::move(key));
  verdict(ticket, user, std::move(method), answer);
}

Awaitable<void> ServerRole::ask_password(Ticket ticket, std::string user, Secret password) {
  const auto answer = co_await options_.authorizer->password(user, std::move(password));
  verdict(ticket, user, "password", answer);
}

Awaitable<void> ServerRole::ask_none(Ticket ticket, std::string user) {
  const auto answer = co_await options_.authorizer->none(user);
  verdict(ticket, user, "none", answer);
}

Awaitable<void> ServerRole::ask_prompts(Ticket ticket, std::string user, std::string submethods) {
  const auto next = co_await options_.authorizer->prompts(user, std::move(submethods));
  step(ticket, user, next);
}

Awaitable<void> ServerRole::ask_responses(Ticket ticket, std::string user, std::vector<Secret> responses) {
  const auto next = co_await options_.authorizer->responses(user, std::move(responses));
  step(ticket, user, next);
}

void ServerRole::step(Ticket ticket, const std::string& user, const Authorizer::Step& step) {
  if (const auto* answer = std::get_if<AuthVerdict>(&step))
    return verdict(ticket, user, "keyboard-interactive", *answer);
  const auto& round = std::get<PromptRound>(step);
  std::vector<Prompt> prompts;
  for (const auto& question : round.questions) prompts.push_back({question.text, question.echo});
  if (core_.server().answer(ticket, Prompts{round.name, round.instruction, prompts}) == Status::too_large)
    static_cast<void>(core_.server().answer(ticket, AuthVerdict::reject));
  core_.drive().wake();
}

void ServerRole::verdict(Ticket ticket, const std::string& user, std::string method, AuthVerdict verdict) {
  const auto who = "user '" + printable(user) + "' by " + method;
  if (verdict == AuthVerdict::accept) client_.method = method.substr(0, method.find(' '));
  auto status = core_.server().answer(ticket, verdict);
  if (status == Status::malformed && verdict == AuthVerdict::partial) {  // no method is left that could follow
    core_.log(LogLevel::error, who + ": a further step is wanted and no method is left for it; refused");
    verdict = AuthVerdict::reject;
    status = core_.server().answer(ticket, verdict);
  }
  if (status != Status::ok) return;  // the connection has ended meanwhile
  core_.drive().wake();
  if (verdict == AuthVerdict::partial) core_.log(LogLevel::info, "accepted as one step of several: " + who);
  if (verdict == AuthVerdict::accept) core_.log(LogLevel::info, "accepted " + who);
  if (verdict == AuthVerdict::reject) core_.log(LogLevel::info, "refused " + who);
}

void ServerRole::on_authenticated(const Authenticated& authenticated) {
  client_.user = std::string(authenticated.user);
  client_.negotiated = core_.negotiated();
}

// ---- channels

void ServerRole::on_open(const ChannelOpenReceived& received) {
  if (received.type == "session") {
    auto handler = sessions_(client_);
    if (!handler) {
      static_cast<void>(core_.engine().answer(received.ticket, ChannelVerdict{false, 1, "no sessions here"}));
      return;
    }
    if (core_.engine().answer(received.ticket, ChannelVerdict{true}) != Status::ok) return;
    served_[received.channel.id] = Served{std::move(handler), core_.adopt(received.channel)};
    return;
  }
  OpenAnswer answer;
  if (options_.other_channel) answer = options_.other_channel(client_, received.type, received.data);
  const auto status =
      core_.engine().answer(received.ticket, ChannelVerdict{answer.run != nullptr, answer.reason, answer.text});
  core_.log(LogLevel::verbose,
            (answer.run ? "opened a channel of type " : "refused a channel of type ") + printable(received.type));
  if (status == Status::ok && answer.run) answer.run(ChannelFlow(core_.adopt(received.channel)));
}

bool ServerRole::on_request(const RequestReceived& received) {
  const auto at = served_.find(received.channel.id);
  if (at == served_.end()) return false;
  auto& served = at->second;
  auto& handler = *served.handler;
  const auto& request = received.request;
  bool accepted = false;
  if (const auto* pty = std::get_if<PtyRequest>(&request)) accepted = handler.pty(*pty);
  if (const auto* resize = std::get_if<WindowChange>(&request)) handler.resize(*resize), accepted = true;
  if (const auto* environment = std::get_if<EnvRequest>(&request))
    accepted = handler.environment(environment->variable, environment->value);
  if (const auto* signal = std::get_if<SignalRequest>(&request)) handler.signal(signal->signal), accepted = true;
  if (const auto* wanted = std::get_if<BreakRequest>(&request)) accepted = handler.wants_break(wanted->milliseconds);
  if (const auto* other = std::get_if<OtherRequest>(&request)) accepted = handler.other(*other);
  struct Held {  // so that the answer goes before whatever the program says at once
    explicit Held(std::shared_ptr<ChannelCore> to_hold) : channel(std::move(to_hold)) {
      if (channel) channel->hold();
    }
    ~Held() {
      if (channel) channel->release();
    }
    std::shared_ptr<ChannelCore> channel;
  };
  const Held held(served.channel);
  if (std::holds_alternative<ShellRequest>(request)) accepted = start(served, {Program::Kind::shell, {}});
  if (const auto* exec = std::get_if<ExecRequest>(&request))
    accepted = start(served, {Program::Kind::command, std::string(exec->command)});
  if (const auto* subsystem = std::get_if<SubsystemRequest>(&request))
    accepted = start(served, {Program::Kind::subsystem, std::string(subsystem->subsystem)});
  if (received.want_reply) static_cast<void>(core_.engine().reply(received.ticket, accepted));
  return true;
}

bool ServerRole::start(Served& served, Program program) {
  if (!served.channel) return false;
  const auto what = program.kind == Program::Kind::shell ? std::string("a shell")
                    : program.kind == Program::Kind::command
                        ? "the command '" + printable(program.text, Lines::one, 256) + "'"
                        : "the subsystem '" + printable(program.text, Lines::one, 256) + "'";
  const bool started = served.handler->start(std::move(program), ChannelFlow(served.channel));
  core_.log(LogLevel::verbose, (started ? "started " : "refused ") + what);
  if (started) served.channel.reset();
  return started;
}

void ServerRole::on_closed(ChannelId channel) {
  const auto at = served_.find(channel.id);
  if (at == served_.end()) return;
  auto served = std::move(at->second);
  served_.erase(at);
  served.handler->closed();
}

// There is no connection left to end for what they throw; the others are still to be told.
void ServerRole::end() noexcept {
  try {
    options_.authorizer->ended();
  } catch (...) {
  }
  for (auto& [id, served] : std::exchange(served_, {})) {
    try {
      served.handler->closed();
    } catch (...) {
    }
  }
}

}  // namespace nacre
