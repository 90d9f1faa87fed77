// ClientSession: the client's side of a connection over any flow, authenticated, with as many channels as one likes.
// client_of_flow stands on it; a program that needs more than one channel uses it directly.
//
//   auto flow = co_await connect_tcp(executor, host, 22);
//   auto session = co_await ClientSession::start(std::move(*flow), trust_known_hosts(text, host, 22), credentials, options);
//   auto channel = co_await session->open_session();
//   auto asked = co_await channel->request(ExecRequest{"uname -a"});
//   ... co_await channel->read(buffer) ... channel->exit() ...
//   co_await session->disconnect();
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/client.hpp"
#include "flow/authenticator.hpp"
#include "flow/channel_flow.hpp"
#include "flow/credentials.hpp"
#include "flow/drive.hpp"
#include "flow/flow.hpp"
#include "flow/log.hpp"

namespace nacre {

// After `interval` without anything from the peer, keepalive@openssh.com is asked; after `misses` of them without an
// answer the connection ends with timed_out.
struct KeepAlive {
  std::chrono::steady_clock::duration interval = std::chrono::seconds(15);
  unsigned misses = 3;
};

// What both sides agreed on, as of the last key exchange.
struct Negotiated {
  bool strict = false;
  std::string key_exchange;
  std::string host_key;  // the signature algorithm
  std::string cipher_in, cipher_out;
  std::string mac_in, mac_out;  // empty where the cipher authenticates
  std::string peer_ident;       // escaped
  unsigned exchanges = 0;       // key exchanges so far; 1: no rekey yet
};

struct ClientOptions {
  // Its tables and Random must outlive the session, and so the context that may die with it.
  Provider provider;
  ClientConfig config;               // user name, algorithms, limits
  std::shared_ptr<Buffers> buffers;  // shared with other engines of this thread; null: its own
  std::optional<KeepAlive> keep_alive;
  // Banners and lines before the identification, escaped, lines ended by '\n'.
  std::function<void(std::string_view text)> banner;
  std::shared_ptr<Log> log;  // null: silence. verbose: what was agreed and tried; debug: more
};

// A handle: copies are the same session. With the last copy the connection is ended in the background, channels too.
class ClientSession {
 public:
  // Returns when authenticated. Errors: every FlowCode, typed and with a text. On an error the flow is closed.
  // Cancelled (`start(...) || timer.async_wait(...)`), it throws as Asio's operations do, and the connection is ended
  // in the background as with the last copy of a session; a question to the authenticator or the credentials that is
  // under way goes on, and its answer is for nobody.
  static Awaitable<FlowResult<ClientSession>> start(AnyFlow flow, std::shared_ptr<Authenticator> authenticator,
                                                    Credentials credentials, ClientOptions options);

  Executor get_executor() const;
  const Negotiated& negotiated() const;
  std::string host_key_fingerprint() const;
  std::string_view user() const;

  // Errors: channel_refused, and what a lost connection says. Cancelled, each of these throws and leaves the session as
  // it is: a channel that opens too late is closed, an answer that comes too late is dropped.
  Awaitable<FlowResult<ChannelFlow>> open_session();
  Awaitable<FlowResult<ChannelFlow>> open(std::string type, ByteVector data);
  // RFC 4254 7.2: the server connects to host and port for us. What a jump host is made of.
  Awaitable<FlowResult<ChannelFlow>> open_direct_tcpip(std::string host, std::uint16_t port);

  struct GlobalAnswer {
    bool success = false;
    ByteVector data;
  };
  Awaitable<FlowResult<GlobalAnswer>> global_request(std::string name, ByteVector data);

  Status rekey();
  // Says goodbye, flushes, closes the flow. Cancelled, it goes on in the background.
  Awaitable<void> disconnect(std::string text = {});
  // Waits for the end of the connection, whoever ends it.
  Awaitable<Ending> wait_ended();
  bool ended() const;

  struct Inside;
  explicit ClientSession(std::shared_ptr<Inside> inside);

 private:
  std::shared_ptr<Inside> inside_;
};

}  // namespace nacre
