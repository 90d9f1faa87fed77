// What the tests of attacks share: an engine brought to a point where it can be attacked, and the two outcomes there
// are. Either it has ended, once, with the right words and nothing after them, or it goes on as if nothing had been.
#pragma once

#include <gtest/gtest.h>

#include "tests/engine/puppet.hpp"

namespace nacre::test {

// Ended: one Closed for `code`, told once; the last thing said a DISCONNECT for `reason`, said once; dead to whatever
// comes later. No other event since the last forget(), but those whose line begins with `also`.
testing::AssertionResult ended(Puppet& puppet, Code code, Reason reason = Reason::protocol_error,
                               std::string_view also = {});
// The same in the phase of identification, where no DISCONNECT is possible.
testing::AssertionResult hung_up(Puppet& puppet, Code code, std::string_view also = {});
// Alive: not closed, and one more message is understood in both directions.
testing::AssertionResult lives(Puppet& puppet);

// An engine that reads what send_raw gives it, and nothing else.
std::unique_ptr<Puppet> silent(PuppetOptions options);
std::unique_ptr<Puppet> silent(Role role);
// New keys are on, no service runs.
std::unique_ptr<Puppet> with_keys(PuppetOptions options);
std::unique_ptr<Puppet> with_keys(Role role);
// Authentication runs: a server waits for requests, a client for the answer to its password.
std::unique_ptr<Puppet> in_auth(PuppetOptions options);
std::unique_ptr<Puppet> in_auth(Role role);
// Logged in.
std::unique_ptr<Puppet> logged_in(Role role);
// Logged in, with a channel of the engine's number `channel`.
std::unique_ptr<Puppet> with_channel(Role role, std::uint32_t& channel);

// A KEXINIT whose lists named are replaced.
using Lists = std::vector<std::pair<NameList KexInit::*, std::string>>;
std::function<void(ByteVector&)> with_lists(Lists lists);

// Requests of a client.
void request_auth(Puppet& puppet, std::string_view method, Bytes body, std::string_view user = "alice",
                  std::string_view service = "ssh-connection");
void try_password(Puppet& puppet, std::string_view password, std::string_view user = "alice");
void offer_key(Puppet& puppet, std::string_view algorithm, Bytes blob);
// One USERAUTH_FAILURE comes, after its time and not before.
testing::AssertionResult failed(Puppet& puppet, bool partial = false);

std::string repeated(std::string_view text, std::size_t times);
// Wire values one behind the other.
class Fields {
 public:
  Fields& u32(std::uint32_t value) { return put(value); }
  Fields& flag(bool value) { return put(value); }
  Fields& text(std::string_view value) { return put(value); }
  Fields& string(Bytes value) { return put(value); }
  Fields& mpint(Bytes magnitude) { return put(Mpint{magnitude}); }
  Fields& raw(Bytes bytes) { return append(bytes_, bytes), *this; }
  operator Bytes() const { return bytes_; }
  operator ByteVector() const { return bytes_; }

 private:
  template <class T>
  Fields& put(const T& value) {
    VectorSink sink{bytes_};
    Writer<VectorSink>(sink).write(value);
    return *this;
  }
  ByteVector bytes_;
};

ByteVector from_hex(std::string_view text);
ByteVector payload_of(std::uint8_t number, Bytes body = {});

}  // namespace nacre::test
