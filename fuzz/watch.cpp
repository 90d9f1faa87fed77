// The invariants of docs/contract.md, and a walk over all that an event lends.
#include "fuzz/watch.hpp"

#include <cstdlib>

#include "engine/connection/request_codec.hpp"

namespace nacre::fuzz {
namespace {

// Every byte that the event shows, read and mixed into one number: a view that has gone wrong is read wrongly.
class Mixer {
 public:
  void operator()(Bytes bytes) {
    for (const auto byte : bytes) mix_ = (mix_ ^ std::to_integer<std::uint64_t>(byte)) * 1099511628211U;
  }
  void operator()(std::string_view text) { (*this)(bytes_of(text)); }
  std::uint64_t mixed() const { return mix_; }

 private:
  std::uint64_t mix_ = 14695981039346656037U;
};

template <class Each>
void mix_fields(const Each& event, Mixer& mix) {
  if constexpr (requires { event.data; }) mix(event.data);
  if constexpr (requires { event.text; }) mix(event.text);
  if constexpr (requires { event.key; }) mix(event.key);
  if constexpr (requires { event.message; }) mix(event.message);
  if constexpr (requires { event.algorithm; }) mix(event.algorithm);
  if constexpr (requires { event.user; }) mix(event.user);
  if constexpr (requires { event.password; }) mix(event.password);
  if constexpr (requires { event.name; }) mix(event.name);
  if constexpr (requires { event.instruction; }) mix(event.instruction);
  if constexpr (requires { event.prompt; }) mix(event.prompt);
  if constexpr (requires { event.type; }) mix(event.type);
  if constexpr (requires { event.submethods; }) mix(event.submethods);
  if constexpr (requires { event.peer_ident; }) mix(event.peer_ident);
  if constexpr (requires { event.methods; }) mix(event.methods.text());
  if constexpr (requires { event.prompts; })
    for (const auto& prompt : event.prompts) mix(prompt.text);
  if constexpr (requires { event.responses; })
    for (const auto response : event.responses) mix(response);
  if constexpr (requires { event.request; }) {
    mix(name_of(event.request));
    mix(request_body(event.request));
  }
}

std::uint64_t mixed(const Event& event) {
  Mixer mix;
  std::visit([&](const auto& each) { mix_fields(each, mix); }, event);
  return mix.mixed();
}

// A quarter more than docs/contract.md allows for one of the two buffers.
constexpr std::size_t most_output = std::size_t{600} * 1024;

}  // namespace

void require(bool condition) {
  if (!condition) std::abort();
}

void Watch::event(const Event& event) {
  require(!closed);
  require(events_left_-- != 0);
  closed = std::holds_alternative<Closed>(event);
  require(closed == engine_.closed());
  if (std::holds_alternative<Authenticated>(event)) {
    require(!authenticated);
    authenticated = true;
  }
  const bool of_connection =
      std::holds_alternative<ChannelOpenReceived>(event) || std::holds_alternative<ChannelOpened>(event) ||
      std::holds_alternative<DataReceived>(event) || std::holds_alternative<RequestReceived>(event) ||
      std::holds_alternative<GlobalRequestReceived>(event) || std::holds_alternative<Writable>(event);
  require(!of_connection || authenticated);
  lent_ = mixed(event);
}

void Watch::still_lent(const Event& event) const { require(mixed(event) == lent_); }

void Watch::quiet(TimePoint now) {
  const auto deadline = engine_.deadline();
  require(!deadline || *deadline > now);
  require(engine_.outgoing().size() < most_output);
  require(!closed || !deadline);
}

void Watch::ended(TimePoint now) {
  require(closed && engine_.closed());
  require(!engine_.poll(now) && engine_.incoming().empty() && !engine_.deadline());
  require(!engine_.open("session") && engine_.write(ChannelId{0}, bytes_of("x")) == 0);
  require(engine_.rekey() == Status::closed && engine_.close(ChannelId{0}) == Status::closed);
}

}  // namespace nacre::fuzz
