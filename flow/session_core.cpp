// SessionCore: events to channels, answers to whoever waits for them, keepalives, the end.
#include "flow/session_core.hpp"

#include <algorithm>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include "engine/text.hpp"
#include "flow/thrown.hpp"

namespace nacre {

namespace {

Engine& engine_in(std::variant<Client, Server>& either) {
  if (auto* client = std::get_if<Client>(&either)) return *client;
  return std::get<Server>(either);
}

Awaitable<void> close(AnyFlow flow) { co_await flow.close(); }

}  // namespace

SessionCore::SessionCore(std::variant<Client, Server> engine, AnyFlow flow, std::shared_ptr<Log> log, std::string name)
    : either_(std::move(engine)),
      engine_(&engine_in(either_)),
      drive_(*engine_, std::move(flow), [this](const Event& event) { on_event(event); },
             {.drain = std::holds_alternative<Server>(either_)}),
      log_(std::move(log)),
      name_(std::move(name)),
      changed_(drive_.get_executor()),
      quiet_(drive_.get_executor()) {}

void SessionCore::log(LogLevel level, std::string_view text) {
  if (!log_) return;
  if (name_.empty())
    log_->line(level, text);
  else
    log_->line(level, name_ + ": " + std::string(text));
}

// ---- its life

Awaitable<void> SessionCore::run(std::shared_ptr<SessionCore> core, std::optional<KeepAlive> keep_alive_how) {
  Ending ending;
  try {
    if (keep_alive_how)
      asio::co_spawn(core->get_executor(), keep_alive(core, *keep_alive_how),
                     [core](std::exception_ptr thrown) { core->end_by(thrown); });
    auto came_to = co_await core->drive_.run();
    ending = std::move(came_to);
  } catch (...) {
    ending.cause = error_of(std::current_exception());
  }
  core->finish(std::move(ending));
}

void SessionCore::finish(Ending ending) {
  if (cause_) ending.cause = std::move(cause_);
  ending_ = std::move(ending);
  role_ = nullptr;
  quiet_.cancel();
  for (auto* channel : channels_) channel->on_session_ended();
  changed_.open();
}

void SessionCore::end(Reason reason, FlowError cause) noexcept {
  if (ended()) return;
  if (!engine_->closed()) set_cause(std::move(cause));
  drive_.disconnect(reason, cause_ ? std::string_view(cause_->text) : std::string_view());
}

void SessionCore::end_by(const std::exception_ptr& thrown) noexcept {
  if (!thrown || ended()) return;
  if (!engine_->closed()) set_cause(error_of(thrown));
  drive_.disconnect(Reason::by_application, "internal error");
}

void SessionCore::drop() noexcept {
  try {
    end(Reason::by_application, {FlowCode::closed, "the session was dropped"});
  } catch (const std::bad_alloc&) {  // not even the text: it ends all the same
    drive_.disconnect(Reason::by_application);
  }
}

Awaitable<void> SessionCore::keep_alive(std::shared_ptr<SessionCore> core, KeepAlive how) {
  unsigned missed = 0;
  while (!core->ended()) {
    const auto heard = core->heard_;
    core->quiet_.expires_after(how.interval);
    asio::error_code error;
    co_await core->quiet_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (core->ended()) break;
    if (core->heard_ != heard) {
      missed = 0;
      continue;
    }
    if (!core->engine_->authenticated()) continue;
    if (missed++ >= how.misses) {
      core->end(Reason::connection_lost, {FlowCode::timed_out, "the peer does not answer keepalives"});
      break;
    }
    const auto asked = core->engine_->global_request("keepalive@openssh.com", {}, true);
    if (asked) core->drive_.wake();
  }
}

// ---- events

void SessionCore::on_event(const Event& event) {
  ++heard_;
  if (on_channel_event(event)) return;
  if (const auto* keys = std::get_if<KeysExchanged>(&event)) on_keys(*keys);
  if (const auto* answer = std::get_if<RequestAnswered>(&event)) return on_answer(answer->ticket, answer->success, {});
  if (const auto* answer = std::get_if<GlobalRequestAnswered>(&event))
    return on_answer(answer->ticket, answer->success, answer->data);
  if (const auto* debug = std::get_if<DebugReceived>(&event))
    log(LogLevel::debug, "the peer says: " + printable(debug->text));
  const bool dealt_with = role_ && role_(event);
  if (const auto* request = std::get_if<GlobalRequestReceived>(&event); request && request->want_reply && !dealt_with)
    static_cast<void>(engine_->reply(request->ticket, false));
  if (const auto* open = std::get_if<ChannelOpenReceived>(&event); open && !dealt_with)
    static_cast<void>(engine_->answer(open->ticket, ChannelVerdict{false, 3, "unknown channel type"}));
  changed_.open();
}

bool SessionCore::on_channel_event(const Event& event) {
  if (const auto* data = std::get_if<DataReceived>(&event)) {
    if (auto* channel = find(data->channel))
      channel->on_data(data->stream, data->data);
    else
      engine_->consumed(data->channel, data->data.size());
    return true;
  }
  if (const auto* writable = std::get_if<Writable>(&event)) {
    if (auto* channel = find(writable->channel)) channel->on_writable();
    return true;
  }
  if (const auto* eof = std::get_if<EofReceived>(&event)) {
    if (auto* channel = find(eof->channel)) channel->on_eof();
    return true;
  }
  if (const auto* opened = std::get_if<ChannelOpened>(&event)) {
    if (auto* channel = find(opened->channel))
      channel->on_opened();
    else
      close_channel(opened->channel);  // nobody waits for it any more
    changed_.open();
    return true;
  }
  if (const auto* refused = std::get_if<ChannelRefused>(&event)) {
    if (auto* channel = find(refused->channel)) {
      remove(*channel);
      channel->on_refused(printable(refused->text));
    }
    changed_.open();
    return true;
  }
  if (const auto* request = std::get_if<RequestReceived>(&event)) {
    on_request(*request);
    return true;
  }
  if (const auto* closed = std::get_if<ChannelClosed>(&event)) {
    if (auto* channel = find(closed->channel)) {
      remove(*channel);
      channel->on_closed();
    }
    if (role_) role_(event);
    changed_.open();
    return true;
  }
  return false;
}

void SessionCore::on_request(const RequestReceived& received) {
  auto* channel = find(received.channel);
  const auto* status = std::get_if<ExitStatus>(&received.request);
  const auto* signal = std::get_if<ExitSignal>(&received.request);
  if (channel && status) channel->on_exit(Exit(status->status));
  if (channel && signal)
    channel->on_exit(Exit::by_signal(printable(signal->signal), signal->core_dumped, printable(signal->message)));
  if (!status && !signal && role_ && role_(Event(received))) return;
  if (received.want_reply) static_cast<void>(engine_->reply(received.ticket, false));
}

void SessionCore::on_keys(const KeysExchanged& keys) {
  negotiated_ = Negotiated{keys.strict,
                           std::string(keys.key_exchange),
                           std::string(keys.host_key),
                           std::string(keys.cipher_in),
                           std::string(keys.cipher_out),
                           std::string(keys.mac_in),
                           std::string(keys.mac_out),
                           printable(keys.peer_ident),
                           negotiated_.exchanges + 1};
  close_leftovers();
  if (!log_) return;
  const auto& n = negotiated_;
  const auto with = [](const std::string& cipher, const std::string& mac) {
    return mac.empty() ? cipher : cipher + " with " + mac;
  };
  log(LogLevel::verbose, std::string(keys.first ? "keys exchanged" : "new keys") + ": " + n.key_exchange + ", " +
                             n.host_key + ", in " + with(n.cipher_in, n.mac_in) + ", out " +
                             with(n.cipher_out, n.mac_out) + (n.strict ? ", strict" : ", not strict") +
                             "; the peer is " + n.peer_ident);
}

// ---- answers

void SessionCore::on_answer(Ticket ticket, bool success, Bytes data) {
  if (const auto at = answers_.find(ticket.id); at != answers_.end()) at->second = Answer{success, copy_of(data)};
  changed_.open();
}

Awaitable<FlowResult<SessionCore::Answer>> SessionCore::answer_to(Ticket ticket, const ChannelCore* channel) {
  const auto self = shared_from_this();
  struct Awaited {  // a wait that is cancelled leaves nothing behind
    Awaited(SessionCore& of, Ticket to) : core(of), ticket(to), answer(core.answers_[ticket.id]) {}
    ~Awaited() { core.answers_.erase(ticket.id); }
    SessionCore& core;
    Ticket ticket;
    std::optional<Answer>& answer;
  };
  const Awaited awaited(*self, ticket);
  for (;;) {
    if (awaited.answer) co_return std::move(*awaited.answer);
    if (ended()) co_return Unexpected{error()};
    if (channel && channel->closed())
      co_return Unexpected{FlowError{FlowCode::lost, "the peer has closed the channel"}};
    co_await changed_.wait();
  }
}

Awaitable<FlowResult<SessionCore::Answer>> SessionCore::global_request(std::string name, ByteVector data) {
  const auto self = shared_from_this();
  for (;;) {
    if (ended()) co_return Unexpected{error()};
    const auto asked = command([&](Engine& engine) { return engine.global_request(name, data, true); });
    if (!asked && asked.error() == Status::busy) {
      co_await changed_.wait();
      continue;
    }
    if (!asked) co_return Unexpected{FlowError{FlowCode::misuse, std::string(describe(asked.error()))}};
    drive_.wake();
    auto answer = co_await answer_to(*asked, nullptr);
    co_return answer;
  }
}

// ---- channels

Awaitable<FlowResult<std::shared_ptr<ChannelCore>>> SessionCore::open(std::string type, ByteVector data) {
  const auto self = shared_from_this();
  for (;;) {
    if (ended()) co_return Unexpected{error()};
    const auto id = command([&](Engine& engine) { return engine.open(type, data); });
    if (!id && id.error() == Status::busy && !engine_->closed()) {
      co_await changed_.wait();
      continue;
    }
    if (!id) co_return Unexpected{FlowError{FlowCode::misuse, std::string(describe(id.error()))}};
    const auto channel = std::make_shared<ChannelCore>(self, *id, ChannelCore::Phase::opening);
    drive_.wake();
    while (channel->phase() == ChannelCore::Phase::opening && !ended()) co_await changed_.wait();
    if (channel->phase() == ChannelCore::Phase::open) co_return channel;
    if (ended()) co_return Unexpected{error()};
    co_return Unexpected{FlowError{FlowCode::channel_refused, "the peer refused the channel: " + channel->refusal()}};
  }
}

std::shared_ptr<ChannelCore> SessionCore::adopt(ChannelId id) {
  return std::make_shared<ChannelCore>(shared_from_this(), id, ChannelCore::Phase::open);
}

void SessionCore::add(ChannelCore& channel) { channels_.push_back(&channel); }
void SessionCore::remove(const ChannelCore& channel) noexcept {
  std::erase_if(channels_, [&](const ChannelCore* each) { return each == &channel; });
}

ChannelCore* SessionCore::find(ChannelId id) {
  for (auto* channel : channels_)
    if (channel->id() == id) return channel;
  return nullptr;
}

void SessionCore::close_channel(ChannelId id) noexcept {
  if (ended()) return;
  try {
    if (engine_->close(id) == Status::busy) to_close_.push_back(id);
    drive_.wake();
  } catch (const std::bad_alloc&) {
    end_by(std::current_exception());
  }
}

// Those that the engine had no room for during a key exchange.
void SessionCore::close_leftovers() {
  for (const auto id : std::exchange(to_close_, {})) close_channel(id);
}

void close_in_background(AnyFlow flow) {
  const auto executor = flow.get_executor();
  asio::co_spawn(executor, close(std::move(flow)), asio::detached);
}

}  // namespace nacre
