// Credentials of nacre-ssh.
#include "tools/ssh_keys.hpp"

#include <algorithm>

#include "crypto/key_file.hpp"
#include "tools/account.hpp"
#include "tools/files.hpp"

namespace nacre::tools {
namespace {

constexpr std::size_t key_file_limit = 1024 * 1024;  // bytes
constexpr int passphrase_tries = 3;

struct Context {
  const SshOptions& options;
  const LoginPlace& place;
  std::shared_ptr<ProgramLog> log;
  Questions questions;
  Random& random;
};

// Asks for the passphrase until it fits. Null: nobody knows it.
std::shared_ptr<const PrivateKey> unlock(const std::string& path, const Secret& text, const Questions& questions,
                                         ProgramLog& log) {
  for (int attempt = 1; attempt <= passphrase_tries; ++attempt) {
    if (attempt > 1) write_all(2, "The passphrase does not fit, please try again.\n");
    const auto passphrase = questions.secret("Passphrase of the key " + printable(path) + ": ");
    if (!passphrase || passphrase->empty()) return nullptr;
    auto file = read_private_key(text.bytes(), passphrase->bytes());
    if (file) return std::move(file->key);
    if (file.error() != KeyFileError::passphrase_wrong) {
      log.error("key " + printable(path) + ": " + std::string(describe(file.error())));
      return nullptr;
    }
  }
  log.error("key " + printable(path) + ": the passphrase is wrong, or the file is damaged");
  return nullptr;
}

// Signs with a key that is unlocked when the server wants it, once.
Signer lazy_signer(std::string path, std::shared_ptr<const Secret> text, const Context& context) {
  auto unlocked = std::make_shared<std::shared_ptr<const PrivateKey>>();
  return [path = std::move(path), text = std::move(text), unlocked, questions = context.questions, log = context.log,
          &random = context.random](ByteVector, std::string algorithm,
                                    ByteVector message) -> Awaitable<std::optional<ByteVector>> {
    if (!*unlocked) *unlocked = unlock(path, *text, questions, *log);
    if (!*unlocked) co_return std::nullopt;
    co_return (*unlocked)->sign(algorithm, message, random);
  };
}

bool is_accepted(const SshOptions& options, std::string_view type) {
  const auto& accepted = options.user_key_algorithms;
  return accepted.empty() || std::any_of(accepted.begin(), accepted.end(), [&](const std::string& name) {
           return name == type || (type == "ssh-rsa" && name.starts_with("rsa-sha2-"));
         });
}

// A file that holds no private key. Whose name is that of a public half has likely been given for the other's.
std::string no_private_key(const std::string& path, KeyFileError error, Bytes text) {
  constexpr std::string_view ending = ".pub";
  const auto line = text_of(text).substr(0, text_of(text).find('\n'));
  if (error == KeyFileError::not_a_key && path.ends_with(ending) && parse_public_key_line(line))
    return "this is a public key; name its private half, " + printable(path.substr(0, path.size() - ending.size()));
  return std::string(describe(error));
}

// One key file. `named`: the user has asked for it, so its troubles are worth a line. Whether there is a key to offer.
bool add_key(const Context& context, const std::string& path, bool named, Credentials& credentials) {
  if (!named && !file_exists(path)) return false;
  const auto unusable = [&](const std::string& why) {
    context.log->error("key " + printable(path) + ": " + why);
    return false;
  };
  const auto shown = "key " + printable(path) + ": ";
  auto text = read_file(path, key_file_limit);
  if (!text) return context.log->error(text.error() + "; no such key is offered"), false;
  auto file = read_private_key(text->bytes(), {});
  const bool locked = !file && file.error() == KeyFileError::passphrase_needed;
  if (!file && !locked) return unusable(no_private_key(path, file.error(), text->bytes()));
  if (auto problem = who_else_can_read(path)) return unusable(*problem + "; it is not used");
  if (file) {
    if (!is_accepted(context.options, file->key->public_key().type())) return false;
    context.log->verbose(shown + std::string(file->key->public_key().type()) + " " +
                         fingerprint(file->key->public_key().blob()));
    credentials.key(std::move(file->key));
    return true;
  }
  const auto half = read_public_half(text->bytes());
  if (!half) return unusable(std::string(describe(half.error())));
  if (!is_accepted(context.options, half->type())) return false;
  if (!context.questions.possible()) {
    context.log->line(named ? LogLevel::error : LogLevel::verbose,
                      shown + "it has a passphrase, and nobody can be asked for it");
    return false;
  }
  context.log->verbose(shown + std::string(half->type()) + " " + fingerprint(half->blob()) + ", locked");
  credentials.signer(*half, lazy_signer(path, std::make_shared<const Secret>(std::move(*text)), context));
  return true;
}

// How many there are to offer.
std::size_t add_keys(const Context& context, Credentials& credentials) {
  const auto& named = context.options.identity_files;
  const Names usual = {"~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"};
  Names done;
  std::size_t offered = 0;
  for (const auto& file : named.empty() ? usual : named) {
    if (in_lower_case(file) == "none") continue;
    const auto path = expand_home(file, context.place.home);
    if (std::find(done.begin(), done.end(), path) != done.end()) continue;
    done.push_back(path);
    if (add_key(context, path, !named.empty(), credentials)) ++offered;
  }
  return offered;
}

void add_password(const Context& context, Credentials& credentials) {
  const auto prompt = printable(context.place.user) + "@" + printable(context.place.host) + "'s password: ";
  credentials.ask_password(
      [prompt, questions = context.questions](unsigned attempt) -> Awaitable<std::optional<Secret>> {
        if (attempt > 1) write_all(2, "Permission denied, please try again.\n");
        co_return questions.secret(prompt);
      },
      context.options.password_prompts);
}

// All texts of a round are the server's, escaped by whoever hands them to us.
void add_prompts(const Context& context, Credentials& credentials) {
  const auto who = "(" + printable(context.place.user) + "@" + printable(context.place.host) + ") ";
  credentials.ask_prompts(
      [who, questions = context.questions](PromptRound round) -> Awaitable<std::optional<std::vector<Secret>>> {
        for (const auto* text : {&round.name, &round.instruction})
          if (!text->empty()) write_all(2, who + *text + "\n");
        std::vector<Secret> answers;
        for (const auto& question : round.questions) {
          auto answer = questions.text(who + question.text, question.echo);
          if (!answer) co_return std::nullopt;
          answers.push_back(std::move(*answer));
        }
        co_return answers;
      },
      context.options.password_prompts);
}

void add_new_password(const Context& context, Credentials& credentials) {
  credentials.ask_new_password(
      [questions = context.questions](std::string prompt) -> Awaitable<std::optional<PasswordChange>> {
        write_all(2, prompt + "\n");
        auto old_password = questions.secret("Old password: ");
        if (!old_password) co_return std::nullopt;
        for (int attempt = 0; attempt < passphrase_tries; ++attempt) {
          auto new_password = questions.secret("New password: ");
          if (!new_password) co_return std::nullopt;
          const auto again = questions.secret("New password, again: ");
          if (!again) co_return std::nullopt;
          if (equal_in_constant_time(new_password->bytes(), again->bytes()))
            co_return PasswordChange{std::move(*old_password), std::move(*new_password)};
          write_all(2, "The two differ; please try again.\n");
        }
        co_return std::nullopt;
      });
}

}  // namespace

OwnCredentials make_credentials(const SshOptions& options, const LoginPlace& place,
                                const std::shared_ptr<ProgramLog>& log, Questions questions, Random& random) {
  const Context context{options, place, log, questions, random};
  Credentials credentials;
  Names methods;
  for (const auto& method : options.preferred_methods) {
    const bool wanted = (method == "publickey" && options.publickey) || (method == "password" && options.password) ||
                        (method == "keyboard-interactive" && options.keyboard_interactive);
    if (wanted) methods.push_back(method);
  }
  std::string shortage;
  if (options.publickey && add_keys(context, credentials) == 0)
    shortage = options.identity_files.empty() ? "there is no key in ~/.ssh to offer; name one with -i"
                                              : "no key that was named can be offered";
  const bool asks = (options.password || options.keyboard_interactive) && !questions.possible();
  if (asks) shortage += (shortage.empty() ? "" : ", and ") + std::string("nobody can be asked for a password");
  if (questions.possible()) {
    add_password(context, credentials);
    add_prompts(context, credentials);
    add_new_password(context, credentials);
  }
  credentials.prefer(std::move(methods));
  return {std::move(credentials), std::move(shortage)};
}

}  // namespace nacre::tools
