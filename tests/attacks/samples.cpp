// The samples, the walk along their forms, and the ways to their stages.
#include "tests/attacks/samples.hpp"

#include <algorithm>

namespace nacre::test {
namespace {

using namespace std::chrono_literals;

constexpr auto server = Role::server, client = Role::client;

std::unique_ptr<Puppet> in_exchange(Role role, std::function<void(ByteVector&)> edit_method = {}) {
  auto puppet = std::make_unique<Puppet>(
      PuppetOptions{.engine = role, .edit_method = edit_method, .hold_method = edit_method == nullptr});
  puppet->auto_login = false;
  puppet->start();
  puppet->pump();
  puppet->forget();
  return puppet;
}

// The reply that is right in in_exchange: all runs of one seed are the same.
ByteVector right_reply() {
  ByteVector body;
  in_exchange(client, [&](ByteVector& payload) { body = copy_of(Bytes(payload).subspan(1)); });
  return body;
}

ByteVector right_kex_init() {
  KexInit init;
  init.key_exchanges = NameList("curve25519-sha256");
  init.host_keys = NameList("ssh-ed25519");
  init.ciphers_to_server = init.ciphers_to_client = NameList("aes128-gcm@openssh.com");
  init.macs_to_server = init.macs_to_client = NameList("hmac-sha2-256");
  init.compressions_to_server = init.compressions_to_client = NameList("none");
  return copy_of(Bytes(encoded(init)).subspan(1));
}

void add_transport(std::vector<Sample>& list) {
  const auto key = key_from_seed(KeyType::ed25519, 2000);
  list.push_back({server, Stage::channel, 1, "uss", Fields().u32(11).text("bye").text("en")});
  list.push_back({server, Stage::channel, 2, "s", Fields().text("nothing")});
  list.push_back({server, Stage::channel, 3, "u", Fields().u32(7)});
  list.push_back({server, Stage::channel, 4, "bss", Fields().flag(true).text("debug").text("")});
  list.push_back({server, Stage::keys, 5, "s", Fields().text("ssh-userauth")});
  list.push_back({client, Stage::keys, 6, "s", Fields().text("ssh-userauth")});
  list.push_back({server, Stage::keys, 7, "css", Fields().u32(1).text("server-sig-algs").text("a,b")});
  list.push_back({server, Stage::channel, 20, "uuuunnnnnnnnnnbu", right_kex_init()});
  list.push_back({server, Stage::exchange, 30, "s", Fields().string(ByteVector(32, std::byte{9}))});
  list.push_back({client, Stage::exchange, 31, "sss", right_reply()});
}

void add_authentication(std::vector<Sample>& list) {
  const auto request = [](std::string_view method) {
    return Fields().text("alice").text("ssh-connection").text(method);
  };
  const auto key = copy_of(key_from_seed(KeyType::ed25519, 2000)->public_key().blob());
  const auto password = encoded(PasswordBody{false, bytes_of("wrong"), {}});
  list.push_back({server, Stage::login, 50, "ssm|bs", request("password").raw(password)});
  list.push_back({server, Stage::login, 50, "ssm|bss", request("publickey").flag(false).text("x").text("y")});
  list.push_back({server, Stage::login, 50, "ssm|bsss", request("publickey").flag(true).text("x").text("y").text("z")});
  list.push_back({server, Stage::login, 50, "ssm|ss", request("keyboard-interactive").text("").text("pam")});
  list.push_back({client, Stage::login, 51, "nb", Fields().text("password,publickey").flag(false)});
  list.push_back({client, Stage::login, 52, "", {}});
  list.push_back({client, Stage::login, 53, "ss", Fields().text("hello").text("")});
  list.push_back({client, Stage::login, 60, "ss", Fields().text("change it").text("en")});
  list.push_back({client, Stage::probe, 60, "ss", Fields().text("ssh-ed25519").string(key)});
  list.push_back({client, Stage::dialogue, 60, "ssscsb",
                  Fields().text("name").text("please").text("").u32(1).text("p").flag(true)});
  list.push_back({server, Stage::dialogue, 61, "cs", Fields().u32(1).text("answer")});
}

void add_connection(std::vector<Sample>& list) {
  const auto request = [](std::string_view name, bool reply) { return Fields().u32(0).text(name).flag(reply); };
  list.push_back({server, Stage::channel, 80, "kbo", Fields().text("keepalive@openssh.com").flag(true)});
  list.push_back({server, Stage::asking, 81, "o", Fields().text("data")});
  list.push_back({server, Stage::channel, 90, "kuuuo", Fields().text("session").u32(9).u32(1000).u32(1000)});
  list.push_back({client, Stage::opening, 91, "uuuuo", Fields().u32(1).u32(9).u32(1000).u32(1000)});
  list.push_back({client, Stage::opening, 92, "uuss", Fields().u32(1).u32(1).text("no").text("en")});
  list.push_back({server, Stage::channel, 93, "uu", Fields().u32(0).u32(5)});
  list.push_back({server, Stage::channel, 94, "us", Fields().u32(0).text("data")});
  list.push_back({server, Stage::channel, 95, "uus", Fields().u32(0).u32(1).text("data")});
  list.push_back({server, Stage::channel, 96, "u", Fields().u32(0)});
  list.push_back({server, Stage::channel, 97, "u", Fields().u32(0)});
  list.push_back({server, Stage::channel, 98, "ukb|suuuus",
                  request("pty-req", true).text("xterm").u32(80).u32(24).u32(0).u32(0).string(ByteVector(1))});
  list.push_back({server, Stage::channel, 98, "ukb|ss", request("env", true).text("LANG").text("C")});
  list.push_back({server, Stage::channel, 98, "ukb|", request("shell", true)});
  list.push_back({server, Stage::channel, 98, "ukb|s", request("exec", true).text("ls")});
  list.push_back({server, Stage::channel, 98, "ukb|s", request("subsystem", true).text("sftp")});
  list.push_back({server, Stage::channel, 98, "ukb|s", request("signal", false).text("TERM")});
  list.push_back({client, Stage::channel, 98, "ukb|u", request("exit-status", false).u32(3)});
  list.push_back({client, Stage::channel, 98, "ukb|sbss",
                  request("exit-signal", false).text("TERM").flag(false).text("").text("")});
  list.push_back({server, Stage::channel, 99, "u", Fields().u32(0)});
  list.push_back({server, Stage::channel, 192, "s", Fields().text("ping")});
}

bool is_name(char field) { return field == 'k' || field == 'm'; }
bool is_string(char field) { return field == 's' || field == 'n' || is_name(field); }

// RFC 4251 5 and 6: printable names with commas between them. One comma at the end is forgiven.
bool is_name_list(std::string_view text) {
  if (text.size() > 1 && text.ends_with(',')) text.remove_suffix(1);
  const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
  return printable && !text.starts_with(',') && !text.ends_with(',') && text.find(",,") == std::string_view::npos;
}

void answer_for_stage(Puppet& puppet, Stage stage) {
  puppet.on_event = [&puppet, stage](const Event& event) {
    if (const auto* asked = std::get_if<KeyboardInteractiveWanted>(&event)) {
      const std::array prompts{Prompt{"p", false}};
      EXPECT_EQ(puppet.server->answer(asked->ticket, Prompts{"", "", prompts}), Status::ok);
      return true;
    }
    if (const auto* wanted = std::get_if<CredentialsWanted>(&event)) {
      const auto key = puppet.user_key->public_key().blob();
      const Credential dialogue = TryKeyboardInteractive{}, probe = TryPublicKey{key, "ssh-ed25519"};
      EXPECT_EQ(puppet.client->answer(wanted->ticket, stage == Stage::probe ? probe : dialogue), Status::ok);
      return true;
    }
    return std::holds_alternative<PromptsReceived>(event) || std::holds_alternative<ResponsesReceived>(event);
  };
}

}  // namespace

std::vector<Sample> samples() {
  std::vector<Sample> list;
  add_transport(list);
  add_authentication(list);
  add_connection(list);
  return list;
}

std::vector<std::size_t> lengths_in(const Sample& sample) {
  std::vector<std::size_t> offsets;
  std::size_t at = 0;
  for (const char field : sample.form) {
    if (is_string(field)) {
      offsets.push_back(at);
      at += 4 + load_be32(sample.body.data() + at);
    } else if (field != 'o' && field != '|') {
      at += field == 'b' ? 1 : 4;
    }
  }
  EXPECT_TRUE(at == sample.body.size() || sample.form.ends_with('o')) << int{sample.number} << ": another form";
  return offsets;
}

bool well_formed(const Sample& sample, Bytes body) {
  const Bytes right = sample.body;
  std::size_t at = 0;
  bool same_name = true;
  for (const char field : sample.form) {
    if (field == 'o' || (field == '|' && !same_name)) return true;
    if (field == '|') continue;
    std::size_t size = field == 'b' ? 1 : 4;
    if (body.size() - at < size) return false;
    if (field == 'c' && (right.size() < at + 4 || load_be32(body.data() + at) != load_be32(right.data() + at)))
      return false;
    if (is_string(field)) {
      const auto length = load_be32(body.data() + at);
      if (length > body.size() - at - size) return false;
      const auto text = body.subspan(at + size, length);
      if (field == 'n' && !is_name_list(text_of(text))) return false;
      if (field == 'm' && text_of(text).find('\0') != std::string_view::npos) return false;
      size += length;
      if (is_name(field))
        same_name = at + size <= right.size() && same_bytes(body.subspan(at, size), right.subspan(at, size));
    }
    at += size;
  }
  return at == body.size();
}

std::unique_ptr<Puppet> in_stage(Role role, Stage stage) {
  PuppetOptions options{.engine = role};
  options.server.keyboard_interactive = options.server.password = true;
  options.server.limits.failure_delay = 0ms;
  if (stage == Stage::exchange) return in_exchange(role);
  if (stage == Stage::keys) return with_keys(options);
  if (stage == Stage::login) return in_auth(options);
  if (stage >= Stage::channel) {
    auto puppet = logged_in(options);
    puppet->options.hold_kex_init = true;
    EXPECT_EQ(puppet->open(), 0U);
    if (stage == Stage::opening) {
      EXPECT_TRUE(puppet->engine().open("x"));
    }
    if (stage == Stage::asking) {
      EXPECT_TRUE(puppet->engine().global_request("x", {}, true));
    }
    puppet->pump();
    puppet->forget();
    return puppet;
  }
  auto puppet = role == server ? in_auth(options) : with_keys(options);
  answer_for_stage(*puppet, stage);
  if (role == server)
    request_auth(*puppet, "keyboard-interactive", encoded(KeyboardInteractiveBody{}));
  else
    puppet->send(ServiceAccept{"ssh-userauth"});
  puppet->pump();
  puppet->forget();
  return puppet;
}

std::unique_ptr<Puppet> after(const Sample& sample, Bytes body) {
  auto puppet = in_stage(sample.role, sample.stage);
  puppet->send_payload(payload_of(sample.number, body));
  puppet->pump();
  return puppet;
}

}  // namespace nacre::test
