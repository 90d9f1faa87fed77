// Keyboard-interactive authentication (RFC 4256), between two engines and against peers that count wrongly. The ids
// are those of the list of attacks.
#include <gtest/gtest.h>

#include "tests/engine/puppet.hpp"

namespace nacre::test {
namespace {

using namespace std::chrono_literals;

const std::array two_prompts{Prompt{"Password: ", false}, Prompt{"Name: ", true}};

// A pair that logs in so: the server asks `rounds` times with `prompts`, and wants "a" and "b".
struct Dialogue {
  explicit Dialogue(int rounds, std::span<const Prompt> prompts) {
    PairOptions options;
    options.server.publickey = false;
    options.server.keyboard_interactive = true;
    options.client.allow_no_credential = prompts.empty();
    pair = std::make_unique<Pair>(options);
    pair->on_server = [this, rounds, prompts](const Event& event) {
      if (const auto* wanted = std::get_if<KeyboardInteractiveWanted>(&event)) {
        submethods = wanted->submethods;
        status = pair->server->answer(wanted->ticket, Prompts{"title", "please", prompts});
        return true;
      }
      if (const auto* got = std::get_if<ResponsesReceived>(&event)) {
        ++asked;
        for (const auto each : got->responses) answers += std::string(text_of(each)) + ";";
        status = asked < rounds ? pair->server->answer(got->ticket, Prompts{"more", "", prompts})
                                : pair->server->answer(got->ticket, AuthVerdict::accept);
        return true;
      }
      return false;
    };
    pair->on_client = [this](const Event& event) {
      if (const auto* wanted = std::get_if<CredentialsWanted>(&event)) {
        EXPECT_EQ(pair->client->answer(wanted->ticket, Credential(TryKeyboardInteractive{"pam"})), Status::ok);
        return true;
      }
      if (const auto* asked_for = std::get_if<PromptsReceived>(&event)) {
        std::vector<Bytes> responses;
        const std::array<std::string_view, 2> texts{"a", "b"};
        for (std::size_t i = 0; i < asked_for->prompts.size(); ++i) {
          seen += std::string(asked_for->prompts[i].text) + (asked_for->prompts[i].echo ? "+" : "-");
          responses.push_back(bytes_of(texts[i % 2]));
        }
        if (!responses.empty()) {
          EXPECT_EQ(pair->client->answer(asked_for->ticket, Responses{std::span(responses).first(1)}),
                    responses.size() == 1 ? Status::ok : Status::malformed);
        }
        const auto sent = pair->client->answer(asked_for->ticket, Responses{responses});
        EXPECT_EQ(sent, responses.size() == 1 ? Status::unknown_ticket : Status::ok);
        return true;
      }
      return false;
    };
    pair->login();
  }
  std::unique_ptr<Pair> pair;
  int asked = 0;
  std::string answers, seen, submethods;
  Status status = Status::closed;
};

TEST(KeyboardInteractive, OneRound) {
  Dialogue dialogue(1, two_prompts);
  EXPECT_TRUE(dialogue.pair->client->authenticated()) << dialogue.pair->client_log() << dialogue.pair->server_log();
  EXPECT_EQ(dialogue.answers, "a;b;");
  EXPECT_EQ(dialogue.seen, "Password: -Name: +");
  EXPECT_EQ(dialogue.submethods, "pam");
}

TEST(KeyboardInteractive, SeveralRounds) {
  Dialogue dialogue(3, two_prompts);
  EXPECT_TRUE(dialogue.pair->server->authenticated());
  EXPECT_EQ(dialogue.asked, 3);
  EXPECT_EQ(dialogue.answers, "a;b;a;b;a;b;");
}

TEST(KeyboardInteractive, NoPromptsAtAll) {
  Dialogue dialogue(2, {});
  EXPECT_TRUE(dialogue.pair->client->authenticated()) << dialogue.pair->client_log();
  EXPECT_EQ(dialogue.asked, 2);
  EXPECT_EQ(dialogue.answers, "");
}

TEST(KeyboardInteractive, A14_EndlessRoundsEnd) {
  Dialogue dialogue(100, two_prompts);
  EXPECT_EQ(dialogue.pair->client_error->code, Code::too_many_prompts);
  EXPECT_EQ(dialogue.asked, 32);
}

TEST(KeyboardInteractive, APromptsAnswerIsBounded) {
  const std::vector<Prompt> many(101, Prompt{"x", true});
  Dialogue dialogue(1, many);
  EXPECT_EQ(dialogue.status, Status::too_large);
  const std::string long_text(20'000, 'x');
  const std::vector<Prompt> large(2, Prompt{long_text, true});
  Dialogue other(1, large);
  EXPECT_EQ(other.status, Status::too_large);
}

// ---- hostile peers

std::unique_ptr<Puppet> prompted_server(std::size_t prompts) {
  PuppetOptions options;
  options.server.keyboard_interactive = true;
  auto puppet = std::make_unique<Puppet>(options);
  puppet->on_event = [p = puppet.get(), prompts](const Event& event) {
    const std::vector<Prompt> asked(prompts, Prompt{"x", false});
    if (const auto* wanted = std::get_if<KeyboardInteractiveWanted>(&event)) {
      EXPECT_EQ(p->server->answer(wanted->ticket, Prompts{"", "", asked}), Status::ok);
      return true;
    }
    if (const auto* got = std::get_if<ResponsesReceived>(&event)) {
      EXPECT_EQ(p->server->answer(got->ticket, AuthVerdict::reject), Status::ok);
      return true;
    }
    return false;
  };
  EXPECT_TRUE(puppet->begin_service());
  return puppet;
}

void start_dialogue(Puppet& puppet) {
  const auto body = encoded(KeyboardInteractiveBody{});
  puppet.send(UserauthRequest{"alice", "ssh-connection", "keyboard-interactive", {body}});
  puppet.pump();
}

ByteVector strings(std::size_t count, std::size_t size = 1) {
  ByteVector bytes;
  VectorSink sink{bytes};
  for (std::size_t i = 0; i < count; ++i) Writer<VectorSink>(sink).write(std::string_view(std::string(size, 'r')));
  return bytes;
}

void respond(Puppet& puppet, std::uint32_t count, Bytes responses) {
  puppet.send(InfoResponse{count, {responses}});
  puppet.pump();
}

TEST(KeyboardInteractive, A13_AnotherNumberOfResponsesFails) {
  for (const std::uint32_t count : {0U, 1U, 3U}) {
    auto puppet = prompted_server(2);
    start_dialogue(*puppet);
    ASSERT_TRUE(puppet->has(InfoRequest::number));
    respond(*puppet, count, strings(count));
    EXPECT_EQ(puppet->told("ResponsesReceived"), 0U);
    puppet->advance(300ms);
    EXPECT_TRUE(puppet->has(UserauthFailure::number)) << count;
    EXPECT_EQ(puppet->closed, 0);
  }
  auto large = prompted_server(1);
  start_dialogue(*large);
  respond(*large, 1, strings(1, 1025));
  EXPECT_EQ(large->told("ResponsesReceived"), 0U);
  large->advance(300ms);
  EXPECT_TRUE(large->has(UserauthFailure::number));
}

TEST(KeyboardInteractive, A13_CountsThatLieEnd) {
  for (const auto& [count, responses] : std::vector<std::pair<std::uint32_t, ByteVector>>{
           {0xffffffff, strings(2)}, {0x40000001, strings(2)}, {3, strings(2)}, {1, strings(2)}, {2, strings(1)}}) {
    auto puppet = prompted_server(2);
    start_dialogue(*puppet);
    respond(*puppet, count, responses);
    EXPECT_EQ(puppet->code(), Code::malformed_message) << count;
    EXPECT_EQ(puppet->error.where, 61U);
  }
}

TEST(KeyboardInteractive, A13_ResponsesToNothingEnd) {
  auto puppet = prompted_server(2);
  respond(*puppet, 0, {});
  EXPECT_EQ(puppet->code(), Code::unexpected_message);
  auto twice = prompted_server(1);
  start_dialogue(*twice);
  twice->send(InfoResponse{1, {strings(1)}});
  twice->send(InfoResponse{1, {strings(1)}});
  twice->pump();
  twice->advance(300ms);
  EXPECT_EQ(twice->code(), Code::unexpected_message);
}

TEST(KeyboardInteractive, A11_ADialogueGivenUpCounts) {
  auto puppet = prompted_server(1);
  for (int i = 0; i < 6; ++i) start_dialogue(*puppet);
  EXPECT_EQ(puppet->closed, 0);
  start_dialogue(*puppet);
  EXPECT_EQ(puppet->code(), Code::too_many_auth_failures);
}

std::unique_ptr<Puppet> asking_client() {
  auto puppet = std::make_unique<Puppet>(PuppetOptions{.engine = Role::client});
  puppet->auto_login = false;
  puppet->on_event = [p = puppet.get()](const Event& event) {
    const auto* wanted = std::get_if<CredentialsWanted>(&event);
    if (wanted) {
      EXPECT_EQ(p->client->answer(wanted->ticket, Credential(TryKeyboardInteractive{})), Status::ok);
    }
    return wanted != nullptr;
  };
  EXPECT_TRUE(puppet->exchange());
  puppet->send(ServiceAccept{"ssh-userauth"});
  puppet->pump();
  puppet->forget();
  return puppet;
}

ByteVector prompts(std::size_t count) {
  ByteVector bytes;
  VectorSink sink{bytes};
  Writer<VectorSink> writer(sink);
  for (std::size_t i = 0; i < count; ++i) writer.write("p"), writer.write(true);
  return bytes;
}

TEST(KeyboardInteractive, A14_PromptsAreCountedBeforeTheyAreBelieved) {
  for (const auto& [count, bytes] : std::vector<std::pair<std::uint32_t, ByteVector>>{
           {0xffffffff, prompts(2)}, {101, prompts(101)}, {0x33333334, prompts(3)}, {3, prompts(1)}}) {
    auto puppet = asking_client();
    puppet->send(InfoRequest{"", "", "", count, {bytes}});
    puppet->pump();
    EXPECT_EQ(puppet->code(), Code::too_many_prompts) << count;
    EXPECT_EQ(puppet->told("PromptsReceived"), 0U);
  }
  auto trailing = asking_client();
  trailing->send(InfoRequest{"", "", "", 1, {prompts(2)}});
  trailing->pump();
  EXPECT_EQ(trailing->code(), Code::malformed_message);
  auto hundred = asking_client();
  hundred->send(InfoRequest{"", "", "", 100, {prompts(100)}});
  hundred->pump();
  EXPECT_EQ(hundred->closed, 0);
  EXPECT_EQ(hundred->told("PromptsReceived"), 1U);
}

TEST(KeyboardInteractive, ResponsesBeyondAPacketAreTooLarge) {
  auto puppet = asking_client();
  Ticket ticket{};
  puppet->on_event = [&](const Event& event) {
    if (const auto* asked = std::get_if<PromptsReceived>(&event)) ticket = asked->ticket;
    return true;
  };
  puppet->send(InfoRequest{"", "", "", 100, {prompts(100)}});
  puppet->pump();
  const ByteVector large(1025), fitting(1000);
  EXPECT_EQ(puppet->client->answer(ticket, Responses{std::vector<Bytes>(100, large)}), Status::too_large);
  EXPECT_EQ(puppet->client->answer(ticket, Responses{std::vector<Bytes>(100, fitting)}), Status::too_large);
  EXPECT_EQ(puppet->client->answer(ticket, Responses{std::vector<Bytes>(99, Bytes(fitting).first(1))}),
            Status::malformed);
  EXPECT_EQ(puppet->client->answer(ticket, Responses{std::vector<Bytes>(100, Bytes(fitting).first(300))}), Status::ok);
}

}  // namespace
}  // namespace nacre::test
