// The connection protocol (RFC 4254): channels, windows, requests. No channel data is ever stored here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/connection/channel.hpp"
#include "engine/effects.hpp"

namespace nacre {

class Connection {
 public:
  explicit Connection(const Limits& limits) : channels_(limits.channels) {}

  // ---- the peer's messages, by number; the order table has permitted them
  Error on_message(std::uint8_t number, Bytes body, Effects& effects);

  // ---- the application's commands and answers (engine.hpp)
  Expected<ChannelId, Status> open(std::string_view type, Bytes data, Effects& effects);
  Status answer(Ticket ticket, const ChannelVerdict& verdict, Effects& effects);
  std::size_t write(ChannelId id, Bytes data, Stream stream, Effects& effects);
  Buffer prepare(ChannelId id, std::size_t wanted, Stream stream, Effects& effects);
  void commit(ChannelId id, std::size_t size, Effects& effects);
  void consumed(ChannelId id, std::size_t size, Effects& effects);
  Expected<Ticket, Status> request(ChannelId id, const Request& request, bool want_reply, Effects& effects);
  Status reply(Ticket ticket, bool success, Bytes data, Effects& effects);
  Status finish(ChannelId id, Effects& effects);
  Status close(ChannelId id, Effects& effects);
  Expected<Ticket, Status> global_request(std::string_view name, Bytes data, bool want_reply, Effects& effects);
  std::size_t writable(ChannelId id, const Effects& effects) const;
  bool holds(Ticket ticket) const;

  // What could not be given back during a key exchange.
  void return_credits(Effects& effects);

  // Tells of one channel that can be written again, if there is one and room for it.
  void emit_writable(Effects& effects);
  // Whether it would, or would find out that there is none.
  bool can_tell_writable(const Limits& limits, const PacketWriter& out) const;

  // The application owes so many answers that reading pauses.
  bool blocks(const Limits& limits) const { return owed_ >= limits.undecided_requests; }

 private:
  enum class Kind : std::uint8_t { open, channel_request, global_request };
  struct Undecided {
    Ticket ticket;
    Kind kind;
    std::uint32_t channel;
  };
  struct GlobalRequestInHand {  // the peer's, with want_reply; answered in order
    Ticket ticket;
    bool answered = false;
    bool success = false;
    ByteVector data = {};
  };

  Error on_open(Bytes body, Effects& effects);
  Error on_open_confirmation(Bytes body, Effects& effects);
  Error on_open_failure(Bytes body, Effects& effects);
  Error on_window_adjust(Bytes body, Effects& effects);
  Error on_data(std::uint8_t number, std::uint32_t recipient, Stream stream, bool known_stream, Bytes data,
                Effects& effects);
  Error on_eof(Bytes body, Effects& effects);
  Error on_close(Bytes body, Effects& effects);
  Error on_request(Bytes body, Effects& effects);
  Error on_request_answer(std::uint8_t number, Bytes body, Effects& effects);
  Error on_global_request(Bytes body, Effects& effects);
  Error on_global_answer(std::uint8_t number, Bytes body, Effects& effects);

  Channel* open_channel(std::uint32_t id);
  bool is_permitted(Channel& channel, const Request& request, const Effects& effects);
  void queue_request(Channel& channel, const Request& request, bool want_reply, Effects& effects);
  void send_answers(Channel& channel, Effects& effects);
  void send_global_answers(Effects& effects);
  void return_credit(Channel& channel, Effects& effects);
  std::uint32_t grant(const Limits& limits);
  std::size_t room(const Channel& channel, const Effects& effects) const;
  Buffer begin_data(Channel& channel, std::size_t size, Stream stream, Effects& effects);
  void end_data(Channel& channel, std::size_t size, Stream stream, Effects& effects);
  void want_write(Channel& channel);
  void make_ready(Channel& channel);
  void forget_ready(std::uint32_t id);
  void forget_requests(Channel& channel);
  void remove(Channel& channel);
  std::optional<Undecided> take_undecided(Ticket ticket, Kind kind);
  Status no_such_ticket(Ticket ticket) const;

  ChannelTable channels_;
  std::size_t sessions_ = 0;
  std::size_t asked_ = 0;       // opens of the peer's that wait for the application
  std::uint64_t granted_ = 0;   // receive windows of all channels
  std::size_t unanswered_ = 0;  // requests of ours that wait for the peer
  std::size_t owed_ = 0;        // answers to the peer's requests that have not left
  bool no_more_sessions_ = false;
  std::vector<Undecided> undecided_;
  std::vector<GlobalRequestInHand> global_requests_;
  std::vector<Ticket> our_global_requests_;
  std::vector<std::uint32_t> ready_;  // channels to tell about, from ready_next_ on
  std::size_t ready_next_ = 0;
  struct Prepared {
    Buffer payload;
    std::uint32_t channel;
    Stream stream;
    std::uint64_t turn;  // of the writer
  };
  std::optional<Prepared> prepared_;
};

}  // namespace nacre
