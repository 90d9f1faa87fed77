// Tickets: who asks what, and how it is answered, at once or late, in any order, rightly or wrongly.
#include "fuzz/null_provider.hpp"
#include "tests/sim/party.hpp"
#include "tests/sim/questions.hpp"

namespace nacre::sim {
namespace {

constexpr std::string_view right = "sesame", wrong = "guess";

}  // namespace

template <class Answer>
Status Party::answer_as_client(Ticket ticket, const Answer& answer) {
  require(client_, "a question for clients only");
  stirred_ = true;
  const Charged charged(*heap_);
  return client_->answer(ticket, answer);
}

template <class Answer>
Status Party::answer_as_server(Ticket ticket, const Answer& answer) {
  require(server_, "a question for servers only");
  stirred_ = true;
  const Charged charged(*heap_);
  return server_->answer(ticket, answer);
}

Party::Pending& Party::ask(Ticket ticket, int kind) {
  require(ticket.id != 0, "a question without a ticket");
  pending_.push_back({ticket, kind, scene_.now + soon(manner_.answer)});
  next_act_ = std::min(next_act_.value_or(pending_.back().due), pending_.back().due);
  return pending_.back();
}

// ---- what is asked

void Party::on_event(const HostKeyOffered& offered) {
  note("HostKeyOffered");
  const bool same =
      key_ ? same_bytes(offered.key, other_->key_->public_key().blob()) : same_bytes(offered.key, fuzz::null_key());
  require(same && client_ && !authenticated_, "another host key, or an offer too late");
  ask(offered.ticket, Question::trust).good = scene_.gentle || !chance_.one_in(50);
}

void Party::on_event(const SignatureWanted& wanted) {
  note("SignatureWanted");
  auto& pending = ask(wanted.ticket, Question::sign);
  pending.bytes = copy_of(wanted.message);
  pending.text = wanted.algorithm;
  pending.good = scene_.gentle || !chance_.one_in(50);
}

void Party::on_event(const CredentialsWanted& wanted) {
  note("CredentialsWanted", wanted.methods.size(), wanted.partial);
  auto& pending = ask(wanted.ticket, Question::credentials);
  pending.text = wanted.methods.text();
  pending.partial = wanted.partial;
}

void Party::on_event(const PromptsReceived& received) {
  note("PromptsReceived", received.prompts.size());
  auto& pending = ask(received.ticket, Question::prompts);
  pending.count = received.prompts.size();
  for (const auto& prompt : received.prompts) require(prompt.text == "Password: ", "a prompt came to harm");
}

void Party::on_event(const PublicKeyOffered& offered) {
  note("PublicKeyOffered");
  const auto good = key_ ? copy_of(other_->key_->public_key().blob()) : fuzz::null_key();
  ask(offered.ticket, Question::interest).good = same_bytes(offered.key, good);
}

void Party::on_event(const PublicKeyProven& proven) {
  note("PublicKeyProven");
  const auto good = key_ ? copy_of(other_->key_->public_key().blob()) : fuzz::null_key();
  ask(proven.ticket, Question::proof).good = same_bytes(proven.key, good);
}

void Party::on_event(const PasswordReceived& received) {
  note("PasswordReceived");
  require(text_of(received.password) == right || text_of(received.password) == wrong, "a password came to harm");
  ask(received.ticket, Question::password).good = text_of(received.password) == right;
}

void Party::on_event(const KeyboardInteractiveWanted& wanted) {
  note("KeyboardInteractiveWanted");
  rounds_ = 0;
  ask(wanted.ticket, Question::interactive);
}

void Party::on_event(const ResponsesReceived& received) {
  note("ResponsesReceived", received.responses.size());
  auto& pending = ask(received.ticket, Question::responses);
  pending.good = true;
  for (const auto response : received.responses) pending.good = pending.good && text_of(response) == right;
}

// ---- answering

// In any order; a second answer finds nothing.
void Party::answer_due() {
  if (manner_.silent && acts_left_ == 0) return;
  std::vector<Pending> due;
  std::erase_if(pending_, [&](Pending& each) {
    if (each.due > scene_.now) return false;
    due.push_back(std::move(each));
    return true;
  });
  while (!due.empty() && !closed()) {
    const auto at = due.begin() + static_cast<std::ptrdiff_t>(chance_.below(due.size()));
    auto pending = std::move(*at);
    due.erase(at);
    if (!answer(pending)) {
      pending.due = scene_.now + soon(std::chrono::milliseconds(20));
      pending_.push_back(std::move(pending));
    } else if (manner_.odd && chance_.one_in(4)) {
      require(engine()->answer(pending.ticket, ChannelVerdict{.accept = true}) != Status::ok &&
                  engine()->reply(pending.ticket, true) != Status::ok,
              "one ticket, two answers");
    }
  }
}

bool Party::answer(Pending& pending) {
  note("answers", static_cast<std::uint64_t>(pending.kind), pending.good);
  const auto settled = [&](Status status) {
    require(status == Status::ok || engine_->closed() || engine_->deadline() <= scene_.now, "an answer is not taken");
    return true;
  };
  const auto verdict = [&] {
    const bool more = passed_ + 1 < plan_.steps;
    if (!pending.good) return AuthVerdict::reject;
    ++passed_;
    return more ? AuthVerdict::partial : AuthVerdict::accept;
  };
  switch (pending.kind) {
    case Question::trust:
      return settled(answer_as_client(pending.ticket, pending.good ? HostKeyVerdict::trust : HostKeyVerdict::refuse));
    case Question::sign: return settled(sign(pending));
    case Question::credentials: return answer_credentials(pending);
    case Question::prompts: {
      const std::vector<Bytes> responses(pending.count, bytes_of(try_is_wrong_ ? wrong : right));
      return settled(answer_as_client(pending.ticket, Responses{responses}));
    }
    case Question::interest:
      return settled(answer_as_server(pending.ticket, pending.good ? KeyInterest::yes : KeyInterest::no));
    case Question::proof:
    case Question::password: return settled(answer_as_server(pending.ticket, verdict()));
    case Question::responses:
      if (rounds_ >= 1 + plan_.wrong_tries % 2) return settled(answer_as_server(pending.ticket, verdict()));
      [[fallthrough]];
    case Question::interactive: {
      ++rounds_;
      const std::vector<Prompt> prompts(chance_.between(1, 3), Prompt{"Password: ", false});
      return settled(answer_as_server(pending.ticket, Prompts{"name", "instruction", prompts}));
    }
    case Question::open: {
      auto& end = pending.pipe->end[side_];
      pending.pipe->verdict = pending.good;
      const ChannelVerdict answer{.accept = pending.good, .reason = 4, .text = "no"};
      end.open = pending.good;
      end.gone = !pending.good;
      if (end.open)
        for (auto& left : end.left) left = chance_.size_up_to(manner_.most_bytes);
      return settled(engine()->answer(pending.ticket, answer));
    }
    case Question::request: {
      const auto& end = pending.pipe->end[side_];
      const auto status = engine()->reply(pending.ticket, grants(pending.number));
      require((status == Status::ok) == end.usable(), "a reply to a channel that is there, or not");
      return true;
    }
    default: {
      std::array<std::byte, 4> data{};
      store_be32(pending.number, data.data());
      const bool good = grants(pending.number);
      const auto status = engine()->reply(pending.ticket, good, good ? Bytes(data) : Bytes());
      return status == Status::busy ? false : settled(status);
    }
  }
}

Status Party::sign(Pending& pending) {
  if (!pending.good && client_) pending.good = tries_ > 5;  // no loop of refusals
  std::optional<ByteVector> blob;
  if (pending.good || client_) blob = key_ ? key_->sign(pending.text, pending.bytes, *random_) : fuzz::null_signature();
  if (!pending.good) blob.reset();
  return engine()->answer(pending.ticket, Signature{blob ? std::optional<Bytes>(*blob) : std::nullopt});
}

bool Party::answer_credentials(Pending& pending) {
  require(pending.partial || tries_ != 0 || pending.text.empty(), "methods before the first request");
  std::vector<int> choices;  // none, publickey, password, keyboard-interactive
  const NameList listed(pending.text);
  if (listed.empty()) choices = {0, 1, 2, 3};
  if (listed.contains("publickey")) choices.push_back(1);
  if (listed.contains("password")) choices.push_back(2);
  if (listed.contains("keyboard-interactive")) choices.push_back(3);
  require(choices.size() >= 1, "no method is left, and yet nobody is in");
  try_is_wrong_ = wrong_left_ != 0;
  if (try_is_wrong_) --wrong_left_;
  ++tries_;
  auto key = key_ ? copy_of(key_->public_key().blob()) : fuzz::null_key();
  if (try_is_wrong_ && !key_) key.back() ^= std::byte{1};
  Credential credential = TryNone{};
  switch (choices[chance_.below(choices.size())]) {
    case 1: credential = TryPublicKey{key, "ssh-ed25519", chance_.one_in(2)}; break;
    case 2: credential = TryPassword{bytes_of(try_is_wrong_ ? wrong : right)}; break;
    case 3: credential = TryKeyboardInteractive{}; break;
    default: break;
  }
  if (!scene_.gentle && chance_.one_in(30)) credential = GiveUp{};
  const auto status = answer_as_client(pending.ticket, credential);
  require(status == Status::ok, "a credential is not taken");
  return true;
}

}  // namespace nacre::sim
