// nacre-sshd: an SSH server for the account it runs as.
#include <unistd.h>

#include <csignal>

#include <cstdio>

#include <CLI/CLI.hpp>
#include <asio/signal_set.hpp>
#include <asio/thread_pool.hpp>

#include "crypto/botan_provider.hpp"
#include "crypto/key_file.hpp"
#include "tools/files.hpp"
#include "tools/heap.hpp"
#include "tools/sshd_server.hpp"

namespace nacre::tools {
namespace {

constexpr std::size_t file_limit = 1024 * 1024;  // bytes, of keys, configuration, users and banner

struct Arguments {
  std::vector<std::string> host_keys;
  std::vector<std::string> options;
  std::string config_file;
  std::string log_file;
  std::string port;
  bool foreground = false;
  bool log_to_stderr = false;
  bool quiet = false;
  bool test = false;
  bool print = false;
  int verbose = 0;
};

void define(CLI::App& app, Arguments& arguments) {
  app.set_help_flag("--help", "show this");
  app.set_version_flag("-V,--version", std::string("nacre-sshd 0.1.0"));
  app.add_flag("-D", arguments.foreground, "stay in the foreground: the only way it runs");
  app.add_flag("-e", arguments.log_to_stderr, "log to stderr, which it does anyway");
  app.add_flag("-q", arguments.quiet, "say nothing");
  app.add_flag("-d,-v", arguments.verbose, "say more; again: still more");
  app.add_flag("-t", arguments.test, "check configuration and keys, and stop");
  app.add_flag("-T", arguments.print, "print all options with their values, and stop");
  app.add_option("-E", arguments.log_file, "append the log to this file")->type_name("FILE");
  app.add_option("-f", arguments.config_file, "read options from this file, one a line; none: no file")
      ->type_name("FILE");
  app.add_option("-h", arguments.host_keys, "a host key's private file; several for several kinds")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_option("-p", arguments.port, "listen on this port; 0: any free one")->type_name("PORT");
  app.add_option("-o", arguments.options, "an option as in sshd_config: Name=value; -T lists them")
      ->type_name("OPTION")
      ->allow_extra_args(false);
}

// The letters go before -o, and both before the file: the first value of an option counts.
Problem gather(const Arguments& arguments, const OptionTable<SshdOptions>& table, SshdOptions& options) {
  std::set<std::string> seen;
  const auto set = [&](const std::string& line) { return table.set(options, seen, line); };
  if (!arguments.port.empty())
    if (auto problem = set("Port=" + arguments.port)) return "-p: " + *problem;
  for (const auto& key : arguments.host_keys) options.host_keys.push_back(key);
  for (const auto& line : arguments.options)
    if (auto problem = set(line)) return "-o " + printable(line) + ": " + *problem;
  if (!arguments.config_file.empty() && arguments.config_file != "none") {
    const auto text = read_file(arguments.config_file, file_limit);
    if (!text) return text.error();
    if (auto problem = read_sshd_config(table, options, seen, text_of(text->bytes())))
      return arguments.config_file + " " + *problem;
  }
  if (arguments.quiet)
    options.loudness = Loudness::quiet;
  else if (arguments.verbose > 0)
    options.loudness = static_cast<Loudness>(std::min(3 + arguments.verbose, 7));
  return std::nullopt;
}

using HostKeys = std::vector<std::shared_ptr<const PrivateKey>>;

Problem load_host_key(const std::string& path, HostKeys& keys) {
  if (auto problem = who_else_can_read(path)) return "host key " + path + ": " + *problem;
  const auto text = read_file(path, file_limit);
  if (!text) return "host key " + text.error();
  auto file = read_private_key(text->bytes(), {});
  if (!file) return "host key " + path + ": " + std::string(describe(file.error()));
  for (const auto& key : keys)
    if (key->public_key().type() == file->key->public_key().type())
      return "host key " + path + ": there is another of type " + std::string(key->public_key().type()) + " already";
  keys.push_back(std::move(file->key));
  return std::nullopt;
}

Problem load_host_keys(const SshdOptions& options, HostKeys& keys) {
  if (options.host_keys.empty())
    return std::string("there is no host key: give one with -h FILE (nacre-keygen -t ed25519 -f FILE makes one)");
  for (const auto& path : options.host_keys)
    if (auto problem = load_host_key(path, keys)) return problem;
  return std::nullopt;
}

Problem load_users(LoginRules& rules) {
  const auto& path = rules.options.users_file;
  if (path.empty()) return std::nullopt;
  if (rules.options.strict_modes)
    if (auto problem = who_else_can_change(path, rules.account)) return "UsersFile " + *problem;
  const auto text = read_file(path, file_limit);
  if (!text) return "UsersFile " + text.error();
  auto users = Users::parse(text_of(text->bytes()));
  if (!users) return "UsersFile " + path + ": " + users.error().text;
  rules.users = std::make_shared<const Users>(std::move(*users));
  return std::nullopt;
}

Problem load_banner(const SshdOptions& options, ServerConfig& config) {
  if (options.banner_file.empty()) return std::nullopt;
  const auto text = read_file(options.banner_file, config.limits.banner_bytes);
  if (!text) return "Banner " + text.error();
  config.banner = text_of(text->bytes());
  return std::nullopt;
}

// All that a server is made of, before it listens.
struct Prepared {
  SshdOptions options;
  std::shared_ptr<LoginRules> rules = std::make_shared<LoginRules>();
  HostKeys keys;
  std::shared_ptr<const ServerConfig> config;
  std::vector<ListenPlace> places;
};

Problem prepare(const Provider& provider, Prepared& prepared) {
  auto& rules = *prepared.rules;
  auto account = own_account();
  if (!account) return account.error();
  rules.account = std::move(*account);
  rules.options = prepared.options;
  if (auto problem = load_host_keys(prepared.options, prepared.keys)) return problem;
  if (auto problem = load_users(rules)) return problem;
  if (auto paths = authorized_keys_paths(rules.options, rules.account); !paths) return paths.error();
  auto config = server_config(prepared.options);
  if (!rules.users) config.password = config.keyboard_interactive = false;
  if (auto problem = load_banner(prepared.options, config)) return problem;
  prepared.config = with_host_keys(std::move(config), prepared.keys);
  if (const auto problem = check(provider, *prepared.config))
    return problem->field + ": '" + problem->value + "': " + problem->text;
  auto places = listen_places(prepared.options);
  if (!places) return places.error();
  prepared.places = std::move(*places);
  return std::nullopt;
}

class PidFile {
 public:
  PidFile() = default;
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;
  Problem write(const std::string& path) {
    if (path.empty()) return std::nullopt;
    if (auto problem = write_file(path, bytes_of(text_), 0644, IfExists::replace)) return "PidFile " + *problem;
    path_ = path;
    return std::nullopt;
  }
  // Another server may have put its own there meanwhile.
  ~PidFile() {
    if (path_.empty()) return;
    const auto there = read_file(path_, file_limit);
    if (there && text_of(there->bytes()) == text_) ::unlink(path_.c_str());
  }

 private:
  std::string text_ = std::to_string(::getpid()) + "\n";
  std::string path_;
};

int run(const Provider& provider, Prepared& prepared, ProgramLog& log) {
  asio::io_context loop(1);
  asio::thread_pool workers(1);  // one: a flood of passwords waits in line instead of taking all cores and memory
  prepared.rules->workers = workers.get_executor();
  ServerOptions base;
  base.provider = provider;
  base.buffers = std::make_shared<Buffers>();
  base.config = prepared.config;
  base.host_keys = prepared.keys;
  if (prepared.options.client_alive_interval.count() > 0)
    base.keep_alive = KeepAlive{prepared.options.client_alive_interval, prepared.options.client_alive_count_max};
  SshdServer server(loop, prepared.rules, std::move(base));
  asio::signal_set signals(loop, SIGTERM, SIGINT);
  PidFile pid_file;
  for (const auto& key : prepared.keys)
    log.verbose("host key " + std::string(key->public_key().type()) + " " + fingerprint(key->public_key().blob()));
  if (const auto hint = nobody_can_log_in(*prepared.rules)) log.info(*hint);
  if (auto problem = server.listen(prepared.places)) return log.fatal(*problem), 255;
  if (auto problem = pid_file.write(prepared.options.pid_file)) return log.fatal(*problem), 255;
  signals.async_wait([&](const asio::error_code& error, int number) {
    if (error) return;
    log.info(std::string("ending: ") + (number == SIGTERM ? "SIGTERM" : "SIGINT"));
    server.stop();
  });
  server.start();
  loop.run();
  workers.stop();
  workers.join();
  return 0;
}

int start(const Arguments& arguments, const std::shared_ptr<ProgramLog>& log) {
  const auto random = system_random();
  const auto provider = botan_provider(*random);
  const auto table = sshd_option_table(algorithm_tables(provider));
  Prepared prepared;
  prepared.rules->log = log;
  if (auto problem = gather(arguments, table, prepared.options)) return log->fatal(*problem), 1;
  log->set_loudness(prepared.options.loudness);
  if (!arguments.log_file.empty()) {
    if (auto problem = log->open(arguments.log_file)) return log->fatal(*problem), 1;
    log->show_times(true);
  }
  if (auto problem = prepare(provider, prepared)) return log->fatal(*problem), 1;
  if (arguments.print)
    for (const auto& line : table.show(prepared.options)) std::puts(line.c_str());
  if (arguments.print || arguments.test) return 0;
  if (!arguments.foreground)
    return log->fatal("it runs in the foreground only: give -D, and put it into the background by your own means"), 1;
  return run(provider, prepared, *log);
}

}  // namespace
}  // namespace nacre::tools

int main(int count, char** values) {
  using namespace nacre::tools;
  keep_freed_memory();
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a log that has reached its limit is an error of a write, as on a full disk
  ::signal(SIGCHLD, SIG_DFL);  // ignored, as it may be inherited, nobody is told how a program has ended
  CLI::App app("An SSH server for the account it runs as. It listens on loopback unless told otherwise.", "nacre-sshd");
  Arguments arguments;
  define(app, arguments);
  const auto log = std::make_shared<ProgramLog>("nacre-sshd", Loudness::info);
  try {
    app.parse(count, values);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    log->fatal(std::string(error.what()) + "; nacre-sshd --help lists what there is");
    return 1;
  }
  return start(arguments, log);
}
