// Drive: the one loop that joins an engine to a flow. It reads into incoming(), writes outgoing(), honours deadline(),
// and hands every event to a handler. client_session and spawn_server stand on it; programs seldom need it bare.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/engine.hpp"
#include "flow/flow.hpp"

namespace nacre {

// How a connection came to its end. `stream` is what the flow said, when it was the flow that failed; `cause` is why
// the layer above the engine ended it: the stop token, cancellation, no answer to keepalives, no credential left, an
// exception out of a callback of the program.
struct Ending {
  Error error;
  Reason reason = Reason::none;
  std::string text;  // the peer's words when it disconnected, escaped; else ours
  bool by_peer = false;
  std::optional<FlowError> stream;
  std::optional<FlowError> cause;
};

// The same as one line for people and a code to act upon: "the connection was lost: Connection reset by peer".
FlowError flow_error(const Ending& ending);

struct DriveOptions {
  // For all that is to be done when the engine has ended: the last bytes (DISCONNECT) leave, the flow is closed. What a
  // flow has not done of its close() by then it does while nobody waits.
  std::chrono::steady_clock::duration linger = std::chrono::seconds(2);
  // Whether, after a DISCONNECT of our own choice, what the peer still sends is read away until it has closed (within
  // `linger`), so that TCP does not reset the connection under our last words. After errors that is always done.
  bool drain = false;
};

class Drive {
 public:
  // Gets each event, in order. Views in it live until the handler returns. It may call the engine, and wake(). When it
  // throws, the connection ends with FlowCode::system for a cause, and nothing else does.
  using Handler = std::function<void(const Event& event)>;

  // The engine must outlive run().
  Drive(Engine& engine, AnyFlow flow, Handler handler, DriveOptions options = {});
  ~Drive();
  Drive(const Drive&) = delete;
  Drive& operator=(const Drive&) = delete;

  // Runs the connection until the engine has ended, its last bytes are written and the flow is closed, which takes
  // `linger` at most once the engine has ended. Once only. Whoever awaits it must keep the Drive alive until it
  // returns. Cancelled (Asio's terminal cancellation, as by `run() || timer.async_wait(...)`), it ends the connection
  // as disconnect() does, and returns then, with FlowCode::stopped for a cause. Throws std::bad_alloc only, when there
  // is no memory to wait with; the engine is not touched afterwards.
  Awaitable<Ending> run();

  // To be called after commands and answers given outside of the handler: polls and writes soon. Many calls in one
  // turn of the loop cost one pass.
  void wake();

  // The same at once, for whoever found the engine full: writes what can be written without waiting, polls.
  void push();

  // Ends the connection now: DISCONNECT is tried, nothing is waited for but `linger`.
  void disconnect(Reason reason = Reason::by_application, std::string_view text = {});

  // The time of the last pass; what the engine was told.
  TimePoint now() const;

  Executor get_executor();

 private:
  struct Inside;
  std::shared_ptr<Inside> inside_;
};

}  // namespace nacre
