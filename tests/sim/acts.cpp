// What an application does of its own accord: opening, writing, asking, finishing, closing, and nonsense.
#include "tests/sim/party.hpp"

namespace nacre::sim {

using namespace std::chrono_literals;

void Party::act() {
  next_act_.reset();
  answer_due();
  poll();  // an answer may have been the end
  consume_due();
  if (closed()) return;
  const bool asleep = manner_.silent && acts_left_ == 0;
  if (authenticated_ && !asleep) {
    if (acts_left_ != 0) {
      --acts_left_;
      do_something();
    }
    if (closed()) return;
    for (auto& pipe : talk_->pipes) {
      auto& end = pipe->end[side_];
      if (end.usable() && !end.finished && (!end.waits || !manner_.patient)) write_some(*pipe);
    }
    if (acts_left_ == 0) wind_down();
  }
  if (manner_.odd && chance_.one_in(10)) call_wrongly();
  // Again: when there is more to do, when a ticket is due, when bytes are to be given back.
  const auto consider = [&](TimePoint at) { next_act_ = std::min(next_act_.value_or(at), at); };
  if (authenticated_ && !asleep && !has_nothing_to_do()) {
    bool busy = acts_left_ != 0;
    for (const auto& pipe : talk_->pipes) {
      const auto& end = pipe->end[side_];
      if (end.usable() && !end.waits && (end.left[0] + end.left[1] != 0 || !end.finished)) busy = true;
      if (may_close(end)) busy = true;
    }
    if (busy) consider(scene_.now + 1us + soon(manner_.think));
  }
  for (const auto& each : pending_)
    if (!asleep) consider(std::max(each.due, scene_.now + 1us));
  if (!consuming_.empty()) consider(std::max(consuming_.front().due, scene_.now + 1us));
}

bool Party::may_close(const End& end) const {
  return end.usable() && end.finished && end.eof_seen && end.asked.empty() && (end.lent == 0 || manner_.rude);
}

Pipe* Party::any_pipe() {
  std::vector<Pipe*> usable;
  for (auto& pipe : talk_->pipes)
    if (pipe->end[side_].usable()) usable.push_back(pipe.get());
  return usable.empty() ? nullptr : usable[chance_.below(usable.size())];
}

void Party::do_something() {
  auto* pipe = any_pipe();
  switch (chance_.below(10)) {
    case 0:
    case 1:
    case 2:
      if (channels_left_ != 0) open_channel();
      break;
    case 3:
    case 4:
    case 5:
      if (pipe && scene_.requests) send_request(*pipe);
      break;
    case 6:
      if (scene_.requests) send_global_request();
      break;
    case 7:
      if (rekeys_left_ != 0 && rekeys_left_-- != 0) {
        note("asks for new keys");
        static_cast<void>(engine()->rekey());
      }
      break;
    case 8: {
      const std::string text(chance_.below(manner_.rude ? 5'000 : 50), 'x');
      static_cast<void>(chance_.one_in(2) ? engine()->ignore(bytes_of(text)) : engine()->debug(false, text));
      break;
    }
    default:
      if (pipe && manner_.odd && chance_.one_in(3)) {
        note("closes", pipe->end[side_].id.id);
        if (engine()->close(pipe->end[side_].id) == Status::ok)
          pipe->end[side_].closing = pipe->end[side_].closing_early = true;
      } else if (manner_.rude && chance_.one_in(20)) {
        hang_up();
      }
      break;
  }
}

void Party::open_channel() {
  const auto tag = static_cast<std::uint32_t>(talk_->pipes.size());
  std::array<std::byte, 4> data{};
  store_be32(tag, data.data());
  const auto type = client_ ? (chance_.one_in(3) ? "direct-tcpip" : "session")
                            : (manner_.rude && chance_.one_in(4) ? "session" : "forwarded-tcpip");
  const auto opened = engine()->open(type, data);
  if (!opened) {
    require(opened.error() == Status::busy, "a channel cannot be opened");
    return;
  }
  --channels_left_;
  note("opens", opened->id);
  require(!talk_->find(side_, *opened), "a channel's number twice");
  auto pipe = std::make_unique<Pipe>();
  pipe->tag = tag;
  pipe->opener = side_;
  auto& end = pipe->end[side_];
  end.known = true;
  end.id = *opened;
  for (auto& left : end.left) left = chance_.size_up_to(manner_.most_bytes);
  talk_->pipes.push_back(std::move(pipe));
}

void Party::write_some(Pipe& pipe) {
  auto& end = pipe.end[side_];
  const unsigned stream = end.left[0] != 0 && (end.left[1] == 0 || chance_.one_in(2)) ? 0 : 1;
  const auto which = stream == 0 ? Stream::out : Stream::err;
  const auto size = static_cast<std::size_t>(std::min(end.left[stream], chance_.size_up_to(most_content)));
  if (size == 0) return;
  const auto bytes = content(pipe.tag, side_, stream, end.written[stream], size);
  std::size_t taken = 0;
  if (chance_.one_in(3)) {
    const auto place = engine()->prepare(end.id, size, which);
    taken = std::min(place.size(), bytes.size());
    require(taken == place.size(), "more room than was wanted");
    if (taken != 0) std::memcpy(place.data(), bytes.data(), taken);
    if (chance_.one_in(10)) taken /= 2;
    engine()->commit(end.id, taken);
    end.waits = end.waits || place.empty();
  } else {
    taken = engine()->write(end.id, bytes, which);
    require(taken <= size, "more was taken than given");
    end.waits = end.waits || taken < size;
  }
  note("writes data", end.id.id, taken);
  end.written[stream] += taken;
  end.left[stream] -= taken;
}

void Party::send_request(Pipe& pipe) {
  auto& end = pipe.end[side_];
  const auto number = static_cast<std::uint32_t>(scene_.next_number++);
  const auto word = "N" + std::to_string(number);
  std::array<std::byte, 4> data{};
  store_be32(number, data.data());
  Request request = OtherRequest{"sim@nacre", data};
  bool refused = false;  // by the other engine, whoever listens there
  const auto program = [&] { return std::exchange(end.program, true); };
  if (client_) {
    switch (chance_.below(9)) {
      case 0: request = PtyRequest{"vt100", number, 24, 0, 0, {}}; break;
      case 1: request = WindowChange{number, 25, 0, 0}; break;
      case 2:
        request = EnvRequest{word, "value"};
        refused = end.environment >= plan_.limits[1].environment;
        break;
      case 3: request = ShellRequest{}; break;
      case 4: request = ExecRequest{word}; break;
      case 5: request = SubsystemRequest{word}; break;
      case 6: request = SignalRequest{word}; break;
      case 7: request = BreakRequest{number}; break;
      default: break;
    }
  } else {
    switch (chance_.below(4)) {
      case 0: request = ExitStatus{number}; break;
      case 1: request = ExitSignal{"TERM", false, word, ""}; break;
      case 2:
        if (manner_.rude) {
          request = ExecRequest{word};
          refused = true;
        }
        break;
      default: break;
    }
  }
  const bool want_reply = chance_.one_in(2);
  const auto asked = engine()->request(end.id, request, want_reply);
  if (!asked) {
    require(asked.error() == Status::busy, "a request cannot be sent");
    return;
  }
  const auto kind = name_of(request);
  note("requests", end.id.id, number);
  if (kind == "env") ++end.environment;
  if (kind == "shell" || kind == "exec" || kind == "subsystem") refused = program() || refused;
  if (kind == "exit-status" || kind == "exit-signal") refused = std::exchange(end.exited, true);
  end.sent.push_back({number, want_reply, refused, end.all_written(), kind});
  if (want_reply) end.asked.push_back({*asked, number, refused});
}

void Party::send_global_request() {
  const auto number = static_cast<std::uint32_t>(scene_.next_number++);
  std::array<std::byte, 4> data{};
  store_be32(number, data.data());
  const bool want_reply = chance_.one_in(2);
  const auto asked = engine()->global_request("sim@nacre", data, want_reply);
  if (!asked) {
    require(asked.error() == Status::busy, "a global request cannot be sent");
    return;
  }
  note("requests globally", number);
  talk_->global_sent[side_].push_back({number, want_reply, false, 0, "sim@nacre"});
  if (want_reply) talk_->global_asked[side_].push_back({*asked, number, false});
}

// The only source of credit: what is due is given back, in pieces, sometimes more than there was.
void Party::consume_due() {
  while (!consuming_.empty() && consuming_.front().due <= scene_.now && !closed()) {
    auto& each = consuming_.front();
    auto& end = each.pipe->end[side_];
    const auto size = chance_.one_in(3) ? chance_.between(1, each.size) : each.size;
    each.size -= size;
    if (each.size == 0) consuming_.pop_front();
    if (end.gone) continue;
    end.lent -= size;
    end.consumed += size;
    engine()->consumed(end.id, end.lent == 0 && manner_.odd ? size + 1'000 : size);
  }
}

// All said: EOF on each channel, CLOSE when both sides have said it, and the client hangs up when nothing is left.
void Party::wind_down() {
  for (auto& pipe : talk_->pipes) {
    auto& end = pipe->end[side_];
    if (!end.usable() || end.left[0] + end.left[1] != 0) continue;
    if (!end.finished) {
      note("finishes", end.id.id);
      if (engine()->finish(end.id) == Status::ok) end.finished = true;
    } else if (may_close(end)) {
      note("closes", end.id.id);
      if (engine()->close(end.id) == Status::ok) end.closing = true;
    }
  }
}

void Party::call_wrongly() {
  const ChannelId nowhere{0xfff00000U + static_cast<std::uint32_t>(chance_.below(4))};
  const Ticket nothing{0x7fffffff};
  switch (chance_.below(8)) {
    case 0: require(engine()->write(nowhere, bytes_of("x")) == 0, "data to a channel that is not there"); break;
    case 1: require(engine()->prepare(nowhere, 100).empty(), "a place in a channel that is not there"); break;
    case 2: engine()->consumed(nowhere, 1'000); break;
    case 3: require(engine()->finish(nowhere) != Status::ok, "EOF to a channel that is not there"); break;
    case 4: require(engine()->close(nowhere) != Status::ok, "CLOSE to a channel that is not there"); break;
    case 5: require(engine()->reply(nothing, true) != Status::ok, "a reply to nothing"); break;
    case 6: require(engine()->answer(nothing, Signature{}) != Status::ok, "a signature for nothing"); break;
    default:
      require(!engine()->request(nowhere, ShellRequest{}, true), "a request to a channel that is not there");
      break;
  }
  engine()->commit(nowhere, 10);
  for (const auto& pipe : talk_->pipes) {
    const auto& end = pipe->end[side_];
    if (!end.known || (!end.finished && !end.closing && !end.gone)) continue;
    require(engine()->write(end.id, bytes_of("x")) == 0, "data after our EOF or CLOSE");
    require(engine()->prepare(end.id, 1).empty(), "a place for data after our EOF or CLOSE");
    require(engine()->finish(end.id) != Status::ok, "EOF twice, or after CLOSE");
    if (end.closing || end.gone) require(engine()->close(end.id) != Status::ok, "CLOSE twice");
  }
}

}  // namespace nacre::sim
