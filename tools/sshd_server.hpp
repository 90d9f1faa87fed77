// nacre-sshd's connections: accepts them, turns some away, serves the others, ends them all.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include "flow/spawn_server.hpp"
#include "flow/stream_flow.hpp"
#include "tools/sshd_login.hpp"
#include "tools/sshd_session.hpp"
#include "tools/sshd_sources.hpp"

namespace nacre::tools {

class SshdServer {
 public:
  // `base` has what all connections share: provider, configuration, host keys, keep-alive.
  SshdServer(asio::io_context& loop, std::shared_ptr<const LoginRules> rules, ServerOptions base);

  // Takes the places. Errors name the address and what the system said.
  Problem listen(const std::vector<ListenPlace>& places);

  // Says where it listens, and accepts until stop() is called.
  void start();

  // No more connections; those there are get a DISCONNECT, their programs a hang-up. The loop runs out soon after.
  void stop();

 private:
  struct Listening {
    Listener listener;
    std::string address;  // as it was given
  };
  Awaitable<void> accept_from(Listener* listener);
  Awaitable<void> serve(SocketFlow flow);
  bool is_turned_away(SocketFlow& flow);
  // Why one more connection is not served, and what it is told; nothing when it is.
  struct Refusal {
    std::string why;
    std::string_view words;
    bool each;  // a line in the log for each at VERBOSE; otherwise one a minute
  };
  std::optional<Refusal> refusal_of(int descriptor, std::string_view address);
  void settle(LoginState& state);
  void ended_without_login(LoginState& state, const Ending& ending);
  Awaitable<void> wait_for_the_last();

  asio::io_context& loop_;
  std::shared_ptr<const LoginRules> rules_;
  ServerOptions base_;
  std::vector<Listening> listeners_;
  std::shared_ptr<RunningPrograms> programs_ = std::make_shared<RunningPrograms>();
  std::stop_source stop_;
  unsigned connections_ = 0;
  unsigned waiting_ = 0;  // of them, not authenticated yet
  Sources sources_;
  Seldom turned_away_, exhausted_;
  int last_descriptor_;  // from here on, descriptors are for those who are in already
  asio::steady_timer ended_;
};

}  // namespace nacre::tools
