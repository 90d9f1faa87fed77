// Every allocation fails in turn, by replaced operators new and delete: std::bad_alloc is all that comes out of an engine,
// and after it the engine is dead, tells so once, and leaves nothing behind.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "crypto/botan_provider.hpp"
#include "crypto/key_file.hpp"
#include "crypto/password_hash.hpp"
#include "engine/trust/authorized_keys.hpp"
#include "engine/trust/known_hosts.hpp"
#include "tests/engine/pair.hpp"
#include "tests/faults/conversation.hpp"

namespace {

using nacre::test::Side;

struct Heap {
  std::uint64_t calls = 0;    // of engines at work
  std::uint64_t fail_at = 0;  // the number of the call that fails, from 1; 0: none does
  Side failed_side = Side::none;
  long live = 0;  // blocks
};
Heap heap;

void* allocate(std::size_t size) {
  if (nacre::test::at_work != Side::none && ++heap.calls == heap.fail_at) {
    heap.failed_side = nacre::test::at_work;
    throw std::bad_alloc();
  }
  void* place = std::malloc(size == 0 ? 1 : size);
  if (!place) throw std::bad_alloc();
  ++heap.live;
  return place;
}

void release(void* place) noexcept {
  if (place) --heap.live;
  std::free(place);
}

// Botan's pool of locked pages keeps books on the heap, which grow and shrink with what others hold. Without it blocks can
// be counted; it asks for its size before main.
[[gnu::constructor(101)]] void without_locked_pages() { setenv("BOTAN_MLOCK_POOL_SIZE", "0", 1); }

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void operator delete(void* place) noexcept { release(place); }
void operator delete[](void* place) noexcept { release(place); }
void operator delete(void* place, std::size_t) noexcept { release(place); }
void operator delete[](void* place, std::size_t) noexcept { release(place); }

namespace nacre::test {
namespace {

// Which calls fail: all of them, or a sample where everything is slow.
constexpr std::uint64_t stride = sanitized ? 29 : 1;

struct Keys {
  std::unique_ptr<PrivateKey> host = key_from_seed(KeyType::ed25519, 1000);
  std::unique_ptr<PrivateKey> user = key_from_seed(KeyType::ed25519, 2000);
};

Outcome attempt(const Keys& keys, Way way, std::uint64_t fail_at) {
  const auto client_random = seeded_random(11), server_random = seeded_random(12);
  heap.calls = 0;
  heap.fail_at = fail_at;
  heap.failed_side = Side::none;
  auto outcome = converse({.client = botan_provider(*client_random),
                           .server = botan_provider(*server_random),
                           .host_key = keys.host.get(),
                           .user_key = keys.user.get(),
                           .way = way});
  heap.fail_at = 0;
  return outcome;
}

bool told_no_more(const Party& party, const Party& good) {
  return party.events.size() <= good.events.size() &&
         std::equal(party.events.begin(), party.events.end(), good.events.begin());
}

// An allocation whose failure a library copes with by itself (a temporary buffer of an algorithm) changes nothing at all.
void expect_untouched(const Outcome& outcome, const Outcome& good) {
  EXPECT_TRUE(outcome.complete());
  EXPECT_EQ(outcome.client.events, good.client.events);
  EXPECT_EQ(outcome.server.events, good.server.events);
}

void expect_dead(const Outcome& outcome, const Outcome& good) {
  const bool client_failed = heap.failed_side == Side::client;
  const auto& hit = client_failed ? outcome.client : outcome.server;
  const auto& other = client_failed ? outcome.server : outcome.client;
  EXPECT_EQ(hit.thrown, 1);
  EXPECT_EQ(other.thrown, 0);
  EXPECT_FALSE(outcome.complete());
  EXPECT_TRUE(told_no_more(outcome.client, good.client));
  EXPECT_TRUE(told_no_more(outcome.server, good.server));
  // An engine that was never made has nothing to tell.
  if (hit.closed) {
    EXPECT_EQ(hit.closed->code, Code::out_of_memory) << describe(hit.closed->code);
  }
  ASSERT_TRUE(other.closed);
  EXPECT_TRUE(other.closed->code == Code::connection_lost || other.closed->code == Code::disconnected_by_peer)
      << describe(other.closed->code);
}

class AllocationFailure : public testing::TestWithParam<Way> {};

TEST_P(AllocationFailure, EachCallInTurn) {
  const Keys keys;
  attempt(keys, GetParam(), 0);  // what libraries make once and keep
  const auto good = attempt(keys, GetParam(), 0);
  const auto calls = heap.calls;
  ASSERT_TRUE(good.complete());
  ASSERT_TRUE(good.problems.empty()) << good.problems.front();
  ASSERT_GT(calls, 300U);
  for (std::uint64_t n = 1; n <= calls; n += stride) {
    SCOPED_TRACE("allocation " + std::to_string(n));
    const auto before = heap.live;
    {
      const auto outcome = attempt(keys, GetParam(), n);
      ASSERT_NE(heap.failed_side, Side::none);
      EXPECT_TRUE(outcome.problems.empty()) << outcome.problems.front();
      if (outcome.client.thrown + outcome.server.thrown == 0)
        expect_untouched(outcome, good);
      else
        expect_dead(outcome, good);
    }
    if (HasFailure()) return;
    ASSERT_EQ(heap.live, before) << "blocks are left behind";
  }
}

INSTANTIATE_TEST_SUITE_P(Faults, AllocationFailure, testing::Values(Way::publickey, Way::password, Way::prompts));

// ---- what has no engine: keys and trust files

enum class Answer { right, refused, wrong };

// `work` with each allocation failing in turn: refused or std::bad_alloc, never a wrong answer, and nothing left behind.
template <class Work>
void sweep(Work work) {
  ASSERT_EQ(work(), Answer::right);
  for (std::uint64_t n = 1;; n += stride) {
    SCOPED_TRACE("allocation " + std::to_string(n));
    const auto before = heap.live;
    heap.calls = 0;
    heap.fail_at = n;
    heap.failed_side = Side::none;
    auto answer = Answer::refused;
    try {
      const AtWork here(Side::client);
      answer = work();
    } catch (const std::bad_alloc&) {
      answer = Answer::refused;
    }
    heap.fail_at = 0;
    EXPECT_EQ(heap.live, before) << "blocks are left behind";
    EXPECT_NE(answer, Answer::wrong);
    if (heap.failed_side == Side::none) {
      EXPECT_EQ(answer, Answer::right);
      EXPECT_GT(n, 1U) << "nothing was made to fail";
      return;
    }
    if (testing::Test::HasFailure()) return;
  }
}

TEST(AllocationFailure, Keys) {
  const auto random = seeded_random(5);
  const auto provider = botan_provider(*random);
  for (const auto type : {KeyType::ed25519, KeyType::ecdsa_p256})
    sweep([&] {
      const auto key = generate_key(type, *random);
      if (!key) return Answer::refused;
      const auto& name = key->public_key().type();
      const auto signature = key->sign(name, bytes_of("text"), *random);
      if (!signature) return Answer::refused;
      const auto* algorithm = find_algorithm(provider.signatures, name);
      if (algorithm->verify(key->public_key().blob(), bytes_of("other"), *signature)) return Answer::wrong;
      if (!algorithm->verify(key->public_key().blob(), bytes_of("text"), *signature)) return Answer::refused;
      const auto line = parse_public_key_line(public_key_line(key->public_key(), "me"));
      if (!line) return Answer::refused;
      return line->key == key->public_key() && line->comment == "me" ? Answer::right : Answer::wrong;
    });
}

TEST(AllocationFailure, KeyFiles) {
  const auto random = seeded_random(6);
  const auto key = generate_key(KeyType::ed25519, *random);
  const auto passphrase = bytes_of("open sesame");
  for (const auto* cipher : {"", "aes256-ctr", "aes256-gcm@openssh.com"})
    sweep([&] {
      std::optional<KeyFileProtection> protection;
      if (*cipher) protection = KeyFileProtection{passphrase, cipher, 1};
      const auto text = write_private_key(*key, "me", protection, *random);
      if (!text) return Answer::refused;
      if (protection && read_private_key(text->bytes(), bytes_of("wrong"))) return Answer::wrong;
      const auto file = read_private_key(text->bytes(), protection ? passphrase : Bytes{});
      if (!file) return Answer::refused;
      return file->key->public_key() == key->public_key() && file->comment == "me" ? Answer::right : Answer::wrong;
    });
}

TEST(AllocationFailure, TrustFiles) {
  const auto known = key_from_seed(KeyType::ed25519, 1), other = key_from_seed(KeyType::ed25519, 2);
  const auto text = "# hosts\n*.example.com,!no.example.com " + public_key_line(known->public_key(), "a") + "\n";
  sweep([&] {
    const auto good = look_up_host(text, "www.example.com", 22, known->public_key().blob());
    const auto changed = look_up_host(text, "www.example.com", 22, other->public_key().blob());
    if (changed.match == HostKeyMatch::known) return Answer::wrong;
    return good.match == HostKeyMatch::known ? Answer::right : Answer::wrong;
  });
  const auto keys = "from=\"10.0.0.0/8\",command=\"a b\" " + public_key_line(known->public_key(), "a") + "\n";
  sweep([&] {
    const auto at = [&](std::string_view address) { return KeyContext{address, "20250101000000", "20250101010000"}; };
    if (find_authorized_key(keys, other->public_key().blob(), at("10.1.2.3"))) return Answer::wrong;
    if (find_authorized_key(keys, known->public_key().blob(), at("11.1.2.3"))) return Answer::wrong;
    const auto found = find_authorized_key(keys, known->public_key().blob(), at("10.1.2.3"));
    return found && found->options.command == "a b" ? Answer::right : Answer::wrong;
  });
}

TEST(AllocationFailure, Passwords) {
  const std::string_view line = "$2a$04$abcdefghijklmnopqrstuuC0gD2zO5tV0Y0Z9mXxj8V1K8TqY3k2S";  // of no known password
  sweep([&] { return check_password(bytes_of("sesame"), line) ? Answer::wrong : Answer::right; });
}

}  // namespace
}  // namespace nacre::test
