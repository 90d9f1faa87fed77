// Body: what an engine is made of, and the one turn that joins its parts. Client and Server hold one each.
#pragma once

#include <memory>
#include <new>
#include <optional>
#include <string>
#include <variant>

#include "engine/auth/client_auth.hpp"
#include "engine/auth/server_auth.hpp"
#include "engine/connection/connection.hpp"
#include "engine/engine.hpp"
#include "engine/transport/exchange.hpp"
#include "engine/transport/extensions.hpp"
#include "engine/transport/ident.hpp"
#include "engine/transport/inbox.hpp"
#include "engine/transport/outbox.hpp"
#include "engine/transport/packet_reader.hpp"
#include "engine/transport/packet_writer.hpp"

namespace nacre {

class Body {
 public:
  Body(const Provider& provider, const std::shared_ptr<const ClientConfig>& config, std::shared_ptr<Buffers> buffers);
  Body(const Provider& provider, const std::shared_ptr<const ServerConfig>& config, std::shared_ptr<Buffers> buffers);

  // ---- the stream, time and events (engine.hpp)
  Buffer incoming();
  void received(std::size_t size);
  void input_ended() { input_ended_ = unread_ = true; }
  std::optional<Event> poll(TimePoint now);
  Bytes outgoing() { return outbox_.outgoing(); }
  void sent(std::size_t size);
  std::optional<TimePoint> deadline() const;
  bool closed() const { return closed_ && !farewell_ && next_event_ == events_.size(); }

  // Runs a call of the application's. Memory that runs out in it leaves a dead engine, never one between two states.
  template <class Work>
  decltype(auto) run(Work work) {
    try {
      return work();
    } catch (const std::bad_alloc&) {
      die();
      throw;
    }
  }

  // ---- commands and answers: whether they are possible now, and to what they apply
  Status ready() const;  // of the connection protocol
  Connection& connection() { return connection_; }
  const Connection& connection() const { return connection_; }
  Effects effects();
  Status rekey();
  Status ignore(Bytes data);
  Status debug(bool always_display, std::string_view text);
  void disconnect(Reason reason, std::string_view text);
  Status answer(Ticket ticket, const Signature& signature);
  Status answer(Ticket ticket, HostKeyVerdict verdict);
  template <class Answer>
  Status answer_auth(Ticket ticket, const Answer& answer);  // what the role's half of authentication takes

  // An answer to the peer's open or request. What of it waits for new keys counts as what the peer has made us say, but for the
  // application's own bytes in replies, for which it is told to be busy in time.
  template <class Work>
  Status answer_connection(Work work, bool own_bytes);

  bool authenticated() const { return authenticated_; }
  Bytes session_id() const { return exchange_.session_id(); }
  std::string_view peer_ident() const { return exchange_.peer_ident(); }
  NameList signature_algorithms() const { return NameList(extensions_.signature_algorithms); }

 private:
  Body(Role role, const Provider& provider, const Limits& limits, std::shared_ptr<const ClientConfig> client,
       std::shared_ptr<const ServerConfig> server, std::shared_ptr<Buffers> buffers);

  void start();
  void fire_timers();
  void stop_clocks();
  bool failure_is_due() const;
  bool step();
  bool step_ident();
  bool step_packet();
  bool blocked() const;
  bool can_progress() const;
  bool waits_for_application() const;
  bool peer_is_timed() const;  // by a login or an exchange
  bool end_of_input();
  void release_packet();
  std::optional<Event> next_event();

  Error handle(const OpenedPacket& packet);
  Error dispatch(std::uint8_t number, Bytes body, const OpenedPacket& packet);
  Error count_held(std::size_t messages_before, std::size_t bytes_before);
  Error chatter(std::size_t size);
  Error answer_unimplemented(std::uint32_t sequence);
  Error on_disconnect(Bytes body);
  Error on_debug(Bytes body);
  Error on_ping(Bytes body);
  Error on_ext_info(Bytes body);
  Error on_kex_init(const OpenedPacket& packet);
  Error on_new_keys(Bytes body);
  Error on_auth(std::uint8_t number, Bytes body);

  Stage stage() const;
  bool keys_are_worn() const;
  Error rekey_when_due();
  void after_exchange_step();
  void after_auth_step();
  Status settle(Status status, const Error& error);
  bool holds(Ticket ticket) const;
  bool auth_done() const;
  bool auth_service_runs() const;
  void end(const Error& error, std::string_view text = {});
  void end_when_unsealed();
  void forget_untold();
  void end_by_peer(Reason reason, std::string_view text);
  void close(const Closed& closed) noexcept;
  void die() noexcept;
  void give_back_when_idle();
  bool has_spare_buffers() const;

  const Role role_;
  const Provider provider_;
  const std::shared_ptr<const ClientConfig> client_config_;
  const std::shared_ptr<const ServerConfig> server_config_;
  const Limits& limits_;
  const std::shared_ptr<Buffers> buffers_;  // null: the engine has its own

  Inbox inbox_;
  Outbox outbox_;
  PacketReader reader_;
  PacketWriter writer_;
  IdentReader ident_;
  Exchange exchange_;
  std::variant<ClientAuth, ServerAuth> auth_;
  Connection connection_;
  Extensions extensions_;

  std::vector<Event> events_;
  std::size_t next_event_ = 0;
  std::size_t packet_events_ = 0;   // the first so many speak of the packet that is lent
  std::optional<Closed> farewell_;  // the last event; it needs no room
  std::uint32_t last_ticket_ = 0;
  bool packet_lent_ = false;
  bool lent_secret_ = false;

  bool started_ = false;
  bool ident_done_ = false;
  bool tainted_ = false;  // something came before the peer's KEXINIT
  bool greeted_ = false;  // what follows our first NEWKEYS has been sent
  bool authenticated_ = false;
  bool input_ended_ = false;
  bool unread_ = false;  // input has come that poll has not tried yet, or could not
  bool rekey_wanted_ = false;
  bool success_must_follow_ = false;  // client: a late EXT_INFO stands directly before SUCCESS
  bool closed_ = false;
  bool active_ = false;  // bytes have moved since the last poll
  std::uint32_t extension_messages_ = 0;
  std::uint32_t chatter_messages_ = 0;
  std::size_t chatter_bytes_ = 0;
  std::uint32_t unimplemented_ = 0;
  std::uint32_t idle_rekeys_ = 0;
  std::size_t held_messages_ = 0;  // until the end of an exchange, as answers to the peer's messages
  std::size_t held_bytes_ = 0;
  std::string closing_text_;

  TimePoint now_{};
  TimePoint last_turn_{};
  bool thinking_ = false;  // at the end of the last turn the application was being asked
  TimePoint ident_deadline_{};
  TimePoint kex_deadline_{};  // of the exchange that runs, the first or a later one
  TimePoint login_deadline_{};
  TimePoint keys_since_{};
  TimePoint last_activity_{};
};

template <class Work>
Status Body::answer_connection(Work work, bool own_bytes) {
  if (const auto status = ready(); status != Status::ok) return status;
  const auto messages_before = writer_.kept_messages(), bytes_before = writer_.kept_bytes();
  auto with = effects();
  const auto status = work(connection_, with);
  if (const auto error = count_held(messages_before, own_bytes ? writer_.kept_bytes() : bytes_before);
      error.code != Code::none)
    end(error);
  return status;
}

template <class Answer>
Status Body::answer_auth(Ticket ticket, const Answer& answer) {
  if (closed_) return Status::closed;
  auto with = effects();
  Error error;
  const auto status = std::visit(
      [&](auto& auth) {
        if constexpr (requires { auth.answer(ticket, answer, session_id(), with, error); })
          return auth.answer(ticket, answer, session_id(), with, error);
        else if constexpr (requires { auth.answer(ticket, answer, with); })
          return auth.answer(ticket, answer, with);
        else
          return Status::unknown_ticket;
      },
      auth_);
  return settle(status == Status::unknown_ticket && holds(ticket) ? Status::wrong_answer : status, error);
}

}  // namespace nacre
