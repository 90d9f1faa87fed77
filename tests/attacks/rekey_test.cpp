// Attacks on later key exchanges (rows R01 to R07 of rows.txt).
#include <algorithm>

#include "tests/attacks/attack.hpp"

namespace nacre::test {
namespace {

using namespace std::chrono_literals;

// The engine has sent its KEXINIT and gets none.
std::unique_ptr<Puppet> left_waiting(std::unique_ptr<Puppet> puppet) {
  puppet->options.hold_kex_init = true;
  EXPECT_EQ(puppet->engine().rekey(), Status::ok);
  puppet->pump();
  EXPECT_TRUE(puppet->has(KexInit::number));
  puppet->forget();
  return puppet;
}

TEST(attacks_rekey, R01_data_after_kexinit) {
  for (const auto role : both)
    for (const bool late : {false, true})
      for (unsigned number = 1; number <= 191; ++number) {
        const bool chatter = number >= 2 && number <= 4;
        if (!chatter && !(number >= 5 && number <= 7) && number < 50) continue;
        std::uint32_t id = 0;
        auto puppet = with_channel(role, id);
        (late ? puppet->options.hold_new_keys : puppet->options.hold_method) = true;
        puppet->send_kex_init();
        puppet->pump();
        puppet->forget();
        puppet->send_payload(payload_of(static_cast<std::uint8_t>(number), Fields().u32(0).u32(0)));
        puppet->pump();
        if (number == Debug::number) {  // IGNORE and the like are legal in later exchanges, even in strict ones
          EXPECT_EQ(puppet->code(), Code::malformed_message);
        } else if (chatter) {
          late ? puppet->send_new_keys() : puppet->send_method();
          puppet->pump();
          EXPECT_TRUE(lives(*puppet)) << number;
        } else {
          ASSERT_TRUE(ended(*puppet, Code::unexpected_message)) << number << " late " << late;
        }
      }
}

TEST(attacks_rekey, R02_peers_that_never_answer_a_kexinit) {
  for (const auto role : both) {
    auto many = left_waiting(logged_in(role));
    for (int i = 0; i < 257; ++i) many->send(Ping{});
    many->pump();
    EXPECT_TRUE(ended(*many, Code::too_much_held));
    auto large = left_waiting(logged_in(role));
    for (int i = 0; i < 3; ++i) large->send(Ping{ByteVector(30'000)});
    large->pump();
    EXPECT_TRUE(ended(*large, Code::too_much_held));

    std::uint32_t id = 0;
    auto patient = left_waiting(with_channel(role, id));
    EXPECT_EQ(patient->engine().write({id}, bytes_of("x")), 0U) << "the application is held up";
    patient->send(ChannelData{id, bytes_of("on its way")});
    patient->pump();
    EXPECT_EQ(patient->data, "on its way");
    patient->advance(59'999ms);
    EXPECT_EQ(patient->closed, 0);
    patient->advance(1ms);
    EXPECT_EQ(patient->code(), Code::rekey_timeout);
    EXPECT_EQ(patient->farewell(), Reason::key_exchange_failed);
  }
}

// The application answers each at once, and no answer may leave before the new keys.
TEST(attacks_rekey, R02_questions_that_the_application_answers) {
  enum Flood { requests, opens, global_requests };
  for (const auto role : both)
    for (const auto flood : {requests, opens, global_requests}) {
      std::uint32_t id = 0;
      auto puppet = left_waiting(with_channel(role, id));
      if (flood == opens)
        puppet->on_event = [p = puppet.get()](const Event& event) {
          const auto* asked = std::get_if<ChannelOpenReceived>(&event);
          return asked && p->engine().answer(asked->ticket, ChannelVerdict{.text = "no"}) == Status::ok;
        };
      const auto ask = [&](std::size_t times) {
        for (std::size_t i = 0; i < times; ++i) {
          if (flood == requests) puppet->send(ChannelRequest{id, "x@y.z", true, {}});
          if (flood == opens) puppet->send(ChannelOpen{"x@y.z", 9, 1000, 1000, {}});
          if (flood == global_requests) puppet->send(GlobalRequest{"x@y.z", true, {}});
          puppet->pump();
        }
      };
      ask(Limits{}.held_messages);
      EXPECT_EQ(puppet->closed, 0) << flood << ' ' << describe(puppet->code());
      EXPECT_TRUE(puppet->received.empty());
      ask(1);
      EXPECT_EQ(puppet->closed, 1);
      EXPECT_EQ(puppet->code(), Code::too_much_held) << flood;
      EXPECT_EQ(puppet->farewell(), Reason::protocol_error);
    }
}

// The window is what the peer has been told of, however much was consumed meanwhile; the rest is told with the new keys.
TEST(attacks_rekey, R02_windows_do_not_grow_in_silence) {
  for (const auto role : both)
    for (const bool greedy : {false, true}) {
      std::uint32_t id = 0;
      auto puppet = left_waiting(with_channel(role, id));
      constexpr std::uint32_t piece = 32 * 1024, window = Limits{}.window;
      for (std::uint32_t sent = 0; sent < window; sent += piece) {
        puppet->send(ChannelData{id, ByteVector(piece)});
        puppet->pump();
      }
      EXPECT_EQ(puppet->closed, 0) << describe(puppet->code());
      EXPECT_EQ(puppet->data.size(), window);
      if (greedy) {
        puppet->forget();
        puppet->send(ChannelData{id, ByteVector(1)});
        puppet->pump();
        EXPECT_TRUE(ended(*puppet, Code::window_exceeded));
        continue;
      }
      puppet->send_kex_init();
      puppet->pump();
      EXPECT_EQ(puppet->told("KeysExchanged first=0"), 1U);
      const auto adjust = puppet->last<ChannelWindowAdjust>();
      ASSERT_TRUE(adjust);
      EXPECT_EQ(puppet->count(ChannelWindowAdjust::number), 1U);
      EXPECT_EQ(adjust->bytes, window) << "all of it, at once";
      EXPECT_TRUE(lives(*puppet));
    }
}

TEST(attacks_rekey, R03_collisions_and_storms) {
  for (const auto role : both) {
    auto crossing = logged_in(role);
    crossing->options.hold_kex_init = true;
    ASSERT_EQ(crossing->engine().rekey(), Status::ok);
    crossing->send_kex_init();
    crossing->pump();
    EXPECT_EQ(crossing->told("KeysExchanged first=0"), 1U);
    EXPECT_EQ(crossing->count(KexInit::number), 1U);
    EXPECT_TRUE(lives(*crossing));

    auto storm = logged_in(role);
    for (int i = 0; i < 8; ++i) {
      storm->send_kex_init();
      storm->pump();
    }
    EXPECT_EQ(storm->told("KeysExchanged first=0"), 8U);
    storm->forget();
    storm->send_kex_init();
    storm->pump();
    EXPECT_TRUE(ended(*storm, Code::rekey_too_often));

    auto busy = logged_in(role);
    for (int i = 0; i < 20; ++i) {
      busy->send(Ignore{ByteVector(70'000)});
      busy->send_kex_init();
      busy->pump();
    }
    EXPECT_EQ(busy->told("KeysExchanged first=0"), 20U);
  }
}

TEST(attacks_rekey, R04_rekeying_before_authentication) {
  for (const auto role : both)
    for (const bool service : {false, true}) {
      auto puppet = service ? in_auth(role) : with_keys(role);
      puppet->send_kex_init();
      puppet->pump();
      EXPECT_TRUE(ended(*puppet, Code::unexpected_message));
    }
  PuppetOptions options;  // and nobody gets a keys' worth of bytes before it
  options.server.limits.rekey_bytes = 1024;
  options.server.limits.auth_failures = 1000;
  options.server.limits.failure_delay = 0ms;
  auto puppet = in_auth(options);
  for (int i = 0; i < 100 && puppet->closed == 0; ++i) request_auth(*puppet, "x", ByteVector(30'000));
  EXPECT_EQ(puppet->code(), Code::rekey_before_auth);
  EXPECT_EQ(puppet->farewell(), Reason::protocol_error);
  EXPECT_LT(puppet->delivered.size(), 1'200'000U);
}

TEST(attacks_rekey, R05_another_host_key) {
  auto puppet = logged_in(Role::client);
  puppet->host_key = key_from_seed(KeyType::ed25519, 4711);
  puppet->send_kex_init();
  puppet->pump();
  EXPECT_TRUE(ended(*puppet, Code::host_key_changed, Reason::host_key_not_verifiable));
}

TEST(attacks_rekey, R06_order_and_bytes_across_keys) {
  for (const bool client : {true, false}) {
    PairOptions options;
    for (auto* limits : {&options.client.limits, &options.server.limits}) {
      limits->rekey_bytes = 1024;
      limits->idle_rekey_bytes = 0;
      limits->max_packet = 700;
    }
    (client ? options.server.limits : options.client.limits).rekey_bytes = 1 << 30;
    Pair pair(options);
    pair.login();
    const auto up = pair.open_session(), down = *pair.server_channel;
    std::string text;
    for (int i = 0; i < 30'000; ++i) text += static_cast<char>(i * 31 % 251);
    std::size_t sent_up = 0, sent_down = 0;
    const auto push = [&] {
      sent_up += pair.client->write(up, bytes_of(text).subspan(sent_up));
      sent_down += pair.server->write(down, bytes_of(text).subspan(sent_down));
    };
    pair.on_client = pair.on_server = [&](const Event& event) {
      if (!std::holds_alternative<Writable>(event)) return false;
      push();
      return true;
    };
    push();
    pair.run();
    EXPECT_EQ(pair.server_data[down.id], text);
    EXPECT_EQ(pair.client_data[up.id], text);
    const auto exchanges = std::count_if(pair.client_events.begin(), pair.client_events.end(),
                                         [](const auto& line) { return line.starts_with("KeysExchanged first=0"); });
    EXPECT_GE(exchanges, 30'000 / (2 * 700)) << "two packets are more than a KiB, and then keys are worn";
  }
  // What is asked for meanwhile leaves behind NEWKEYS, in the order in which it was asked for.
  for (const auto role : both) {
    std::uint32_t id = 0;
    auto puppet = left_waiting(with_channel(role, id));
    ASSERT_TRUE(puppet->engine().request({id}, OtherRequest{"x", {}}, false));
    ASSERT_TRUE(puppet->engine().global_request("y", {}, true));
    ASSERT_EQ(puppet->engine().finish({id}), Status::ok);
    ASSERT_EQ(puppet->engine().close({id}), Status::ok);
    puppet->send(Ping{});
    puppet->pump();
    EXPECT_TRUE(puppet->received.empty());
    puppet->send_kex_init();
    puppet->pump();
    std::string order;
    for (const auto& payload : puppet->received) order += std::to_string(std::to_integer<int>(payload[0])) + " ";
    EXPECT_TRUE(order.ends_with(" 21 98 80 96 97 193 ")) << order;
  }
}

TEST(attacks_rekey, R07_other_algorithms_each_time) {
  const std::vector<std::pair<std::string, std::string>> protections{
      {"aes128-gcm@openssh.com", "hmac-sha2-256"},     {"chacha20-poly1305@openssh.com", "hmac-sha2-256"},
      {"aes256-ctr", "hmac-sha2-512-etm@openssh.com"}, {"aes192-ctr", "hmac-sha2-256"},
      {"aes256-gcm@openssh.com", "hmac-sha2-256"},     {"aes128-ctr", "hmac-sha2-256-etm@openssh.com"}};
  for (const auto role : both) {
    PuppetOptions options{.engine = role};
    for (auto* names : {&options.client.algorithms, &options.server.algorithms}) {
      names->key_exchanges = {"curve25519-sha256", "ecdh-sha2-nistp521", "mlkem768x25519-sha256"};
      for (const auto& [cipher, mac] : protections) names->macs.push_back(mac);
    }
    options.client.limits.idle_rekey_bytes = options.server.limits.idle_rekey_bytes = 0;
    auto puppet = logged_in(options);
    std::size_t step = 0;
    for (const auto& from : protections)
      for (const auto& to : protections)
        for (const auto& [cipher, mac] : {from, to}) {
          const std::array methods{"curve25519-sha256", "ecdh-sha2-nistp521", "mlkem768x25519-sha256"};
          puppet->options.algorithms = {{methods[++step % 3]}, {}, {cipher}, {mac}};
          puppet->send_kex_init();
          puppet->pump();
          ASSERT_TRUE(lives(*puppet)) << cipher << " " << mac;
        }
    EXPECT_EQ(puppet->told("KeysExchanged first=0"), 72U);
  }
}

}  // namespace
}  // namespace nacre::test
