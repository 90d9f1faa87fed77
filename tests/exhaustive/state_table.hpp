// What an engine does with every message in every state: written down by hand from RFC 4253, 4252, 4254, 8308 and the
// strict key exchange, and from nothing of engine/. states() are the columns, rows() the rulings, bodies() what is sent.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/bytes.hpp"
#include "engine/error.hpp"
#include "engine/order.hpp"

namespace nacre::test {

enum class State {
  kex_init,      // identification is over
  kex_method,    // the peer's KEXINIT has come
  kex_guess,     // and announces a guess that is wrong
  kex_blocked,   // a server waits for its signature, a client for the verdict on the host key
  kex_new_keys,  // our NEWKEYS is out, the peer's is to come
  service,       // keys are on; nothing has come under them
  service_late,  // something has
  // server
  auth,           // ssh-userauth runs, nothing was asked
  auth_prompted,  // INFO_REQUEST is out
  auth_blocked,   // the application decides about a password
  auth_failing,   // the failure's delay runs
  auth_partial,   // one method has succeeded, another is wanted
  // client
  choosing,   // the application is asked for a credential; nothing is out
  answering,  // it is asked for responses
  signing,    // it is asked for a signature
  changing,   // it is asked for a new password
  none_out,   // a request of that method is out
  password_out,
  probe_out,
  signature_out,
  interactive_out,
  success_due,  // password_out, and EXT_INFO has come: SUCCESS must follow
  // both
  open,               // authenticated, and nothing else
  limited,            // a server; and the client has said that it will open no more sessions
  busy,               // channel 0 is open, 1 opening; a request on 0 and a global one have not been answered
  eof,                // likewise, and the peer's EOF has come on 0
  closing,            // likewise, and our CLOSE is out on 0
  rekey_ours,         // busy, and our KEXINIT is out
  rekey_theirs,       // busy, and the peer's KEXINIT has come
  rekey_guess,        // likewise, and announces a guess that is wrong
  rekey_blocked,      // a server, as kex_blocked; a client asks about a host key only once
  rekey_theirs_keys,  // and its method message: NEWKEYS is to come
  closed,
};

struct Column {
  State state;
  std::string_view name;
  int strict = -1;  // 0 or 1: only then. -1: the same for both
};
std::span<const Column> columns(Role engine);

// A letter a column. '-' the end: a protocol error that names the number, whatever the body. 'L' likewise, and names 7.
// '.' dropped, whatever the body. 'U' UNIMPLEMENTED, whatever the body. '=' not even opened: a question is open.
// Any other letter: look into the body's effects; 'N' and 'E' stand for themselves there:
// 'N' the end, as the channel is not there, 'E' the end as '-', both after the body has been found well-formed.
struct TableRow {
  std::string_view letters;
  unsigned first, last;  // numbers
  std::string_view name;
};
std::span<const TableRow> rows(Role engine);

struct Outcome {
  std::string tells = {};  // beginnings of the lines, with "; " between them
  Code code = Code::none;  // else: of Closed
  Reason reason = Reason::none;
  int where = -1;  // -1: not looked at
};

struct Effect {
  char letter;
  Outcome whole;
  struct Cut {
    std::size_t below;  // bytes of the body
    Outcome outcome;
  };
  std::vector<Cut> cuts;  // what becomes of a shorter one; beyond the last: as the whole
  Outcome longer;         // of a byte more
};

struct MessageBody {
  unsigned number;
  std::string_view name;
  ByteVector payload;           // number and body
  std::vector<Effect> effects;  // of both roles; a letter is used by one of them, or means the same for both
};
// Bodies of every number with a meaning: a valid one at least, and a minimal one; for the others any bytes.
std::vector<MessageBody> bodies(Role engine, bool strict);

}  // namespace nacre::test
