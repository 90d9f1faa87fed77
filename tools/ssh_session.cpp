// The session of nacre-ssh: what is asked of the server, the pumps, the end.
#include "tools/ssh_session.hpp"

#include <csignal>
#include <cstdlib>

#include <unistd.h>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include "engine/trust/pattern.hpp"
#include "tools/files.hpp"
#include "tools/piece.hpp"
#include "tools/tty_modes.hpp"

namespace nacre::tools {
namespace {

using Borrowed = DescriptorFlow::Ownership;

std::string program_of(const SessionPlan& plan) {
  if (plan.options.session == SessionKind::subsystem) return "subsystem '" + printable(plan.command) + "'";
  return plan.command.empty() ? "a shell" : "the command";
}

}  // namespace

InteractiveSession::InteractiveSession(ClientSession session, SessionPlan plan, std::shared_ptr<ProgramLog> log)
    : session_(std::move(session)),
      plan_(std::move(plan)),
      log_(std::move(log)),
      terminal_(0),
      in_(session_.get_executor(), plan_.options.stdin_null ? -1 : 0, -1, Borrowed::borrowed),
      out_(session_.get_executor(), -1, 1, Borrowed::borrowed),
      err_(session_.get_executor(), -1, 2, Borrowed::borrowed),
      resized_(session_.get_executor()),
      change_(session_.get_executor()) {
  if (const auto* term = std::getenv("TERM")) term_ = term;
}

void InteractiveSession::restore() {
  terminal_.restore();
  log_->raw_terminal(false);
}

Awaitable<int> InteractiveSession::run() {
  auto opening = open();
  const bool opened = co_await std::move(opening);
  if (!opened) co_return connection_failed;
  start_pumps();
  auto outputs = wait_for_outputs();
  co_await std::move(outputs);
  asio::error_code ignored;
  resized_.cancel(ignored);
  for (const auto stream : {Stream::out, Stream::err}) channel_->set_sink(stream, {});
  restore();
  co_return exit_code();
}

// ---- what is asked of the server

Awaitable<bool> InteractiveSession::open() {
  auto opening = session_.open_session();
  auto channel = co_await std::move(opening);
  if (!channel) {
    log_->error("no session: " + channel.error().text);
    co_return false;
  }
  channel_ = std::move(*channel);
  auto preparing = prepare_channel();
  const bool prepared = co_await std::move(preparing);
  if (!prepared) co_return false;
  Request request = ShellRequest{};
  if (plan_.options.session == SessionKind::subsystem)
    request = SubsystemRequest{plan_.command};
  else if (!plan_.command.empty())
    request = ExecRequest{plan_.command};
  auto asking = channel_->request(request);
  const auto started = co_await std::move(asking);
  if (!started)
    log_->error(started.error().code == FlowCode::request_refused ? "the server refused to run " + program_of(plan_)
                                                                  : started.error().text);
  co_return started.has_value();
}

bool InteractiveSession::wants_terminal() const {
  switch (plan_.options.terminal) {
    case TerminalWish::no: return false;
    case TerminalWish::force: return true;
    case TerminalWish::yes:
      if (!terminal_.is_terminal() || plan_.options.stdin_null) {
        log_->info("no pseudo-terminal: stdin is no terminal (-tt asks for one all the same)");
        return false;
      }
      return true;
    case TerminalWish::automatic: break;
  }
  return plan_.command.empty() && terminal_.is_terminal() && !plan_.options.stdin_null;
}

PtyRequest InteractiveSession::pty_request(const ByteVector& modes) const {
  PtyRequest request;
  request.term = term_.empty() ? std::string_view("dumb") : std::string_view(term_);
  if (const auto size = window_size(0)) {
    request.columns = size->columns;
    request.rows = size->rows;
    request.width = size->width;
    request.height = size->height;
  }
  request.modes = modes;
  return request;
}

Awaitable<bool> InteractiveSession::prepare_channel() {
  if (wants_terminal()) {
    const auto modes = terminal_.is_terminal() ? encode_modes(terminal_.settings()) : ByteVector{std::byte{0}};
    auto asking = channel_->request(pty_request(modes));
    const auto given = co_await std::move(asking);
    if (!given && given.error().code != FlowCode::request_refused) {
      log_->error(given.error().text);
      co_return false;
    }
    if (!given) log_->error("the server gives no pseudo-terminal");
    has_pty_ = given.has_value();
  }
  send_environment();
  co_return true;
}

void InteractiveSession::send_environment() {
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view line(*each);
    const auto name = line.substr(0, line.find('='));
    for (const auto& pattern : plan_.options.send_env)
      if (!pattern.starts_with('-') && matches_pattern(name, pattern)) {
        (void)channel_->send(EnvRequest{name, line.substr(std::min(name.size() + 1, line.size()))});
        break;
      }
  }
  for (const std::string_view line : plan_.options.set_env)
    (void)channel_->send(EnvRequest{line.substr(0, line.find('=')), line.substr(line.find('=') + 1)});
}

// ---- the pumps

void InteractiveSession::start_pumps() {
  const auto self = shared_from_this();
  const auto run = [&](auto body) { asio::co_spawn(session_.get_executor(), std::move(body), asio::detached); };
  if (has_pty_ && terminal_.is_terminal()) {
    terminal_.make_raw();
    log_->raw_terminal(true);
    run([self]() -> Awaitable<void> { return self->watch_size(); });
  }
  outputs_open_ = 2;
  for (const auto stream : {Stream::out, Stream::err}) {
    auto* to = stream == Stream::out ? &out_ : &err_;
    channel_->set_sink(stream, [self = this, to](Bytes bytes) { return self->offer_output(*to, bytes); });
    run([self, to, stream]() -> Awaitable<void> { return self->pump_output(to, stream); });
  }
  if (has_pty_)
    run([self]() -> Awaitable<void> { return self->pump_typing(); });
  else
    run([self]() -> Awaitable<void> { return self->pump_input(); });
}

Awaitable<void> InteractiveSession::pump_input() {
  Piece piece;
  for (;;) {
    const auto place = channel_->prepare(piece.size());
    if (place.empty()) {
      auto room = channel_->wait_writable();
      const auto writable = co_await std::move(room);
      if (!writable) co_return;
      continue;
    }
    auto tried = in_.try_read(place);
    const std::size_t size = tried && *tried ? **tried : 0;
    channel_->commit(size);
    if (tried && size == 0) break;
    if (tried && !piece.took(size, place.size())) continue;
    channel_->flush();
    auto ready = in_.wait_readable();
    const auto readable = co_await std::move(ready);
    if (!readable) break;
  }
  auto finished = channel_->finish();
  co_await std::move(finished);
}

Awaitable<void> InteractiveSession::pump_typing() {
  EscapeFilter filter(plan_.options.escape.empty() || !terminal_.is_terminal() ? '\0' : plan_.options.escape.front());
  ByteVector typed(4096);
  for (;;) {
    auto reading = in_.read(typed);
    const auto got = co_await std::move(reading);
    if (!got || *got == 0) break;
    auto rest = text_of(Bytes(typed).first(*got));
    while (!rest.empty()) {
      const auto result = filter.feed(rest);
      rest.remove_prefix(result.taken);
      auto writing = channel_->write(bytes_of(result.send));
      const auto written = co_await std::move(writing);
      if (!written) co_return;
      auto acting = act(result.action);
      const bool goes_on = co_await std::move(acting);
      if (!goes_on) co_return;
    }
  }
  auto finished = channel_->finish();
  co_await std::move(finished);
}

// False: the session ends.
Awaitable<bool> InteractiveSession::act(EscapeAction action) {
  switch (action) {
    case EscapeAction::none: break;
    case EscapeAction::help: write_all(2, EscapeFilter::help()); break;
    case EscapeAction::rekey: (void)session_.rekey(); break;
    case EscapeAction::send_break: (void)channel_->send(BreakRequest{1000}); break;
    case EscapeAction::suspend: suspend(); break;
    case EscapeAction::disconnect: {
      left_by_escape_ = true;
      terminal_.restore();
      log_->raw_terminal(false);
      auto leaving = session_.disconnect("by the user");
      co_await std::move(leaving);
      co_return false;
    }
  }
  co_return true;
}

void InteractiveSession::suspend() {
  terminal_.restore();
  ::raise(SIGTSTP);
  terminal_.make_raw();
  if (const auto size = window_size(0)) (void)channel_->send(*size);
}

std::size_t InteractiveSession::offer_output(DescriptorFlow& to, Bytes bytes) {
  if (output_broken_ && &to == &out_) return bytes.size();
  auto tried = to.try_write(bytes);
  if (!tried) return 0;
  if (*tried) return **tried;
  if (&to == &out_) output_failed(tried->error());
  return bytes.size();
}

// Nobody takes the output any more: there is no sense in going on, as with ssh.
void InteractiveSession::output_failed(const FlowError& error) {
  output_broken_ = true;
  log_->error("can't write to stdout: " + error.text);
  const auto self = shared_from_this();
  asio::co_spawn(
      session_.get_executor(),
      [self]() -> Awaitable<void> {
        auto closing = self->channel_->close();
        co_await std::move(closing);
      },
      asio::detached);
}

Awaitable<void> InteractiveSession::pump_output(DescriptorFlow* to, Stream stream) {
  while (!channel_->ended(stream)) {  // what came before the end is written, however slow the reader
    auto ready = channel_->wait_readable(stream);
    const auto readable = co_await std::move(ready);
    if (!readable) break;
    const auto bytes = channel_->waiting(stream);
    if (bytes.empty()) continue;
    const auto taken = offer_output(*to, bytes);
    channel_->consume(taken, stream);
    if (taken != 0) continue;
    auto room = to->wait_writable();
    co_await std::move(room);
  }
  --outputs_open_;
  change_.cancel();
}

Awaitable<void> InteractiveSession::watch_size() {
  asio::error_code error;
  resized_.add(SIGWINCH, error);
  while (!error) {
    auto waiting = resized_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    co_await std::move(waiting);
    if (error) co_return;
    if (const auto size = window_size(0)) (void)channel_->send(*size);
  }
}

Awaitable<void> InteractiveSession::wait_for_outputs() {
  while (outputs_open_ > 0) {
    asio::error_code ignored;
    change_.expires_after(std::chrono::hours(1));
    auto waiting = change_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_await std::move(waiting);
  }
  // The exit status may come after the end of the output (RFC 4254 6.10): it is there when the channel has closed.
  auto closed = channel_->wait_closed();
  co_await std::move(closed);
}

int InteractiveSession::exit_code() {
  if (left_by_escape_) return log_->info("connection closed"), connection_failed;
  if (output_broken_) return connection_failed;
  if (const auto exit = channel_->exit()) {
    if (exit->status) return static_cast<int>(*exit->status & 0xff);
    log_->info("the command was ended by signal " + exit->signal + (exit->message.empty() ? "" : ": " + exit->message));
    return connection_failed;
  }
  if (const auto error = channel_->error())
    log_->error(printable(plan_.options.host_name) + " port " + std::to_string(plan_.options.port) + ": " +
                error->text);
  else
    log_->info("the server has told no exit status");
  return connection_failed;
}

}  // namespace nacre::tools
