// Client: the engine of the side that connects.
#pragma once

#include "engine/engine.hpp"

namespace nacre {

class Client : public Engine {
 public:
  // `buffers`, where there are some, are shared with other engines of the same thread (buffers.hpp).
  Client(const Provider& provider, const std::shared_ptr<const ClientConfig>& config,
         std::shared_ptr<Buffers> buffers = nullptr);

  using Engine::answer;
  Status answer(Ticket ticket, HostKeyVerdict verdict);
  Status answer(Ticket ticket, const Credential& credential);
  Status answer(Ticket ticket, const Responses& responses);
  Status answer(Ticket ticket, const NewPassword& passwords);
};

}  // namespace nacre
