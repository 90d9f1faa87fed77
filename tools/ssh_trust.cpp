// Host keys of nacre-ssh: known, new, changed, revoked.
#include "tools/ssh_trust.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/trust/known_hosts.hpp"
#include "tools/child.hpp"
#include "tools/files.hpp"

namespace nacre::tools {
namespace {

constexpr std::size_t file_limit = 64 * 1024 * 1024;  // bytes: known_hosts of a large site

struct Found {
  HostKeyMatch match = HostKeyMatch::unknown;
  std::string place;  // "file:line"
  std::string listed_type;
};

// Over all files: revoked anywhere beats known anywhere, which beats changed.
Found look_up(const std::vector<KnownHostsFile>& files, const HostPlace& place, Bytes key, ProgramLog& log) {
  Found found;
  const auto rank = [](HostKeyMatch match) {
    switch (match) {
      case HostKeyMatch::revoked: return 3;
      case HostKeyMatch::known: return 2;
      case HostKeyMatch::changed: return 1;
      case HostKeyMatch::unknown: break;
    }
    return 0;
  };
  for (const auto& file : files) {
    std::vector<TrustWarning> warnings;
    const auto finding = look_up_host(file.text, place.host, place.port, key, &warnings);
    for (const auto& warning : warnings)
      log.verbose(file.path + ":" + std::to_string(warning.line) + ": " + std::string(warning.text) +
                  "; the line is ignored");
    if (rank(finding.match) > rank(found.match))
      found = {finding.match, file.path + ":" + std::to_string(finding.line), printable(finding.listed_type)};
  }
  return found;
}

std::string last_error(const std::string& path) { return path + ": " + std::strerror(errno); }

class HostTrust final : public Authenticator {
 public:
  HostTrust(const SshOptions& options, std::string home, HostPlace place, std::vector<KnownHostsFile> files,
            std::shared_ptr<ProgramLog> log, Questions questions, Random& random, std::function<void()> on_judged)
      : options_(options),
        home_(std::move(home)),
        place_(std::move(place)),
        shown_(printable(known_hosts_name(place_.host, place_.port))),
        files_(std::move(files)),
        log_(std::move(log)),
        questions_(questions),
        random_(random),
        on_judged_(std::move(on_judged)) {}

  Awaitable<HostKeyDecision> judge(OfferedHostKey offered) override {
    auto decision = decide(offered);
    if (decision.trusted && on_judged_) on_judged_();
    co_return decision;
  }

 private:
  HostKeyDecision decide(const OfferedHostKey& offered) const {
    const auto found = look_up(files_, place_, offered.key, *log_);
    switch (found.match) {
      case HostKeyMatch::known: log_->verbose("the host key is known from " + found.place); return {true, {}};
      case HostKeyMatch::revoked: return {false, revoked(offered, found)};
      case HostKeyMatch::changed: return {false, changed(offered, found)};
      case HostKeyMatch::unknown: break;
    }
    return unknown(offered);
  }

  std::string revoked(const OfferedHostKey& offered, const Found& found) const {
    return "the host key of " + shown_ + " (" + offered.type + " " + offered.fingerprint() + ") is revoked in " +
           found.place + "; whoever has it now may not be the server you want";
  }

  std::string changed(const OfferedHostKey& offered, const Found& found) const {
    if (log_->loudness() >= Loudness::error) {
      const std::string bar(78, '!');
      write_all(2, bar + "\nTHE HOST KEY OF " + shown_ + " HAS CHANGED.\n" +
                       "Somebody may be between you and the server and read what you send; or the server\n"
                       "has got a new key. Ask whoever runs it, by another way, whether this is its key:\n" +
                       "  " + offered.type + " " + offered.fingerprint() + "\n" + "If it is, remove the old " +
                       found.listed_type + " key, which is in " + found.place + "\n" + bar + "\n");
    }
    return "the host key of " + shown_ + " has changed; the known one is in " + found.place;
  }

  HostKeyDecision unknown(const OfferedHostKey& offered) const {
    const auto what = offered.type + " " + offered.fingerprint();
    const auto refusal = "the host key of " + shown_ + " is not known (" + what + ")";
    switch (options_.host_checking) {
      case HostChecking::yes: return {false, refusal + ", and StrictHostKeyChecking is yes"};
      case HostChecking::ask:
        if (!questions_.possible())
          return {false, refusal + ", and nobody can be asked; if it is the right one, " +
                             "-o StrictHostKeyChecking=accept-new takes it"};
        if (!person_agrees(offered)) return {false, "the host key of " + shown_ + " was not accepted"};
        break;
      case HostChecking::accept_new:
      case HostChecking::no: break;
    }
    remember(offered);
    return {true, {}};
  }

  bool person_agrees(const OfferedHostKey& offered) const {
    auto text = "The server " + shown_ + " is not known yet.\nIts " + offered.type + " key has the fingerprint " +
                offered.fingerprint() + "\n";
    if (const auto key = PublicKey::parse(offered.key); key && options_.visual_host_key) text += randomart(*key);
    std::string prompt = text + "Is it the server you want (yes/no/[fingerprint])? ";
    for (;;) {
      const auto typed = questions_.text(prompt, true);
      if (!typed) return false;
      const auto answer = in_lower_case(text_of(typed->bytes()));
      if (answer == "yes" || text_of(typed->bytes()) == offered.fingerprint()) return true;
      if (answer == "no") return false;
      prompt = "Please type yes, no or the fingerprint: ";
    }
  }

  // A login does not fail because a file can't be written: that is said, and the next login will ask again.
  void remember(const OfferedHostKey& offered) const {
    if (options_.user_known_hosts.empty()) return;
    const auto path = expand_home(options_.user_known_hosts.front(), home_);
    const auto line =
        known_hosts_line(place_.host, place_.port, offered.key, options_.hash_known_hosts ? &random_ : nullptr);
    if (!line)
      return log_->error("the host key of " + shown_ + " can't be written to " + path +
                         ": its name has odd characters");
    if (auto problem = append_line(path, *line))
      return log_->error("the host key of " + shown_ + " is not remembered: " + *problem);
    log_->info("added the host key of " + shown_ + " to " + path + ": " + offered.type + " " + offered.fingerprint());
  }

  SshOptions options_;
  std::string home_;
  HostPlace place_;
  std::string shown_;
  std::vector<KnownHostsFile> files_;
  std::shared_ptr<ProgramLog> log_;
  Questions questions_;
  Random& random_;
  std::function<void()> on_judged_;
};

Problem write_under_lock(int file, const std::string& path, const std::string& line) {
  if (::flock(file, LOCK_EX) != 0 && errno != ENOTSUP && errno != EOPNOTSUPP && errno != EINVAL)
    return last_error(path);
  struct stat about {};
  if (::fstat(file, &about) != 0) return last_error(path);
  auto text = line;
  char last = '\n';
  if (S_ISREG(about.st_mode) && about.st_size > 0 && ::pread(file, &last, 1, about.st_size - 1) == 1 && last != '\n')
    text.insert(text.begin(), '\n');
  const auto written = ::write(file, text.data(), text.size());
  if (written == static_cast<ssize_t>(text.size())) return std::nullopt;
  auto problem = written < 0 ? last_error(path) : path + ": there is no room for the line";
  if (S_ISREG(about.st_mode) && ::ftruncate(file, about.st_size) != 0) problem += "; half a line may be left";
  return problem;
}

}  // namespace

std::vector<KnownHostsFile> read_known_hosts(const SshOptions& options, const std::string& home, ProgramLog& log) {
  std::vector<KnownHostsFile> files;
  for (const auto* names : {&options.user_known_hosts, &options.global_known_hosts})
    for (const auto& name : *names) {
      const auto path = expand_home(name, home);
      if (!file_exists(path)) continue;
      const auto text = read_file(path, file_limit);
      if (text)
        files.push_back({path, std::string(text_of(text->bytes()))});
      else
        log.error(text.error());
    }
  return files;
}

Names host_key_preference(const SshOptions& options, const Algorithms& algorithms,
                          const std::vector<KnownHostsFile>& files, const HostPlace& place) {
  if (!options.host_key_algorithms.empty()) return options.host_key_algorithms;
  std::vector<std::string_view> types;
  for (const auto& file : files)
    for (const auto type : known_key_types(file.text, place.host, place.port)) types.push_back(type);
  const auto is_known = [&](std::string_view type) {
    return std::find(types.begin(), types.end(), type) != types.end();
  };
  // With a key of the kind that we prefer anyway, the order tells an observer nothing (CVE-2020-14145).
  if (types.empty() || algorithms.defaults.empty() || is_known(algorithms.defaults.front())) return {};
  auto names = algorithms.defaults;
  for (const auto& name : algorithms.supported)  // a known key is good even of a type that is not offered to strangers
    if (is_known(name) && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  return prefer_key_types(names, types);
}

std::shared_ptr<Authenticator> make_host_trust(const SshOptions& options, const std::string& home, HostPlace place,
                                               std::vector<KnownHostsFile> files, std::shared_ptr<ProgramLog> log,
                                               Questions questions, Random& random, std::function<void()> on_judged) {
  return std::make_shared<HostTrust>(options, home, std::move(place), std::move(files), std::move(log), questions,
                                     random, std::move(on_judged));
}

Problem append_line(const std::string& path, const std::string& line) {
  const auto slash = path.rfind('/');
  if (slash != std::string::npos && slash > 0)
    (void)::mkdir(path.substr(0, slash).c_str(), 0700);  // one level, as ~/.ssh
  const Descriptor file(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return last_error(path);
  return write_under_lock(file.get(), path, line);
}

}  // namespace nacre::tools
