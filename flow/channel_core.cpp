// ChannelCore: reading and writing one channel. Data that nobody has asked for waits here, within the channel's window.
#include "flow/channel_core.hpp"

#include <utility>

#include "flow/session_core.hpp"

namespace nacre {

ChannelCore::ChannelCore(std::shared_ptr<SessionCore> session, ChannelId id, Phase phase)
    : session_(std::move(session)),
      id_(id),
      phase_(phase),
      incoming_{Incoming(session_->get_executor()), Incoming(session_->get_executor())},
      writable_(session_->get_executor()) {
  session_->add(*this);
}

ChannelCore::~ChannelCore() {
  session_->remove(*this);
  if (phase_ == Phase::open && (!closing_ || held_)) session_->close_channel(id_);
}

void ChannelCore::release() noexcept {
  held_ = false;
  if (closing_ && phase_ == Phase::open) session_->close_channel(id_);
  wake();
}

// ---- what the session's events do

void ChannelCore::on_opened() { phase_ = Phase::open; }

void ChannelCore::on_refused(std::string why) {
  phase_ = Phase::refused;
  refusal_ = std::move(why);
}

void ChannelCore::on_data(Stream stream, Bytes data) {
  auto& in = incoming(stream);
  std::size_t taken = 0;
  if (in.queue.empty() && in.placed < in.place.size()) {
    taken = std::min(in.place.size() - in.placed, data.size());
    std::memcpy(in.place.data() + in.placed, data.data(), taken);
    in.placed += taken;
  } else if (in.queue.empty() && in.sink) {
    taken = in.sink(data);
  }
  if (taken != 0) session_->engine().consumed(id_, taken);
  if (taken < data.size()) in.queue.push(data.subspan(taken));
  in.readable.open();
}

void ChannelCore::on_eof() {
  eof_ = true;
  wake();
}

void ChannelCore::on_closed() {
  phase_ = Phase::closed;
  wake();
}

void ChannelCore::on_exit(Exit exit) {
  if (!exit_) exit_ = std::move(exit);
}

void ChannelCore::on_session_ended() { wake(); }

void ChannelCore::wake() {
  for (auto& in : incoming_) in.readable.open();
  writable_.open();
}

// ---- reading

void ChannelCore::credit(std::size_t size) {
  if (size == 0 || phase_ != Phase::open) return;
  session_->command([&](Engine& engine) { engine.consumed(id_, size); });
  session_->drive().wake();
}

bool ChannelCore::ended(Stream stream) const {
  return incoming(stream).queue.empty() && (eof_ || phase_ == Phase::closed);
}

bool ChannelCore::closed() const { return phase_ == Phase::closed || phase_ == Phase::refused || session_->ended(); }

std::optional<FlowError> ChannelCore::error() const {
  if (phase_ == Phase::closed || !session_->ended()) return std::nullopt;
  return session_->error();
}

Tried ChannelCore::try_read(Buffer into, Stream stream) {
  auto& in = incoming(stream);
  if (const auto size = in.queue.read(into); size != 0) {
    credit(size);
    return FlowResult<std::size_t>(size);
  }
  if (eof_ || phase_ == Phase::closed) return FlowResult<std::size_t>(std::size_t{0});
  if (closing_) return FlowResult<std::size_t>(Unexpected{FlowError{FlowCode::closed, "the channel is closed"}});
  if (session_->ended()) return FlowResult<std::size_t>(Unexpected{session_->error()});
  return std::nullopt;
}

Awaitable<FlowResult<std::size_t>> ChannelCore::read(Buffer into, Stream stream) {
  const auto self = shared_from_this();
  auto& in = incoming(stream);
  for (;;) {
    auto tried = try_read(into, stream);
    if (tried) co_return std::move(*tried);
    struct Lent {  // the place is lent for as long as this read is under way
      explicit Lent(Incoming& to, Buffer place) : in(to) {
        in.place = place;
        in.placed = 0;
      }
      ~Lent() { in.place = {}; }
      Incoming& in;
    };
    const Lent lent(in, into);
    co_await in.readable.wait();
    if (in.placed != 0) co_return in.placed;
  }
}

Awaitable<FlowResult<Done>> ChannelCore::wait_readable(Stream stream) {
  const auto self = shared_from_this();
  auto& in = incoming(stream);
  for (bool waited = false;; waited = true) {
    if (!in.queue.empty() || eof_ || phase_ == Phase::closed) co_return Done{};
    if (closing_) co_return Unexpected{FlowError{FlowCode::closed, "the channel is closed"}};
    if (session_->ended()) co_return Unexpected{session_->error()};
    if (waited) co_return Done{};
    co_await in.readable.wait();
  }
}

void ChannelCore::consume(std::size_t size, Stream stream) {
  auto& queue = incoming(stream).queue;
  size = std::min(size, queue.size());
  queue.pop(size);
  credit(size);
}

void ChannelCore::set_sink(Stream stream, ChannelFlow::Sink sink) {
  auto& in = incoming(stream);
  in.sink = std::move(sink);
  while (in.sink && !in.queue.empty()) {
    const auto taken = in.sink(in.queue.front());
    if (taken == 0) break;
    consume(taken, stream);
  }
}

// ---- writing

std::optional<FlowError> ChannelCore::write_error() const {
  if (closing_ || finished_) return FlowError{FlowCode::closed, "the channel is closed for writing"};
  if (phase_ == Phase::closed) return FlowError{FlowCode::lost, "the peer has closed the channel"};
  if (session_->ended()) return session_->error();
  return std::nullopt;
}

Tried ChannelCore::try_write(Bytes bytes, Stream stream) {
  if (auto error = write_error()) return FlowResult<std::size_t>(Unexpected{std::move(*error)});
  if (held_) return std::nullopt;
  const auto size = session_->command([&](Engine& engine) { return engine.write(id_, bytes, stream); });
  if (size != 0) session_->drive().wake();
  if (size == 0 && !bytes.empty()) return std::nullopt;
  return FlowResult<std::size_t>(size);
}

// The engine takes what it has room for. When it takes nothing, what it holds is written out first, and only when
// that did not help is there a wait. The last thing before the wait is a write that took nothing: that one orders Writable.
Awaitable<FlowResult<Done>> ChannelCore::write(Bytes bytes, Stream stream) {
  const auto self = shared_from_this();
  for (bool pushed = false; !bytes.empty();) {
    auto tried = try_write(bytes, stream);
    if (tried && !*tried) co_return Unexpected{tried->error()};
    if (tried) {
      bytes = bytes.subspan(**tried);
      pushed = false;
    } else if (!pushed) {
      session_->drive().push();
      pushed = true;
    } else {
      co_await writable_.wait();
      pushed = false;
    }
  }
  co_return Done{};
}

Awaitable<FlowResult<Done>> ChannelCore::wait_writable() {
  const auto self = shared_from_this();
  for (bool pushed = false;;) {
    if (auto error = write_error()) co_return Unexpected{std::move(*error)};
    const auto place = prepare(1, Stream::out);
    if (!place.empty()) {
      commit(0);
      co_return Done{};
    }
    if (std::exchange(pushed, !pushed))
      co_await writable_.wait();
    else
      session_->drive().push();
  }
}

Buffer ChannelCore::prepare(std::size_t wanted, Stream stream) {
  if (held_ || write_error()) return {};
  return session_->command([&](Engine& engine) { return engine.prepare(id_, wanted, stream); });
}

void ChannelCore::commit(std::size_t size) {
  session_->command([&](Engine& engine) { engine.commit(id_, size); });
  if (size != 0) session_->drive().wake();
}

void ChannelCore::flush() {
  if (!session_->ended()) session_->drive().push();
}

// ---- the ends

Awaitable<FlowResult<Done>> ChannelCore::finish() {
  const auto self = shared_from_this();
  while (!finished_) {
    if (auto error = write_error()) co_return Unexpected{std::move(*error)};
    if (held_) {
      co_await writable_.wait();
      continue;
    }
    const auto status = session_->command([&](Engine& engine) { return engine.finish(id_); });
    if (status == Status::busy) {
      co_await session_->changed().wait();
      continue;
    }
    finished_ = true;
    writable_.open();  // a write under way is over, and no Writable would tell it
    session_->drive().wake();
    if (status != Status::ok) co_return Unexpected{FlowError{FlowCode::closed, std::string(describe(status))}};
  }
  co_return Done{};
}

void ChannelCore::close_at_once() {
  if (phase_ != Phase::open || closing_) return;
  closing_ = true;
  if (!held_) session_->close_channel(id_);
  wake();
}

Awaitable<void> ChannelCore::close() {
  const auto self = shared_from_this();
  close_at_once();
  while (!closed()) co_await session_->changed().wait();
}

Awaitable<void> ChannelCore::wait_closed() {
  const auto self = shared_from_this();
  while (!closed()) co_await session_->changed().wait();
}

// ---- requests

Awaitable<FlowResult<Done>> ChannelCore::request(Request request) {
  const auto self = shared_from_this();
  for (;;) {
    if (session_->ended()) co_return Unexpected{session_->error()};
    if (phase_ != Phase::open || closing_) co_return Unexpected{FlowError{FlowCode::lost, "the channel is closed"}};
    const auto asked = session_->command([&](Engine& engine) { return engine.request(id_, request, true); });
    if (!asked && asked.error() == Status::busy) {
      co_await session_->changed().wait();
      continue;
    }
    if (!asked) co_return Unexpected{FlowError{FlowCode::misuse, std::string(describe(asked.error()))}};
    session_->drive().wake();
    const std::string name(name_of(request));
    auto answer = co_await session_->answer_to(*asked, this);
    if (!answer) co_return Unexpected{answer.error()};
    if (!answer->success)
      co_return Unexpected{FlowError{FlowCode::request_refused, "the peer refused the request " + name}};
    co_return Done{};
  }
}

FlowResult<Done> ChannelCore::send(const Request& request) {
  if (auto failed = error()) return Unexpected{std::move(*failed)};
  const auto sent = session_->command([&](Engine& engine) { return engine.request(id_, request, false); });
  session_->drive().wake();
  if (!sent) return Unexpected{FlowError{FlowCode::misuse, std::string(describe(sent.error()))}};
  return Done{};
}

// OpenSSH's order: exit-status, EOF, CLOSE.
Awaitable<void> ChannelCore::exit_with(Exit how) {
  const auto self = shared_from_this();
  Request told = ExitStatus{how.status.value_or(0)};
  if (!how.status && !how.signal.empty()) told = ExitSignal{how.signal, how.core_dumped, how.message, {}};
  while (held_) co_await writable_.wait();
  while (phase_ == Phase::open && !closing_ && !session_->ended()) {
    const auto sent = session_->command([&](Engine& engine) { return engine.request(id_, told, false); });
    if (sent || sent.error() != Status::busy) break;
    co_await session_->changed().wait();
  }
  if (!finished_) {
    auto finished = co_await finish();
    static_cast<void>(finished.has_value());  // over already: then CLOSE is all that is left
  }
  co_await close();
}

}  // namespace nacre
