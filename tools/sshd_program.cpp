// The pumps. Output goes from the pipe straight into the packet to come, input from the packet straight into the pipe
// while that has room; what is left over waits in the channel, whose window then stops the client.
#include "tools/sshd_program.hpp"

#include <csignal>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include "tools/piece.hpp"
#include "tools/signal_names.hpp"

namespace nacre::tools {
namespace {

constexpr auto terminal_patience = std::chrono::milliseconds(50);

}  // namespace

RunningProgram::RunningProgram(ChannelFlow channel, Child child, Pty pty, std::shared_ptr<RunningPrograms> all,
                               std::shared_ptr<ProgramLog> log)
    : channel_(std::move(channel)),
      pid_(child.pid),
      watch_(std::move(child.watch)),
      in_(channel_.get_executor(), -1, child.in.release()),
      out_(channel_.get_executor(), pty.master ? pty.master.get() : child.out.release(), pty.master.get()),
      err_(channel_.get_executor(), child.err.release(), -1),
      all_(std::move(all)),
      log_(std::move(log)),
      change_(channel_.get_executor()),
      has_terminal_(static_cast<bool>(pty.master)) {
  (void)pty.master.release();
  all_->add(*this);
}

RunningProgram::~RunningProgram() { all_->remove(*this); }

void RunningProgram::start() {
  const auto executor = channel_.get_executor();
  const auto self = shared_from_this();
  const auto run = [&](auto body) { asio::co_spawn(executor, std::move(body), asio::detached); };
  channel_.set_sink(Stream::out, [weak = weak_from_this()](Bytes bytes) -> std::size_t {
    const auto program = weak.lock();
    return program ? program->offer_input(bytes) : bytes.size();
  });
  outputs_open_ = has_terminal_ ? 1 : 2;
  run([self]() -> Awaitable<void> { return self->pump_input(); });
  run([self]() -> Awaitable<void> { return self->pump_output(&self->out_, Stream::out); });
  if (!has_terminal_) run([self]() -> Awaitable<void> { return self->pump_output(&self->err_, Stream::err); });
  run([self]() -> Awaitable<void> { return self->serve(); });
}

void RunningProgram::resize(const WindowChange& size) {
  if (has_terminal_ && !gone_)
    set_window_size(out_.read_descriptor(), size.columns, size.rows, size.width, size.height);
}

void RunningProgram::signal(int number) { signal_group(pid_, number); }

void RunningProgram::hang_up() {
  signal_group(pid_, SIGHUP);
  signal_group(pid_, SIGCONT);
}

// A program that runs on without anybody to hear it is told so: a terminal hangs up by itself with its last master, and
// those on pipes get the same signal. A program that wants to stay says so with nohup.
void RunningProgram::listener_gone() {
  if (gone_) return;
  gone_ = true;
  hang_up();
  const auto self = shared_from_this();
  asio::co_spawn(
      channel_.get_executor(),
      [self]() -> Awaitable<void> {
        auto in = self->in_.close();
        co_await std::move(in);
        auto out = self->out_.close();
        co_await std::move(out);
        auto err = self->err_.close();
        co_await std::move(err);
        self->changed();
      },
      asio::detached);
}

// Called while the client's packet is in the engine's buffer: what the pipe takes now needs no copy.
std::size_t RunningProgram::offer_input(Bytes bytes) {
  if (input_closed_ || gone_) return bytes.size();
  auto tried = has_terminal_ ? out_.try_write(bytes) : in_.try_write(bytes);
  if (!tried) return 0;
  if (!*tried) input_closed_ = true;  // the program reads no more: the rest is for nobody
  return *tried ? **tried : bytes.size();
}

Awaitable<void> RunningProgram::pump_input() {
  auto& into = has_terminal_ ? out_ : in_;
  while (!gone_ && !channel_.ended()) {
    auto ready = channel_.wait_readable();
    const auto waited = co_await std::move(ready);
    if (!waited || gone_) break;
    const auto bytes = channel_.waiting();
    if (bytes.empty()) continue;
    const auto taken = offer_input(bytes);
    channel_.consume(taken);
    if (taken == 0) {
      auto room = into.wait_writable();
      const auto writable = co_await std::move(room);
      if (!writable) input_closed_ = true;
    }
  }
  if (has_terminal_) co_return;  // a terminal's end is a character, which the client sends as it likes
  auto finished = in_.finish();
  co_await std::move(finished);
}

Awaitable<void> RunningProgram::pump_output(DescriptorFlow* from, Stream stream) {
  Piece piece;
  while (!gone_) {
    const auto place = channel_.prepare(piece.size(), stream);
    if (place.empty()) {
      ++waiting_for_client_;
      auto room = channel_.wait_writable();
      const auto writable = co_await std::move(room);
      --waiting_for_client_;
      if (!writable) break;
      continue;
    }
    auto tried = from->try_read(place);
    const std::size_t size = tried && *tried ? **tried : 0;
    channel_.commit(size);
    moved_ += size;
    if (tried && size == 0) break;  // the end, or an error
    if (tried && !piece.took(size, place.size())) continue;
    channel_.flush();
    auto ready = from->wait_readable();
    const auto readable = co_await std::move(ready);
    if (!readable) break;
  }
  --outputs_open_;
  changed();
}

// How it ends: the program has exited, and all that it wrote has been read. Processes that it left behind and that hold
// its pipes keep the channel open, as they do with sshd; on a terminal they don't.
Awaitable<void> RunningProgram::serve() {
  auto ended = wait_for_child(channel_.get_executor(), pid_, std::move(watch_));
  const auto end = co_await std::move(ended);
  pid_ = -1;
  if (has_terminal_) {
    auto drained = drain_terminal();
    co_await std::move(drained);
  }
  while (!has_terminal_ && outputs_open_ > 0) {
    auto change = wait_for_change(std::chrono::hours(1));
    co_await std::move(change);
  }
  channel_.set_sink(Stream::out, {});
  input_closed_ = true;
  if (gone_) co_return;
  Exit how;
  if (end.signal != 0) {
    how.signal = signal_name(end.signal);
    how.core_dumped = end.core_dumped;
  } else {
    how.status = static_cast<std::uint32_t>(end.status.value_or(255));
  }
  auto told = channel_.exit_with(how);
  co_await std::move(told);
  listener_gone();
}

// What the program wrote last is still in the terminal. Others may keep it open: once it has been silent for a moment
// while the client was listening, that was all.
Awaitable<void> RunningProgram::drain_terminal() {
  while (outputs_open_ > 0 && !gone_) {
    const auto before = moved_;
    auto change = wait_for_change(terminal_patience);
    co_await std::move(change);
    if (moved_ == before && waiting_for_client_ == 0) break;
  }
}

Awaitable<void> RunningProgram::wait_for_change(std::chrono::milliseconds at_most) {
  asio::error_code ignored;
  change_.expires_after(at_most);
  auto waiting = change_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  co_await std::move(waiting);
}

void RunningPrograms::hang_up_all() {
  for (auto* program : programs_) program->hang_up();
}

}  // namespace nacre::tools
