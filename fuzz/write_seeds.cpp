// Writes seeds for the targets server and client: a conversation between two engines with the null provider, as each
// side heard it. `write_seeds FOLDER` fills FOLDER/server and FOLDER/client.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "engine/client.hpp"
#include "engine/server.hpp"
#include "fuzz/null_provider.hpp"

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

// `control` steers the application of the target (engine_world.hpp): so many times four zeros behave well.
void write_seed(const std::filesystem::path& folder, const std::string& name, std::string_view control, Bytes stream) {
  std::filesystem::create_directories(folder);
  std::ofstream file(folder / name, std::ios::binary);
  std::string steering(control);
  steering.resize((steering.size() + 3) / 4 * 4);
  file << static_cast<char>(steering.size() / 4) << steering << text_of(stream);
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
  return 0;
}
