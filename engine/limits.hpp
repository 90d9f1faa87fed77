// Limits: every bound on what a peer can make an engine do or keep, in one place, each with the attack it stops.
// Zero never means unlimited: a limit of zero permits nothing.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace nacre {

struct Limits {
  using Duration = std::chrono::steady_clock::duration;

  // ---- identification (RFC 4253 4.2): endless lines, endless lines before the line
  std::size_t ident_line = 255;             // bytes, CR LF included
  std::size_t pre_ident_lines = 1024;       // lines a server may send first; a client may send none
  std::size_t pre_ident_line = 8192;        // bytes of each
  std::size_t pre_ident_bytes = 64 * 1024;  // bytes of all of them

  // ---- packets (RFC 4253 6): lengths believed before they are bytes
  std::uint32_t packet_length_before_auth = 35'000;  // bytes, server: the RFC's own floor
  std::uint32_t packet_length = 256 * 1024;          // bytes, otherwise
  std::size_t inbox = 512 * 1024;                    // bytes of input buffer at most; above packet_length + 128
  std::size_t outbox_soft = 256 * 1024;              // bytes waiting above which write and prepare take nothing
  std::size_t outbox_hard = 384 * 1024;  // bytes waiting above which poll opens no packet: floods become TCP's matter

  std::size_t outbox_before_auth = 32 * 1024;  // the same for a server whose client has not authenticated

  // ---- negotiation: name-lists that burn memory, time and logs
  std::size_t kexinit_bytes = 32 * 1024;
  std::size_t name_list_bytes = 8 * 1024;
  std::size_t name_list_names = 256;
  std::size_t name_bytes = 64;  // a longer name never matches
  std::uint32_t extensions = 128;

  // ---- chatter: IGNORE, DEBUG, UNIMPLEMENTED, PING and unknown messages that cost us and say nothing
  std::uint32_t chatter_before_auth = 64;  // messages
  std::size_t chatter_bytes_before_auth = 256 * 1024;
  std::uint32_t unimplemented_before_auth = 16;  // answers of ours

  // ---- rekeying: keys that live too long; peers that rekey for sport; peers that never finish
  std::uint64_t rekey_bytes = std::uint64_t{1} << 30;    // of packets, one direction, before we ask for new keys
  std::uint64_t rekey_packets = std::uint64_t{1} << 31;  // of one direction, before we ask for new keys
  std::uint32_t packets_per_key = 0xffffffff;            // of one direction: the end, as a number would come twice
  Duration rekey_interval = std::chrono::hours(1);
  std::uint32_t idle_rekeys = 8;  // of the peer's in a row, each within idle_rekey_time and _bytes after the last keys
  std::uint64_t idle_rekey_bytes = 64 * 1024;
  Duration idle_rekey_time = std::chrono::seconds(60);
  // Answers to the peer, the application's too, that wait for the end of an exchange; beyond them it is the end. Commands of
  // ours are busy while half as much waits in all.
  std::size_t held_messages = 256;
  std::size_t held_bytes = 64 * 1024;

  // ---- time: connections that hold a slot and do nothing. It does not run while our own application is being asked,
  // but for a server's login_time, which is all that a client gets.
  Duration ident_time = std::chrono::seconds(15);
  Duration kex_time = std::chrono::seconds(30);     // the first key exchange, ident included
  Duration login_time = std::chrono::seconds(120);  // from the first poll to the end of authentication
  Duration rekey_time = std::chrono::seconds(60);
  Duration give_back_after = std::chrono::seconds(2);  // of silence: then buffers go back to the heap
  static constexpr Duration longest = std::chrono::hours(10 * 365 * 24);  // that any of these may be

  // ---- authentication: guessing, probing, enumerating, endless rounds
  std::uint32_t auth_failures = 6;    // server: the sixth ends the connection. The first "none" is free
  std::uint32_t auth_probes = 20;     // server: public keys asked about and found of interest
  std::uint32_t auth_requests = 128;  // server: requests of any kind
  std::size_t user_name = 1024;       // bytes
  std::size_t password = 1024;        // bytes
  Duration failure_delay = std::chrono::milliseconds(300);  // a failure is not sent sooner after its request
  std::uint32_t prompts = 100;                              // of one keyboard-interactive round
  std::uint32_t prompt_rounds = 32;
  std::uint32_t banners = 16;
  std::size_t banner_bytes = 64 * 1024;  // of all banners

  // ---- connection: floods of channels, requests and data
  std::size_t channels = 256;
  std::size_t sessions = 10;                        // server: session channels
  std::size_t undecided_channels = 16;              // opens the application has not answered
  std::size_t undecided_requests = 128;             // requests the application has not answered; then reading pauses
  std::size_t unanswered_requests = 64;             // of ours; then `request` answers busy
  std::uint32_t window = 2 * 1024 * 1024;           // bytes granted to each channel
  std::uint64_t receive_budget = 16 * 1024 * 1024;  // bytes granted to all channels together; beyond it, a packet each
  std::uint32_t max_packet = 128 * 1024;            // bytes of channel data in one packet, both ways
  std::uint32_t min_peer_packet = 9;                // a peer that takes less is refused
  std::uint32_t environment = 128;                  // env requests of one channel
  std::size_t environment_bytes = 64 * 1024;        // of their names and values
  std::size_t disconnect_text = 256;                // bytes of the peer's text that are kept
};

// The most that one engine keeps on the heap, in bytes, whatever its peer does and however slow its application is:
// what all the limits come to (docs/contract.md adds it up). What an application says of its own accord beyond 32 KiB
// at a time, in requests and in the data of replies, comes on top: that is in its own hands.
constexpr std::size_t worst_case_memory(const Limits& limits) {
  constexpr std::size_t kilobyte = 1024, own_message = 32 * kilobyte, step = 64 * kilobyte;
  const auto waiting =
      limits.outbox_hard + std::max<std::size_t>(limits.packet_length, limits.held_bytes) + own_message;
  const auto outbox = waiting + step;
  const auto held = limits.held_bytes + limits.held_bytes / 2 + own_message + 32 * limits.channels;
  const auto exchange = limits.kexinit_bytes + 64 * kilobyte;
  const auto login = limits.name_list_bytes + limits.user_name + 64 * limits.prompts + 4 * own_message;
  const auto requests = 256 * (limits.undecided_requests + limits.undecided_channels + limits.unanswered_requests);
  const auto growing = std::max(limits.inbox, outbox);  // the old place, while what is in it moves to a larger one
  return limits.inbox + 2 * outbox + 2 * held + exchange + login + 1024 * limits.channels + requests + growing +
         16 * kilobyte;
}

// The same for a server whose client has not authenticated: what anybody can make it keep.
constexpr std::size_t worst_case_memory_before_auth(const Limits& limits) {
  auto before = limits;
  before.inbox = std::min<std::size_t>(limits.inbox, limits.packet_length_before_auth + std::size_t{128});
  before.packet_length = limits.packet_length_before_auth;
  before.outbox_hard = std::min(limits.outbox_hard, limits.outbox_before_auth);
  before.channels = before.undecided_requests = before.undecided_channels = before.unanswered_requests = 0;
  before.held_bytes = 0;
  return worst_case_memory(before);
}

}  // namespace nacre
