// Conversation: a whole connection between two engines, from the first byte to the last, in which anything may fail at any
// call. Both applications do all that they commonly do; what each side saw is written down, to be compared with a good run.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/client.hpp"
#include "engine/server.hpp"

namespace nacre::test {

enum class Side : std::uint8_t { none, client, server };

// Whose engine is at work, for whoever makes calls fail: the applications of a conversation are never disturbed.
inline Side at_work = Side::none;

class AtWork {
 public:
  explicit AtWork(Side side) : before_(std::exchange(at_work, side)) {}
  ~AtWork() { at_work = before_; }
  AtWork(const AtWork&) = delete;
  AtWork& operator=(const AtWork&) = delete;

 private:
  Side before_;
};

enum class Way { publickey, password, prompts };

// One side as it ended.
struct Party {
  std::vector<std::string> events;  // but Closed
  std::optional<Error> closed;      // by its Closed event
  int closes = 0;
  int thrown = 0;     // std::bad_alloc that came out of the engine
  bool done = false;  // everything that it wanted has come to pass, up to a proper end
};

struct ConversationOptions {
  Provider client, server;
  const PrivateKey* host_key = nullptr;
  const PrivateKey* user_key = nullptr;
  Way way = Way::publickey;
};

struct Outcome {
  Party client, server;
  std::vector<std::string> problems;  // what no engine may ever do, whatever failed
  bool complete() const { return client.done && server.done; }
};

Outcome converse(const ConversationOptions& options);

}  // namespace nacre::test
