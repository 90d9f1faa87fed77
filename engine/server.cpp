// Server: its answers.
#include "engine/server.hpp"

#include "engine/body.hpp"

namespace nacre {

Server::Server(const Provider& provider, const std::shared_ptr<const ServerConfig>& config,
               std::shared_ptr<Buffers> buffers)
    : Engine(std::make_unique<Body>(provider, config, std::move(buffers))) {}

Status Server::answer(Ticket ticket, KeyInterest interest) {
  return body_->run([&] { return body_->answer_auth(ticket, interest); });
}
Status Server::answer(Ticket ticket, AuthVerdict verdict) {
  return body_->run([&] { return body_->answer_auth(ticket, verdict); });
}
Status Server::answer(Ticket ticket, const Prompts& prompts) {
  return body_->run([&] { return body_->answer_auth(ticket, prompts); });
}

}  // namespace nacre
