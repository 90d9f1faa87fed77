// Client: its answers.
#include "engine/client.hpp"

#include "engine/body.hpp"

namespace nacre {

Client::Client(const Provider& provider, const std::shared_ptr<const ClientConfig>& config,
               std::shared_ptr<Buffers> buffers)
    : Engine(std::make_unique<Body>(provider, config, std::move(buffers))) {}

Status Client::answer(Ticket ticket, HostKeyVerdict verdict) {
  return body_->run([&] { return body_->answer(ticket, verdict); });
}
Status Client::answer(Ticket ticket, const Credential& credential) {
  return body_->run([&] { return body_->answer_auth(ticket, credential); });
}
Status Client::answer(Ticket ticket, const Responses& responses) {
  return body_->run([&] { return body_->answer_auth(ticket, responses); });
}
Status Client::answer(Ticket ticket, const NewPassword& passwords) {
  return body_->run([&] { return body_->answer_auth(ticket, passwords); });
}

}  // namespace nacre
