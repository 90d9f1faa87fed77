// ChannelFlow: the handle of a channel; the core does the work.
#include "flow/channel_flow.hpp"

#include "flow/channel_core.hpp"
#include "flow/session_core.hpp"

namespace nacre {

ChannelFlow::ChannelFlow(std::shared_ptr<ChannelCore> core) : core_(std::move(core)) {}

Executor ChannelFlow::get_executor() const { return core_->session().get_executor(); }
ChannelId ChannelFlow::id() const { return core_->id(); }

Awaitable<FlowResult<std::size_t>> ChannelFlow::read(Buffer into, Stream stream) { return core_->read(into, stream); }
Awaitable<FlowResult<Done>> ChannelFlow::write(Bytes bytes, Stream stream) { return core_->write(bytes, stream); }

Awaitable<FlowResult<Done>> ChannelFlow::writev(std::span<const Bytes> several, Stream stream) {
  const auto core = core_;
  for (const auto bytes : several) {
    auto written = co_await core->write(bytes, stream);
    if (!written) co_return written;
  }
  co_return Done{};
}

Awaitable<FlowResult<Done>> ChannelFlow::finish() { return core_->finish(); }
Awaitable<void> ChannelFlow::close() { return core_->close(); }
void ChannelFlow::close_at_once() { core_->close_at_once(); }
Tried ChannelFlow::try_read(Buffer into, Stream stream) { return core_->try_read(into, stream); }
Tried ChannelFlow::try_write(Bytes bytes, Stream stream) { return core_->try_write(bytes, stream); }
Awaitable<FlowResult<Done>> ChannelFlow::wait_readable(Stream stream) { return core_->wait_readable(stream); }
Awaitable<FlowResult<Done>> ChannelFlow::wait_writable() { return core_->wait_writable(); }

Bytes ChannelFlow::waiting(Stream stream) const { return core_->waiting(stream); }
void ChannelFlow::consume(std::size_t size, Stream stream) { core_->consume(size, stream); }
void ChannelFlow::set_sink(Stream stream, Sink sink) { core_->set_sink(stream, std::move(sink)); }
Buffer ChannelFlow::prepare(std::size_t wanted, Stream stream) { return core_->prepare(wanted, stream); }
void ChannelFlow::commit(std::size_t size) { core_->commit(size); }
void ChannelFlow::flush() { core_->flush(); }

Awaitable<FlowResult<Done>> ChannelFlow::request(Request request) { return core_->request(request); }
FlowResult<Done> ChannelFlow::send(const Request& request) { return core_->send(request); }
Awaitable<void> ChannelFlow::exit_with(Exit how) { return core_->exit_with(std::move(how)); }

bool ChannelFlow::ended(Stream stream) const { return core_->ended(stream); }
bool ChannelFlow::closed() const { return core_->closed(); }
std::optional<FlowError> ChannelFlow::error() const { return core_->error(); }
std::optional<Exit> ChannelFlow::exit() const { return core_->exit(); }
Awaitable<void> ChannelFlow::wait_closed() { return core_->wait_closed(); }

}  // namespace nacre
