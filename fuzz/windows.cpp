// Windows and credit (RFC 4254 5.2) of both directions against a model of a few numbers: after every step the engine
// holds exactly what the model says. The peer sends by hand; the first bytes choose role and limits, the others the steps.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "engine/messages.hpp"
#include "fuzz/login.hpp"
#include "fuzz/watch.hpp"

namespace {

using namespace nacre;
using fuzz::require;

constexpr std::uint32_t peer_id = 7;
constexpr std::uint32_t most = std::numeric_limits<std::uint32_t>::max();

// What the RFC and docs/contract.md say of one channel.
struct Model {
  std::uint32_t granted = 0, receive_window = 0, lent = 0, credit = 0;
  std::uint32_t send_window = 0, send_packet = 0;
  bool finished = false;  // by us
  bool ended = false;     // by the peer
  bool wants_write = false;

  std::uint32_t room() const { return finished ? 0 : std::min(send_window, send_packet); }
  // What is told to the peer once half of the window has been dealt with.
  std::uint32_t adjustment() {
    if (credit == 0 || credit < granted / 2 || ended) return 0;
    receive_window += credit;
    return std::exchange(credit, 0);
  }
};

template <class EngineType>
class Windows {
 public:
  Windows(EngineType& engine, const Limits& limits) : engine_(engine), limits_(limits) {}

  void run(fuzz::Control control) {
    fuzz::log_in(engine_, fuzz::start_time);
    model_.send_window = control.next16() * (control.next() % 4 == 0 ? 65537 : 1);
    model_.send_packet = std::min<std::uint32_t>(9 + control.next16(), limits_.max_packet);
    model_.granted = model_.receive_window = std::min(limits_.window, most);
    open();
    while (!control.empty() && !over_) {
      step(control);
      if (!over_) require(engine_.writable(channel_) == model_.room());
    }
  }

 private:
  template <class M>
  void send(const M& message) {
    ByteVector stream;
    fuzz::append_packet(stream, encoded(message));
    const auto room = engine_.incoming();
    require(room.size() >= stream.size());
    std::copy(stream.begin(), stream.end(), room.begin());
    engine_.received(stream.size());
  }

  // The one event that this must make.
  template <class E>
  E expect() {
    const auto event = engine_.poll(fuzz::start_time);
    require(event && std::holds_alternative<E>(*event));
    return std::get<E>(*event);
  }
  void expect_nothing() { require(!engine_.poll(fuzz::start_time)); }
  void expect_end(Code code) {
    require(expect<Closed>().error.code == code);
    over_ = true;
  }

  void open() {
    if constexpr (std::is_same_v<EngineType, Server>) {
      send(ChannelOpen{"session", peer_id, model_.send_window, model_.send_packet, {}});
      const auto asked = expect<ChannelOpenReceived>();
      channel_ = asked.channel;
      require(engine_.answer(asked.ticket, ChannelVerdict{.accept = true}) == Status::ok);
    } else {
      channel_ = *engine_.open("session");
      send(ChannelOpenConfirmation{channel_.id, peer_id, model_.send_window, model_.send_packet, {}});
      expect<ChannelOpened>();
    }
    expect_nothing();
    drain();
  }

  // What the engine has sent since: data, and window adjustments.
  struct Sent {
    std::uint64_t data = 0, adjusted = 0;
  };
  Sent drain() {
    Sent sent;
    for (auto out = engine_.outgoing(); !out.empty(); out = engine_.outgoing()) {
      fuzz::each_payload(out, [&](Bytes payload) {
        const auto number = std::to_integer<std::uint8_t>(payload[0]);
        if (number == ChannelData::number) {
          const auto data = decode<ChannelData>(payload.subspan(1));
          require(data && data->recipient == peer_id && data->data.size() <= model_.send_packet && !data->data.empty());
          sent.data += data->data.size();
        } else if (number == ChannelWindowAdjust::number) {
          const auto adjust = decode<ChannelWindowAdjust>(payload.subspan(1));
          require(adjust && adjust->recipient == peer_id && adjust->bytes != 0);
          sent.adjusted += adjust->bytes;
        }
      });
      engine_.sent(out.size());
    }
    return sent;
  }

  void receive(std::uint32_t size, unsigned kind) {
    const ByteVector bytes(size, std::byte{'d'});
    if (kind == 0)
      send(ChannelData{channel_.id, bytes});
    else
      send(ChannelExtendedData{channel_.id, kind, bytes});
    if (model_.ended) return expect_end(Code::unexpected_message);
    if (size > limits_.max_packet || size > model_.receive_window) return expect_end(Code::window_exceeded);
    model_.receive_window -= size;
    if (kind > ChannelExtendedData::standard_error) {  // nobody wants it: credit at once
      model_.credit += size;
      expect_nothing();
      return require(drain().adjusted == model_.adjustment());
    }
    if (size == 0) return expect_nothing();
    model_.lent += size;
    const auto data = expect<DataReceived>();
    require(data.channel == channel_ && same_bytes(data.data, bytes));
    require(data.stream == (kind == 0 ? Stream::out : Stream::err));
    expect_nothing();
    require(drain().adjusted == 0);
  }

  void consume(std::uint32_t size) {
    engine_.consumed(channel_, size);
    const auto given = std::min(size, model_.lent);
    model_.lent -= given;
    model_.credit += given;
    require(drain().adjusted == model_.adjustment());
  }

  void write(std::uint32_t size) {
    const ByteVector bytes(size, std::byte{'w'});
    const auto taken = engine_.write(channel_, bytes);
    require(taken == (model_.finished ? 0 : std::min(size, model_.send_window)));
    require(drain().data == taken);
    model_.send_window -= static_cast<std::uint32_t>(taken);
    if (taken < size && !model_.finished) model_.wants_write = true;
    tell_writable();
  }

  void prepare(std::uint32_t wanted, std::uint32_t size) {
    const auto place = engine_.prepare(channel_, wanted);
    require(place.size() == std::min(wanted, model_.room()));
    std::fill(place.begin(), place.end(), std::byte{'p'});
    engine_.commit(channel_, size);
    const auto taken = std::min<std::size_t>(size, place.size());
    require(drain().data == taken);
    model_.send_window -= static_cast<std::uint32_t>(taken);
    if (wanted != 0 && place.empty() && !model_.finished) model_.wants_write = true;
    tell_writable();
  }

  void adjust(std::uint32_t size) {
    send(ChannelWindowAdjust{channel_.id, size});
    if (size > most - model_.send_window) return expect_end(Code::window_overflow);
    model_.send_window += size;
    tell_writable();
  }

  // Once after a write that took less than all, as soon as there is room.
  void tell_writable() {
    if (model_.wants_write && model_.room() != 0) {
      require(expect<Writable>().channel == channel_);
      model_.wants_write = false;
    }
    expect_nothing();
  }

  void step(fuzz::Control& control) {
    switch (control.next() % 10) {
      case 0: return receive(control.next16() % 2048, 0);
      case 1: return receive(std::min(model_.receive_window, limits_.max_packet), 0);  // all that it may
      case 2: return receive(control.next16() % 2048, 1 + control.next() % 2);
      case 3: return consume(control.next16());
      case 4: return consume(control.next() == 0 ? most : model_.lent);
      case 5: return write(std::min(control.next16(), 100 * model_.send_packet));  // more packets say no more
      case 6: {
        const auto wanted = control.next16();
        return prepare(wanted, control.next16());
      }
      case 7: return adjust(control.next16());
      case 8: return adjust(most - control.next16());
      default: return rarely(control.next());
    }
  }

  void rarely(unsigned choice) {
    if (choice == 1) {
      require(engine_.finish(channel_) == (model_.finished ? Status::closed : Status::ok));
      model_.finished = true;
      model_.wants_write = false;
      drain();
    } else if (choice == 2) {
      send(ChannelEof{channel_.id});
      if (!std::exchange(model_.ended, true)) expect<EofReceived>();
      expect_nothing();
    } else if (choice == 3) {
      send(ChannelClose{channel_.id});
      expect<ChannelClosed>();
      over_ = true;
    }
  }

  EngineType& engine_;
  const Limits& limits_;
  Model model_;
  ChannelId channel_;
  bool over_ = false;
};

// The limits are small, so that a short input meets all of them.
template <class Config>
std::shared_ptr<const Config> with_limits(const std::shared_ptr<const Config>& config, fuzz::Control& control) {
  auto changed = std::make_shared<Config>(*config);
  changed->limits.window = 1 + control.next() * 64;
  changed->limits.max_packet = 16 + control.next() * 8;
  changed->limits.receive_budget = 1U << 20;
  return changed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3 || size > 2000) return 0;
  fuzz::Control control(std::as_bytes(std::span(data, size)).subspan(1));
  fuzz::CountingRandom random;
  if (data[0] % 2 == 0) {
    const auto config = with_limits(fuzz::server_config(), control);
    Server server(fuzz::null_provider(random), config);
    Windows<Server>(server, config->limits).run(control);
  } else {
    const auto config = with_limits(fuzz::client_config(), control);
    Client client(fuzz::null_provider(random), config);
    Windows<Client>(client, config->limits).run(control);
  }
  return 0;
}
