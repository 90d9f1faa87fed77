// nacre-keygen: makes, shows and changes the keys that nacre-ssh, nacre-sshd and OpenSSH use. The letters are ssh-keygen's.
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "crypto/key_file.hpp"
#include "crypto/password_hash.hpp"
#include "tools/files.hpp"
#include "tools/small_pool.hpp"
#include "tools/terminal.hpp"

namespace {

using namespace nacre;
using tools::IfExists;
using tools::printable;

constexpr std::size_t max_file = 1 << 20;

struct Options {
  std::string type = "ed25519";
  unsigned bits = 0;
  std::optional<std::string> file;
  std::optional<std::string> new_passphrase;
  std::optional<std::string> old_passphrase;
  std::optional<std::string> comment;
  std::optional<std::string> seed;
  std::string cipher = "aes256-ctr";
  std::uint32_t rounds = 24;
  bool change = false, show_public = false, list = false, picture = false, quiet = false, password = false;
};

// What ends the program: one line for people. Thrown here and caught in main, nowhere else.
struct Failure {
  std::string text;
};

[[noreturn]] void fail(std::string text) { throw Failure{std::move(text)}; }

void say(const std::string& text) { std::fputs((text + "\n").c_str(), stdout); }
void note(const std::string& text) { std::fputs(("nacre-keygen: " + text + "\n").c_str(), stderr); }
std::string named(const std::string& path) { return printable(path, 4096); }

// ---- Asking ----

Secret new_passphrase(const Options& options) {
  if (options.new_passphrase) return Secret(bytes_of(*options.new_passphrase));
  for (;;) {
    auto first = tools::ask_secret("Enter passphrase (empty for no passphrase): ");
    if (!first) fail("there is no terminal to ask for a passphrase on; give one with -N, or -N '' for none");
    const auto second = tools::ask_secret("Enter same passphrase again: ");
    if (!second) fail("no passphrase was given");
    if (equal_in_constant_time(first->bytes(), second->bytes())) return std::move(*first);
    note("the passphrases differ; try again");
  }
}

std::string home() {
  if (const char* folder = std::getenv("HOME"); folder != nullptr && *folder != '\0') return folder;
  const auto* entry = ::getpwuid(::getuid());
  if (entry == nullptr) fail("there is no home directory; name a file with -f");
  return entry->pw_dir;
}

std::string default_comment() {
  char host[256] = "localhost";
  ::gethostname(host, sizeof host - 1);
  const auto* entry = ::getpwuid(::getuid());
  return std::string(entry != nullptr ? entry->pw_name : "unknown") + "@" + host;
}

std::string chosen_file(const Options& options, const std::string& question) {
  if (options.file) return *options.file;
  const auto usual = home() + "/.ssh/id_" + options.type;
  const auto answer = tools::ask(question + " (" + named(usual) + "): ");
  if (!answer) fail("no file was named; name one with -f");
  if (!answer->empty()) return *answer;
  ::mkdir((home() + "/.ssh").c_str(), 0700);  // there is one, or writing will say what is wrong
  return usual;
}

// ---- Reading and writing keys ----

Secret contents_of(const std::string& path) {
  auto text = tools::read_file(path, max_file);
  if (!text) fail(text.error());
  return std::move(*text);
}

PrivateKeyFile load_key(const std::string& path, const Options& options) {
  const auto text = contents_of(path);
  const auto given = options.old_passphrase.value_or("");
  auto key = read_private_key(text.bytes(), bytes_of(given));
  if (!key && key.error() == KeyFileError::passphrase_needed && !options.old_passphrase) {
    const auto passphrase = tools::ask_secret("Enter passphrase for " + named(path) + ": ");
    if (!passphrase) fail("cannot use " + named(path) + ": the key is encrypted; give its passphrase with -P");
    key = read_private_key(text.bytes(), passphrase->bytes());
  }
  if (!key) fail("cannot use " + named(path) + ": " + std::string(describe(key.error())));
  return std::move(*key);
}

void save_key(const std::string& path, const PrivateKeyFile& file, const Options& options, IfExists if_exists) {
  const auto passphrase = new_passphrase(options);
  std::optional<KeyFileProtection> protection;
  if (!passphrase.empty()) protection = KeyFileProtection{passphrase.bytes(), options.cipher, options.rounds};
  const auto random = system_random();
  const auto text = write_private_key(*file.key, file.comment, protection, *random);
  if (!text) fail("the key could not be encrypted");
  if (const auto error = tools::write_file(path, text->bytes(), 0600, if_exists)) fail(*error);
}

void save_public_half(const std::string& path, const PrivateKeyFile& file, IfExists if_exists) {
  const auto line = public_key_line(file.key->public_key(), file.comment) + "\n";
  if (const auto error = tools::write_file(path, bytes_of(line), 0644, if_exists)) fail(*error);
}

// ---- Making a key ----

KeyType key_type(const Options& options) {
  if (options.type == "ed25519") return KeyType::ed25519;
  if (options.type == "rsa") return KeyType::rsa;
  if (options.bits == 0 || options.bits == 256) return KeyType::ecdsa_p256;
  return options.bits == 384 ? KeyType::ecdsa_p384 : KeyType::ecdsa_p521;
}

void check_bits(const Options& options) {
  const auto bits = options.bits;
  if (bits == 0) return;
  if (options.type == "ecdsa" && bits != 256 && bits != 384 && bits != 521)
    fail("an ecdsa key has 256, 384 or 521 bits: -b " + std::to_string(bits) + " is none of them");
  if (options.type == "rsa" && (bits < 2048 || bits > 16384 || bits % 8 != 0))
    fail("an rsa key has 2048 to 16384 bits, a multiple of 8: -b " + std::to_string(bits) + " is not one");
  if (options.type == "ed25519" && bits != 256) fail("an ed25519 key always has 256 bits; leave -b out");
}

std::unique_ptr<PrivateKey> make_key(const Options& options) {
  if (options.seed)
    note("warning: this key is made from its seed alone; whoever knows or guesses the seed has the key");
  const auto random = options.seed ? seeded_random(bytes_of(*options.seed)) : system_random();
  auto key = generate_key(key_type(options), *random, options.bits);
  if (!key) fail("the key could not be made: the system gave no randomness, or the library failed");
  return key;
}

// Whether files of those names may be replaced: only after a yes.
IfExists overwriting(const std::string& path) {
  bool any = false;
  for (const auto& each : {path, path + ".pub"}) {
    if (!tools::file_exists(each)) continue;
    any = true;
    if (!tools::has_terminal()) fail(named(each) + " already exists; name another file with -f, or remove it first");
    if (!tools::confirm(named(each) + " already exists. Overwrite it (yes/no)? ")) fail("nothing was written");
  }
  return any ? IfExists::replace : IfExists::refuse;
}

void generate(const Options& options) {
  check_bits(options);
  if (!options.quiet) say("Generating public/private " + options.type + " key pair.");
  std::fflush(stdout);
  const auto path = chosen_file(options, "Enter file in which to save the key");
  const auto if_exists = overwriting(path);
  const PrivateKeyFile file{make_key(options), options.comment ? *options.comment : default_comment()};
  save_key(path, file, options, if_exists);
  try {
    save_public_half(path + ".pub", file, if_exists);
  } catch (const Failure&) {
    if (if_exists == IfExists::refuse) ::unlink(path.c_str());  // both or neither
    throw;
  }
  if (options.quiet) return;
  const auto& key = file.key->public_key();
  say("Your identification has been saved in " + named(path));
  say("Your public key has been saved in " + named(path + ".pub"));
  say("The key fingerprint is:\n" + fingerprint(key.blob()) + " " + printable(file.comment));
  say("The key's randomart image is:");
  std::fputs(randomart(key).c_str(), stdout);
}

// ---- Showing and changing ----

void change_passphrase(const Options& options) {
  const auto path = chosen_file(options, "Enter file in which the key is");
  const auto file = load_key(path, options);
  if (!options.quiet) say("Key has comment '" + printable(file.comment) + "'");
  std::fflush(stdout);
  save_key(path, file, options, IfExists::rewrite);
  if (!options.quiet) say("Your identification has been saved with the new passphrase.");
}

void show_public(const Options& options) {
  const auto path = chosen_file(options, "Enter file in which the key is");
  const auto file = load_key(path, options);
  // A comment goes to the terminal or into a file of lines: no control characters either way.
  say(public_key_line(file.key->public_key(), printable(options.comment ? *options.comment : file.comment, 4096)));
}

std::string upper_type(const PublicKey& key) {
  if (key.type() == "ssh-ed25519") return "ED25519";
  return key.type() == "ssh-rsa" ? "RSA" : "ECDSA";
}

void list_key(const PublicKey& key, std::string_view comment, bool picture) {
  say(std::to_string(key.bits()) + " " + fingerprint(key.blob()) + " " +
      (comment.empty() ? "no comment" : printable(comment)) + " (" + upper_type(key) + ")");
  if (picture) std::fputs(randomart(key).c_str(), stdout);
}

// Where the next word of a line starts: blanks inside double quotes are part of a word, as in authorized_keys' options.
std::size_t next_word(std::string_view line, std::size_t at) {
  bool quoted = false;
  for (; at < line.size() && (quoted || (line[at] != ' ' && line[at] != '\t')); ++at) {
    if (line[at] == '\\' && quoted && at + 1 < line.size())
      ++at;
    else if (line[at] == '"')
      quoted = !quoted;
  }
  while (at < line.size() && (line[at] == ' ' || line[at] == '\t')) ++at;
  return at;
}

// A key in a line of .pub, authorized_keys (options first) or known_hosts (marker and names first).
bool list_line(std::string_view line, bool picture) {
  if (line.empty() || line[0] == '#') return false;
  for (std::size_t at = 0, words = 0; at < line.size() && words < 3; at = next_word(line, at), ++words) {
    const auto found = parse_public_key_line(line.substr(at));
    if (!found) continue;
    auto before = line.substr(0, at);
    while (before.ends_with(' ') || before.ends_with('\t')) before.remove_suffix(1);
    list_key(found->key, found->comment.empty() ? before : std::string_view(found->comment), picture);
    return true;
  }
  return false;
}

std::size_t list_lines(std::string_view text, bool picture) {
  std::size_t found = 0;
  while (!text.empty()) {
    const auto end = text.find('\n');
    found += list_line(text.substr(0, end), picture) ? 1 : 0;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return found;
}

// The comment of a private key without asking for its passphrase: that of the .pub beside it, or the file's own.
std::string comment_of(const std::string& path, Bytes text, const PublicKey& key) {
  if (const auto beside = tools::read_file(path + ".pub", max_file)) {
    const auto line = parse_public_key_line(text_of(beside->bytes()));
    if (line && line->key == key) return line->comment;
  }
  const auto file = read_private_key(text, {});
  return file ? file->comment : std::string();
}

void list(const Options& options) {
  const auto path = chosen_file(options, "Enter file in which the key is");
  const auto text = contents_of(path);
  const auto key = read_public_half(text.bytes());
  if (key) return list_key(*key, comment_of(path, text.bytes(), *key), options.picture);
  if (key.error() != KeyFileError::not_a_key)
    fail("cannot use " + named(path) + ": " + std::string(describe(key.error())));
  if (list_lines(text_of(text.bytes()), options.picture) == 0)
    fail("cannot use " + named(path) + ": there is no key in it, neither private nor public");
}

// ---- Lines of nacre-sshd's UsersFile ----

void check_name(const std::string& name) {
  const auto bad = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f || c == ':'; };
  if (name.empty() || name.size() > 255 || name[0] == '#' || std::any_of(name.begin(), name.end(), bad))
    fail("a user's name has 1 to 255 bytes, no blanks, colons or control characters, and no # in front");
}

struct Credentials {
  std::string name;
  Secret password;
};

Credentials typed_credentials() {
  const auto name = tools::ask("User's name: ");
  if (!name) fail("no name was given");
  check_name(*name);
  for (;;) {
    auto first = tools::ask_secret("Password for " + printable(*name) + ": ");
    const auto second = first ? tools::ask_secret("The same password again: ") : std::nullopt;
    if (!second) fail("no password was given");
    if (equal_in_constant_time(first->bytes(), second->bytes())) return {*name, std::move(*first)};
    note("the passwords differ; try again");
  }
}

Credentials piped_credentials() {
  const auto name = tools::read_line(STDIN_FILENO);
  auto password = name ? tools::read_line(STDIN_FILENO) : std::nullopt;
  if (!password) fail("stdin must hold the user's name in its first line and the password in its second");
  return {std::string(text_of(name->bytes())), std::move(*password)};
}

// The file's text with the line of that name replaced, or added at the end.
std::string with_line(std::string_view text, const std::string& name, const std::string& line) {
  std::string out;
  bool placed = false;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto old = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const bool same = old.substr(0, old.find_first_of(": \t")) == name;  // where Users::parse ends a name
    if (!same)
      out.append(old).append("\n");
    else if (!std::exchange(placed, true))
      out.append(line).append("\n");
  }
  if (!placed) out.append(line).append("\n");
  return out;
}

void write_user_line(const Options& options) {
  const auto user = ::isatty(STDIN_FILENO) != 0 ? typed_credentials() : piped_credentials();
  check_name(user.name);
  if (user.password.empty()) fail("an empty password is refused");
  const auto random = system_random();
  const auto hash = hash_password(user.password.bytes(), *random);
  if (!hash) fail("the password could not be hashed");
  const auto line = user.name + " " + *hash;
  if (!options.file) return say(line);
  const auto& path = *options.file;
  const bool exists = tools::file_exists(path);
  const auto before = exists ? contents_of(path) : Secret();
  const auto after = with_line(text_of(before.bytes()), user.name, line);
  if (const auto error = tools::write_file(path, bytes_of(after), 0600, exists ? IfExists::rewrite : IfExists::refuse))
    fail(*error);
  if (!options.quiet) note("the password of " + printable(user.name) + " is in " + named(path));
}

// ---- The command line ----

void declare(CLI::App& app, Options& options) {
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.footer(
      "Without -p, -y, -l or --password a key is made: FILE, and FILE.pub with its public half.\n"
      "\n"
      "  nacre-keygen -f host_key -N ''              a host key for nacre-sshd\n"
      "  nacre-keygen -t rsa -b 4096 -C laptop       asks for the file and a passphrase\n"
      "  nacre-keygen -l -v -f ~/.ssh/id_ed25519     fingerprint and picture\n"
      "  nacre-keygen --password -f users            a user for nacre-sshd -o UsersFile=users");
  app.add_option("-t", options.type, "Type of the new key: ed25519 (the default), ecdsa or rsa")->type_name("TYPE");
  app.add_option("-b", options.bits, "Bits of the new key: rsa 2048 to 16384 (3072), ecdsa 256, 384 or 521 (256)")
      ->type_name("BITS");
  app.add_option("-f", options.file, "The key's file; with --password the users' file")->type_name("FILE");
  app.add_option("-C", options.comment, "Comment of the new key; user@host when not given")->type_name("TEXT");
  app.add_option("-N", options.new_passphrase,
                 "New passphrase, '' for none. Others can see arguments: better let it be asked")
      ->type_name("PASSPHRASE");
  app.add_option("-P", options.old_passphrase, "Present passphrase, with -p and -y")->type_name("PASSPHRASE");
  app.add_option("-Z", options.cipher, "Cipher of encrypted files: aes256-ctr (the default) or aes256-gcm@openssh.com")
      ->type_name("CIPHER");
  app.add_option("-a", options.rounds, "Rounds of bcrypt over the passphrase, 1 to 2048 (24)")->type_name("ROUNDS");
  app.add_option("--seed", options.seed,
                 "Make the key from TEXT: the same text always gives the same key, for tests and for\n"
                 "keys that can be made again. Whoever guesses TEXT has the key")
      ->type_name("TEXT");
  app.add_flag("-p", options.change, "Change the passphrase of the key in FILE");
  app.add_flag("-y", options.show_public, "Print the public half of the private key in FILE");
  app.add_flag("-l", options.list, "Print the fingerprints of the keys in FILE, private or public");
  app.add_flag("--password", options.password,
               "Hash a password for nacre-sshd: asks for name and password, or reads them as two lines\n"
               "from stdin; writes the line \"name hash\" into FILE, or to stdout");
  app.add_flag("-v", options.picture, "With -l: draw the picture of each key too");
  app.add_flag("-q", options.quiet, "Say nothing but errors and warnings");
}

void check_values(const Options& options) {
  if (options.change + options.show_public + options.list + options.password > 1)
    fail("-p, -y, -l and --password are different tasks: give one of them");
  if (options.type != "ed25519" && options.type != "ecdsa" && options.type != "rsa")
    fail("-t " + printable(options.type) + " is no type of key: there are ed25519, ecdsa and rsa");
  if (options.cipher != "aes256-ctr" && options.cipher != "aes256-gcm@openssh.com")
    fail("-Z " + printable(options.cipher) +
         " is no cipher for key files: there are aes256-ctr and aes256-gcm@openssh.com");
  if (options.rounds < 1 || options.rounds > 2048)
    fail("-a " + std::to_string(options.rounds) + " is not a number of rounds from 1 to 2048");
}

void run(int count, char** arguments) {
  Options options;
  CLI::App app("Makes, shows and changes keys for nacre-ssh, nacre-sshd and OpenSSH.", "nacre-keygen");
  app.set_version_flag("--version", std::string("nacre-keygen 0.1.0"));
  declare(app, options);
  try {
    app.parse(count, arguments);
  } catch (const CLI::Success& success) {
    app.exit(success);
    return;
  } catch (const CLI::ParseError& error) {
    fail(printable(error.what()) + "; see nacre-keygen --help");
  }
  check_values(options);
  if (options.password)
    write_user_line(options);
  else if (options.list)
    list(options);
  else if (options.show_public)
    show_public(options);
  else if (options.change)
    change_passphrase(options);
  else
    generate(options);
}

}  // namespace

int main(int count, char** arguments) {
  nacre::tools::use_small_pool();
  ::signal(SIGXFSZ, SIG_IGN);  // a file that has reached its limit is an error of a write, as on a full disk
  try {
    run(count, arguments);
    if (std::fflush(stdout) != 0) fail("cannot write to stdout");
    return 0;
  } catch (const Failure& failure) {
    note(failure.text);
  } catch (const std::exception& error) {
    note(std::string("this should not happen: ") + printable(error.what()));
  }
  return 1;
}
