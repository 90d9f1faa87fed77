// Attacks by numbers: public values, keys and signatures that are none, and primitives that fail (rows K12 to K18, K21,
// K22, K24, K26, K27).
#include "crypto/botan_provider.hpp"
#include "tests/attacks/attack.hpp"

namespace nacre::test {
namespace {

PuppetOptions options_for(Role role, const std::string& method) {
  PuppetOptions options{.engine = role};
  for (auto* names : {&options.algorithms, &options.client.algorithms, &options.server.algorithms})
    names->key_exchanges = {method};
  return options;
}

// An engine that is given this public value, by a peer that knows nothing of what belongs to it.
std::unique_ptr<Puppet> given(Role role, const std::string& method, Bytes value) {
  auto options = options_for(role, method);
  options.edit_method = [role, value](ByteVector& payload) {
    const auto before = payload;
    if (role == Role::server) {
      payload = encoded(KexInitial{value});
    } else {
      auto reply = *decode<KexReply>(Bytes(before).subspan(1));
      reply.value = value;
      payload = encoded(reply);
    }
  };
  auto puppet = std::make_unique<Puppet>(options);
  puppet->auto_login = false;
  puppet->exchange();
  return puppet;
}

testing::AssertionResult refuses(const std::string& method, Bytes value) {
  for (const auto role : both)
    if (auto result = ended(*given(role, method, value), Code::key_exchange_value, Reason::key_exchange_failed);
        !result)
      return result << " " << (role == Role::server ? "server" : "client");
  return testing::AssertionSuccess();
}

Provider& real() {
  static const auto random = seeded_random(11);
  static auto provider = botan_provider(*random);
  return provider;
}

// RFC 3526 3, as an mpint's contents.
ByteVector group14_prime() {
  return from_hex(
      "00ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a43"
      "1b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1f"
      "e649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed52907709696"
      "6d"
      "670c354e4abc9804f1746c08ca18217c32905e462e36ce3be39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf695581718"
      "3995497cea956ae515d2261898fa051015728e5a8aacaa68ffffffffffffffff");
}

TEST(attacks_values, K12_dh_values_out_of_range) {
  const std::string method = "diffie-hellman-group14-sha256";
  const auto prime = group14_prime();
  ASSERT_EQ(prime.size(), 257U);
  auto less_one = prime, longer = prime;
  less_one.back() = std::byte{0xfe};
  longer.push_back(std::byte{0});
  for (const auto& value : {ByteVector{}, from_hex("01"), less_one, prime, longer, from_hex("80"),
                            copy_of(Bytes(prime).subspan(1)), from_hex("0002"), from_hex("00")})
    EXPECT_TRUE(refuses(method, value)) << value.size();
  EXPECT_EQ(given(Role::server, method, from_hex("02"))->code(), Code::none) << "2 is within the range";
}

// Gives what another gives, and counts.
class Counting final : public Random {
 public:
  bool fill(Buffer out) override {
    drawn += out.size();
    return under_->fill(out);
  }
  std::size_t drawn = 0;

 private:
  std::unique_ptr<Random> under_ = seeded_random(3);
};

TEST(attacks_values, K13_short_exponents) {
  int methods = 0;
  for (const auto& algorithm : real().key_exchanges) {
    if (!algorithm.name.starts_with("diffie-hellman-")) continue;
    // Twice the bits of the strongest cipher, on both sides. That all of them are used is what the known answers of the
    // tests of crypto hold.
    Counting of_client, of_server;
    const auto value = algorithm.make()->initiate(of_client);
    ASSERT_TRUE(value && algorithm.make()->respond(of_server, *value)) << algorithm.name;
    EXPECT_EQ(of_client.drawn, 2 * 256U / 8) << algorithm.name;
    EXPECT_EQ(of_server.drawn, 2 * 256U / 8) << algorithm.name;
    ++methods;
  }
  EXPECT_EQ(methods, 3);
}

TEST(attacks_values, K14_groups_of_the_peers_choosing) {
  for (const auto& algorithm : real().key_exchanges)
    EXPECT_EQ(algorithm.name.find("group-exchange"), std::string_view::npos);
  for (const auto role : both)
    for (const std::uint8_t number :
         {std::uint8_t{30}, std::uint8_t{31}, std::uint8_t{32}, std::uint8_t{33}, std::uint8_t{34}}) {
      if (number == (role == Role::server ? 30 : 31)) continue;
      Puppet puppet({.engine = role, .hold_method = true});
      puppet.start();
      puppet.pump();
      puppet.forget();
      puppet.send_payload(payload_of(number, Fields().u32(1024).u32(0xffffffff).u32(0xffffffff)));
      puppet.pump();
      EXPECT_TRUE(ended(puppet, Code::unexpected_message)) << int{number};
    }
}

TEST(attacks_values, K15_points_off_the_curve) {
  for (const auto& [method, size] : std::vector<std::pair<std::string, std::size_t>>{
           {"ecdh-sha2-nistp256", 32}, {"ecdh-sha2-nistp384", 48}, {"ecdh-sha2-nistp521", 66}}) {
    auto point = *find_algorithm(real().key_exchanges, method)->make()->initiate(*real().random);
    ASSERT_EQ(point.size(), 1 + 2 * size);
    auto off = point, compressed = point, longer = point, zeros = ByteVector(point.size()), mixed = point;
    off.back() ^= std::byte{1};
    compressed.resize(1 + size);
    compressed[0] = std::byte{2} | (point.back() & std::byte{1});
    longer.push_back(std::byte{0});
    zeros[0] = std::byte{4};
    mixed[0] = std::byte{6} | (point.back() & std::byte{1});
    for (const auto& value : {off, compressed, ByteVector(1), ByteVector{}, longer, zeros, mixed,
                              copy_of(Bytes(point).first(point.size() - 1))})
      EXPECT_TRUE(refuses(method, value)) << method << " " << value.size();
  }
}

// The seven points of small order that RFC 7748 6.1 speaks of, and one of them with the bit that is not looked at.
constexpr std::array low_order{"0000000000000000000000000000000000000000000000000000000000000000",
                               "0100000000000000000000000000000000000000000000000000000000000000",
                               "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                               "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                               "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                               "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                               "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                               "0000000000000000000000000000000000000000000000000000000000000080"};

TEST(attacks_values, K16_x25519_lengths_and_small_order) {
  for (const std::size_t size : {0U, 1U, 31U, 33U, 64U})
    EXPECT_TRUE(refuses("curve25519-sha256", ByteVector(size, std::byte{9}))) << size;
  for (const auto* point : low_order) EXPECT_TRUE(refuses("curve25519-sha256", from_hex(point))) << point;
}

TEST(attacks_values, K17_hybrid_lengths_and_unreduced_keys) {
  const std::string method = "mlkem768x25519-sha256";
  const auto& algorithm = *find_algorithm(real().key_exchanges, method);
  const auto good = *algorithm.make()->initiate(*real().random);
  ASSERT_EQ(good.size(), 1184U + 32);
  for (const std::size_t size : {std::size_t{0}, std::size_t{32}, std::size_t{1184}, std::size_t{1088 + 31},
                                 std::size_t{1088 + 33}, good.size() - 1, good.size() + 1})
    EXPECT_TRUE(refuses(method, ByteVector(size, std::byte{1}))) << size;
  auto unreduced = good;
  unreduced[0] = std::byte{0x01};  // the first coefficient: 3329, which is the modulus
  unreduced[1] = (unreduced[1] & std::byte{0xf0}) | std::byte{0x0d};
  EXPECT_TRUE(ended(*given(Role::server, method, unreduced), Code::key_exchange_value, Reason::key_exchange_failed));
  for (const auto role : both)  // the other half of small order, behind a key or a ciphertext that is right
    for (const auto* point : low_order) {
      auto value = role == Role::server ? good : algorithm.make()->respond(*real().random, good)->value;
      const auto half = from_hex(point);
      std::copy(half.begin(), half.end(), value.end() - 32);
      EXPECT_TRUE(ended(*given(role, method, value), Code::key_exchange_value, Reason::key_exchange_failed)) << point;
    }
  for (int i = 0; i < 30; ++i) {  // K is a string: 32 bytes, whatever the first of them is
    const auto client = algorithm.make();
    const auto reply = algorithm.make()->respond(*real().random, *client->initiate(*real().random));
    EXPECT_EQ(reply->secret.size(), 4U + 32);
    EXPECT_TRUE(same_bytes(client->finish(reply->value)->bytes(), reply->secret.bytes()));
  }
}

TEST(attacks_values, K18_secrets_with_zeros_or_high_bits_in_front) {
  for (const auto& [method, size, runs] : std::vector<std::tuple<std::string, std::size_t, int>>{
           {"curve25519-sha256", 32, 1500}, {"ecdh-sha2-nistp256", 32, sanitized ? 0 : 1000}}) {
    const auto& algorithm = *find_algorithm(real().key_exchanges, method);
    int shorter = 0, longer = 0;
    for (int i = 0; i < runs; ++i) {
      const auto client = algorithm.make(), server = algorithm.make();
      const auto reply = server->respond(*real().random, *client->initiate(*real().random));
      const auto secret = client->finish(reply->value);
      ASSERT_TRUE(secret && same_bytes(secret->bytes(), reply->secret.bytes())) << method;
      Reader reader(secret->bytes());
      Mpint number;  // which takes the one right encoding only
      reader.read(number);
      ASSERT_TRUE(reader.done());
      shorter += number.magnitude.size() < size ? 1 : 0;
      longer += secret->size() == 4 + size + 1 ? 1 : 0;
    }
    EXPECT_TRUE(runs == 0 || (shorter > 0 && longer > 0)) << method << ": neither case was met";
  }
}

// ---- keys and signatures

ByteVector rsa_blob(std::size_t bits, Bytes exponent) {
  ByteVector n((bits + 7) / 8, std::byte{0x11});
  n[0] = static_cast<std::byte>(1U << (bits - 1) % 8);
  return Fields().text("ssh-rsa").mpint(exponent).mpint(n);
}

TEST(attacks_values, K21_keys_that_cost_too_much) {
  const auto usual = from_hex("010001");
  const std::vector<ByteVector> bad{rsa_blob(1024, usual),
                                    rsa_blob(2047, usual),
                                    rsa_blob(16385, usual),
                                    rsa_blob(2048, from_hex("02")),
                                    rsa_blob(2048, from_hex("01")),
                                    rsa_blob(2048, {}),
                                    rsa_blob(2048, from_hex("0100000001")),
                                    rsa_blob(2048, ByteVector(256, std::byte{0x11}))};
  for (const auto& blob : bad) {
    auto server = in_auth(Role::server);
    offer_key(*server, "rsa-sha2-512", blob);
    EXPECT_EQ(server->told("PublicKeyOffered"), 0U);
    EXPECT_TRUE(failed(*server));
  }
  for (const auto& blob : {bad[0], bad[2]}) {
    PuppetOptions options{.engine = Role::client, .host_key = KeyType::rsa};
    options.client.algorithms.host_keys = options.algorithms.host_keys = {"rsa-sha2-512"};
    options.edit_method = [&](ByteVector& payload) {
      const auto before = payload;
      auto reply = *decode<KexReply>(Bytes(before).subspan(1));
      reply.host_key = blob;
      payload = encoded(reply);
    };
    Puppet client(options);
    client.exchange();
    EXPECT_TRUE(ended(client, Code::host_key_unacceptable, Reason::key_exchange_failed));
  }
  auto dsa = in_auth(Role::server);
  offer_key(*dsa, "ssh-dss", Fields().text("ssh-dss").mpint(usual).mpint(usual).mpint(usual).mpint(usual));
  EXPECT_TRUE(failed(*dsa));
  for (const auto& row : real().signatures) EXPECT_EQ(row.name.find("dss"), std::string_view::npos);
}

TEST(attacks_values, K22_signatures_that_are_none) {
  const auto message = bytes_of("m");
  for (const auto type : {KeyType::ed25519, KeyType::ecdsa_p256, KeyType::ecdsa_p521, KeyType::rsa}) {
    const auto key = key_from_seed(type, 2000);
    const std::string name = type == KeyType::rsa ? "rsa-sha2-256" : std::string(key->public_key().type());
    const auto& algorithm = *find_algorithm(real().signatures, name);
    const auto blob = copy_of(key->public_key().blob());
    const auto good = *key->sign(name, message, *real().random);
    ASSERT_TRUE(algorithm.verify(blob, message, good)) << name;
    const auto inner = Bytes(good).subspan(4 + name.size() + 4);
    const auto with = [&](Bytes value) { return ByteVector(Fields().text(name).string(value)); };
    std::vector<ByteVector> bad{{}, with({}), ByteVector(Fields().text(name)), with(ByteVector(inner.size()))};
    bad.push_back(Fields().raw(good).raw(ByteVector(1)));
    bad.push_back(with(Fields().raw(inner).raw(ByteVector(1))));
    bad.push_back(with(inner.first(inner.size() - 1)));
    bad.push_back(with(ByteVector(inner.size(), std::byte{0xff})));
    if (type == KeyType::ed25519) {  // S + L: a second form of the same signature (RFC 8032 5.1.7)
      auto second = copy_of(inner);
      const auto order = from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
      unsigned carry = 0;
      for (std::size_t i = 0; i < 32; ++i) {
        carry += std::to_integer<unsigned>(second[32 + i]) + std::to_integer<unsigned>(order[i]);
        second[32 + i] = static_cast<std::byte>(carry);
        carry >>= 8;
      }
      bad.push_back(with(second));
    } else if (type != KeyType::rsa) {
      const auto one = from_hex("01");
      const ByteVector huge(type == KeyType::ecdsa_p256 ? 32 : 66, std::byte{0xff});
      for (const auto& [r, s] : std::vector<std::pair<Bytes, Bytes>>{{{}, one}, {one, {}}, {huge, one}, {one, huge}})
        bad.push_back(with(Fields().mpint(r).mpint(s)));
      bad.push_back(with(Fields().string(from_hex("ff")).string(one)));  // negative
    }
    for (std::size_t i = 0; i < bad.size(); ++i) EXPECT_FALSE(algorithm.verify(blob, message, bad[i])) << name << i;
    for (std::size_t cut = 0; cut < blob.size(); ++cut) EXPECT_FALSE(algorithm.acceptable(Bytes(blob).first(cut)));
    EXPECT_FALSE(algorithm.acceptable(Fields().raw(blob).raw(ByteVector(1)))) << name;
    EXPECT_FALSE(algorithm.verify(Bytes(blob).first(blob.size() - 1), message, good)) << name;
  }
}

TEST(attacks_values, K26_nonces_of_ecdsa) {
  const auto one = seeded_random(1), two = seeded_random(2);
  for (const auto type : {KeyType::ecdsa_p256, KeyType::ecdsa_p384, KeyType::ecdsa_p521}) {
    const auto key = key_from_seed(type, 2000);
    const auto name = key->public_key().type();
    const auto first = key->sign(name, bytes_of("m"), *one), again = key->sign(name, bytes_of("m"), *two);
    EXPECT_TRUE(same_bytes(*first, *again)) << name << ": the nonce hangs on the randomness";
    const auto other = key->sign(name, bytes_of("n"), *one);
    const auto r = [&](const ByteVector& signature) {  // which is the nonce times the base point
      Reader outer(signature);
      Bytes algorithm, inner;
      outer.read(algorithm);
      outer.read(inner);
      Reader reader(inner);
      Mpint number;
      reader.read(number);
      return copy_of(number.magnitude);
    };
    EXPECT_FALSE(same_bytes(r(*first), r(*other))) << name << ": one nonce for two messages";
    EXPECT_FALSE(key->sign("rsa-sha2-256", bytes_of("m"), *one)) << "one hash for each curve";
  }
}

// ---- failures inside

// A provider of one algorithm each, whose calls count down and fail at zero, once.
struct Faults {
  enum class What { primitive, judgement };  // a judgement: whether a key or a signature is good
  static inline int left = 0;
  static inline std::function<void(What)> when;
  static bool due(What what = What::primitive) {
    if (--left != 0) return false;
    when(what);
    return true;
  }

  static const KeyExchangeAlgorithm& exchange() { return *find_algorithm(real().key_exchanges, "curve25519-sha256"); }
  static const CipherAlgorithm& cipher() { return *find_algorithm(real().ciphers, "aes128-gcm@openssh.com"); }
  static const SignatureAlgorithm& signature() { return *find_algorithm(real().signatures, "ssh-ed25519"); }

  struct FaultyHash final : Hash {
    std::unique_ptr<Hash> under = exchange().hash();
    std::size_t size() const override { return under->size(); }
    void update(Bytes data) override { under->update(data); }
    bool finish(Buffer out) override { return !due() && under->finish(out); }
  };
  struct FaultyExchange final : KeyExchange {
    std::unique_ptr<KeyExchange> under = exchange().make();
    std::optional<ByteVector> initiate(Random& random) override {
      return due() ? std::nullopt : under->initiate(random);
    }
    std::optional<Secret> finish(Bytes reply) override { return due() ? std::nullopt : under->finish(reply); }
    std::optional<Reply> respond(Random& random, Bytes value) override {
      return due() ? std::nullopt : under->respond(random, value);
    }
  };
  struct FaultyOpener final : Opener {
    explicit FaultyOpener(std::unique_ptr<Opener> real_one) : under(std::move(real_one)) {}
    std::unique_ptr<Opener> under;
    PacketShape shape() const override { return under->shape(); }
    std::uint32_t packet_length(std::uint32_t sequence, Buffer head) override {
      return under->packet_length(sequence, head);
    }
    std::optional<Buffer> open(std::uint32_t sequence, Buffer packet) override {
      return due() ? std::nullopt : under->open(sequence, packet);
    }
  };
  struct FaultySealer final : Sealer {
    explicit FaultySealer(std::unique_ptr<Sealer> real_one) : under(std::move(real_one)) {}
    std::unique_ptr<Sealer> under;
    PacketShape shape() const override { return under->shape(); }
    bool seal(std::uint32_t sequence, Buffer packet) override { return !due() && under->seal(sequence, packet); }
  };

  static Provider provider(Random& random) {
    static std::array exchanges{exchange()};
    static std::array ciphers{cipher()};
    static std::array signatures{signature()};
    exchanges[0].hash = []() -> std::unique_ptr<Hash> { return due() ? nullptr : std::make_unique<FaultyHash>(); };
    exchanges[0].make = []() -> std::unique_ptr<KeyExchange> {
      return due() ? nullptr : std::make_unique<FaultyExchange>();
    };
    ciphers[0].opener = [](const PacketKeys& keys, const MacAlgorithm* mac) -> std::unique_ptr<Opener> {
      return due() ? nullptr : std::make_unique<FaultyOpener>(cipher().opener(keys, mac));
    };
    ciphers[0].sealer = [](const PacketKeys& keys, const MacAlgorithm* mac) -> std::unique_ptr<Sealer> {
      return due() ? nullptr : std::make_unique<FaultySealer>(cipher().sealer(keys, mac));
    };
    signatures[0].verify = [](Bytes key, Bytes message, Bytes value) {
      return !due(What::judgement) && signature().verify(key, message, value);
    };
    signatures[0].acceptable = [](Bytes key) { return !due(What::judgement) && signature().acceptable(key); };
    return {exchanges, ciphers, real().macs, signatures, &random};
  }
};

// A login with a key on a server, with a password on a client; a rekey, and a message.
void live_a_little(Puppet& puppet) {
  if (puppet.role() == Role::client) {
    if (!puppet.login()) return;
  } else {
    if (!puppet.begin_service()) return;
    const auto key = puppet.user_key->public_key().blob();
    auto body = encoded(PublicKeyBody{true, "ssh-ed25519", key, {}});
    const ByteVector message = Fields()
                                   .string(puppet.session_id)
                                   .raw(encoded(UserauthRequest{"alice", "ssh-connection", "publickey", {body}}));
    append(body, Fields().string(*puppet.user_key->sign("ssh-ed25519", message, *puppet.random)));
    request_auth(puppet, "publickey", body);
    if (!puppet.engine().authenticated()) return;
  }
  puppet.send_kex_init();
  puppet.pump();
  puppet.send(Ping{bytes_of("x")});
  puppet.pump();
}

TEST(attacks_values, K24_errors_inside_taken_for_success) {
  for (const auto role : both) {
    int failures = 0, refusals = 0;
    for (int n = 1; n < 1000; ++n) {
      Puppet puppet({.engine = role, .hold_new_keys = false});
      const auto provider = Faults::provider(*puppet.engine_random);
      if (role == Role::server)
        puppet.server = std::make_unique<Server>(provider, std::make_shared<ServerConfig>(puppet.options.server));
      else
        puppet.client = std::make_unique<Client>(provider, std::make_shared<ClientConfig>(puppet.options.client));
      std::size_t events = 0;
      bool authenticated = false, of_a_user = false;
      Faults::left = n;
      Faults::when = [&](Faults::What what) {
        ++failures;
        events = puppet.events.size();
        authenticated = puppet.engine().authenticated();
        of_a_user = role == Role::server && what == Faults::What::judgement && puppet.told("KeysExchanged") == 1 &&
                    !authenticated;
      };
      live_a_little(puppet);
      if (Faults::left > 0) break;  // it all went well before the n-th call
      // A user's key that cannot be judged is not good, and no more than that. All else is the end.
      EXPECT_EQ(puppet.closed, of_a_user ? 0 : 1) << n << puppet.log();
      refusals += of_a_user ? 1 : 0;
      EXPECT_EQ(puppet.engine().authenticated(), authenticated) << n;
      for (auto i = events; i < puppet.events.size(); ++i)
        for (const auto* good : {"KeysExchanged", "HostKeyOffered", "PublicKeyProven", "Authenticated"})
          EXPECT_FALSE(puppet.events[i].starts_with(good)) << n << puppet.log();
    }
    EXPECT_GT(failures, 30);
    EXPECT_EQ(refusals, role == Role::server ? 2 : 0) << "whether the key is one, and its signature";
  }
}

// Fails from its n-th call on.
class Failing final : public Random {
 public:
  explicit Failing(int good) : good_(good) {}
  bool fill(Buffer out) override { return good_-- > 0 && under_->fill(out); }
  bool failed() const { return good_ < 0; }

 private:
  int good_;
  std::unique_ptr<Random> under_ = seeded_random(5);
};

// The first packet of an engine as it leaves, and the padding at its end.
struct FirstPacket {
  ByteVector bytes;
  ByteVector padding;
};
FirstPacket first_packet(Role role, std::uint64_t seed) {
  Puppet puppet({.engine = role, .seed = seed, .hold_kex_init = true});
  puppet.paused = true;
  puppet.start();
  puppet.pump();
  const auto out = puppet.engine().outgoing();
  const auto line = text_of(out).find("\r\n") + 2;
  const auto packet = out.subspan(line);
  EXPECT_EQ(packet.size(), 4 + load_be32(packet.data())) << "one packet: KEXINIT";
  return {copy_of(packet), copy_of(packet.last(std::to_integer<std::size_t>(packet[4])))};
}

TEST(attacks_values, K27_no_randomness) {
  for (const auto role : both) {
    bool lived = false;
    int n = 0;
    for (; n < 100 && !lived; ++n) {
      Puppet puppet({.engine = role});
      Failing random(n);
      auto provider = botan_provider(random);
      if (role == Role::server)
        puppet.server = std::make_unique<Server>(provider, std::make_shared<ServerConfig>(puppet.options.server));
      else
        puppet.client = std::make_unique<Client>(provider, std::make_shared<ClientConfig>(puppet.options.client));
      live_a_little(puppet);
      lived = !random.failed();
      if (lived) break;
      EXPECT_EQ(puppet.closed, 1) << n << puppet.log();
      const bool named = puppet.code() == Code::random_failed || puppet.code() == Code::crypto_failed ||
                         puppet.code() == Code::key_exchange_value;
      EXPECT_TRUE(named) << n << describe(puppet.code());
    }
    EXPECT_TRUE(lived);
    EXPECT_GT(n, 3);
    // The cookie and the padding come from it and from nothing else: the same seed, the same bytes.
    const auto one = first_packet(role, 9), two = first_packet(role, 9), three = first_packet(role, 10);
    EXPECT_TRUE(same_bytes(one.bytes, two.bytes));
    EXPECT_FALSE(same_bytes(Bytes(one.bytes).subspan(6, 16), Bytes(three.bytes).subspan(6, 16))) << "the cookie";
    EXPECT_FALSE(same_bytes(one.padding, three.padding)) << "the padding";
  }
}

}  // namespace
}  // namespace nacre::test
