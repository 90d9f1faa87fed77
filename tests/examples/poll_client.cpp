// The engine in a poll(2) loop: over a connected socket it logs in with a key, runs a command, prints its output, and
// answers the command's exit status. The README shows what stands between the two marks.
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <tuple>

#include "crypto/keys.hpp"
#include "engine/client.hpp"
#include "tests/examples/poll_client.hpp"

namespace nacre {

// What to do about one event. `status` becomes the command's exit status.
void handle(Client& ssh, const Event& event, const Login& login, std::uint32_t& status) {
  if (auto* e = std::get_if<HostKeyOffered>(&event))
    std::ignore =
        ssh.answer(e->ticket, same_bytes(e->key, login.host_key) ? HostKeyVerdict::trust : HostKeyVerdict::refuse);
  if (auto* e = std::get_if<CredentialsWanted>(&event)) {
    const Credential key = TryPublicKey{login.key.public_key().blob(), login.key.public_key().type()};
    std::ignore =
        ssh.answer(e->ticket, e->methods.empty() ? key : GiveUp{});  // asked again: the server did not take it
  }
  if (auto* e = std::get_if<SignatureWanted>(&event)) {
    const auto blob = login.key.sign(e->algorithm, e->message, login.random);
    std::ignore = ssh.answer(e->ticket, blob ? Signature{*blob} : Signature{});
  }
  if (std::get_if<Authenticated>(&event)) std::ignore = ssh.open("session");
  if (auto* e = std::get_if<ChannelOpened>(&event))
    std::ignore = ssh.request(e->channel, ExecRequest{login.command}, true);
  if (auto* e = std::get_if<DataReceived>(&event)) {
    std::fwrite(e->data.data(), 1, e->data.size(), e->stream == Stream::out ? stdout : stderr);
    ssh.consumed(e->channel, e->data.size());  // and the server may send as much again
  }
  if (auto* e = std::get_if<RequestReceived>(&event))
    if (auto* exit = std::get_if<ExitStatus>(&e->request)) status = exit->status;
  if (std::get_if<ChannelClosed>(&event) || std::get_if<ChannelRefused>(&event)) ssh.disconnect();
}

// README >
// The loop: it knows nothing of SSH.
std::uint32_t run(Client& ssh, int socket, const Login& login) {
  using std::chrono::steady_clock, std::chrono::milliseconds, std::chrono::ceil;
  std::uint32_t status = 255;
  for (;;) {
    while (auto event = ssh.poll(steady_clock::now())) handle(ssh, *event, login, status);
    const auto in = ssh.incoming();
    const auto out = ssh.outgoing();
    if (ssh.closed() && out.empty()) return status;

    int wait = -1;
    if (const auto due = ssh.deadline())
      wait = std::max(0, static_cast<int>(ceil<milliseconds>(*due - steady_clock::now()).count()));
    pollfd ready{socket, static_cast<short>((in.empty() ? 0 : POLLIN) | (out.empty() ? 0 : POLLOUT)), 0};
    ::poll(&ready, 1, wait);

    const auto failed = [](ssize_t result) { return result < 0 && errno != EAGAIN && errno != EINTR; };
    const auto got = in.empty() ? -1 : ::recv(socket, in.data(), in.size(), MSG_DONTWAIT);
    if (!in.empty() && (got == 0 || failed(got))) ssh.input_ended();
    ssh.received(got > 0 ? static_cast<std::size_t>(got) : 0);
    const auto put = out.empty() ? 0 : ::send(socket, out.data(), out.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    const bool lost = failed(put);
    ssh.sent(lost ? out.size() : put > 0 ? static_cast<std::size_t>(put) : 0);
    if (lost) ssh.input_ended();
  }
}
// < README

}  // namespace nacre
