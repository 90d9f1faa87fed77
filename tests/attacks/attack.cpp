// Outcomes and beginnings of attacks.
#include "tests/attacks/attack.hpp"

#include <algorithm>

#include "engine/auth/userauth.hpp"

namespace nacre::test {
namespace {

using testing::AssertionFailure;
using testing::AssertionResult;
using testing::AssertionSuccess;

AssertionResult dead(Puppet& puppet, Code code, std::string_view also) {
  if (puppet.closed != 1) return AssertionFailure() << puppet.closed << " Closed events\n" << puppet.log();
  if (puppet.code() != code) return AssertionFailure() << "ended by: " << describe(puppet.code());
  for (const auto& line : puppet.events)
    if (!line.starts_with("Closed") && (also.empty() || !line.starts_with(also)))
      return AssertionFailure() << "told of " << line;
  if (puppet.events.empty() || !puppet.events.back().starts_with("Closed"))
    return AssertionFailure() << "Closed is not the last event";
  auto& engine = puppet.engine();
  if (!engine.closed() || !engine.incoming().empty() || engine.poll(puppet.now + std::chrono::hours(1)) ||
      engine.deadline() || !engine.outgoing().empty())
    return AssertionFailure() << "not dead";
  if (engine.rekey() != Status::closed || engine.ignore({}) != Status::closed || engine.open("session"))
    return AssertionFailure() << "takes commands";
  return AssertionSuccess();
}

}  // namespace

AssertionResult ended(Puppet& puppet, Code code, Reason reason, std::string_view also) {
  if (auto result = dead(puppet, code, also); !result) return result;
  if (puppet.count(Disconnect::number) != 1) return AssertionFailure() << "not one DISCONNECT\n" << puppet.log();
  if (puppet.farewell() != reason || puppet.reason != reason)
    return AssertionFailure() << "said goodbye for reason " << static_cast<std::uint32_t>(puppet.reason);
  return AssertionSuccess();
}

AssertionResult hung_up(Puppet& puppet, Code code, std::string_view also) {
  if (auto result = dead(puppet, code, also); !result) return result;
  if (puppet.reason != Reason::none || puppet.has(Disconnect::number)) return AssertionFailure() << "said goodbye";
  return AssertionSuccess();
}

AssertionResult lives(Puppet& puppet) {
  if (puppet.closed != 0) return AssertionFailure() << "closed: " << describe(puppet.code()) << "\n" << puppet.log();
  const auto number = puppet.engine().authenticated() ? Pong::number : Unimplemented::number;
  const auto before = puppet.count(number);
  if (puppet.engine().authenticated())
    puppet.send(Ping{bytes_of("alive")});
  else
    puppet.send_number(8);
  puppet.pump();
  if (puppet.count(number) != before + 1) return AssertionFailure() << "does not answer\n" << puppet.log();
  return AssertionSuccess();
}

std::unique_ptr<Puppet> silent(PuppetOptions options) {
  options.ident = "";
  options.hold_kex_init = true;
  auto puppet = std::make_unique<Puppet>(std::move(options));
  puppet->start();
  return puppet;
}

std::unique_ptr<Puppet> with_keys(PuppetOptions options) {
  auto puppet = std::make_unique<Puppet>(std::move(options));
  puppet->auto_login = false;
  EXPECT_TRUE(puppet->exchange()) << puppet->log();
  puppet->forget();
  return puppet;
}

std::unique_ptr<Puppet> in_auth(PuppetOptions options) {
  auto puppet = with_keys(std::move(options));
  if (puppet->role() == Role::server)
    puppet->send(ServiceRequest{userauth_service});
  else
    puppet->send(ServiceAccept{userauth_service});
  puppet->pump();
  const auto number = puppet->role() == Role::server ? ServiceAccept::number : UserauthRequest::number;
  EXPECT_TRUE(puppet->has(number)) << puppet->log();
  puppet->forget();
  return puppet;
}

std::unique_ptr<Puppet> silent(Role role) { return silent(PuppetOptions{.engine = role}); }
std::unique_ptr<Puppet> with_keys(Role role) { return with_keys(PuppetOptions{.engine = role}); }
std::unique_ptr<Puppet> in_auth(Role role) { return in_auth(PuppetOptions{.engine = role}); }
std::unique_ptr<Puppet> logged_in(Role role) { return logged_in(PuppetOptions{.engine = role}); }

std::unique_ptr<Puppet> with_channel(Role role, std::uint32_t& channel) {
  auto puppet = logged_in(role);
  channel = puppet->open();
  EXPECT_NE(channel, 0xffffffff);
  puppet->forget();
  return puppet;
}

std::function<void(ByteVector&)> with_lists(Lists lists) {
  return [lists](ByteVector& payload) {
    const auto before = payload;
    auto init = *decode<KexInit>(Bytes(before).subspan(1));
    for (const auto& [member, text] : lists) init.*member = NameList(text);
    payload = encoded(init);
  };
}

void request_auth(Puppet& puppet, std::string_view method, Bytes body, std::string_view user,
                  std::string_view service) {
  puppet.send(UserauthRequest{user, service, method, {body}});
  puppet.pump();
}

void try_password(Puppet& puppet, std::string_view password, std::string_view user) {
  request_auth(puppet, "password", encoded(PasswordBody{false, bytes_of(password), {}}), user);
}

void offer_key(Puppet& puppet, std::string_view algorithm, Bytes blob) {
  request_auth(puppet, "publickey", encoded(PublicKeyBody{false, algorithm, blob, {}}));
}

AssertionResult failed(Puppet& puppet, bool partial) {
  using namespace std::chrono_literals;
  if (puppet.has(UserauthFailure::number) && !partial) return AssertionFailure() << "told too soon";
  puppet.advance(300ms);
  if (puppet.closed != 0) return AssertionFailure() << "closed: " << describe(puppet.code());
  if (puppet.engine().authenticated()) return AssertionFailure() << "authenticated";
  if (puppet.count(UserauthFailure::number) != 1) return AssertionFailure() << "no failure\n" << puppet.log();
  if (puppet.last<UserauthFailure>()->partial != partial) return AssertionFailure() << "partial is wrong";
  puppet.forget();
  return AssertionSuccess();
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

ByteVector from_hex(std::string_view text) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  ByteVector bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(digit(text[i]) << 4 | digit(text[i + 1])));
  return bytes;
}

ByteVector payload_of(std::uint8_t number, Bytes body) {
  ByteVector payload(1 + body.size(), static_cast<std::byte>(number));
  std::copy(body.begin(), body.end(), payload.begin() + 1);
  return payload;
}

}  // namespace nacre::test
