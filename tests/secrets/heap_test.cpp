// When engines and keys are gone, nothing secret is left of them on the heap: all of it is looked through, what has been freed
// too (arena.hpp). What to look for is caught where it is made, and kept masked, so that the search does not find itself.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "crypto/key_file.hpp"
#include "tests/engine/pair.hpp"
#include "tests/secrets/arena.hpp"

namespace nacre::test {
namespace {

constexpr std::byte mask{0xa5};
constexpr std::size_t part = 16;  // bytes of a secret that are looked for: its first and its last

// A part of a secret, masked, outside of the heap.
struct Needle {
  const char* name;
  std::array<std::byte, part> masked;
};
struct Needles {
  std::array<Needle, 256> list{};
  std::size_t count = 0;

  void add(const char* name, Bytes secret) {
    if (secret.size() < part) return;
    for (const auto piece : {secret.first(part), secret.last(part)}) {
      auto& needle = list.at(count++);
      needle.name = name;
      std::transform(piece.begin(), piece.end(), needle.masked.begin(), [](std::byte b) { return b ^ mask; });
    }
  }
};
Needles needles;

// The names of those that stand somewhere, each once.
std::string found_in(Bytes heap) {
  std::string found;
  for (std::size_t i = 0; i < needles.count; ++i) {
    const auto& needle = needles.list.at(i);
    const auto first = needle.masked[0] ^ mask;
    for (auto at = heap.begin(); at + part <= heap.end(); ++at) {
      at = std::find(at, heap.end() - part + 1, first);
      if (at + part > heap.end()) break;
      const bool same = std::equal(needle.masked.begin(), needle.masked.end(), at,
                                   [](std::byte a, std::byte b) { return (a ^ mask) == b; });
      if (!same) continue;
      found += std::string(needle.name) + " at " + std::to_string(at - heap.begin()) + "\n";
      break;
    }
  }
  return found;
}

// ---- where secrets are made

// What is drawn for keys is 32 or 64 bytes; cookies and padding are of other sizes.
class CaughtRandom final : public Random {
 public:
  explicit CaughtRandom(std::uint64_t seed) : random_(seeded_random(seed)) {}
  bool fill(Buffer out) override {
    const bool good = random_->fill(out);
    if (out.size() == 32 || out.size() == 64) needles.add("ephemeral key", out);
    return good;
  }

 private:
  std::unique_ptr<Random> random_;
};

const Provider& genuine() {
  static const auto random = seeded_random(std::uint64_t{0});
  static const Provider provider = botan_provider(*random);
  return provider;
}

void catch_keys(const PacketKeys& keys) {
  needles.add("cipher key", keys.key);
  needles.add("MAC key", keys.mac_key);
}

class CaughtExchange final : public KeyExchange {
 public:
  explicit CaughtExchange(std::unique_ptr<KeyExchange> method) : method_(std::move(method)) {}
  std::optional<ByteVector> initiate(Random& random) override { return method_->initiate(random); }
  std::optional<Secret> finish(Bytes reply) override {
    auto secret = method_->finish(reply);
    if (secret) needles.add("shared secret", secret->bytes().last(secret->size() - 5));
    return secret;
  }
  std::optional<Reply> respond(Random& random, Bytes value) override { return method_->respond(random, value); }

 private:
  std::unique_ptr<KeyExchange> method_;
};

template <std::size_t row>
KeyExchangeAlgorithm caught_exchange() {
  auto made = genuine().key_exchanges[row];
  made.make = [] {
    return std::unique_ptr<KeyExchange>(std::make_unique<CaughtExchange>(genuine().key_exchanges[row].make()));
  };
  return made;
}

template <std::size_t row>
CipherAlgorithm caught_cipher() {
  auto made = genuine().ciphers[row];
  made.opener = [](const PacketKeys& keys, const MacAlgorithm* mac) {
    catch_keys(keys);
    return genuine().ciphers[row].opener(keys, mac);
  };
  made.sealer = [](const PacketKeys& keys, const MacAlgorithm* mac) {
    catch_keys(keys);
    return genuine().ciphers[row].sealer(keys, mac);
  };
  return made;
}

Provider caught_provider(Random& random) {
  static const std::array exchanges{caught_exchange<0>(), caught_exchange<1>(), caught_exchange<5>()};
  static const std::array ciphers{caught_cipher<0>(), caught_cipher<1>(), caught_cipher<2>(), caught_cipher<3>()};
  return {.key_exchanges = exchanges,
          .ciphers = ciphers,
          .macs = genuine().macs,
          .signatures = genuine().signatures,
          .random = &random};
}

// ---- conversations

std::size_t move(Engine& from, Engine& to) {
  const auto out = from.outgoing();
  const auto room = to.incoming();
  const auto size = std::min(out.size(), room.size());
  if (size != 0) std::memcpy(room.data(), out.data(), size);
  to.received(size);
  from.sent(size);
  return size;
}

constexpr std::string_view password = "correct horse battery staple";
constexpr std::string_view response = "the answer to what was asked for";

// Where the engines are destroyed: with a password or an answer in the hands of the application, after a rekey, or closed.
enum class Stop { at_password, at_response, after_rekey, after_the_end };

// A login by password, refused, and by keyboard-interactive; a channel; a rekey; the end.
void converse(const AlgorithmNames& names, Stop stop) {
  CaughtRandom client_random(1), server_random(2);
  const auto host_key = key_from_seed(KeyType::ed25519, 3);
  auto client_config = std::make_shared<ClientConfig>();
  client_config->user = "alice";
  client_config->algorithms = names;
  auto server_config = std::make_shared<ServerConfig>();
  server_config->host_keys.push_back(copy_of(host_key->public_key().blob()));
  server_config->algorithms = names;
  server_config->algorithms.host_keys = client_config->algorithms.host_keys = {"ssh-ed25519"};
  server_config->password = server_config->keyboard_interactive = true;
  server_config->limits.failure_delay = {};
  Client client(caught_provider(client_random), client_config);
  Server server(caught_provider(server_random), server_config);
  needles.add("password", bytes_of(password));
  needles.add("response", bytes_of(response));
  bool there = false;
  const auto good = [](Status status) { EXPECT_EQ(status, Status::ok); };

  const auto on_client = [&](const Event& event) {
    if (const auto* offered = std::get_if<HostKeyOffered>(&event))
      good(client.answer(offered->ticket, HostKeyVerdict::trust));
    if (const auto* wanted = std::get_if<CredentialsWanted>(&event)) {
      const Credential first = TryPassword{bytes_of(password)}, second = TryKeyboardInteractive{};
      good(client.answer(wanted->ticket, wanted->methods.empty() ? first : second));
    }
    if (const auto* prompts = std::get_if<PromptsReceived>(&event)) {
      const std::array<Bytes, 1> answers{bytes_of(response)};
      good(client.answer(prompts->ticket, Responses{answers}));
    }
    if (std::holds_alternative<Authenticated>(event)) static_cast<void>(client.open("session"));
    if (std::holds_alternative<ChannelOpened>(event)) good(client.rekey());
    if (const auto* keys = std::get_if<KeysExchanged>(&event)) there = there || !keys->first;
  };
  const auto on_server = [&](const Event& event) {
    if (const auto* sign = std::get_if<SignatureWanted>(&event)) {
      const auto blob = host_key->sign(sign->algorithm, sign->message, server_random);
      good(server.answer(sign->ticket, Signature{Bytes(*blob)}));
    }
    if (const auto* got = std::get_if<PasswordReceived>(&event)) {
      EXPECT_EQ(text_of(got->password), password);
      there = stop == Stop::at_password;
      good(server.answer(got->ticket, AuthVerdict::reject));
    }
    if (const auto* interactive = std::get_if<KeyboardInteractiveWanted>(&event)) {
      const std::array<Prompt, 1> prompts{Prompt{"Question: ", false}};
      good(server.answer(interactive->ticket, Prompts{{}, {}, prompts}));
    }
    if (const auto* responses = std::get_if<ResponsesReceived>(&event)) {
      there = stop == Stop::at_response;
      good(server.answer(responses->ticket, AuthVerdict::accept));
    }
    if (const auto* open = std::get_if<ChannelOpenReceived>(&event))
      good(server.answer(open->ticket, ChannelVerdict{.accept = true}));
  };
  auto now = TimePoint{} + std::chrono::hours(1);
  for (bool moved = true; moved && !there; now += std::chrono::milliseconds(1)) {
    while (const auto event = client.poll(now)) on_client(*event);
    moved = move(client, server) != 0;
    while (!there) {
      const auto event = server.poll(now);
      if (!event) break;
      on_server(*event);
    }
    moved = move(server, client) != 0 || moved;
  }
  EXPECT_TRUE(there);
  if (stop == Stop::after_the_end) {
    client.disconnect();
    while (client.poll(now)) continue;
    move(client, server);
    while (server.poll(now)) continue;
    EXPECT_TRUE(server.closed());
  }
}

class Heap : public testing::Test {
 protected:
  void SetUp() override { needles.count = 0; }
};

// Botan's own tables of a test's first run are no secret; what is found is.
TEST_F(Heap, TheSearchFindsWhatIsThere) {
  needles.add("plain", bytes_of("0123456789abcdef and more of it.."));
  EXPECT_EQ(found_in(arena()), "");
  std::string text = "0123456789abcdef";
  text.append(" and more");
  text = std::string();  // freed, not wiped
  EXPECT_NE(found_in(arena()), "");
}

TEST_F(Heap, E12_HoldsNoSecretsOfConnections) {
  const auto names_of = [](const char* exchange, const char* cipher) {
    AlgorithmNames names;
    names.key_exchanges = {exchange};
    names.ciphers = {cipher};
    return names;
  };
  const AlgorithmNames sets[] = {names_of("curve25519-sha256", "aes128-gcm@openssh.com"),
                                 names_of("curve25519-sha256", "chacha20-poly1305@openssh.com"),
                                 names_of("mlkem768x25519-sha256", "aes128-ctr"),
                                 names_of("ecdh-sha2-nistp256", "aes256-gcm@openssh.com")};
  for (const auto& names : sets)
    for (const auto stop : {Stop::at_password, Stop::at_response, Stop::after_rekey, Stop::after_the_end}) {
      needles.count = 0;
      const auto begin = arena().size();
      converse(names, stop);
      EXPECT_GT(needles.count, 10U);
      EXPECT_EQ(found_in(arena().subspan(begin)), "")
          << names.key_exchanges[0] << " " << names.ciphers[0] << " " << static_cast<int>(stop);
    }
}

TEST_F(Heap, HoldsNoSecretsOfKeys) {
  constexpr std::string_view passphrase = "a passphrase of many words";
  for (const auto type : {KeyType::ed25519, KeyType::ecdsa_p256}) {
    needles.count = 0;
    const auto begin = arena().size();
    {
      const auto random = seeded_random(9);
      const auto key = generate_key(type, *random);
      ASSERT_TRUE(key);
      const auto section = key->private_section();  // ends in seed and public point, or in the scalar
      needles.add("private key", section.bytes().last(type == KeyType::ed25519 ? 64 : 32).first(32));
      needles.add("passphrase", bytes_of(passphrase));
      const auto text =
          write_private_key(*key, "me", KeyFileProtection{bytes_of(passphrase), "aes256-ctr", 1}, *random);
      ASSERT_TRUE(text);
      const auto file = read_private_key(text->bytes(), bytes_of(passphrase));
      ASSERT_TRUE(file);
      EXPECT_TRUE(file->key->sign(key->public_key().type(), bytes_of("message"), *random));
      const auto clear = write_private_key(*key, "me", {}, *random);
      ASSERT_TRUE(clear && read_private_key(clear->bytes(), {}));
    }
    EXPECT_EQ(found_in(arena().subspan(begin)), "") << static_cast<int>(type);
  }
}

// One bad digit, anywhere, or one too few: the rest of the text is still the key.
TEST_F(Heap, E12_HoldsNoSecretsOfDamagedKeyFiles) {
  const auto begin = arena().size();
  {
    const auto random = seeded_random(9);
    const auto key = generate_key(KeyType::ed25519, *random);
    ASSERT_TRUE(key);
    const auto section = key->private_section();
    needles.add("private key", section.bytes().last(64).first(32));
    auto clear = write_private_key(*key, "me", {}, *random);
    ASSERT_TRUE(clear);
    const auto digits = clear->buffer().subspan(36);                      // behind the BEGIN line
    needles.add("private key's digits", digits.subspan(3 * 71 + 6, 32));  // where the seed is
    for (const std::size_t at : {std::size_t{0}, std::size_t{100}, digits.size() - 36}) {
      const auto digit = std::exchange(digits[at], std::byte{'!'});
      const auto file = read_private_key(clear->bytes(), {});
      ASSERT_FALSE(file);
      EXPECT_EQ(file.error(), KeyFileError::malformed);
      digits[at] = std::byte{' '};  // no digit, and at the end of a line nothing
      EXPECT_FALSE(read_private_key(clear->bytes(), {}));
      digits[at] = digit;
    }
    EXPECT_TRUE(read_private_key(clear->bytes(), {}));
  }
  EXPECT_EQ(found_in(arena().subspan(begin)), "");
}

}  // namespace
}  // namespace nacre::test
