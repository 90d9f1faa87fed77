// Writes seeds: for server and client a conversation between two engines with the null provider, as each side heard it;
// for those after a login the messages themselves; for messages one of each structure; for the targets that are steered a
// few plans. `write_seeds FOLDER` fills FOLDER/TARGET.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "engine/client.hpp"
#include "engine/connection/request_codec.hpp"
#include "engine/server.hpp"
#include "fuzz/null_provider.hpp"
#include "fuzz/structures.hpp"

namespace {

using namespace nacre;

struct Heard {
  ByteVector by_server, by_client;
};

void move(Engine& from, Engine& to, ByteVector& heard) {
  for (auto out = from.outgoing(); !out.empty(); out = from.outgoing()) {
    const auto room = to.incoming();
    const auto size = std::min(room.size(), out.size());
    std::memcpy(room.data(), out.data(), size);
    append(heard, out.first(size));
    to.received(size);
    from.sent(size);
  }
}

// A login by `credential`, a program with all its requests, data both ways, a rekey, the end.
Heard converse(const Credential& credential) {
  fuzz::CountingRandom client_random, server_random;
  auto client_config = std::make_shared<ClientConfig>();
  client_config->user = "fuzz";
  auto server_config = std::make_shared<ServerConfig>();
  server_config->host_keys.push_back(fuzz::null_key());
  server_config->password = server_config->keyboard_interactive = server_config->none = true;
  server_config->banner = "hello";
  Client client(fuzz::null_provider(client_random), client_config);
  Server server(fuzz::null_provider(server_random), server_config);
  const auto signature = fuzz::null_signature();
  Heard heard;
  auto now = TimePoint{} + std::chrono::hours(1);

  const auto on_client = [&](const Event& event) {
    if (const auto* offered = std::get_if<HostKeyOffered>(&event))
      static_cast<void>(client.answer(offered->ticket, HostKeyVerdict::trust));
    if (const auto* wanted = std::get_if<CredentialsWanted>(&event))
      static_cast<void>(client.answer(wanted->ticket, credential));
    if (const auto* sign = std::get_if<SignatureWanted>(&event))
      static_cast<void>(client.answer(sign->ticket, Signature{Bytes(signature)}));
    if (const auto* prompts = std::get_if<PromptsReceived>(&event)) {
      const std::vector<Bytes> answers(prompts->prompts.size(), bytes_of("answer"));
      static_cast<void>(client.answer(prompts->ticket, Responses{answers}));
    }
    if (std::holds_alternative<Authenticated>(event)) static_cast<void>(client.open("session"));
    if (const auto* opened = std::get_if<ChannelOpened>(&event)) {
      static_cast<void>(client.request(opened->channel, EnvRequest{"LANG", "C"}, false));
      static_cast<void>(client.request(opened->channel, PtyRequest{"xterm", 80, 24, 0, 0, {}}, true));
      static_cast<void>(client.request(opened->channel, ShellRequest{}, true));
      static_cast<void>(client.request(opened->channel, WindowChange{100, 30, 0, 0}, false));
      static_cast<void>(client.request(opened->channel, SignalRequest{"INT"}, false));
      client.write(opened->channel, bytes_of("some input\n"));
      static_cast<void>(client.global_request("keepalive@openssh.com", {}, true));
      static_cast<void>(client.finish(opened->channel));
    }
    if (const auto* data = std::get_if<DataReceived>(&event)) client.consumed(data->channel, data->data.size());
    if (std::holds_alternative<EofReceived>(event)) static_cast<void>(client.rekey());
    if (std::holds_alternative<ChannelClosed>(event)) client.disconnect();
  };
  const auto on_server = [&](const Event& event) {
    if (const auto* sign = std::get_if<SignatureWanted>(&event))
      static_cast<void>(server.answer(sign->ticket, Signature{Bytes(signature)}));
    if (const auto* offered = std::get_if<PublicKeyOffered>(&event))
      static_cast<void>(server.answer(offered->ticket, KeyInterest::yes));
    if (const auto* proven = std::get_if<PublicKeyProven>(&event))
      static_cast<void>(server.answer(proven->ticket, AuthVerdict::accept));
    if (const auto* password = std::get_if<PasswordReceived>(&event))
      static_cast<void>(server.answer(password->ticket, AuthVerdict::accept));
    if (const auto* interactive = std::get_if<KeyboardInteractiveWanted>(&event)) {
      const Prompt prompts[] = {{"Password: ", false}};
      static_cast<void>(server.answer(interactive->ticket, Prompts{"", "", prompts}));
    }
    if (const auto* responses = std::get_if<ResponsesReceived>(&event))
      static_cast<void>(server.answer(responses->ticket, AuthVerdict::accept));
    if (const auto* open = std::get_if<ChannelOpenReceived>(&event))
      static_cast<void>(server.answer(open->ticket, ChannelVerdict{.accept = true}));
    if (const auto* request = std::get_if<RequestReceived>(&event); request && request->want_reply)
      static_cast<void>(server.reply(request->ticket, true));
    if (const auto* global = std::get_if<GlobalRequestReceived>(&event); global && global->want_reply)
      static_cast<void>(server.reply(global->ticket, false));
    if (const auto* data = std::get_if<DataReceived>(&event)) {
      server.consumed(data->channel, data->data.size());
      server.write(data->channel, data->data);
      server.write(data->channel, bytes_of("an error"), Stream::err);
    }
    if (const auto* eof = std::get_if<EofReceived>(&event)) {
      static_cast<void>(server.request(eof->channel, ExitStatus{3}, false));
      static_cast<void>(server.finish(eof->channel));
      static_cast<void>(server.close(eof->channel));
    }
  };
  for (int turn = 0; turn < 60; ++turn) {
    while (auto event = client.poll(now)) on_client(*event);
    move(client, server, heard.by_server);
    while (auto event = server.poll(now)) on_server(*event);
    move(server, client, heard.by_client);
    now += std::chrono::milliseconds(10);
  }
  return heard;
}

void write_file(const std::filesystem::path& folder, const std::string& name, std::string_view contents) {
  std::filesystem::create_directories(folder);
  std::ofstream(folder / name, std::ios::binary) << contents;
}

// `control` steers the application of the target (engine_world.hpp): so many times four zeros behave well.
void write_seed(const std::filesystem::path& folder, const std::string& name, std::string_view control, Bytes stream) {
  std::string text(1, '\0');
  text += control;
  text.resize(1 + (control.size() + 3) / 4 * 4);
  text[0] = static_cast<char>(text.size() / 4);
  write_file(folder, name, text + std::string(text_of(stream)));
}

// ---- after the login: sizes and payloads

class List {
 public:
  template <Message M>
  List& add(const M& message) {
    const auto payload = encoded(message);
    bytes_.push_back(static_cast<std::byte>(payload.size() >> 8));
    bytes_.push_back(static_cast<std::byte>(payload.size()));
    append(bytes_, payload);
    return *this;
  }
  List& request(const Request& request, bool want_reply) {
    const auto body = request_body(request);
    return add(ChannelRequest{0, name_of(request), want_reply, {body}});
  }
  Bytes bytes() const { return bytes_; }

 private:
  ByteVector bytes_;
};

void write_open_seeds(const std::filesystem::path& folder) {
  List to_server;
  to_server.add(GlobalRequest{"keepalive@openssh.com", true, {}})
      .add(ChannelOpen{"session", 5, 100'000, 32'768, {}})
      .request(EnvRequest{"LANG", "C"}, false)
      .request(PtyRequest{"xterm", 80, 24, 0, 0, {}}, true)
      .request(ExecRequest{"true"}, true)
      .request(WindowChange{100, 30, 0, 0}, false)
      .request(SignalRequest{"INT"}, false)
      .add(ChannelData{0, bytes_of("input")})
      .add(ChannelWindowAdjust{0, 1000})
      .add(Ping{bytes_of("?")})
      .add(ChannelEof{0})
      .add(ChannelClose{0})
      .add(Disconnect{11, "bye", {}});
  write_seed(folder / "server_open", "session", "", to_server.bytes());
  List refused;
  refused.add(ChannelOpen{"session", 5, 0, 9, {}})
      .request(OtherRequest{"odd@example.com", bytes_of("data")}, true)
      .request(SubsystemRequest{"sftp"}, true)
      .add(ChannelExtendedData{0, 1, bytes_of("error")})
      .add(ChannelOpen{"x11", 6, 100, 100, {}})
      .add(GlobalRequest{"no-more-sessions@openssh.com", true, {}})
      .add(Debug{true, "remark", {}});
  write_seed(folder / "server_open", "odd", "", refused.bytes());
  List to_client;
  to_client.add(ChannelOpenConfirmation{0, 9, 100'000, 32'768, {}})
      .add(ChannelSuccess{0})
      .add(ChannelData{0, bytes_of("output")})
      .add(ChannelExtendedData{0, 1, bytes_of("error")})
      .add(ChannelWindowAdjust{0, 5})
      .request(ExitSignal{"TERM", false, "killed", {}}, false)
      .request(ExitStatus{3}, false)
      .add(GlobalRequest{"hostkeys-00@openssh.com", false, {}})
      .add(ChannelEof{0})
      .add(ChannelClose{0});
  write_seed(folder / "client_open", "session", "", to_client.bytes());
  List other;
  other.add(ChannelOpenFailure{0, 2, "no", {}})
      .add(ChannelOpen{"forwarded-tcpip", 1, 100, 100, {}})
      .add(RequestFailure{})
      .add(Unimplemented{3});
  write_seed(folder / "client_open", "refused", "", other.bytes());
}

// ---- one of each structure

void fill(bool& value) { value = true; }
void fill(std::uint32_t& value) { value = 1; }
void fill(Bytes& value) { value = bytes_of("bytes"); }
void fill(std::string_view& value) { value = "text"; }
void fill(NameList& value) { value = NameList("curve25519-sha256,none"); }
void fill(Rest& value) { value.bytes = bytes_of(std::string_view("\0\0\0\1a\0\0\0\1b", 10)); }
template <std::size_t N>
void fill(std::array<std::byte, N>&) {}

template <std::size_t I>
void write_structure(const std::filesystem::path& folder) {
  using M = std::tuple_element_t<I, fuzz::Structures>;
  M message{};
  std::apply([&](auto... field) { (fill(message.*field), ...); }, M::fields);
  std::string text(1, static_cast<char>(I));
  ByteVector body;
  VectorSink sink{body};
  encode_fields(message, sink);
  write_file(folder, "structure_" + std::to_string(I), text += text_of(body));
}

template <std::size_t... I>
void write_structures(const std::filesystem::path& folder, std::index_sequence<I...>) {
  (write_structure<I>(folder), ...);
}

// ---- plans: what the bytes mean stands at the head of each target

void write_plans(const std::filesystem::path& folder) {
  const auto plan = [&](const char* target, const char* name, std::vector<unsigned char> bytes) {
    write_file(folder / target, name, std::string(bytes.begin(), bytes.end()));
  };
  for (unsigned char cipher = 0; cipher < 6; ++cipher)
    for (unsigned char mac = 0; mac < (cipher < 3 ? 1 : 4); ++mac)
      plan("framing", ("cipher_" + std::to_string(cipher) + "_" + std::to_string(mac)).c_str(),
           {cipher, mac, 0, 9, 1, 2, 4, 0, 7, 3, 20, 0, 40, 2, 7, 0, 0, 5, 6, 0, 6, 0, 9, 2, 3, 200, 5});
  for (unsigned char role = 0; role < 2; ++role)
    plan("windows", ("role_" + std::to_string(role)).c_str(),
         {role, 10, 20, 1, 0, 1, 0,  200, 0, 0, 100, 3, 0, 60, 5, 2, 0, 7, 4, 0, 2, 0,
          10,   1,  4,  1, 6, 0, 50, 0,   9, 8, 0,   0, 9, 1,  9, 2, 0, 3, 0, 9, 9, 3});
  for (unsigned char role = 0; role < 2; ++role)
    plan("windows", ("full_" + std::to_string(role)).c_str(),
         {role, 1, 3, 0, 100, 1, 0, 40, 1, 1, 3, 0, 70, 4, 1, 1, 1, 1, 3, 0, 200, 1, 1, 1, 0, 0, 1});
  plan("pair", "honest", std::vector<unsigned char>(60, 0));
  plan("pair", "late_change", {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11, 0, 9, 1});
  plan("pair", "swapped", {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 9, 0, 8, 0, 13, 5, 94, 0, 0, 0, 0});
  plan("calls", "in", {0, 0, 0, 0, 0, 0, 5, 255, 255, 0, 5, 6, 255, 255, 0, 1, 0, 0, 0, 1, 6, 40, 2, 5, 255, 255});
  plan("calls", "wild", {2, 0, 1, 0, 5, 255, 255, 6, 255, 255, 3, 1, 1, 0, 5, 255, 255, 6, 255, 255});
  write_file(folder / "ident", "server", std::string("\0\7", 2) + "SSH-2.0-OpenSSH_10.0 comment\r\n");
  write_file(folder / "ident", "client", "\1\7a word first\r\n\nSSH-1.99-x\n");
  write_file(folder / "ident", "old", std::string("\0\1", 2) + "SSH-1.5-x\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: write_seeds FOLDER\n", stderr);
    return 2;
  }
  const std::filesystem::path folder(argv[1]);
  const auto key = fuzz::null_key();
  const std::pair<const char*, Credential> ways[] = {{"publickey", TryPublicKey{key, "ssh-ed25519", false}},
                                                     {"signed", TryPublicKey{key, "ssh-ed25519", true}},
                                                     {"password", TryPassword{bytes_of("sesame")}},
                                                     {"interactive", TryKeyboardInteractive{}}};
  for (const auto& [name, credential] : ways) {
    const auto heard = converse(credential);
    write_seed(folder / "server", name, "", heard.by_server);
    write_seed(folder / "client", name, "", heard.by_client);
  }
  write_open_seeds(folder);
  write_structures(folder / "messages", std::make_index_sequence<fuzz::structures>());
  write_plans(folder);
  return 0;
}
