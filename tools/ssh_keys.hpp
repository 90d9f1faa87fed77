// What nacre-ssh logs in with: key files, whose passphrases are asked for when they are needed, passwords and questions.
#pragma once

#include <memory>
#include <string>

#include "flow/credentials.hpp"
#include "tools/program_log.hpp"
#include "tools/questions.hpp"
#include "tools/ssh_options.hpp"

namespace nacre::tools {

struct LoginPlace {
  std::string home;
  std::string user;
  std::string host;  // as on the command line
};

struct OwnCredentials {
  Credentials credentials;
  std::string shortage;  // why they may not do, for the line that tells of a refused login
};

// `random` must outlive the credentials: signatures may need it.
OwnCredentials make_credentials(const SshOptions& options, const LoginPlace& place,
                                const std::shared_ptr<ProgramLog>& log, Questions questions, Random& random);

}  // namespace nacre::tools
