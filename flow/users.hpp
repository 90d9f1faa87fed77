// Users: a table of names, keys and passwords kept as salted hashes, and the Authorizer that answers by it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flow/authorizer.hpp"

namespace nacre {

struct User {
  std::string name;
  std::vector<ByteVector> keys;    // public key blobs
  std::string password_hash = {};  // a line of hash_password; empty: no password serves
};

class Users {
 public:
  // Nothing when a name stands twice or is empty, or a hash is not understood.
  static FlowResult<Users> make(std::vector<User> users);

  // Lines "name:hash", or with blanks between as nacre-keygen writes them; empty ones and those that begin with '#' are
  // passed over. The error names the line.
  static FlowResult<Users> parse(std::string_view text);

  // An unknown name, and a user without a password, cost as much time as a wrong password of the first user that has
  // one. So give all hashes one cost: of several, each is told from the others by its time.
  bool password_is_right(std::string_view name, Bytes password) const;
  bool has_key(std::string_view name, Bytes key) const;

 private:
  const User* find(std::string_view name) const;
  std::vector<User> users_;
  std::string decoy_;  // the hash that unknown names are compared with
};

// Answers publickey, password, and keyboard-interactive with one hidden question. Hashing a password takes a good part
// of a second by design: with `workers` (a thread pool's executor) it happens there, and the loop goes on meanwhile. What
// waits there when its connection ends is not hashed.
std::unique_ptr<Authorizer> authorize_by(std::shared_ptr<const Users> users,
                                         std::optional<Executor> workers = std::nullopt);

}  // namespace nacre
