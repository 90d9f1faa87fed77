// Every event held against what the other side has done.
#include "tests/sim/party.hpp"

#include "fuzz/null_provider.hpp"
#include "tests/engine/where.hpp"
#include "tests/sim/questions.hpp"

namespace nacre::sim {
namespace {

using namespace std::chrono_literals;

// The number that a request of ours carries, whatever its kind; and its kind.
std::uint32_t number_in(std::string_view text) {
  std::uint32_t number = 0;
  for (const auto c : text)
    if (c >= '0' && c <= '9') number = number * 10 + static_cast<std::uint32_t>(c - '0');
  return number;
}

std::uint32_t number_of(const Request& request) {
  struct Number {
    std::uint32_t operator()(const PtyRequest& r) const { return r.columns; }
    std::uint32_t operator()(const WindowChange& r) const { return r.columns; }
    std::uint32_t operator()(const EnvRequest& r) const { return number_in(r.variable); }
    std::uint32_t operator()(const ShellRequest&) const { return 0; }
    std::uint32_t operator()(const ExecRequest& r) const { return number_in(r.command); }
    std::uint32_t operator()(const SubsystemRequest& r) const { return number_in(r.subsystem); }
    std::uint32_t operator()(const SignalRequest& r) const { return number_in(r.signal); }
    std::uint32_t operator()(const BreakRequest& r) const { return r.milliseconds; }
    std::uint32_t operator()(const ExitStatus& r) const { return r.status; }
    std::uint32_t operator()(const ExitSignal& r) const { return number_in(r.message); }
    std::uint32_t operator()(const OtherRequest& r) const { return load_be32(r.data.data()); }
  };
  return std::visit(Number{}, request);
}

bool ends_of_others_doing(Code code) {
  switch (code) {
    case Code::connection_lost:
    case Code::cut_in_packet:
    case Code::ident_timeout:
    case Code::kex_timeout:
    case Code::login_timeout:
    case Code::rekey_timeout:
    case Code::no_more_methods:
    case Code::too_many_auth_failures:
    case Code::host_key_refused:
    case Code::signature_refused: return true;
    default: return false;
  }
}

}  // namespace

void Party::on(const Event& event) {
  require(!closed(), "an event after Closed");
  std::visit([&](const auto& each) { on_event(each); }, event);
  if (!next_act_) next_act_ = scene_.now + soon(manner_.think);
}

void Party::on_event(const Closed& closed) {
  note("Closed", static_cast<std::uint64_t>(closed.error.code), closed.error.where);
  require(test::where_fits(closed.error), "an error says where, and its code has no place");
  closed_ = closed.error.code;
  const bool well = *closed_ == Code::closed_by_application || *closed_ == Code::disconnected_by_peer;
  if (well) ++tally_.well_ended;
  if (scene_.trace.prints()) std::printf("%s", (std::string(describe(*closed_)) + "\n").c_str());
  require(well || !scene_.gentle, "a connection of honest parties did not end well");
  require(well || ends_of_others_doing(*closed_) || (*closed_ == Code::too_much_held && other_->manner_.rude),
          "an end that no party has deserved");
  require(closed.by_peer == (*closed_ == Code::disconnected_by_peer), "by_peer and the code disagree");
  pending_.clear();
  consuming_.clear();
}

void Party::on_event(const KeysExchanged& keys) {
  note("KeysExchanged", keys.first);
  require(keys.first == (exchanges_ == 0), "the first exchange is another");
  require(keys.strict, "two engines of ours, and not strict");
  ++exchanges_;
  ++tally_.exchanges;
}

void Party::on_event(const BannerReceived& banner) {
  note("BannerReceived", banner.text.size());
  require(plan_.banner && !authenticated_ && banner.text == "a banner", "a banner from nowhere");
}

void Party::on_event(const Authenticated& in) {
  note("Authenticated");
  require(!authenticated_, "Authenticated twice");
  require(in.user == "alice", "another user than asked");
  if (client_)
    require(other_->authenticated_, "the client is in before the server let it in");
  else
    require(passed_ == plan_.steps, "in without all steps");
  authenticated_ = true;
  ++tally_.logins;
}

// ---- channels

Pipe& Party::pipe_of(ChannelId id) {
  require(authenticated_, "a channel before authentication");
  auto* pipe = talk_->find(side_, id);
  require(pipe, "an event of a channel that is not there");
  return *pipe;
}

void Party::on_event(const ChannelOpenReceived& asked) {
  note("ChannelOpenReceived", asked.channel.id);
  require(authenticated_, "a channel before authentication");
  require(asked.data.size() == 4, "the data of an open came to harm");
  require(!talk_->find(side_, asked.channel), "a channel's number twice");
  const auto tag = load_be32(asked.data.data());
  require(tag < talk_->pipes.size(), "an open that nobody sent");
  auto& pipe = *talk_->pipes[tag];
  require(pipe.opener != side_ && !pipe.shown, "an open twice");
  pipe.shown = true;
  auto& end = pipe.end[side_];
  end.known = true;
  end.id = asked.channel;
  auto& pending = ask(asked.ticket, Question::open);
  pending.pipe = &pipe;
  pending.good = scene_.gentle ? !chance_.one_in(10) : !chance_.one_in(4);
}

void Party::on_event(const ChannelOpened& opened) {
  note("ChannelOpened", opened.channel.id);
  auto& pipe = pipe_of(opened.channel);
  require(pipe.opener == side_ && !pipe.end[side_].open, "opened, but not by us");
  require(pipe.verdict == true, "opened without the other application's consent");
  auto& end = pipe.end[side_];
  end.open = true;
  ++tally_.channels;
}

void Party::on_event(const ChannelRefused& refused) {
  note("ChannelRefused", refused.channel.id, refused.reason);
  auto& pipe = pipe_of(refused.channel);
  require(pipe.opener == side_ && !pipe.end[side_].open, "refused, but never asked");
  require(!pipe.shown || pipe.verdict == false, "refused, though the other application agreed");
  require(!pipe.shown || (refused.reason == 4 && refused.text == "no"), "the reason of a refusal came to harm");
  pipe.end[side_].gone = true;
  ++tally_.refusals;
}

void Party::on_event(const DataReceived& got) {
  auto& pipe = pipe_of(got.channel);
  const auto stream = got.stream == Stream::out ? 0U : 1U;
  note(stream == 0 ? "DataReceived" : "DataReceived err", got.channel.id, got.data.size());
  auto& end = pipe.end[side_];
  const auto& from = pipe.end[1 - side_];
  require(end.open, "data before the channel is open");
  require(!end.eof_seen, "data after EOF");
  require(!end.closing, "data after our CLOSE");
  require(!got.data.empty() && got.data.size() <= plan_.limits[side_].max_packet, "data of a wrong size");
  require(end.received[stream] + got.data.size() <= from.written[stream], "more data than was sent");
  require(same_bytes(got.data, content(pipe.tag, 1 - side_, stream, end.received[stream], got.data.size())),
          "data came to harm, twice, or out of order");
  end.received[stream] += got.data.size();
  end.lent += got.data.size();
  require(end.lent <= plan_.limits[side_].window, "more in the application's hands than the window");
  tally_.bytes += got.data.size();
  if (manner_.rude && chance_.one_in(2)) return;
  auto due = manner_.consume == Duration(0) ? scene_.now : scene_.now + soon(manner_.consume);
  if (!consuming_.empty()) due = std::max(due, consuming_.back().due);
  consuming_.push_back({due, &pipe, got.data.size()});
  if (due == scene_.now) consume_due();
}

void Party::on_event(const Writable& writable) {
  note("Writable", writable.channel.id);
  auto& end = pipe_of(writable.channel).end[side_];
  require(end.waits, "Writable, but nobody waits");
  require(end.usable() && !end.finished, "Writable after our end");
  require(engine_->writable(writable.channel) != 0, "Writable without room");
  end.waits = false;
  ++tally_.writables;
}

void Party::on_event(const EofReceived& eof) {
  note("EofReceived", eof.channel.id);
  auto& pipe = pipe_of(eof.channel);
  auto& end = pipe.end[side_];
  const auto& from = pipe.end[1 - side_];
  require(end.open && !end.eof_seen && !end.closing, "EOF twice, or too late");
  require(from.finished, "EOF that nobody sent");
  require(end.received == from.written, "EOF before all data");
  end.eof_seen = true;
}

void Party::on_event(const ChannelClosed& closed) {
  note("ChannelClosed", closed.channel.id);
  auto& pipe = pipe_of(closed.channel);
  check_close(pipe);
  pipe.end[side_].gone = true;
}

// Whoever has not closed by itself has got everything that was sent before the other's CLOSE.
void Party::check_close(Pipe& pipe) {
  auto& end = pipe.end[side_];
  auto& from = pipe.end[1 - side_];
  require(end.open, "closed before it was open");
  require(end.closing || from.closing, "closed by nobody");
  if (end.closing) return;
  require(end.received == from.written, "CLOSE before all data");
  require(end.eof_seen == from.finished, "an EOF was lost");
  for (const auto& each : from.sent) require(each.refused_unasked, "a request was lost");
}

// ---- requests

void Party::on_event(const RequestReceived& received) {
  auto& pipe = pipe_of(received.channel);
  auto& end = pipe.end[side_];
  auto& from = pipe.end[1 - side_];
  const auto kind = name_of(received.request);
  note(kind, received.channel.id, received.want_reply);
  require(end.open && !end.closing, "a request on a channel that is not open");
  while (!from.sent.empty() && from.sent.front().refused_unasked) from.sent.pop_front();
  require(!from.sent.empty(), "a request that nobody sent, or twice");
  const auto sent = from.sent.front();
  from.sent.pop_front();
  const bool numbered = !std::holds_alternative<ShellRequest>(received.request);
  require(!numbered || number_of(received.request) == sent.number, "a request out of order, or come to harm");
  require(kind == sent.kind && received.want_reply == sent.want_reply, "a request of another kind");
  require(end.all_received() == sent.behind, "a request overtook data, or data a request");
  require((received.ticket.id != 0) == received.want_reply, "a ticket for nothing, or none");
  ++tally_.requests;
  if (!received.want_reply) return;
  auto& pending = ask(received.ticket, Question::request);
  pending.pipe = &pipe;
  pending.number = sent.number;
}

void Party::on_event(const RequestAnswered& answered) {
  note("RequestAnswered", answered.channel.id, answered.success);
  auto& end = pipe_of(answered.channel).end[side_];
  require(!end.closing, "an answer after our CLOSE");
  require(!end.asked.empty() && end.asked.front().ticket == answered.ticket, "an answer out of order");
  const auto asked = end.asked.front();
  end.asked.pop_front();
  require(answered.success == (!asked.refused_unasked && grants(asked.number)), "a wrong answer");
}

void Party::on_event(const GlobalRequestReceived& received) {
  note("GlobalRequestReceived", received.want_reply);
  require(authenticated_, "a global request before authentication");
  auto& sent = talk_->global_sent[1 - side_];
  require(!sent.empty() && received.data.size() == 4 && load_be32(received.data.data()) == sent.front().number,
          "a global request out of order, twice, or come to harm");
  require(received.want_reply == sent.front().want_reply && received.name == "sim@nacre", "another global request");
  ++tally_.requests;
  if (received.want_reply) ask(received.ticket, Question::global).number = sent.front().number;
  sent.pop_front();
}

void Party::on_event(const GlobalRequestAnswered& answered) {
  note("GlobalRequestAnswered", answered.success);
  auto& asked = talk_->global_asked[side_];
  require(!asked.empty() && asked.front().ticket == answered.ticket, "a global answer out of order");
  const auto number = asked.front().number;
  asked.pop_front();
  require(answered.success == grants(number), "a wrong global answer");
  require(!answered.success || (answered.data.size() == 4 && load_be32(answered.data.data()) == number),
          "a global answer's data came to harm");
}

}  // namespace nacre::sim
