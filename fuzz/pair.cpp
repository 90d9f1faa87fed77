// A client and a server, and somebody between them who drops, doubles, swaps, changes, cuts and invents packets. Both
// applications behave well. The input is what is done to each packet in turn; the null provider hides nothing from it.
#include <cstdint>
#include <optional>
#include <span>

#include "fuzz/joined.hpp"

namespace {

using namespace nacre;
using fuzz::require;

struct Applications {
  void operator()(Client& client, const Event& event) {
    fuzz::answer_login(client, event);
    if (std::holds_alternative<Authenticated>(event)) static_cast<void>(client.open("session"));
    if (const auto* opened = std::get_if<ChannelOpened>(&event)) {
      static_cast<void>(client.request(opened->channel, PtyRequest{"xterm", 80, 24, 0, 0, {}}, true));
      static_cast<void>(client.request(opened->channel, ExecRequest{"cat"}, true));
      client.write(opened->channel, bytes_of("some input"));
      static_cast<void>(client.global_request("keepalive@openssh.com", {}, true));
    }
    if (const auto* data = std::get_if<DataReceived>(&event)) {
      client.consumed(data->channel, data->data.size());
      static_cast<void>(client.rekey());
    }
    if (const auto* keys = std::get_if<KeysExchanged>(&event); keys && !keys->first)
      static_cast<void>(client.finish(ChannelId{0}));
    if (std::holds_alternative<ChannelClosed>(event)) client.disconnect();
  }

  void operator()(Server& server, const Event& event) {
    fuzz::answer_login(server, event);
    if (const auto* open = std::get_if<ChannelOpenReceived>(&event))
      require(server.answer(open->ticket, ChannelVerdict{.accept = true}) == Status::ok);
    if (const auto* request = std::get_if<RequestReceived>(&event); request && request->want_reply)
      require(server.reply(request->ticket, true) == Status::ok);
    if (const auto* global = std::get_if<GlobalRequestReceived>(&event); global && global->want_reply)
      require(server.reply(global->ticket, false) == Status::ok);
    if (const auto* data = std::get_if<DataReceived>(&event)) {
      server.write(data->channel, data->data);
      server.consumed(data->channel, data->data.size());
    }
    if (const auto* eof = std::get_if<EofReceived>(&event)) {
      static_cast<void>(server.request(eof->channel, ExitStatus{0}, false));
      static_cast<void>(server.close(eof->channel));
    }
  }
};

// The one between, for one direction.
class Meddler {
 public:
  explicit Meddler(fuzz::Control& control) : control_(control) {}

  // What goes on instead of the packet.
  ByteVector pass(Bytes packet) {
    ByteVector out;
    const auto first = std::exchange(first_, false);
    switch (control_.next() % 16) {
      case 8: break;  // dropped
      case 9: append(out, packet), append(out, packet); break;
      case 10: append(held_, packet); return out;
      case 11:
      case 12: {
        append(out, packet);
        out[control_.next16() % out.size()] ^= static_cast<std::byte>(control_.next());
        break;
      }
      case 13: {
        append(out, packet);
        const auto payload = control_.take(control_.next());
        if (!first && !payload.empty()) fuzz::append_packet(out, payload);
        break;
      }
      case 14: append(out, earlier_), append(out, packet); break;
      case 15: append(out, packet.first(control_.next16() % packet.size())); break;
      default: append(out, packet);
    }
    append(out, std::exchange(held_, {}));
    earlier_ = copy_of(packet);
    return out;
  }

 private:
  fuzz::Control& control_;
  ByteVector held_, earlier_;
  bool first_ = true;
};

// The identification line, or one packet: they are in the clear.
std::size_t unit_of(Bytes out, bool& line_passed) {
  if (!std::exchange(line_passed, true)) return text_of(out).find('\n') + 1;
  return 4 + load_be32(out.data());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1000) return 0;
  fuzz::Control control(std::as_bytes(std::span(data, size)));
  fuzz::Joined joined(10'000);
  Applications applications;
  Meddler to_server(control), to_client(control);
  bool client_line = false, server_line = false;
  const auto carry = [&](Engine& from, Engine& to, Meddler& meddler, bool& line) {
    bool moved = false;
    for (auto out = from.outgoing(); !out.empty(); out = from.outgoing()) {
      const auto unit = unit_of(out, line);
      const auto changed = meddler.pass(out.first(unit));
      for (Bytes rest = changed; !rest.empty();) {
        const auto taken = fuzz::Joined::put(to, rest);
        if (taken == 0) break;  // it has ended, or does not want to read
        rest = rest.subspan(taken);
        joined.poll_both(applications);
      }
      from.sent(unit);
      moved = true;
    }
    return moved;
  };
  joined.poll_both(applications);
  for (bool moved = true; moved;) {
    moved = carry(joined.client, joined.server, to_server, client_line);
    moved = carry(joined.server, joined.client, to_client, server_line) || moved;
    joined.now += std::chrono::milliseconds(400);
    joined.poll_both(applications);
  }
  // Left alone, they come to a proper end by themselves.
  if (size == 0) require(joined.client.closed() && joined.server.closed());
  joined.end(applications, true);
  return 0;
}
