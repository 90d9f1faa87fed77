// Engine: what Client and Server have in common, which is nearly all. A connection as a state machine: bytes go in,
// bytes and events come out. It opens no socket, starts no thread, reads no clock and calls nobody back.
//
//   while (auto event = engine.poll(now)) handle(*event);
//   then write engine.outgoing() to the stream and tell it with sent(),
//   read the stream into engine.incoming() when that is not empty and tell it with received(),
//   and poll again no later than engine.deadline().
//
// Commands and answers are legal at any moment, in any order, between any two polls. A wrong one changes nothing and
// says so by its Status. An engine belongs to one thread at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>

#include "engine/buffers.hpp"
#include "engine/config.hpp"
#include "engine/event.hpp"

namespace nacre {

using TimePoint = std::chrono::steady_clock::time_point;  // the type only: nobody below flow/ asks a clock

class Body;

class Engine {
 public:
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  // ---- the stream

  // Where to read the stream into. Empty means: do not read now. The place stays where it is and is yours until
  // received() is called, whatever else is called meanwhile, so a read may be under way for as long as it likes.
  Buffer incoming();
  // `size` bytes of it are filled; 0 gives the place back unused. More than there were count as all of them.
  void received(std::size_t size);
  // The stream has ended: nothing more will come. What had arrived is still worked off.
  void input_ended();

  // The next event, or nothing. The only call that opens packets or fires timers. `now` never goes back.
  // Bytes lent by the event before are gone with this call.
  std::optional<Event> poll(TimePoint now);

  // Sealed bytes for the stream, in order. The place stays where it is until sent() is called.
  Bytes outgoing();
  void sent(std::size_t size);

  // Poll again no later than this. Nothing: only when something has happened.
  std::optional<TimePoint> deadline() const;

  // The engine has ended: its Closed event has been given out. outgoing() may still hold the DISCONNECT.
  bool closed() const;

  // ---- channels (RFC 4254), after Authenticated

  // Opens a channel. Answered by ChannelOpened or ChannelRefused. `data` is what the type adds.
  Expected<ChannelId, Status> open(std::string_view type, Bytes data = {});
  Status answer(Ticket ticket, const ChannelVerdict& verdict);

  // Sends channel data and answers how many bytes it took: as many as window, packet size, room and key exchange
  // allow. After less than all, Writable tells when to go on. On an unknown or finished channel it takes nothing.
  std::size_t write(ChannelId channel, Bytes data, Stream stream = Stream::out);
  // The same without a copy: a place of up to `wanted` bytes inside the packet to come (empty: no room; Writable
  // follows), to be filled and committed before any other call. commit(…, 0) sends nothing.
  Buffer prepare(ChannelId channel, std::size_t wanted, Stream stream = Stream::out);
  void commit(ChannelId channel, std::size_t size);

  // `size` bytes of DataReceived have been dealt with. The only source of window credit for the peer.
  void consumed(ChannelId channel, std::size_t size);

  // With want_reply, the answer is a RequestAnswered with the same ticket.
  Expected<Ticket, Status> request(ChannelId channel, const Request& request, bool want_reply);
  // Answers RequestReceived or GlobalRequestReceived. `data` goes with a global success only. During a key exchange answers wait;
  // more of them than Limits::held_messages end the connection, as a peer that asks so much and never finishes is a flood.
  Status reply(Ticket ticket, bool success, Bytes data = {});

  Status finish(ChannelId channel);  // EOF: no more data from us
  Status close(ChannelId channel);   // both directions; ChannelClosed follows when the peer has closed too

  // What a packet to the channel could carry now, in bytes. 0: write would take nothing.
  std::size_t writable(ChannelId channel) const;

  // ---- the connection

  Expected<Ticket, Status> global_request(std::string_view name, Bytes data, bool want_reply);
  Status answer(Ticket ticket, const Signature& signature);

  Status rekey();             // new keys, soon. Before authentication: too_early
  Status ignore(Bytes data);  // SSH_MSG_IGNORE
  Status debug(bool always_display, std::string_view text);
  // Ends the connection. The next event is Closed: what has happened and was not polled yet is not told any more.
  // Of `text`, Limits::disconnect_text bytes are sent. Every command and answer afterwards comes to Status::closed.
  void disconnect(Reason reason = Reason::by_application, std::string_view text = {});

  // Whether the connection has authenticated.
  bool authenticated() const;
  // The session identifier: the first exchange hash (RFC 4253 7.2). Empty before it is known.
  Bytes session_id() const;
  // The peer's identification line without CR LF. Empty before it is known.
  std::string_view peer_ident() const;
  // Signature algorithms that the peer takes for user keys (RFC 8308 3.1). Empty text when it has not said.
  NameList server_signature_algorithms() const;

 protected:
  explicit Engine(std::unique_ptr<Body> body);
  std::unique_ptr<Body> body_;
};

}  // namespace nacre
