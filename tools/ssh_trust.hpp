// Whether the server's host key is the one we know, by known_hosts files and, where it is new, by asking.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "flow/authenticator.hpp"
#include "tools/program_log.hpp"
#include "tools/questions.hpp"
#include "tools/ssh_options.hpp"

namespace nacre::tools {

// A file as it was read. Missing files are not among them.
struct KnownHostsFile {
  std::string path;
  std::string text;
};

struct HostPlace {
  std::string host;  // as it is listed: HostKeyAlias, or the name on the command line
  std::uint16_t port = 22;
};

// `~` is the home directory. Files that are there and can't be read are warned about.
std::vector<KnownHostsFile> read_known_hosts(const SshOptions& options, const std::string& home, ProgramLog& log);

// The host key algorithms to offer: when there are known keys for the host and the user has not said which algorithms
// to use, those that fit them go first, as with ssh, so that a server with several keys shows one that we know. Empty: the
// defaults in their order.
Names host_key_preference(const SshOptions& options, const Algorithms& algorithms,
                          const std::vector<KnownHostsFile>& files, const HostPlace& place);

// `on_judged` hears that the server has been found to be the one we want.
std::shared_ptr<Authenticator> make_host_trust(const SshOptions& options, const std::string& home, HostPlace place,
                                               std::vector<KnownHostsFile> files, std::shared_ptr<ProgramLog> log,
                                               Questions questions, Random& random,
                                               std::function<void()> on_judged = {});

// Appends a line with one write under a lock, begun on a line of its own. Creates file and folder (0600, 0700).
// On failure nothing of the line is left; the answer is the error.
Problem append_line(const std::string& path, const std::string& line);

}  // namespace nacre::tools
