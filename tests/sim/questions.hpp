// Question: the kinds of tickets that an application holds.
#pragma once

namespace nacre::sim {

struct Question {
  enum : int {
    trust,
    credentials,
    prompts,
    sign,
    interest,
    proof,
    password,
    interactive,
    responses,
    open,
    request,
    global
  };
};

}  // namespace nacre::sim
