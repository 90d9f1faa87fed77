// ClientRole: answers the engine's questions during login, each by a coroutine of its own where it may take its time.
#include "flow/client_role.hpp"

#include <asio/co_spawn.hpp>

#include "engine/text.hpp"

namespace nacre {

bool ClientRole::on_event(const Event& event) {
  if (const auto* offered = std::get_if<HostKeyOffered>(&event)) return on_host_key(*offered), true;
  if (const auto* wanted = std::get_if<CredentialsWanted>(&event)) return on_credentials(*wanted), true;
  if (const auto* wanted = std::get_if<SignatureWanted>(&event)) return on_signature(*wanted), true;
  if (const auto* received = std::get_if<PromptsReceived>(&event)) return on_prompts(*received), true;
  if (const auto* wanted = std::get_if<PasswordChangeWanted>(&event)) return on_new_password(*wanted), true;
  if (const auto* banner = std::get_if<BannerReceived>(&event)) return say(printable(banner->text, Lines::many)), true;
  if (const auto* line = std::get_if<LineReceived>(&event)) return say(printable(line->text)), true;
  if (std::holds_alternative<Authenticated>(event)) core_.log(LogLevel::verbose, "authenticated");
  return false;
}

// A question under way keeps role and session alive. An exception out of a program's callback ends the session.
void ClientRole::spawn(Awaitable<void> question) {
  asio::co_spawn(core_.get_executor(), std::move(question),
                 [self = shared_from_this(), core = core_.shared_from_this()](std::exception_ptr thrown) {
                   core->end_by(thrown);
                 });
}

// An answer that comes after the end is no mistake; any other that is not taken would leave the login hanging.
void ClientRole::answered(Status status) {
  core_.drive().wake();
  if (status == Status::ok || status == Status::closed || status == Status::unknown_ticket) return;
  core_.end(Reason::by_application,
            {FlowCode::misuse, "an answer during login is unusable: " + std::string(describe(status))});
}

void ClientRole::say(std::string text) {
  if (!banner_ || text.empty()) return;
  if (text.back() != '\n') text += '\n';
  banner_(text);
}

// ---- the host key

void ClientRole::on_host_key(const HostKeyOffered& offered) {
  OfferedHostKey key;
  key.key = copy_of(offered.key);
  key.algorithm = std::string(offered.algorithm);
  if (const auto parsed = PublicKey::parse(offered.key)) key.type = std::string(parsed->type());
  fingerprint_ = key.fingerprint();
  core_.log(LogLevel::verbose, "the server's host key: " + key.type + " " + fingerprint_);
  spawn(judge_host_key(offered.ticket, std::move(key)));
}

Awaitable<void> ClientRole::judge_host_key(Ticket ticket, OfferedHostKey offered) {
  auto decision = co_await authenticator_->judge(std::move(offered));
  if (!decision.trusted) {
    const auto why = decision.why.empty() ? std::string("the host key is not trusted") : std::move(decision.why);
    core_.set_cause({FlowCode::host_key_refused, why});
  }
  answered(core_.client().answer(ticket, decision.trusted ? HostKeyVerdict::trust : HostKeyVerdict::refuse));
}

// ---- credentials

void ClientRole::on_credentials(const CredentialsWanted& wanted) {
  methods_ = std::string(wanted.methods.text());
  if (!std::exchange(none_tried_, true) && wanted.methods.empty())  // the server tells its methods when refusing
    return answered(core_.client().answer(wanted.ticket, Credential(TryNone{})));
  core_.log(LogLevel::verbose,
            (wanted.partial ? "accepted, but more is needed: " : "methods that can continue: ") + printable(methods_));
  const auto next = plan_.next(wanted.methods);
  if (const auto* use = std::get_if<CredentialPlan::UseKey>(&next)) return try_key(wanted.ticket, *use->key);
  if (const auto* use = std::get_if<CredentialPlan::UsePassword>(&next)) {
    core_.log(LogLevel::verbose, "trying the password");
    return answered(core_.client().answer(wanted.ticket, Credential(TryPassword{use->password->bytes()})));
  }
  if (const auto* use = std::get_if<CredentialPlan::UseAskedPassword>(&next))
    return spawn(ask_password(wanted.ticket, use->attempt));
  if (const auto* use = std::get_if<CredentialPlan::UsePrompts>(&next)) {
    core_.log(LogLevel::verbose, "trying keyboard-interactive");
    prompt_password_ = use->password;
    return answered(core_.client().answer(wanted.ticket, Credential(TryKeyboardInteractive{})));
  }
  give_up(wanted.ticket);
}

void ClientRole::give_up(Ticket ticket) {
  core_.set_cause({FlowCode::auth_failed, "permission denied (" + printable(methods_) + ")"});
  answered(core_.client().answer(ticket, Credential(GiveUp{})));
}

// RFC 8332: one type of key, two algorithms. The server's wish goes first when it has told (RFC 8308 3.1).
void ClientRole::try_key(Ticket ticket, const Credentials::Inside::Key& key) {
  std::string_view algorithm = key.key.type();
  if (algorithm == "ssh-rsa") {
    const auto taken = core_.engine().server_signature_algorithms();
    algorithm = !taken.empty() && !taken.contains("rsa-sha2-512") && taken.contains("rsa-sha2-256") ? "rsa-sha2-256"
                                                                                                    : "rsa-sha2-512";
  }
  core_.log(LogLevel::verbose, "offering " + std::string(key.key.type()) + " " + fingerprint(key.key.blob()));
  answered(core_.client().answer(ticket, Credential(TryPublicKey{key.key.blob(), algorithm})));
}

void ClientRole::on_signature(const SignatureWanted& wanted) {
  const auto* key = plan_.find_key(wanted.key);
  if (key && key->signer)
    return spawn(ask_signer(wanted.ticket, key->signer, copy_of(wanted.key), std::string(wanted.algorithm),
                            copy_of(wanted.message)));
  std::optional<ByteVector> blob;
  if (key && key->private_half) blob = key->private_half->sign(wanted.algorithm, wanted.message, random_);
  answered(core_.client().answer(wanted.ticket, Signature{blob ? std::optional<Bytes>(*blob) : std::nullopt}));
}

Awaitable<void> ClientRole::ask_signer(Ticket ticket, Signer signer, ByteVector key, std::string algorithm,
                                       ByteVector message) {
  auto blob = co_await signer(std::move(key), std::move(algorithm), std::move(message));
  answered(core_.client().answer(ticket, Signature{blob ? std::optional<Bytes>(*blob) : std::nullopt}));
}

Awaitable<void> ClientRole::ask_password(Ticket ticket, unsigned attempt) {
  auto password = co_await plan_.from().ask_password(attempt);
  if (password) {
    answered(core_.client().answer(ticket, Credential(TryPassword{password->bytes()})));
    co_return;
  }
  plan_.no_more_asking();
  const auto methods = methods_;  // on_credentials replaces it
  on_credentials({ticket, NameList(methods), false});
}

// ---- keyboard-interactive

void ClientRole::on_prompts(const PromptsReceived& received) {
  if (received.prompts.empty()) return answer_prompts(received.ticket, 0, {});
  if (const auto password = std::exchange(prompt_password_, nullptr);
      password && received.prompts.size() == 1 && !received.prompts[0].echo) {
    std::vector<Secret> one;
    one.push_back(password->copy());
    return answer_prompts(received.ticket, 1, one);
  }
  PromptRound round;
  round.name = printable(received.name);
  round.instruction = printable(received.instruction, Lines::many);
  for (const auto& prompt : received.prompts)
    round.questions.push_back({printable(prompt.text, Lines::many), prompt.echo});
  if (plan_.from().ask_prompts) return spawn(ask_prompts(received.ticket, std::move(round)));
  answer_prompts(received.ticket, round.questions.size(), {});
}

Awaitable<void> ClientRole::ask_prompts(Ticket ticket, PromptRound round) {
  const auto count = round.questions.size();
  auto secrets = co_await plan_.from().ask_prompts(std::move(round));
  if (!secrets) plan_.no_more_prompts();
  const std::vector<Secret> none;
  answer_prompts(ticket, count, secrets ? *secrets : none);
}

// Missing answers are sent empty: the only way to leave a round is to fail it.
void ClientRole::answer_prompts(Ticket ticket, std::size_t count, const std::vector<Secret>& secrets) {
  std::vector<Bytes> responses(count);
  for (std::size_t i = 0; i < std::min(count, secrets.size()); ++i) responses[i] = secrets[i].bytes();
  answered(core_.client().answer(ticket, Responses{responses}));
}

// ---- a new password

void ClientRole::on_new_password(const PasswordChangeWanted& wanted) {
  if (plan_.from().ask_new_password)
    return spawn(ask_new_password(wanted.ticket, printable(wanted.prompt, Lines::many)));
  answered(core_.client().answer(wanted.ticket, NewPassword{}));
}

Awaitable<void> ClientRole::ask_new_password(Ticket ticket, std::string prompt) {
  auto change = co_await plan_.from().ask_new_password(std::move(prompt));
  NewPassword answer;
  if (change) answer = NewPassword{change->old_password.bytes(), change->new_password.bytes()};
  answered(core_.client().answer(ticket, answer));
}

}  // namespace nacre
