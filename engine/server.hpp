// Server: the engine of the side that is connected to.
#pragma once

#include "engine/engine.hpp"

namespace nacre {

class Server : public Engine {
 public:
  // `buffers`, where there are some, are shared with other engines of the same thread (buffers.hpp).
  Server(const Provider& provider, const std::shared_ptr<const ServerConfig>& config,
         std::shared_ptr<Buffers> buffers = nullptr);

  using Engine::answer;
  Status answer(Ticket ticket, KeyInterest interest);
  Status answer(Ticket ticket, AuthVerdict verdict);
  Status answer(Ticket ticket, const Prompts& prompts);
};

}  // namespace nacre
