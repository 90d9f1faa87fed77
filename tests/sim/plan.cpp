// Each aspect of a plan is drawn from a stream of its own.
#include "tests/sim/plan.hpp"

#include <algorithm>

namespace nacre::sim {
namespace {

using namespace std::chrono_literals;

enum Kind : std::uint64_t { general = 1, links, limits, manners, mishaps, login, shared, per_connection = 100 };

// Values that are small for the amount of traffic, in reasonable relations to each other.
Limits make_limits(Chance& chance, bool gentle, unsigned without) {
  Limits limits;
  limits.idle_rekey_bytes = 0;
  if (!(without & tight)) {
    limits.window =
        static_cast<std::uint32_t>(chance.pick<std::uint64_t>({1, 7, 500, 5'000, 40'000, 300'000, 2 << 20}));
    limits.max_packet = static_cast<std::uint32_t>(chance.pick({9, 100, 1'000, 32 * 1024, 32 * 1024}));
    limits.receive_budget = chance.pick<std::uint64_t>({1'000, 100'000, 16 << 20});
    limits.packet_length = 40'000;
    limits.packet_length_before_auth = 35'000;
    limits.inbox = limits.packet_length + chance.pick({128, 5'000, 60'000});
    limits.outbox_soft = chance.pick<std::size_t>({500, 5'000, 50'000, 128 * 1024});
    limits.outbox_hard = limits.outbox_soft + chance.pick<std::size_t>({500, 5'000, 64 * 1024});
    limits.undecided_requests = chance.pick<std::size_t>({1, 4, 128});
    limits.unanswered_requests = chance.pick<std::size_t>({1, 4, 64});
    limits.undecided_channels = chance.pick<std::size_t>({1, 16});
    limits.sessions = chance.pick<std::size_t>({1, 10});
    limits.channels = chance.pick<std::size_t>({2, 12, 256});
    limits.environment = chance.pick<std::uint32_t>({1, 128});
    limits.give_back_after = chance.pick<Duration>({1ms, 100ms, 2s});
  }
  if (!(without & rekeys)) {
    limits.rekey_bytes = chance.pick<std::uint64_t>({2'000, 20'000, 200'000, 1 << 30});
    limits.rekey_packets = chance.pick<std::uint64_t>({8, 50, 1'000, std::uint64_t{1} << 31});
    limits.rekey_interval = chance.pick<Duration>({2s, 20s, 1h});
  }
  limits.failure_delay = chance.pick<Duration>({0ms, 5ms, 300ms});
  limits.auth_failures = gentle ? 100 : chance.pick<std::uint32_t>({1, 3, 6, 100});
  if (gentle || chance.one_in(2)) limits.ident_time = limits.kex_time = limits.login_time = limits.rekey_time = 10'000h;
  return limits;
}

Manner make_manner(Chance& chance, bool gentle, bool server, unsigned without) {
  Manner manner;
  const auto draw_rude = chance.one_in(3), draw_silent = chance.one_in(6);
  manner.rude = !gentle && draw_rude && !(without & rude);
  manner.silent = !gentle && draw_silent && !(without & silent);
  manner.patient = !manner.rude;
  manner.think = chance.pick<Duration>({100us, 1ms, 10ms, 200ms});
  manner.answer = chance.pick<Duration>({0ms, 1ms, 50ms, 1s});
  manner.consume = chance.pick<Duration>({0ms, 0ms, 10ms, 1s});
  manner.chunk = chance.pick<std::size_t>({50, 700, 5'000, 1 << 20, 1 << 20});
  manner.acts = static_cast<unsigned>(chance.size_up_to(manner.rude ? 300 : 60));
  manner.channels = without & many ? 1 : static_cast<unsigned>(chance.size_up_to(manner.rude ? 40 : 6));
  if (server && chance.one_in(2)) manner.channels = 0;
  manner.most_bytes = chance.pick<std::uint64_t>({0, 100, 5'000, 100'000, 100'000});
  manner.rekeys = without & rekeys ? 0 : static_cast<unsigned>(chance.below(4));
  manner.holds = chance.one_in(3) && !(without & holding);
  manner.odd = chance.one_in(2) && !(without & odd_times);
  return manner;
}

ConnectionPlan make_connection(Chance& link, Chance& bound, Chance& way, Chance& in, bool gentle, unsigned without) {
  ConnectionPlan plan;
  for (unsigned side = 0; side < 2; ++side) {
    plan.capacity[side] = without & tight ? 1 << 20 : link.pick<std::size_t>({10, 300, 3'000, 20'000, 64 * 1024});
    plan.delay[side] = link.pick<Duration>({0ms, 100us, 5ms, 150ms});
    plan.limits[side] = make_limits(bound, gentle, without);
    plan.manner[side] = make_manner(way, gentle, side == 1, without);
  }
  // Small pieces everywhere are for small amounts, or a world takes for ever.
  const bool slow = std::min(plan.capacity[0], plan.capacity[1]) < 300 ||
                    std::min(plan.manner[0].chunk, plan.manner[1].chunk) < 500 ||
                    std::min({plan.limits[0].window, plan.limits[1].window, plan.limits[0].max_packet,
                              plan.limits[1].max_packet}) < 500;
  for (auto& manner : plan.manner) {
    if (slow) {
      manner.most_bytes = std::min<std::uint64_t>(manner.most_bytes, 100);
      manner.acts = std::min(manner.acts, 60U);
      manner.channels = std::min(manner.channels, 6U);
    }
  }
  if (!(without & logins)) {
    const auto methods = in.between(1, 7);
    plan.publickey = methods & 1;
    plan.password = methods & 2;
    plan.interactive = methods & 4;
    plan.steps =
        static_cast<unsigned>(in.between(1, static_cast<unsigned>(plan.publickey) + plan.password + plan.interactive));
    plan.wrong_tries = static_cast<unsigned>(in.below(4));
    plan.banner = in.one_in(2);
  }
  return plan;
}

void add_mishaps(Plan& plan, Chance& chance, unsigned without) {
  const auto add = [&](Mishap::Kind kind, Feature feature, std::uint64_t most, Duration within, Duration length) {
    for (auto count = chance.below(most + 1); count != 0; --count) {
      const Mishap mishap{kind, dawn + chance.up_to(within), chance.below(plan.connections.size()),
                          static_cast<unsigned>(chance.below(3)), chance.up_to(length)};
      if (!(without & feature)) plan.mishaps.push_back(mishap);
    }
  };
  add(Mishap::Kind::stall, stalls, 3, 20s, 10s);
  add(Mishap::Kind::jump, jumps, plan.gentle ? 1 : 2, 30s, plan.gentle ? 10h : 100h);
  add(Mishap::Kind::rekey_both, rekeys, 2, 5s, 0s);
  if (!plan.gentle) add(Mishap::Kind::cut, cuts, plan.connections.size(), 20s, 0s);
  std::stable_sort(plan.mishaps.begin(), plan.mishaps.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
}

}  // namespace

Plan make_plan(std::uint64_t seed, unsigned without) {
  Chance overall(seed, general), link(seed, links), bound(seed, limits), way(seed, manners), bad(seed, mishaps),
      in(seed, login);
  Plan plan;
  plan.gentle = overall.one_in(2);
  const auto count = overall.size_up_to(4);
  plan.real_keys = overall.one_in(32) && !(without & real_keys);
  plan.requests = !(without & requests);
  plan.sharing = Chance(seed, shared).one_in(2) && !(without & sharing);
  const auto life = overall.pick<Duration>({2s, 20s, 100s, 600s});
  for (std::size_t i = 0; i < (without & many ? 1 : count); ++i)
    plan.connections.push_back(make_connection(link, bound, way, in, plan.gentle, without));
  add_mishaps(plan, bad, without);
  if (!plan.gentle) plan.cut_at = dawn + life;
  return plan;
}

}  // namespace nacre::sim
