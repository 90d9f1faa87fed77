// Messages with bodies that are right, and engines in the states that they are right in: what lengths that lie, bytes behind
// the end and the like are tried on (rows E01, E03 and E09).
#pragma once

#include "tests/attacks/attack.hpp"

namespace nacre::test {

enum class Stage {
  exchange,  // the method's message is due
  keys,      // new keys are on, nothing has come under them
  login,     // authentication runs: a client has sent a password
  probe,     // a client has offered a key
  dialogue,  // keyboard-interactive, and the prompts are out; a client has asked for them
  channel,   // channel 0 is open
  opening,   // and the engine has asked for another one
  asking,    // and has made a global request
};

// The form of a body, a letter a field: u uint32, c a count, which must be the sample's, b boolean, s string, n name-list,
// k a string that names what follows: behind the '|', if there is one, the form is that of this name only; m the same, which
// must be without NUL; o anything, to the end.
struct Sample {
  Role role;
  Stage stage;
  std::uint8_t number;
  std::string_view form;
  ByteVector body;
};
std::vector<Sample> samples();

// The offsets of the lengths of strings.
std::vector<std::size_t> lengths_in(const Sample& sample);
// Whether a body has the form of the sample, by that form alone.
bool well_formed(const Sample& sample, Bytes body);

std::unique_ptr<Puppet> in_stage(Role role, Stage stage);
// An engine in the sample's stage after this body.
std::unique_ptr<Puppet> after(const Sample& sample, Bytes body);

}  // namespace nacre::test
