// ServerRole: the server's part of a session: host key signatures, the authorizer, session channels. Internal.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "flow/session_core.hpp"
#include "flow/spawn_server.hpp"

namespace nacre {

class ServerRole : public std::enable_shared_from_this<ServerRole> {
 public:
  ServerRole(ServerOptions options, SessionFactory sessions, SessionCore& core);

  bool on_event(const Event& event);
  // The connection has ended: every handler is told and goes.
  void end() noexcept;

 private:
  struct Served {
    std::unique_ptr<SessionHandler> handler;
    std::shared_ptr<ChannelCore> channel;  // until a program has it
  };

  bool on_auth_event(const Event& event);
  void on_signature(const SignatureWanted& wanted);
  void on_authenticated(const Authenticated& authenticated);
  void on_open(const ChannelOpenReceived& received);
  bool on_request(const RequestReceived& received);
  bool start(Served& served, Program program);
  void on_closed(ChannelId channel);
  void spawn(Awaitable<void> question);
  Awaitable<void> ask_signer(Ticket ticket, ByteVector key, std::string algorithm, ByteVector message);
  Awaitable<void> ask_interest(Ticket ticket, std::string user, std::string algorithm, ByteVector key);
  Awaitable<void> ask_key(Ticket ticket, std::string user, std::string algorithm, ByteVector key);
  Awaitable<void> ask_password(Ticket ticket, std::string user, Secret password);
  Awaitable<void> ask_none(Ticket ticket, std::string user);
  Awaitable<void> ask_prompts(Ticket ticket, std::string user, std::string submethods);
  Awaitable<void> ask_responses(Ticket ticket, std::string user, std::vector<Secret> responses);
  void step(Ticket ticket, const std::string& user, const Authorizer::Step& step);
  void verdict(Ticket ticket, const std::string& user, std::string method, AuthVerdict verdict);

  ServerOptions options_;
  SessionFactory sessions_;
  SessionCore& core_;  // owns this; what is spawned keeps it alive
  ServedClient client_;
  std::unordered_map<std::uint32_t, Served> served_;
};

}  // namespace nacre
