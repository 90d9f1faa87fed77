// Talk: what both applications of a connection know of their channels and requests: what was sent, and so what must
// arrive. Every event is held against it.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/engine.hpp"

namespace nacre::sim {

// A promise that was not kept.
class Broken : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline void require(bool kept, const char* promise) {
  if (!kept) throw Broken(promise);
}

// A request on its way to the other side, in the order of sending.
struct SentRequest {
  std::uint32_t number;
  bool want_reply;
  bool refused_unasked;  // the other engine will not show it to its application
  std::uint64_t behind;  // bytes of both streams that were sent before it
  std::string_view kind;
};
// One that wants a reply, until that has come.
struct AskedRequest {
  Ticket ticket;
  std::uint32_t number;
  bool refused_unasked;
};
// What the application that is asked decides, so that the one that asked knows what to expect.
inline bool grants(std::uint32_t number) { return number % 3 != 0; }

// One side of a channel.
struct End {
  bool known = false;     // it exists here
  bool open = false;      // both sides have agreed to it
  bool finished = false;  // our EOF
  bool closing = false;   // our CLOSE
  bool gone = false;
  bool eof_seen = false;
  bool waits = false;          // for Writable
  bool closing_early = false;  // CLOSE with things still under way
  ChannelId id;
  std::array<std::uint64_t, 2> left{};      // bytes the application will still write, by stream
  std::array<std::uint64_t, 2> written{};   // and has written
  std::array<std::uint64_t, 2> received{};  // from the other side
  std::uint64_t lent = 0;                   // received, not given back
  std::uint64_t consumed = 0;               // given back
  std::uint64_t dropped = 0;                // came after our CLOSE, so that nobody saw it
  std::deque<SentRequest> sent;             // to be seen by the other side
  std::deque<AskedRequest> asked;
  bool program = false, exited = false;  // of requests sent from here
  unsigned environment = 0;

  bool usable() const { return open && !gone && !closing; }
  std::uint64_t all_written() const { return written[0] + written[1]; }
  std::uint64_t all_received() const { return received[0] + received[1]; }
};

struct Pipe {
  std::uint32_t tag = 0;        // in the data of the open, so that both sides know which it is
  unsigned opener = 0;          // side: 0 the client, 1 the server
  bool shown = false;           // to the other application
  std::optional<bool> verdict;  // by it
  std::array<End, 2> end;
};

struct Talk {
  std::vector<std::unique_ptr<Pipe>> pipes;
  std::array<std::deque<SentRequest>, 2> global_sent;
  std::array<std::deque<AskedRequest>, 2> global_asked;

  Pipe* find(unsigned side, ChannelId id) {
    for (auto& pipe : pipes) {
      auto& end = pipe->end[side];
      if (end.known && !end.gone && end.id == id) return pipe.get();
    }
    return nullptr;
  }
};

// The bytes of a stream are known to both sides: `size` of them from `offset` on.
Bytes content(std::uint32_t tag, unsigned side, unsigned stream, std::uint64_t offset, std::size_t size);
constexpr std::size_t most_content = 40'000;  // at once

}  // namespace nacre::sim
