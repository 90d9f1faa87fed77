// Attacks on memory: what a peer's words allocate, what floods leave behind, what happens when there is none left, and
// what of a secret stays in it (rows I07, I17, K08, C05, E01, E10, E12). operator new and delete are replaced, so that they
// count, fail when told to, and look at what they are given back.
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>

#include "tests/attacks/samples.hpp"

namespace {

struct Heap {
  std::size_t bytes = 0;    // in use
  std::size_t largest = 0;  // that was asked for at once
  long left = -1;           // allocations until one fails; below 0: none does
  bool failed = false;

  bool looking = false;
  std::array<std::array<std::byte, 64>, 16> secrets{};
  std::array<std::size_t, 16> sizes{};
  std::size_t count = 0;
  std::array<int, 16> found{};

  void look_at(const void* place, std::size_t size) {
    const auto* begin = static_cast<const std::byte*>(place);
    for (std::size_t i = 0; i < count; ++i)
      if (std::search(begin, begin + size, secrets[i].begin(), secrets[i].begin() + static_cast<long>(sizes[i])) !=
          begin + size)
        ++found[i];
  }
};
Heap heap;

void* allocate(std::size_t size) {
  if (heap.left >= 0 && heap.left-- == 0) {
    heap.failed = true;
    throw std::bad_alloc();
  }
  heap.largest = std::max(heap.largest, size);
  void* place = std::malloc(size);
  if (!place) throw std::bad_alloc();
  heap.bytes += malloc_usable_size(place);
  return place;
}

void release(void* place) noexcept {
  if (!place) return;
  const auto size = malloc_usable_size(place);
  heap.bytes -= size;
  if (heap.looking) heap.look_at(place, size);
  std::free(place);
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void operator delete(void* place) noexcept { release(place); }
void operator delete[](void* place) noexcept { release(place); }
void operator delete(void* place, std::size_t) noexcept { release(place); }
void operator delete[](void* place, std::size_t) noexcept { release(place); }

namespace nacre::test {
namespace {

TEST(attacks_memory, I07_announced_lengths_allocate_nothing) {
  for (const auto role : both) {
    const std::uint32_t length = role == Role::server ? 34'996 : 256 * 1024 - 4;
    auto clear = silent(role);
    clear->send_raw(bytes_of("SSH-2.0-x\r\n"));
    clear->pump();
    auto keyed = logged_in(role);
    keyed->send(Ignore{ByteVector(40)});  // AES-GCM: the length stands in the clear
    for (auto* puppet : {clear.get(), keyed.get()}) {
      ByteVector head(4);
      store_be32(puppet == clear.get() ? length : 250'000, head.data());
      static_cast<void>(puppet->sealed());
      const auto before = heap.bytes;
      puppet->send_raw(head);
      puppet->pump();
      EXPECT_EQ(puppet->closed, 0);
      EXPECT_LE(heap.bytes, before + 8 * 1024);
      puppet->send_raw(ByteVector(10'000));
      puppet->pump();
      EXPECT_LE(heap.bytes, before + 4 * 10'000 + 8 * 1024) << "it grows as bytes come, theirs and the test's";
    }
  }
}

// Whatever a string says it is long, no more is asked for than for what is there, on either side.
TEST(attacks_memory, E01_lengths_that_lie_allocate_nothing) {
  for (const auto& sample : samples())
    for (const auto at : lengths_in(sample))
      for (const auto lie : {0x00100000U, 0x10000000U, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
        auto body = sample.body;
        store_be32(lie, body.data() + at);
        auto puppet = in_stage(sample.role, sample.stage);
        heap.largest = 0;
        puppet->send_payload(payload_of(sample.number, body));
        puppet->pump();
        EXPECT_LE(heap.largest, 16U * 1024) << int{sample.number} << " at " << at << ": " << lie;
      }
}

// The heap is as large after the last thousand of something as it was after the first.
template <class Work>
void expect_flat(Puppet& puppet, int times, Work&& work) {
  const auto round = [&](int rounds) {
    for (int i = 0; i < rounds; ++i) {
      work();
      puppet.pump();
      puppet.forget();
      puppet.delivered = {};
    }
    puppet.received.shrink_to_fit();
    puppet.events.shrink_to_fit();
    return heap.bytes;
  };
  const auto before = round(times / 4);
  EXPECT_LE(round(times), before + 16 * 1024);
  EXPECT_EQ(puppet.closed, 0) << describe(puppet.code());
}

TEST(attacks_memory, I17_floods_of_chatter_leave_nothing) {
  for (const auto role : both) {
    auto puppet = logged_in(role);
    expect_flat(*puppet, 2'000, [&] {
      for (int i = 0; i < 4; ++i) puppet->send(Ignore{bytes_of("nothing")});
      puppet->send(Debug{true, "nothing", {}});
      puppet->send_number(200);
      puppet->send(Ping{bytes_of("x")});
    });
  }
}

TEST(attacks_memory, K08_wrong_guesses_leave_nothing) {
  for (const auto role : both) {
    PuppetOptions options{.engine = role};
    options.client.limits.idle_rekey_bytes = options.server.limits.idle_rekey_bytes = 0;
    auto puppet = logged_in(options);
    puppet->options.hold_method = true;
    puppet->options.guess_follows = true;
    puppet->options.edit_kex_init = with_lists({{&KexInit::key_exchanges, "x-unknown,curve25519-sha256"}});
    expect_flat(*puppet, sanitized ? 40 : 400, [&] {
      puppet->send_kex_init();
      puppet->send_payload(payload_of(role == Role::server ? 30 : 31, ByteVector(1000)));
      puppet->pump();
      puppet->send_method();
    });
  }
}

TEST(attacks_memory, C05_refused_opens_leave_nothing) {
  for (const auto role : both) {
    PuppetOptions options{.engine = role};
    options.server.limits.sessions = 0;
    auto puppet = logged_in(options);
    expect_flat(*puppet, 10'000, [&] {
      puppet->send(ChannelOpen{"session", 5, 1000, 1000, {}});
      puppet->send(ChannelOpen{"x-type", 5, 1000, 0, {}});
    });
  }
}

// ---- no memory

// The engine's calls alone, one of whose allocations fails. What its application does is out of it.
struct Scarce {
  Engine& engine;
  long& left;
  bool out_of_memory = false;

  template <class Work>
  void call(Work&& work) {
    heap.left = left;
    try {
      work();
    } catch (const std::bad_alloc&) {
      out_of_memory = true;
    }
    left = heap.failed ? -1 : heap.left;
    heap.left = -1;
  }
};

struct Life {
  bool failed = false, out_of_memory = false, authenticated = false;
  int closed = 0;
  std::string after;  // the events that came after the failure
};

// A login replayed, with the n-th allocation inside the engine failing.
Life live(Role role, Bytes stream, long n) {
  auto puppet = silent(role);  // polled once already, with all the memory it wants
  auto& engine = puppet->engine();
  heap.failed = false;
  Scarce scarce{engine, n};
  Life life;
  for (bool moved = true; moved && !scarce.out_of_memory;) {
    moved = false;
    scarce.call([&] {
      const auto room = engine.incoming();
      const auto size = std::min({room.size(), stream.size(), std::size_t{500}});
      if (size != 0) std::memcpy(room.data(), stream.data(), size);
      engine.received(size);
      stream = stream.subspan(size);
      moved = size != 0;
    });
    for (bool more = true; more && !scarce.out_of_memory;) {
      std::optional<Event> event;
      scarce.call([&] { event = engine.poll(puppet->now); });
      more = event.has_value();
      if (!event) continue;
      moved = true;
      if (heap.failed) life.after += line_of(*event) + "\n";
      if (const auto* sign = std::get_if<SignatureWanted>(&*event)) {
        const auto blob = puppet->host_key->sign(sign->algorithm, sign->message, *puppet->engine_random);
        scarce.call([&] { static_cast<void>(engine.answer(sign->ticket, Signature{*blob})); });
      } else if (const auto* password = std::get_if<PasswordReceived>(&*event)) {
        scarce.call([&] { static_cast<void>(puppet->server->answer(password->ticket, AuthVerdict::accept)); });
      } else if (const auto* key = std::get_if<HostKeyOffered>(&*event)) {
        scarce.call([&] { static_cast<void>(puppet->client->answer(key->ticket, HostKeyVerdict::trust)); });
      } else if (const auto* wanted = std::get_if<CredentialsWanted>(&*event)) {
        const Credential credential = TryPassword{bytes_of("sesame")};
        scarce.call([&] { static_cast<void>(puppet->client->answer(wanted->ticket, credential)); });
      } else if (std::holds_alternative<Closed>(*event)) {
        ++life.closed;
      }
    }
  }
  life.failed = heap.failed;
  life.out_of_memory = scarce.out_of_memory;
  life.authenticated = engine.authenticated();
  if (life.out_of_memory) {  // dead: one word of why, and nothing after it
    const auto last = engine.poll(puppet->now);
    const auto* closed = last ? std::get_if<Closed>(&*last) : nullptr;
    EXPECT_TRUE(closed && closed->error.code == Code::out_of_memory);
    EXPECT_TRUE(engine.closed());
    EXPECT_TRUE(engine.incoming().empty());
    EXPECT_FALSE(engine.poll(puppet->now + std::chrono::hours(1)));
    EXPECT_FALSE(engine.deadline());
    EXPECT_EQ(engine.rekey(), Status::closed);
  }
  return life;
}

TEST(attacks_memory, E10_each_allocation_fails_once) {
  for (const auto role : both) {
    Puppet whole({.engine = role});
    ASSERT_TRUE(whole.login());
    long n = 0;
    for (;; n += sanitized ? 3 : 1) {
      const auto life = live(role, whole.delivered, n);
      if (!life.failed) {
        EXPECT_TRUE(life.authenticated) << "with enough memory it is a login";
        break;
      }
      // The exception has come through; or a primitive has swallowed it, and then it has failed like any other.
      EXPECT_TRUE(life.out_of_memory || life.closed == 1) << n << " " << life.after;
      EXPECT_TRUE(life.closed == 0 || life.after.starts_with("Closed")) << n << " " << life.after;
      EXPECT_FALSE(life.authenticated && life.closed == 0 && !life.out_of_memory) << n;
      ASSERT_LT(n, 20'000);
    }
    EXPECT_GT(n, 40) << "few allocations to fail";
  }
}

// ---- secrets

void keep_secret(Bytes secret) {
  ASSERT_LT(heap.count, heap.secrets.size());
  const auto size = std::min<std::size_t>(secret.size(), 64);
  std::copy_n(secret.begin(), size, heap.secrets[heap.count].begin());
  heap.sizes[heap.count++] = size;
}

// What K is made into, and K itself, of each exchange of a puppet.
void keep_secrets_of(Puppet& puppet) {
  puppet.on_shared_secret = [&puppet](Bytes secret) {
    keep_secret(secret.subspan(4));
    const auto hash = puppet.agreement.key_exchange->hash();
    for (const bool up : {true, false}) {
      const auto& choice = up ? puppet.agreement.to_server : puppet.agreement.to_client;
      const auto keys = derive_keys(*hash, secret, puppet.exchange_hash_value, puppet.session_id, choice, up);
      keep_secret(keys->key.bytes());
      if (choice.mac) keep_secret(keys->mac_key.bytes());
    }
  };
}

void expect_none_found(std::string_view where) {
  EXPECT_GE(heap.count, 3U);
  for (std::size_t i = 0; i < heap.count; ++i)
    EXPECT_EQ(heap.found[i], 0) << where << ": secret " << i << " of " << heap.sizes[i] << " bytes was let go";
}

// What is freed during an exchange, by the engine or its peer. A first run tells what to look for; the second, of the same
// seed, comes to the same keys.
TEST(attacks_memory, E12_secrets_freed_in_a_key_exchange) {
  for (const auto role : both)
    for (const auto* method : {"curve25519-sha256", "mlkem768x25519-sha256", "diffie-hellman-group14-sha256"})
      for (const auto* cipher : {"aes256-ctr", "aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com"}) {
        heap.count = 0;
        heap.found = {};
        PuppetOptions options{.engine = role};
        for (auto* names : {&options.algorithms, &options.client.algorithms, &options.server.algorithms}) {
          names->key_exchanges = {method};
          names->ciphers = {cipher};
        }
        Puppet first(options), second(options);
        first.auto_login = second.auto_login = false;
        keep_secrets_of(first);
        ASSERT_TRUE(first.exchange());
        heap.looking = true;
        const bool done = second.exchange();
        heap.looking = false;
        ASSERT_TRUE(done && same_bytes(first.session_id, second.session_id));
        expect_none_found(std::string(method) + " " + cipher);
      }
}

TEST(attacks_memory, E12_secrets_in_freed_memory) {
  static constexpr std::string_view password = "correct horse battery staple";
  for (const auto role : both)
    for (const auto* cipher : {"aes256-ctr", "aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com"}) {
      heap.count = 0;
      heap.found = {};
      keep_secret(bytes_of(password));
      PuppetOptions options{.engine = role};
      options.algorithms.ciphers = {cipher};
      Puppet puppet(options);
      puppet.auto_login = false;
      keep_secrets_of(puppet);
      puppet.on_event = [&](const Event& event) {
        const auto* wanted = std::get_if<CredentialsWanted>(&event);
        if (!wanted) return false;
        heap.looking = true;
        EXPECT_EQ(puppet.client->answer(wanted->ticket, Credential(TryPassword{bytes_of(password)})), Status::ok);
        heap.looking = false;
        return true;
      };
      ASSERT_TRUE(puppet.exchange());
      if (role == Role::server) {
        puppet.send(ServiceRequest{"ssh-userauth"});
        puppet.send(UserauthRequest{"alice", "ssh-connection", "password", {Fields().flag(false).text(password)}});
      } else {
        puppet.send(ServiceAccept{"ssh-userauth"});
      }
      // From here on the engine is driven by itself: everything that it frees is looked at.
      auto& engine = puppet.engine();
      const auto bytes = puppet.sealed();
      std::memcpy(engine.incoming().data(), bytes.data(), bytes.size());
      engine.received(bytes.size());
      for (int turn = 0; turn < 4; ++turn) {
        for (;;) {
          heap.looking = true;
          const auto event = engine.poll(puppet.now);
          heap.looking = false;
          if (!event) break;
          if (const auto* asked = std::get_if<PasswordReceived>(&*event)) {
            EXPECT_EQ(text_of(asked->password), password);
            heap.looking = true;
            EXPECT_EQ(puppet.server->answer(asked->ticket, AuthVerdict::reject), Status::ok);
            heap.looking = false;
          } else if (puppet.on_event(*event)) {
            continue;
          }
        }
        engine.sent(engine.outgoing().size());
        puppet.now += std::chrono::seconds(3);  // a failure is sent, and then the buffers are given back
      }
      EXPECT_EQ(engine.closed(), false);
      heap.looking = true;
      puppet.client.reset();
      puppet.server.reset();
      heap.looking = false;
      expect_none_found(cipher);
    }
  // And the test would notice.
  heap.count = 0;
  heap.found = {};
  keep_secret(bytes_of(password));
  auto careless = std::make_unique<std::string>(password);
  heap.looking = true;
  careless.reset();
  heap.looking = false;
  EXPECT_EQ(heap.found[0], 1);
}

}  // namespace
}  // namespace nacre::test
