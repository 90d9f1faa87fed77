// Driving an engine: reading, polling, acting, writing; and what must hold at every step whatever the application does.
#include "tests/sim/party.hpp"

#include "crypto/botan_provider.hpp"
#include "fuzz/null_provider.hpp"

namespace nacre::sim {
namespace {

using namespace std::chrono_literals;

std::uint64_t sum_of(Bytes bytes) {
  std::uint64_t sum = bytes.size();
  for (const auto byte : bytes) sum = sum * 31 + std::to_integer<std::uint64_t>(byte);
  return sum;
}

std::unique_ptr<PrivateKey> make_key(unsigned side) {
  const auto random = seeded_random(1000 + side);
  return generate_key(KeyType::ed25519, *random);
}

// Bytes of a pattern whose length is a prime, so that no two streams look alike at the same offset.
const ByteVector& pattern() {
  static const ByteVector bytes = [] {
    ByteVector made(65'521 + most_content);
    Chance chance(7, 7);
    for (std::size_t i = 0; i < 65'521; ++i) made[i] = static_cast<std::byte>(chance.next());
    std::copy_n(made.begin(), most_content, made.begin() + 65'521);
    return made;
  }();
  return bytes;
}

}  // namespace

Bytes content(std::uint32_t tag, unsigned side, unsigned stream, std::uint64_t offset, std::size_t size) {
  const auto start = (offset + tag * std::uint64_t{7'919} + side * 104'729U + stream * 1'299'709U) % 65'521;
  return Bytes(pattern()).subspan(start, size);
}

Party::Party(Scene& scene, Tally& tally, const ConnectionPlan& plan, unsigned side, std::string name,
             std::uint64_t seed)
    : scene_(scene),
      tally_(tally),
      plan_(plan),
      manner_(plan.manner[side]),
      side_(side),
      name_(std::move(name)),
      chance_(seed, 200 + side),
      acts_left_(manner_.acts),
      channels_left_(manner_.channels),
      rekeys_left_(manner_.rekeys),
      wrong_left_(plan.wrong_tries) {
  if (scene.real_keys) {
    random_ = seeded_random(seed * 2 + side);
    key_ = make_key(side);
  } else {
    random_ = std::make_unique<Chance>(seed, 300 + side);
  }
  const auto provider = scene.real_keys ? botan_provider(*random_) : fuzz::null_provider(*random_);
  if (side == 0) {
    auto config = std::make_shared<ClientConfig>();
    config->user = "alice";
    config->limits = plan.limits[0];
    const Charged charged(*heap_);
    auto made = std::make_unique<Client>(provider, std::move(config), scene.buffers);
    client_ = made.get();
    engine_ = std::move(made);
  } else {
    auto config = std::make_shared<ServerConfig>();
    config->host_keys.push_back(key_ ? copy_of(key_->public_key().blob()) : fuzz::null_key());
    config->publickey = plan.publickey;
    config->password = plan.password;
    config->keyboard_interactive = plan.interactive;
    if (plan.banner) config->banner = "a banner";
    config->limits = plan.limits[1];
    const Charged charged(*heap_);
    auto made = std::make_unique<Server>(provider, std::move(config), scene.buffers);
    server_ = made.get();
    engine_ = std::move(made);
  }
  ++tally_.parties;
}

// Botan keeps some things for ever; their account stays then.
Party::~Party() {
  if (bury() != 0) static_cast<void>(heap_.release());
}

std::size_t Party::bury() {
  client_ = nullptr;
  server_ = nullptr;
  engine_.reset();
  return heap_->bytes;
}

void Party::meet(Party& other, Talk& talk, Link& in, Link& out, Tap* tap) {
  other_ = &other;
  talk_ = &talk;
  in_ = &in;
  out_ = &out;
  tap_ = tap;
}

std::optional<TimePoint> Party::wakes() const {
  std::optional<TimePoint> earliest;
  const auto consider = [&](TimePoint at) { earliest = earliest ? std::min(*earliest, at) : at; };
  if (more_to_write_ && out_->room() != 0) consider(next_io_);
  if (const auto at = in_->next_arrival(); at && can_read_ && !input_ended_) consider(std::max(*at, next_io_));
  if (closed()) return earliest;
  if (deadline_) consider(*deadline_);
  if (next_act_) consider(*next_act_);
  return earliest;
}

void Party::turn() {
  ++tally_.turns;
  const bool moved = read();
  if (moved || !deadline_ || *deadline_ <= scene_.now || chance_.one_in(8)) poll();
  if (!closed() && next_act_ && *next_act_ <= scene_.now) {
    act();
    can_read_ = true;
    poll();
  }
  write();
  poll();
  more_to_write_ = !writing_.empty() || !engine_->outgoing().empty();
  if (closed() && !more_to_write_) out_->end(scene_.now);
  check_memory();
  next_io_ = scene_.now + (manner_.holds ? soon(5ms) : Duration(0));
}

bool Party::read() {
  if (input_ended_) return false;
  const auto arrived = in_->arrived(scene_.now);
  if (arrived.empty()) {
    if (!in_->is_over(scene_.now)) return false;
    if (!reading_.empty()) engine()->received(0);
    reading_ = {};
    engine()->input_ended();
    input_ended_ = true;
    note("input ended");
    return true;
  }
  if (closed()) {  // read away, so that the other side can say what it has to say
    in_->take(arrived.size());
    return false;
  }
  if (reading_.empty())
    reading_ = engine()->incoming();
  else if (chance_.one_in(4))
    require(engine()->incoming().data() == reading_.data(), "the place of a read moved while it was under way");
  can_read_ = !reading_.empty();
  if (!can_read_ || (manner_.holds && chance_.one_in(3))) return false;
  const auto size = std::min({reading_.size(), arrived.size(), 1 + chance_.below(manner_.chunk)});
  std::memcpy(reading_.data(), arrived.data(), size);
  engine()->received(size);
  reading_ = {};
  in_->take(size);
  note("reads", size);
  return true;
}

// Until there is nothing to tell. An engine that was left alone has nothing to tell before its deadline, and one that
// has just been polled has no deadline in the past.
void Party::poll() {
  if (closed()) {
    require(!engine()->poll(scene_.now), "an event after Closed");
    return;
  }
  // A clock that went back for once changes nothing.
  const auto now = manner_.odd && chance_.one_in(20) ? scene_.now - soon(1s) : scene_.now;
  const bool quiet = !stirred_ && (!deadline_ || scene_.now < *deadline_);
  const bool silent = writing_.empty() && engine_->outgoing().empty();
  for (unsigned events = 0;; ++events) {
    require(events < 100'000, "poll never comes to an end");
    const auto event = engine()->poll(now);
    if (!event) break;
    require(!quiet, "an event although nothing was done and no deadline had come");
    can_read_ = true;
    on(*event);
    if (closed()) break;
  }
  if (quiet && silent)
    require(engine_->outgoing().empty(), "output although nothing was done and no deadline had come");
  stirred_ = false;
  if (deadline_ && *deadline_ <= scene_.now) can_read_ = true;
  deadline_ = engine_->deadline();
  if (now == scene_.now) require(!deadline_ || *deadline_ > scene_.now, "a deadline in the past right behind a poll");
  if (engine_->closed()) {
    require(closed_.has_value(), "closed without Closed");
    require(!engine_->deadline(), "a deadline after the end");
    next_act_.reset();
  }
}

void Party::write() {
  for (unsigned pieces = 0; pieces < 50 && out_->room() != 0; ++pieces) {
    if (!writing_.empty()) {
      require(sum_of(writing_) == writing_sum_, "bytes changed while they were being written");
    } else {
      writing_ = engine()->outgoing();
    }
    if (writing_.empty()) break;
    if (manner_.holds && chance_.one_in(3)) {
      writing_sum_ = sum_of(writing_);
      break;
    }
    const auto size = std::min({writing_.size(), out_->room(), 1 + chance_.below(manner_.chunk)});
    const auto part = writing_.first(size);
    if (tap_) tap_->see(side_, part);
    scene_.trace.bytes(part);
    out_->put(part, scene_.now);
    note("writes", size);
    engine()->sent(size);
    writing_ = {};
    can_read_ = true;
  }
}

// What shared buffers hold is on the account of whoever asked for it first.
void Party::check_memory() {
  if (scene_.buffers) return;
  const auto& limits = plan_.limits[side_];
  const auto bound = server_ && !authenticated_ ? worst_case_memory_before_auth(limits) : worst_case_memory(limits);
  tally_.most_memory = std::max(tally_.most_memory, heap_->peak);
  require(heap_->peak <= bound, "more memory than documented");
}

void Party::want_rekey() {
  if (closed() || !authenticated_) return;
  note("asks for new keys");
  static_cast<void>(engine()->rekey());
  next_act_ = scene_.now;
}

void Party::hang_up() {
  if (closed()) return;
  note("hangs up");
  engine()->disconnect();
  next_act_ = scene_.now;
  poll();
  require(closed(), "disconnect without Closed");
  write();
}

// Whoever has not said who he is, or what he wants, does not get longer than the limits give him.
bool Party::is_overdue(TimePoint at) const {
  if (closed() || authenticated_ || !server_) return false;
  return at > dawn + plan_.limits[side_].login_time;
}

bool Party::has_nothing_to_do() const {
  if (!pending_.empty() || !consuming_.empty() || acts_left_ != 0) return false;
  if (!talk_->global_asked[side_].empty()) return false;
  for (const auto& pipe : talk_->pipes)
    if (pipe->end[side_].known && !pipe->end[side_].gone) return false;
  return true;
}

std::uint64_t Party::granted_back(ChannelId id) const {
  for (auto pipe = talk_->pipes.rbegin(); pipe != talk_->pipes.rend(); ++pipe)
    if (const auto& end = (*pipe)->end[side_]; end.known && end.id == id) return end.consumed;
  return 0;
}

std::string Party::state() const {
  std::string text = name_ + ": " +
                     (closed()         ? "closed"
                      : authenticated_ ? "in"
                                       : "not in") +
                     ", " + std::to_string(acts_left_) + " acts left, " + std::to_string(pending_.size()) +
                     " tickets, " + std::to_string(talk_->global_asked[side_].size()) +
                     " global requests out, writes " + (more_to_write_ ? "more" : "nothing") + ", link in " +
                     (in_->empty() ? "empty" : "full");
  for (const auto& pipe : talk_->pipes) {
    const auto& end = pipe->end[side_];
    if (!end.known || end.gone) continue;
    text += "\n  channel " + std::to_string(end.id.id) + (end.open ? "" : " opening") + (end.waits ? " waits" : "") +
            (end.finished ? " finished" : "") + (end.eof_seen ? " eof" : "") + (end.closing ? " closing" : "") +
            " left " + std::to_string(end.left[0] + end.left[1]) + " lent " + std::to_string(end.lent) + " asked " +
            std::to_string(end.asked.size()) + " writable " + std::to_string(engine_ ? engine_->writable(end.id) : 0);
  }
  return text;
}

}  // namespace nacre::sim
