// What is sent: a body or several of every message, and what comes of each where the table has it read.
#include <algorithm>
#include <limits>

#include "engine/messages.hpp"
#include "engine/requests.hpp"
#include "tests/exhaustive/raw_peer.hpp"
#include "tests/exhaustive/state_table.hpp"

namespace nacre::test {
namespace {

Outcome tells(std::string lines) { return {.tells = std::move(lines)}; }
const Outcome nothing = {};

Outcome ends(Code code, Reason reason, int where = -1) { return {{}, code, reason, where}; }
Outcome protocol_error(Code code, int where = -1) { return ends(code, Reason::protocol_error, where); }

constexpr auto all = std::numeric_limits<std::size_t>::max();

// The forms of bodies. A fixed one permits no byte less and no byte more; a tail begins at `head` and may be of any size;
// a loose one is read as far as it goes, or not at all.
Effect fixed(char letter, unsigned number, Outcome whole) {
  const auto malformed = protocol_error(Code::malformed_message, static_cast<int>(number));
  return {letter, std::move(whole), {{all, malformed}}, malformed};
}
Effect tail(char letter, unsigned number, std::size_t head, const Outcome& whole) {
  return {letter, whole, {{head, protocol_error(Code::malformed_message, static_cast<int>(number))}}, whole};
}
Effect loose(char letter, const Outcome& whole) { return {letter, whole, {}, whole}; }

// 'N' and 'E' of a number in the form of its other effects.
void add_ends(MessageBody& body) {
  if (body.effects.empty()) return;
  auto no_channel = body.effects.front(), unexpected = no_channel;
  no_channel.letter = 'N';
  no_channel.whole = protocol_error(Code::unknown_channel);
  unexpected.letter = 'E';
  unexpected.whole = protocol_error(Code::unexpected_message, static_cast<int>(body.number));
  const bool fixed_form = no_channel.longer.code == Code::malformed_message;
  if (!fixed_form) no_channel.longer = no_channel.whole, unexpected.longer = unexpected.whole;
  body.effects.push_back(std::move(no_channel));
  body.effects.push_back(std::move(unexpected));
}

using Bodies = std::vector<MessageBody>;

constexpr std::string_view any_service = "ssh-connection";

void add_transport(Bodies& list, Role engine, bool strict) {
  const auto bye = ends(Code::disconnected_by_peer, Reason::none);
  list.push_back({1, "DISCONNECT", encoded(Disconnect{11, "bye", "en"}), {loose('A', bye)}});
  list.push_back({1, "DISCONNECT minimal", encoded(Disconnect{}), {loose('A', bye)}});
  list.push_back({2, "IGNORE", encoded(Ignore{bytes_of("xyz")}), {}});
  list.push_back({3, "UNIMPLEMENTED", encoded(Unimplemented{7}), {}});
  list.push_back({4, "DEBUG", encoded(Debug{true, "note", "en"}), {fixed('A', 4, tells("DebugReceived note"))}});
  list.push_back({4, "DEBUG minimal", encoded(Debug{}), {fixed('A', 4, tells("DebugReceived "))}});

  const auto no_service = ends(Code::service_unknown, Reason::service_not_available);
  list.push_back({5, "SERVICE_REQUEST", encoded(ServiceRequest{"ssh-userauth"}), {fixed('A', 5, tells(">6"))}});
  list.push_back({5, "SERVICE_REQUEST other", encoded(ServiceRequest{any_service}), {fixed('A', 5, no_service)}});
  list.push_back({5, "SERVICE_REQUEST minimal", encoded(ServiceRequest{}), {fixed('A', 5, no_service)}});
  const auto accepted = tells("CredentialsWanted  partial=0");
  const auto unasked = protocol_error(Code::unexpected_message, 6);
  list.push_back({6, "SERVICE_ACCEPT", encoded(ServiceAccept{"ssh-userauth"}), {fixed('B', 6, accepted)}});
  list.push_back({6, "SERVICE_ACCEPT other", encoded(ServiceAccept{any_service}), {fixed('B', 6, unasked)}});
  list.push_back({6, "SERVICE_ACCEPT minimal", encoded(ServiceAccept{}), {fixed('B', 6, unasked)}});
  auto extensions = encoded(OneString{bytes_of("server-sig-algs")});
  append(extensions, encoded(OneString{bytes_of("ssh-ed25519")}));
  list.push_back({7, "EXT_INFO", encoded(ExtInfo{1, {extensions}}), {fixed('A', 7, nothing)}});
  list.push_back({7, "EXT_INFO minimal", encoded(ExtInfo{}), {fixed('A', 7, nothing)}});
  list.push_back({7,
                  "EXT_INFO of two, says three",
                  encoded(ExtInfo{3, {extensions}}),
                  {fixed('A', 7, protocol_error(Code::malformed_message, 7))}});

  const auto init = RawPeer(engine, strict).kex_init();
  list.push_back({20,
                  "KEXINIT",
                  init,
                  {fixed('A', 20, nothing), fixed('B', 20, tells(">20")), fixed('a', 20, tells(">30")),
                   fixed('b', 20, tells(">20; >30"))}});
  // No algorithm at all. A peer that is not strict has no marker, one that is has it first, and nothing else.
  const auto nothing_common = ends(Code::no_common_algorithm, Reason::key_exchange_failed, 0);
  KexInit empty;
  const auto marker = engine == Role::server ? "kex-strict-c-v00@openssh.com" : "kex-strict-s-v00@openssh.com";
  if (strict) empty.key_exchanges = NameList(std::string_view(marker));
  list.push_back({20,
                  "KEXINIT minimal",
                  encoded(empty),
                  {fixed('A', 20, nothing_common), fixed('B', 20, nothing_common), fixed('a', 20, nothing_common),
                   fixed('b', 20, nothing_common)}});
  list.back().effects[1].whole.tells = list.back().effects[3].whole.tells = ">20";
  list.push_back({21,
                  "NEWKEYS",
                  encoded(NewKeys{}),
                  {fixed('A', 21, tells("KeysExchanged first=1")), fixed('B', 21, tells("KeysExchanged first=0"))}});
}

void add_key_exchange(Bodies& list) {
  const ByteVector value(32);
  const auto key = fuzz::null_key(), signature = fuzz::null_signature();
  list.push_back(
      {30,
       "KEX_INIT",
       encoded(KexInitial{value}),
       {fixed('A', 30, tells("SignatureWanted; >31; >21; >7")), fixed('B', 30, tells("SignatureWanted; >31; >21"))}});
  const auto bad_value = ends(Code::key_exchange_value, Reason::key_exchange_failed);
  list.push_back(
      {30, "KEX_INIT minimal", encoded(KexInitial{}), {fixed('A', 30, bad_value), fixed('B', 30, bad_value)}});
  list.push_back({31,
                  "KEX_REPLY",
                  encoded(KexReply{key, value, signature}),
                  {fixed('a', 31, tells("HostKeyOffered; >21; >5")), fixed('b', 31, tells(">21"))}});
  const auto bad_key = ends(Code::host_key_unacceptable, Reason::key_exchange_failed);
  list.push_back({31, "KEX_REPLY minimal", encoded(KexReply{}), {fixed('a', 31, bad_key), fixed('b', 31, bad_key)}});
  list.push_back({31,
                  "KEX_REPLY without value",
                  encoded(KexReply{key, {}, signature}),
                  {fixed('a', 31, bad_value), fixed('b', 31, bad_value)}});
  const auto bad_signature = ends(Code::host_key_signature, Reason::key_exchange_failed);
  list.push_back({31,
                  "KEX_REPLY with another signature",
                  encoded(KexReply{key, value, key}),
                  {fixed('a', 31, bad_signature), fixed('b', 31, bad_signature)}});
}

ByteVector request(std::string_view user, std::string_view service, std::string_view method, Bytes body) {
  return encoded(UserauthRequest{user, service, method, {body}});
}

void add_server_auth(Bodies& list) {
  const auto success = [](const std::string& event) { return tells(event + "; Authenticated; >52"); };
  const auto connection = std::string_view("ssh-connection");
  const auto add = [&](std::string_view name, std::string_view user, std::string_view method, Bytes body,
                       const Outcome& first, const Outcome& again) {
    const auto head = 3 * 4 + user.size() + connection.size() + method.size();
    const auto payload = request(user, connection, method, body);
    const bool opaque = method == "none" || method == "other";  // their bodies mean nothing to us
    // A method that is not among those that can go on is refused unread: 'P' where a password has done its part.
    const auto on = method == "password" ? tail('P', 50, head, tells(">51")) : fixed('P', 50, again);
    if (opaque)
      list.push_back(
          {50, name, payload, {tail('A', 50, head, first), tail('B', 50, head, again), tail('P', 50, head, again)}});
    else
      list.push_back({50, name, payload, {fixed('A', 50, first), fixed('B', 50, again), on}});
  };
  const auto both = [&](std::string_view name, std::string_view method, Bytes body, const Outcome& outcome) {
    add(name, "alice", method, body, outcome, outcome);
  };
  const auto key = fuzz::null_key(), signature = encoded(OneString{fuzz::null_signature()});
  both("none", "none", bytes_of("?"), tells(">51"));
  both("other method", "other", bytes_of("some bytes"), tells(">51"));
  both("password", "password", encoded(PasswordBody{false, bytes_of("sesame"), {}}),
       success("PasswordReceived alice sesame"));
  both("password change", "password",
       encoded(PasswordBody{true, bytes_of("old"), {encoded(OneString{bytes_of("new")})}}), tells(">51"));
  both("publickey probe", "publickey", encoded(PublicKeyBody{false, "ssh-ed25519", key, {}}),
       tells("PublicKeyOffered alice ssh-ed25519; >60"));
  both("publickey", "publickey", encoded(PublicKeyBody{true, "ssh-ed25519", key, {signature}}),
       success("PublicKeyProven alice ssh-ed25519"));
  both("publickey, wrong signature", "publickey",
       encoded(PublicKeyBody{true, "ssh-ed25519", key, {encoded(OneString{key})}}), tells(">51"));
  both("publickey, unknown algorithm", "publickey", encoded(PublicKeyBody{false, "ssh-dss", key, {}}), tells(">51"));
  both("keyboard-interactive", "keyboard-interactive", encoded(KeyboardInteractiveBody{"", "pam"}),
       tells("KeyboardInteractiveWanted alice; >60"));
  // Who asks counts before what is asked: the method's body is not looked at then.
  list.push_back({50,
                  "another user",
                  request("bob", connection, "password", encoded(PasswordBody{false, bytes_of("sesame"), {}})),
                  {fixed('A', 50, success("PasswordReceived bob sesame")),
                   tail('B', 50, 12 + 3 + 14 + 8, protocol_error(Code::user_changed)),
                   tail('P', 50, 12 + 3 + 14 + 8, protocol_error(Code::user_changed))}});
  const auto no_service = ends(Code::service_unknown, Reason::service_not_available);
  list.push_back({50,
                  "another service",
                  request("alice", "ssh-userauth", "none", {}),
                  {tail('A', 50, 12 + 5 + 12 + 4, no_service), tail('B', 50, 12 + 5 + 12 + 4, no_service),
                   tail('P', 50, 12 + 5 + 12 + 4, no_service)}});
  list.push_back({50,
                  "minimal",
                  request("", "", "", {}),
                  {tail('A', 50, 12, no_service), tail('B', 50, 12, no_service), tail('P', 50, 12, no_service)}});

  const auto responses = encoded(OneString{bytes_of("sesame")});
  list.push_back({61,
                  "INFO_RESPONSE",
                  encoded(InfoResponse{1, {responses}}),
                  {fixed('A', 61, success("ResponsesReceived alice 1"))}});
  list.push_back({61, "INFO_RESPONSE minimal", encoded(InfoResponse{}), {fixed('A', 61, tells(">51"))}});
}

void add_client_auth(Bodies& list) {
  list.push_back({51,
                  "FAILURE",
                  encoded(UserauthFailure{NameList("publickey,password"), false}),
                  {fixed('A', 51, tells("CredentialsWanted publickey,password partial=0"))}});
  list.push_back(
      {51, "FAILURE minimal", encoded(UserauthFailure{}), {fixed('A', 51, tells("CredentialsWanted  partial=0"))}});
  list.push_back({52,
                  "SUCCESS",
                  encoded(UserauthSuccess{}),
                  {fixed('A', 52, tells("Authenticated alice")), fixed('B', 52, protocol_error(Code::auth_unasked))}});
  list.push_back(
      {53, "BANNER", encoded(UserauthBanner{"hello", "en"}), {fixed('A', 53, tells("BannerReceived hello"))}});
  list.push_back({53, "BANNER minimal", encoded(UserauthBanner{}), {fixed('A', 53, tells("BannerReceived "))}});

  // 60 is PASSWD_CHANGEREQ to a password (P), PK_OK to an offered key (K), INFO_REQUEST to keyboard-interactive (I).
  const auto malformed = protocol_error(Code::malformed_message, 60);
  const auto another = protocol_error(Code::unexpected_message, 60);
  const auto wanted = [](const std::string& prompt) { return tells("PasswordChangeWanted " + prompt); };
  const auto key = fuzz::null_key();
  list.push_back({60,
                  "PK_OK",
                  encoded(PublicKeyOk{"ssh-ed25519", key}),
                  {fixed('K', 60, tells("SignatureWanted ssh-ed25519; >50")), fixed('P', 60, wanted("ssh-ed25519")),
                   fixed('I', 60, malformed)}});
  list.push_back({60,
                  "PK_OK of another key",
                  encoded(PublicKeyOk{"ssh-ed25519", bytes_of("key")}),
                  {fixed('K', 60, another), fixed('P', 60, wanted("ssh-ed25519")), fixed('I', 60, malformed)}});
  list.push_back({60,
                  "PASSWD_CHANGEREQ",
                  encoded(PasswordChangeRequest{"again", "en"}),
                  {fixed('P', 60, wanted("again")), fixed('K', 60, another), fixed('I', 60, malformed)}});
  list.push_back({60,
                  "60 minimal",
                  encoded(PasswordChangeRequest{}),
                  {fixed('P', 60, wanted("")), fixed('K', 60, another), fixed('I', 60, malformed)}});

  // Cut behind its second string, an INFO_REQUEST is a PASSWD_CHANGEREQ: that is why the state decides.
  auto prompts = encoded(OneString{bytes_of("Password: ")});
  prompts.push_back(std::byte{0});
  const auto payload = encoded(InfoRequest{"login", "", "", 1, {prompts}});
  const std::size_t two_strings = 4 + 5 + 4, count_end = two_strings + 4 + 4;
  const auto too_many = protocol_error(Code::too_many_prompts);
  Effect to_prompts{'I',
                    tells("PromptsReceived login"),
                    {{count_end, malformed}, {count_end + 5, too_many}, {all, malformed}},
                    malformed};
  Effect to_password{
      'P', malformed, {{two_strings, malformed}, {two_strings + 1, wanted("login")}, {all, malformed}}, malformed};
  Effect to_key{'K', malformed, {{two_strings, malformed}, {two_strings + 1, another}, {all, malformed}}, malformed};
  list.push_back({60, "INFO_REQUEST", payload, {to_prompts, to_password, to_key}});
  list.push_back({60,
                  "INFO_REQUEST of too many",
                  encoded(InfoRequest{"login", "", "", 1000, {prompts}}),
                  {{'I', too_many, {{count_end, malformed}}, too_many}, to_password, to_key}});
}

void add_global(Bodies& list, Role engine) {
  const auto asked = [](std::string_view name, bool reply) {
    return "GlobalRequestReceived " + std::string(name) + (reply ? " reply=1" : " reply=0");
  };
  const auto head = [](std::string_view name) { return 4 + name.size() + 1; };
  const std::string_view other = "keepalive@example.org", no_more = "no-more-sessions@openssh.com";
  for (const char letter : {'A', 'a'}) {
    const bool server = letter == 'A';
    if (server != (engine == Role::server)) continue;
    const auto refused = tells(asked(other, true) + "; >82");
    list.push_back({80,
                    "GLOBAL_REQUEST",
                    encoded(GlobalRequest{other, true, {bytes_of("data")}}),
                    {tail(letter, 80, head(other), refused)}});
    list.push_back({80,
                    "GLOBAL_REQUEST without reply",
                    encoded(GlobalRequest{other, false, {}}),
                    {tail(letter, 80, head(other), tells(asked(other, false)))}});
    list.push_back({80,
                    "GLOBAL_REQUEST minimal",
                    encoded(GlobalRequest{}),
                    {tail(letter, 80, head(""), tells(asked("", false)))}});
    list.push_back({80,
                    "no-more-sessions",
                    encoded(GlobalRequest{no_more, true, {}}),
                    {tail(letter, 80, head(no_more), tells(server ? ">81" : asked(no_more, true) + "; >82"))}});
  }
  list.push_back({81,
                  "REQUEST_SUCCESS",
                  encoded(RequestSuccess{{bytes_of("data")}}),
                  {loose('A', tells("GlobalRequestAnswered 1")), loose('B', nothing)}});
  list.push_back({82,
                  "REQUEST_FAILURE",
                  encoded(RequestFailure{}),
                  {fixed('A', 82, tells("GlobalRequestAnswered 0")), fixed('B', 82, nothing)}});
}

void add_opens(Bodies& list) {
  const auto add = [&](std::string_view name, std::string_view type, std::uint32_t packet, std::string_view data,
                       const Outcome& server_first, const Outcome& server_third, const Outcome& client_first,
                       const Outcome& client_third) {
    const auto head = 4 + type.size() + 12;
    const auto limited = type == "session" ? protocol_error(Code::sessions_refused) : server_first;
    list.push_back({90,
                    name,
                    encoded(ChannelOpen{type, 7, 1000, packet, {bytes_of(data)}}),
                    {tail('A', 90, head, server_first), tail('B', 90, head, server_third), tail('M', 90, head, limited),
                     tail('a', 90, head, client_first), tail('b', 90, head, client_third)}});
  };
  const auto accepted = [](const std::string& type, int channel) {
    return tells("ChannelOpenReceived " + type + " " + std::to_string(channel) + "; >91");
  };
  const auto prohibited = tells(">92 1"), unusable = tells(">92 2");
  add("session", "session", 1000, "", accepted("session", 0), accepted("session", 2), prohibited, prohibited);
  add("direct-tcpip", "direct-tcpip", 1000, "where", accepted("direct-tcpip", 0), accepted("direct-tcpip", 2),
      prohibited, prohibited);
  add("forwarded-tcpip", "forwarded-tcpip", 1000, "where", accepted("forwarded-tcpip", 0),
      accepted("forwarded-tcpip", 2), accepted("forwarded-tcpip", 0), accepted("forwarded-tcpip", 2));
  add("packets too small", "x11", 8, "", unusable, unusable, unusable, unusable);
  add("minimal", "", 0, "", unusable, unusable, unusable, unusable);
}

void add_open_answers(Bodies& list) {
  list.push_back({91,
                  "CONFIRMATION",
                  encoded(ChannelOpenConfirmation{1, 7, 1000, 1000, {bytes_of("data")}}),
                  {tail('A', 91, 16, tells("ChannelOpened 1"))}});
  list.push_back({91,
                  "CONFIRMATION of small packets",
                  encoded(ChannelOpenConfirmation{1, 7, 1000, 8, {}}),
                  {tail('A', 91, 16, protocol_error(Code::packet_size_unusable))}});
  const auto no_channel = protocol_error(Code::unknown_channel);
  for (const std::uint32_t channel : {0U, 9U}) {  // open already; never heard of
    list.push_back({91,
                    "CONFIRMATION of another",
                    encoded(ChannelOpenConfirmation{channel, 7, 1000, 1000, {}}),
                    {tail('A', 91, 16, no_channel)}});
    list.push_back(
        {92, "OPEN_FAILURE of another", encoded(ChannelOpenFailure{channel, 1, "", ""}), {fixed('A', 92, no_channel)}});
  }
  list.push_back({91, "CONFIRMATION minimal", encoded(ChannelOpenConfirmation{}), {tail('A', 91, 16, no_channel)}});
  list.push_back({92,
                  "OPEN_FAILURE",
                  encoded(ChannelOpenFailure{1, 1, "no", "en"}),
                  {fixed('A', 92, tells("ChannelRefused 1 1 no"))}});
  list.push_back({92, "OPEN_FAILURE minimal", encoded(ChannelOpenFailure{}), {fixed('A', 92, no_channel)}});
}

void add_channel(Bodies& list) {
  const auto no_channel = protocol_error(Code::unknown_channel);
  const auto adjust = [&](std::string_view name, std::uint32_t channel, std::uint32_t size, const Outcome& outcome) {
    list.push_back(
        {93, name, encoded(ChannelWindowAdjust{channel, size}), {fixed('A', 93, outcome), fixed('C', 93, nothing)}});
  };
  adjust("WINDOW_ADJUST", 0, 1000, nothing);
  adjust("WINDOW_ADJUST minimal", 0, 0, nothing);
  adjust("WINDOW_ADJUST too far", 0, 0xffffffff, protocol_error(Code::window_overflow));
  adjust("WINDOW_ADJUST of none", 9, 1000, nothing);
  adjust("WINDOW_ADJUST of one that is opening", 1, 1000, no_channel);

  list.push_back({94,
                  "DATA",
                  encoded(ChannelData{0, bytes_of("data")}),
                  {fixed('A', 94, tells("DataReceived 0 out 4")), fixed('C', 94, nothing)}});
  list.push_back({94, "DATA minimal", encoded(ChannelData{}), {fixed('A', 94, nothing), fixed('C', 94, nothing)}});
  list.push_back({95,
                  "EXTENDED_DATA",
                  encoded(ChannelExtendedData{0, 1, bytes_of("data")}),
                  {fixed('A', 95, tells("DataReceived 0 err 4")), fixed('C', 95, nothing)}});
  list.push_back({95,
                  "EXTENDED_DATA of another type",
                  encoded(ChannelExtendedData{0, 2, bytes_of("data")}),
                  {fixed('A', 95, nothing), fixed('C', 95, nothing)}});
  list.push_back({95,
                  "EXTENDED_DATA minimal",
                  encoded(ChannelExtendedData{}),
                  {fixed('A', 95, nothing), fixed('C', 95, nothing)}});
  list.push_back(
      {96, "EOF", encoded(ChannelEof{0}), {fixed('A', 96, tells("EofReceived 0")), fixed('C', 96, nothing)}});
  list.push_back({97,
                  "CLOSE",
                  encoded(ChannelClose{0}),
                  {fixed('A', 97, tells("ChannelClosed 0; >97")), fixed('B', 97, tells("ChannelClosed 0"))}});
  for (const std::uint32_t channel : {1U, 9U}) {  // not confirmed yet; never heard of
    const auto all_end = [&](unsigned number, std::string_view name, ByteVector payload) {
      list.push_back({number,
                      name,
                      std::move(payload),
                      {fixed('A', number, no_channel), fixed('B', number, no_channel), fixed('C', number, no_channel),
                       fixed('E', number, no_channel)}});
    };
    all_end(94, "DATA of another", encoded(ChannelData{channel, bytes_of("data")}));
    all_end(95, "EXTENDED_DATA of another", encoded(ChannelExtendedData{channel, 1, bytes_of("data")}));
    all_end(96, "EOF of another", encoded(ChannelEof{channel}));
    all_end(97, "CLOSE of another", encoded(ChannelClose{channel}));
    const auto head = 4 + 4 + 5 + 1;
    list.push_back(
        {98,
         "REQUEST of another",
         encoded(ChannelRequest{channel, "shell", true, {}}),
         {tail('A', 98, head, no_channel), tail('a', 98, head, no_channel), tail('C', 98, head, no_channel)}});
  }
}

void add_channel_requests(Bodies& list) {
  // Outcomes by the server and by the client.
  const auto add = [&](std::string_view name, bool reply, Bytes body, bool known, const Outcome& server,
                       const Outcome& client) {
    const auto payload = encoded(ChannelRequest{0, name, reply, {body}});
    const auto head = 4 + 4 + name.size() + 1;
    if (known)
      list.push_back({98, name, payload, {fixed('A', 98, server), fixed('a', 98, client), fixed('C', 98, nothing)}});
    else
      list.push_back({98,
                      name,
                      payload,
                      {tail('A', 98, head, server), tail('a', 98, head, client), tail('C', 98, head, nothing)}});
    // The channel counts before what is asked of it.
    list.back().effects.push_back(tail('N', 98, head, protocol_error(Code::unknown_channel)));
  };
  const auto told = [](const std::string& name, bool reply) {
    return "RequestReceived 0 " + name + (reply ? " reply=1" : " reply=0");
  };
  const auto granted = [&](const std::string& name) { return tells(told(name, true) + "; >99"); };
  const auto refused = tells(">100");
  add("pty-req", true, encoded(PtyRequest{"xterm", 80, 24, 0, 0, {}}), true, granted("pty-req"), refused);
  add("window-change", false, encoded(WindowChange{80, 24, 0, 0}), true, tells(told("window-change", false)), nothing);
  add("env", true, encoded(EnvRequest{"LANG", "C"}), true, granted("env"), refused);
  add("env", true, encoded(EnvRequest{"LA=NG", "C"}), true, refused, refused);
  add("shell", true, encoded(ShellRequest{}), true, granted("shell"), refused);
  add("exec", true, encoded(ExecRequest{"true"}), true, granted("exec"), refused);
  add("subsystem", true, encoded(SubsystemRequest{"sftp"}), true, granted("subsystem"), refused);
  add("signal", false, encoded(SignalRequest{"TERM"}), true, tells(told("signal", false)), nothing);
  add("break", true, encoded(BreakRequest{500}), true, granted("break"), refused);
  add("exit-status", false, encoded(ExitStatus{7}), true, nothing, tells(told("exit-status", false)));
  add("exit-signal", false, encoded(ExitSignal{"TERM", false, "", ""}), true, nothing,
      tells(told("exit-signal", false)));
  add("other@example.org", true, bytes_of("data"), false, granted("other@example.org"), granted("other@example.org"));
  add("other@example.org", false, {}, false, tells(told("other@example.org", false)),
      tells(told("other@example.org", false)));
  add("", false, {}, false, tells(told("", false)), tells(told("", false)));

  for (const unsigned number : {99U, 100U}) {
    const auto answered = tells(number == 99 ? "RequestAnswered 0 1" : "RequestAnswered 0 0");
    const auto add_answer = [&](std::string_view name, std::uint32_t channel, const Outcome& outcome) {
      auto payload = encoded(ChannelSuccess{channel});
      payload[0] = static_cast<std::byte>(number);
      list.push_back({number, name, payload, {fixed('A', number, outcome), fixed('C', number, nothing)}});
    };
    add_answer("answer", 0, answered);
    add_answer("answer of one that is opening", 1, nothing);
    add_answer("answer of none", 9, nothing);
  }
}

}  // namespace

std::vector<MessageBody> bodies(Role engine, bool strict) {
  Bodies list;
  add_transport(list, engine, strict);
  add_key_exchange(list);
  add_server_auth(list);
  add_client_auth(list);
  add_global(list, engine);
  add_opens(list);
  add_open_answers(list);
  add_channel(list);
  add_channel_requests(list);
  list.push_back({192, "PING", encoded(Ping{bytes_of("ping")}), {fixed('A', 192, tells(">193"))}});
  list.push_back({192, "PING minimal", encoded(Ping{}), {fixed('A', 192, tells(">193"))}});
  list.push_back({193, "PONG", encoded(Pong{bytes_of("ping")}), {}});
  for (auto& body : list) add_ends(body);
  for (unsigned number = 0; number < 256; ++number) {
    if (std::any_of(list.begin(), list.end(), [&](const auto& body) { return body.number == number; })) continue;
    list.push_back({number, "without a meaning", {static_cast<std::byte>(number), {}, {}, {}}, {}});
  }
  return list;
}

}  // namespace nacre::test
