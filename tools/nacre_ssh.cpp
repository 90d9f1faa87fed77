// nacre-ssh: an SSH client for the terminal and for programs that run ssh.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <exception>

#include <CLI/CLI.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include "crypto/botan_provider.hpp"
#include "engine/trust/pattern.hpp"
#include "flow/client_session.hpp"
#include "tools/account.hpp"
#include "tools/files.hpp"
#include "tools/heap.hpp"
#include "tools/small_pool.hpp"
#include "tools/ssh_arguments.hpp"
#include "tools/ssh_connect.hpp"
#include "tools/ssh_keys.hpp"
#include "tools/ssh_session.hpp"
#include "tools/ssh_trust.hpp"

namespace nacre::tools {
namespace {

constexpr std::string_view letters_with_value = "BbcDEeFIiJLlmOoPpQRSWw";

// What the letters of the command line come to. Options are set in their order: the first value counts.
struct Arguments {
  SshOptions options;
  std::set<std::string> seen;
  Problem problem;  // the first one
  std::string log_file;
  bool print = false;
  bool quiet = false;
  int verbose = 0;
  int terminal = 0;
};

// Adds the letters of ssh(1). Those that ask for what is off are taken; those that ask for what we lack are refused.
class Letters {
 public:
  Letters(CLI::App& app, Arguments& arguments, const OptionTable<SshOptions>& table)
      : app_(app), arguments_(arguments), table_(table) {}

  void define() {
    app_.set_help_flag("--help", "show this");
    app_.set_version_flag("-V,--version", std::string("nacre-ssh 0.1.0"));
    value("-p", "Port", "PORT", "the server's port");
    value("-l", "User", "USER", "the user name there");
    value("-i", "IdentityFile", "FILE", "a private key file to log in with; may be repeated");
    value("-c", "Ciphers", "LIST", "the ciphers to offer");
    value("-m", "MACs", "LIST", "the MACs to offer");
    value("-e", "EscapeChar", "CHAR", "the escape character; none: none");
    fixed("-4", "AddressFamily=inet", "IPv4 only");
    fixed("-6", "AddressFamily=inet6", "IPv6 only");
    fixed("-n", "StdinNull=yes", "leave stdin alone");
    fixed("-N", "SessionType=none", "run nothing");
    fixed("-s", "SessionType=subsystem", "the command is a subsystem's name");
    fixed("-T", "RequestTTY=no", "no pseudo-terminal");
    app_.add_flag("-t", arguments_.terminal, "a pseudo-terminal; twice: even without one here");
    app_.add_flag("-v", arguments_.verbose, "tell what happens; again: still more");
    app_.add_flag("-q", arguments_.quiet, "say nothing");
    app_.add_flag("-G", arguments_.print, "print all options with their values, and stop");
    app_.add_option("-E", arguments_.log_file, "append messages to this file")->type_name("FILE");
    app_.add_option_function<std::string>(
            "-o", [this](const std::string& line) { set(line, "-o " + printable(line)); },
            "an option as in ssh_config: Name=value; -G HOST lists them")
        ->type_name("OPTION")
        ->trigger_on_parse();
    app_.add_option_function<std::string>(
            "-F", [this](const std::string& file) { config_file(file); },
            "none or /dev/null: no configuration file is ever read")
        ->type_name("FILE")
        ->trigger_on_parse();
    app_.add_flag_callback(
            "-2,-a,-k,-x,-y", [] {}, "no forwarding of agent, credentials, X11: there is none")
        ->group("");
    absent();
  }

 private:
  void set(const std::string& line, const std::string& shown) {
    if (arguments_.problem) return;
    if (auto problem = table_.set(arguments_.options, arguments_.seen, line))
      arguments_.problem = shown + ": " + *problem;
  }

  void value(const std::string& letter, const std::string& option, const std::string& kind, const std::string& help) {
    app_.add_option_function<std::string>(
            letter,
            [this, letter, option](const std::string& text) {
              set(option + "=\"" + text + "\"", letter + " " + printable(text));
            },
            help)
        ->type_name(kind)
        ->trigger_on_parse();
  }

  void fixed(const std::string& letter, const std::string& line, const std::string& help) {
    app_.add_flag_callback(
            letter, [this, letter, line] { set(line, letter); }, help)
        ->trigger_on_parse();
  }

  void config_file(const std::string& file) {
    if (file != "none" && file != "/dev/null" && !arguments_.problem)
      arguments_.problem = "-F " + printable(file) + ": nacre-ssh reads no configuration file; give options with -o";
  }

  void absent() {
    const auto refuse = [this](const std::string& letter, const std::string& what) {
      return [this, letter, what] {
        if (!arguments_.problem)
          arguments_.problem = letter + " asks for " + what + ", which nacre-ssh does not have yet" +
                               (letter == "-J" ? "; -o ProxyCommand='nacre-ssh JUMP nc %h %p' goes by one" : "");
      };
    };
    for (const auto& [letter, what] :
         std::vector<std::pair<std::string, std::string>>{{"-A", "agent forwarding"},
                                                          {"-C", "compression"},
                                                          {"-f", "going into the background"},
                                                          {"-g", "port forwarding"},
                                                          {"-K", "GSSAPI"},
                                                          {"-M", "connection sharing"},
                                                          {"-X", "X11 forwarding"},
                                                          {"-Y", "X11 forwarding"},
                                                          {"-1", "protocol 1"}})
      app_.add_flag_callback(letter, refuse(letter, what))->trigger_on_parse()->group("");
    for (const auto& [letter, what] :
         std::vector<std::pair<std::string, std::string>>{{"-b", "an address to bind to"},
                                                          {"-B", "an interface to bind to"},
                                                          {"-D", "port forwarding"},
                                                          {"-I", "PKCS#11"},
                                                          {"-J", "jump hosts"},
                                                          {"-L", "port forwarding"},
                                                          {"-O", "connection sharing"},
                                                          {"-P", "configuration tags"},
                                                          {"-Q", "lists of algorithms (use -G)"},
                                                          {"-R", "port forwarding"},
                                                          {"-W", "stdin forwarding"},
                                                          {"-w", "tunnels"}})
      app_.add_option_function<std::string>(letter, [refusal = refuse(letter, what)](const std::string&) { refusal(); })
          ->trigger_on_parse()
          ->group("");
    app_.add_option_function<std::string>("-S",
                                          [refusal = refuse("-S", "connection sharing")](const std::string& path) {
                                            if (path != "none") refusal();
                                          })
        ->trigger_on_parse()
        ->group("");
  }

  CLI::App& app_;
  Arguments& arguments_;
  const OptionTable<SshOptions>& table_;
};

// The letters as CLI11 takes them whatever they look like: a value is joined to its letter.
Parsed<Names> joined(const Names& cut) {
  Names words;
  for (std::size_t i = 0; i < cut.size(); ++i) {
    const bool takes = cut[i].size() == 2 && letters_with_value.find(cut[i][1]) != std::string_view::npos;
    if (takes && cut[i + 1].empty()) return Unexpected<std::string>{cut[i] + " needs a value"};
    words.push_back(takes ? cut[i] + cut[i + 1] : cut[i]);
    if (takes) ++i;
  }
  return words;
}

// All that a connection is made of.
struct Setup {
  Arguments arguments;
  std::string typed_host;
  Target target;
  Account account;
  std::string command;
  std::shared_ptr<ProgramLog> log;
  Algorithms host_keys;
  std::string shortage;  // of what we log in with
};

Problem apply_destination(Setup& setup, const CommandLine& line) {
  auto& options = setup.arguments.options;
  const auto destination = parse_destination(*line.destination);
  if (!destination) return "'" + printable(*line.destination) + "': " + destination.error();
  if (!destination->user.empty() && options.user.empty()) options.user = destination->user;
  if (!destination->port.empty() && setup.arguments.seen.count("Port") == 0) {
    const auto port = parse_port(destination->port);
    if (!port) return "the port of " + printable(*line.destination) + ": " + port.error();
    options.port = *port;
  }
  if (options.user.empty()) options.user = setup.account.name;
  setup.typed_host = destination->host;
  const auto host = expand_percent(options.host_name.empty() ? "%h" : options.host_name, {{'h', destination->host}});
  if (!host) return "HostName: " + host.error();
  options.host_name = *host;
  setup.target = {*host, options.port, options.user};
  return check_names(setup.target.host, setup.target.user, !options.proxy_command.empty());
}

Problem apply_command(Setup& setup, const CommandLine& line) {
  auto& options = setup.arguments.options;
  setup.command = line.command.empty() ? options.remote_command : join(line.command, " ");
  if (options.session == SessionKind::subsystem && setup.command.empty())
    return std::string("-s needs the subsystem's name");
  if (setup.arguments.terminal > 0 && setup.arguments.seen.count("RequestTTY") == 0)
    options.terminal = setup.arguments.terminal > 1 ? TerminalWish::force : TerminalWish::yes;
  if (setup.arguments.quiet)
    options.loudness = Loudness::quiet;
  else if (setup.arguments.verbose > 0)
    options.loudness = static_cast<Loudness>(std::min(4 + setup.arguments.verbose, 7));
  return std::nullopt;
}

void say_agreement(const Negotiated& agreed, ProgramLog& log) {
  log.verbose("server: " + agreed.peer_ident);
  log.verbose("key exchange: " + agreed.key_exchange + (agreed.strict ? " (strict)" : " (not strict)"));
  log.verbose("host key algorithm: " + agreed.host_key);
  log.verbose("cipher: " + agreed.cipher_out +
              (agreed.cipher_in == agreed.cipher_out ? "" : " out, " + agreed.cipher_in + " in"));
  if (!agreed.mac_out.empty()) log.verbose("MAC: " + agreed.mac_out);
}

// One line that says what failed, and where.
std::string complaint(const FlowError& error, const Setup& setup) {
  const auto& proxy = setup.arguments.options.proxy_command;
  const auto where = printable(setup.target.host) + " port " + std::to_string(setup.target.port) +
                     (proxy.empty() ? "" : " by ProxyCommand '" + printable(proxy) + "'");
  switch (error.code) {
    case FlowCode::unreachable:
    case FlowCode::host_key_refused:
    case FlowCode::configuration: return error.text;
    case FlowCode::auth_failed:
      return printable(setup.target.user) + "@" + printable(setup.target.host) + ": " + error.text +
             (setup.shortage.empty() ? "" : ": " + setup.shortage);
    default: return where + ": " + error.text;
  }
}

Awaitable<FlowResult<ClientSession>> log_in(Setup& setup, const Provider& provider, AnyFlow flow) {
  const auto& options = setup.arguments.options;
  auto& log = setup.log;
  const Questions questions(options.batch_mode);
  const HostPlace place = options.host_key_alias.empty() ? HostPlace{setup.target.host, setup.target.port}
                                                         : HostPlace{options.host_key_alias, 22};
  auto files = read_known_hosts(options, setup.account.home, *log);
  ClientOptions client;
  client.provider = provider;
  client.config = client_config(options);
  client.config.algorithms.host_keys = host_key_preference(options, setup.host_keys, files, place);
  if (options.server_alive_interval.count() > 0)
    client.keep_alive = KeepAlive{options.server_alive_interval, options.server_alive_count_max};
  // What a stranger says before we know whose server it is, is for those who want to know everything.
  const auto trusted = std::make_shared<bool>(false);
  client.banner = [trusted, log](std::string_view text) {
    if (*trusted && log->loudness() > Loudness::error)
      write_all(2, text);
    else if (!*trusted)
      log->debug("the server says: " + printable(trimmed(text.substr(0, text.find('\n')))));
  };
  client.log = log;
  auto trust = make_host_trust(options, setup.account.home, place, std::move(files), log, questions, *provider.random,
                               [trusted] { *trusted = true; });
  auto own = make_credentials(options, {setup.account.home, setup.target.user, setup.typed_host}, log, questions,
                              *provider.random);
  setup.shortage = std::move(own.shortage);
  auto starting =
      ClientSession::start(std::move(flow), std::move(trust), std::move(own.credentials), std::move(client));
  auto session = co_await std::move(starting);
  co_return std::move(session);
}

// Whoever started us may want us to live on (nohup).
bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

// SIGTERM and the like leave the terminal as it was, and end us as they would have. What is ignored stays so.
class LeaveBySignal {
 public:
  LeaveBySignal(Executor executor, std::shared_ptr<InteractiveSession> session, std::function<void()> put_back)
      : signals_(executor) {
    for (const int each : {SIGTERM, SIGHUP, SIGINT, SIGQUIT})
      if (!is_ignored(each)) signals_.add(each);
    signals_.async_wait(
        [session = std::move(session), put_back = std::move(put_back)](const asio::error_code& error, int number) {
          if (error) return;
          if (session) session->restore();
          put_back();
          ::signal(number, SIG_DFL);
          ::raise(number);
        });
  }

 private:
  asio::signal_set signals_;
};

Awaitable<int> run_session(Setup& setup, ClientSession session, std::function<void()> put_back) {
  const auto& options = setup.arguments.options;
  if (options.session == SessionKind::none) {
    const LeaveBySignal leave(session.get_executor(), nullptr, std::move(put_back));
    auto waiting = session.wait_ended();
    const auto ending = co_await std::move(waiting);
    setup.log->error(complaint(flow_error(ending), setup));
    co_return connection_failed;
  }
  auto interactive = std::make_shared<InteractiveSession>(session, SessionPlan{options, setup.command}, setup.log);
  int code = connection_failed;
  {
    const LeaveBySignal leave(session.get_executor(), interactive, std::move(put_back));
    auto running = interactive->run();
    code = co_await std::move(running);
  }
  auto leaving = session.disconnect("disconnected by user");
  co_await std::move(leaving);
  co_return code;
}

Awaitable<int> connect_and_run(Executor executor, Setup& setup, const Provider& provider,
                               std::function<void()> put_back) {
  ProxyProcess proxy;
  const auto& options = setup.arguments.options;
  setup.log->verbose("connecting to " + printable(setup.target.host) + " port " + std::to_string(setup.target.port));
  auto connecting = connect_to(executor, options, setup.target, proxy);
  auto flow = co_await std::move(connecting);
  if (!flow) {
    setup.log->error(complaint(flow.error(), setup));
    co_return connection_failed;
  }
  auto logging_in = log_in(setup, provider, std::move(**flow));
  auto session = co_await std::move(logging_in);
  if (!session) {
    setup.log->error(complaint(session.error(), setup));
    co_return connection_failed;
  }
  say_agreement(session->negotiated(), *setup.log);
  setup.log->verbose("logged in to " + printable(setup.target.host) + " as " + printable(setup.target.user));
  auto running = run_session(setup, *session, std::move(put_back));
  const int code = co_await std::move(running);
  co_return code;
}

// Non-blocking mode belongs to the open file, which other programs share: it is put back when we leave.
class StandardDescriptors {
 public:
  StandardDescriptors() {
    for (int number = 0; number < 3; ++number)
      if (::fcntl(number, F_GETFD) == -1) (void)::open("/dev/null", number == 0 ? O_RDONLY : O_WRONLY);
    for (std::size_t i = 0; i < flags_.size(); ++i) flags_[i] = ::fcntl(static_cast<int>(i), F_GETFL);
  }
  StandardDescriptors(const StandardDescriptors&) = delete;
  StandardDescriptors& operator=(const StandardDescriptors&) = delete;
  ~StandardDescriptors() { put_back(); }
  void put_back() const {
    for (std::size_t i = 0; i < flags_.size(); ++i)
      if (flags_[i] != -1) (void)::fcntl(static_cast<int>(i), F_SETFL, flags_[i]);
  }

 private:
  std::array<int, 3> flags_{};
};

// Asio resolves names on a thread of its own, which is made here so that it inherits a mask without signals: they are for
// us, who hold them back while a password is typed.
void start_resolver_thread(asio::io_context& loop) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  const auto numbers = asio::ip::tcp::resolver::numeric_host | asio::ip::tcp::resolver::numeric_service;
  asio::ip::tcp::resolver(loop).async_resolve("127.0.0.1", "1", numbers, [](const asio::error_code&, const auto&) {});
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

int connect(Setup& setup, const Provider& provider, const StandardDescriptors& standard) {
  if (const auto problem = check(provider, client_config(setup.arguments.options)))
    return setup.log->fatal(problem->field + ": '" + printable(problem->value) + "': " + problem->text),
           connection_failed;
  asio::io_context loop(1);
  start_resolver_thread(loop);
  int code = connection_failed;
  asio::co_spawn(loop, connect_and_run(loop.get_executor(), setup, provider, [&standard] { standard.put_back(); }),
                 [&](std::exception_ptr thrown, int result) {
                   if (thrown == nullptr)
                     code = result;
                   else
                     setup.log->fatal("a fault of nacre-ssh's own; please report it");
                   loop.stop();
                 });
  loop.run();
  return code;
}

int start(const Names& words, const StandardDescriptors& standard) {
  Setup setup;
  setup.log = std::make_shared<ProgramLog>("nacre-ssh", Loudness::info);
  auto& log = *setup.log;
  const auto fail = [&log](const std::string& text) { return log.fatal(text), connection_failed; };
  const auto random = system_random();
  const auto provider = botan_provider(*random);
  const auto tables = algorithm_tables(provider);
  const auto table = ssh_option_table(tables);
  setup.host_keys = tables.host_keys;

  const auto line = split_command_line(words, letters_with_value);
  if (!line) return fail(line.error());
  auto letters = joined(line->options);
  if (!letters) return fail(letters.error());
  CLI::App app("An SSH client: [options] [user@]host [command], or ssh://[user@]host[:port].", "nacre-ssh");
  Letters letters_of_app(app, setup.arguments, table);
  letters_of_app.define();
  try {
    app.parse(Names(letters->rbegin(), letters->rend()));
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    return fail(printable(error.what()) + "; nacre-ssh --help lists what there is");
  }
  auto account = own_account();
  if (!account) return fail(account.error());
  setup.account = std::move(*account);
  if (const auto* home = std::getenv("HOME"); home != nullptr && *home == '/') setup.account.home = home;
  if (setup.arguments.problem) return fail(*setup.arguments.problem);
  if (!line->destination) return fail("there is no host; usage: nacre-ssh [options] [user@]host [command]");
  if (auto problem = apply_destination(setup, *line)) return fail(*problem);
  if (auto problem = apply_command(setup, *line)) return fail(*problem);
  if (setup.arguments.print) {
    std::puts(("host " + setup.typed_host).c_str());
    for (const auto& shown : table.show(setup.arguments.options)) std::puts(shown.c_str());
    return 0;
  }
  log.set_loudness(setup.arguments.options.loudness);
  if (!setup.arguments.log_file.empty())
    if (auto problem = log.open(setup.arguments.log_file)) return fail(*problem);
  return connect(setup, provider, standard);
}

}  // namespace
}  // namespace nacre::tools

int main(int count, char** values) {
  nacre::tools::keep_freed_memory();
  nacre::tools::use_small_pool();
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
  ::signal(SIGCHLD, SIG_DFL);  // ignored, as it may be inherited, nobody is told how a program has ended
  const nacre::tools::StandardDescriptors standard;
  return nacre::tools::start(nacre::tools::Names(values + 1, values + count), standard);
}
