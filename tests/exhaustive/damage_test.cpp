// Bytes damaged on their way: every byte of what travels in the clear, every bit of what travels under keys.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <set>

#include "crypto/wire.hpp"
#include "engine/messages.hpp"
#include "tests/engine/pair.hpp"
#include "tests/exhaustive/support.hpp"
#include "tests/exhaustive/verdict.hpp"

namespace nacre::test {
namespace {

const std::vector<Makings> protections{{"chacha20-poly1305@openssh.com"},
                                       {"aes128-gcm@openssh.com"},
                                       {"aes256-gcm@openssh.com"},
                                       {"aes256-ctr", "hmac-sha2-256"},
                                       {"aes128-ctr", "hmac-sha2-512"},
                                       {"aes256-ctr", "hmac-sha2-256-etm@openssh.com"},
                                       {"aes128-ctr", "hmac-sha2-512-etm@openssh.com"}};

// ---- the clear part: what stands at each byte, and what its damage may come to

// In a packet or in the identification; names say which of several of a kind only where that matters.
enum class Field {
  ident_start,    // "SSH-"
  ident_version,  // "2.0-"
  ident_software,
  ident_cr,
  ident_lf,
  packet_length,
  padding_length,
  padding,
  number,
  kex_init_cookie,
  kex_init_list_length,
  kex_init_list,
  kex_init_rest,   // first_kex_packet_follows, reserved
  string_length,   // of the strings in 30 and 31
  exchange_value,  // in 30 and 31
  host_key_type,   // and the length of the key inside the blob
  host_key,
  signature,  // its algorithm too: the signature does not verify
};

struct Finding {
  Code code;
  Reason reason;
  bool by_client = false;  // the client finds it, though the server received it: the exchange hash differs
};

constexpr auto protocol_error = Reason::protocol_error;
constexpr auto exchange_failed = Reason::key_exchange_failed;

const Finding bad_length{Code::packet_length, protocol_error};
const Finding bad_padding{Code::packet_padding, protocol_error};
const Finding malformed{Code::malformed_message, protocol_error};
const Finding unexpected{Code::unexpected_message, protocol_error};
const Finding other_hash{Code::host_key_signature, exchange_failed, true};
const Finding nothing_common{Code::no_common_algorithm, exchange_failed};
const Finding bad_host_key{Code::host_key_unacceptable, exchange_failed};
const Finding bad_value{Code::key_exchange_value, exchange_failed};
const Finding waited{Code::kex_timeout, exchange_failed};
const Finding not_ssh{Code::not_ssh, Reason::none};
const Finding bad_ident{Code::ident_malformed, Reason::none};
const Finding long_ident{Code::ident_too_long, Reason::none};
const Finding another_version{Code::version_unsupported, Reason::none};
const Finding no_ident{Code::ident_timeout, Reason::none};

// What may be found when a byte of the field has changed. Nothing: the damage is harmless, and must be.
std::vector<Finding> findings(Field field, Direction direction) {
  const bool to_server = direction == Direction::to_server;
  switch (field) {
    // A client takes any line before the identification, and waits for one; a server takes none.
    case Field::ident_start: return {to_server ? not_ssh : no_ident};
    case Field::ident_version: return {another_version, bad_ident};
    // Hashed; a control is an error by itself, and a line feed makes the rest of the line a packet.
    case Field::ident_software: return {other_hash, bad_ident, bad_length};
    case Field::ident_cr: return {other_hash, bad_ident, bad_length};
    case Field::ident_lf: return {long_ident, bad_ident};
    case Field::packet_length:
    case Field::padding_length: break;  // the value decides: below
    case Field::padding:
      return {};  // RFC 4253 6: arbitrary, and in the clear protected by nothing
    // Another message: not the one that is due, or one that is dropped, and then the one that is due never comes.
    case Field::number: return {unexpected, waited};
    case Field::kex_init_cookie: return {other_hash};
    case Field::kex_init_list_length: return {malformed};
    case Field::kex_init_list: return {other_hash, nothing_common, malformed};
    case Field::kex_init_rest: return {other_hash};
    // By chance the strings may lie end to end again, twice in all; then a key or a value has the wrong size.
    case Field::string_length: return {malformed, bad_host_key, bad_value};
    case Field::exchange_value: return {other_hash};
    case Field::host_key_type: return {bad_host_key};
    case Field::host_key: return {other_hash, bad_host_key};  // some are no points of the curve
    case Field::signature: return {other_hash};
  }
  return {};
}

// RFC 4253 6, in the clear: a multiple of 8 with its own 4 bytes, room for a byte and the least padding, and within what
// the receiver takes. A good one is of another packet than was sent, and takes bytes of the next, or waits for them.
std::vector<Finding> findings_of_length(std::uint32_t length, Direction direction) {
  const std::uint32_t most = direction == Direction::to_server ? 35'000 : 256 * 1024;
  if (length < 6 || length > most || (length + 4) % 8 != 0) return {bad_length};
  return {malformed, waited};
}

// At least 4, and a payload must be left; then the payload has the wrong size.
std::vector<Finding> findings_of_padding(std::uint32_t padding, std::uint32_t length) {
  if (padding < 4 || padding + 1 >= length) return {bad_padding};
  return {malformed};
}

// A field for each byte of the clear part.
class Map {
 public:
  Map(const Recording& recording, Direction direction) : index_(static_cast<std::size_t>(direction)) {
    const auto& begins = recording.packets[index_];
    for (const auto& [field, size] : {std::pair{Field::ident_start, std::size_t{4}}, {Field::ident_version, 4}})
      add(field, size);
    add(Field::ident_software, begins[1] - 4 - 4 - 2);
    add(Field::ident_cr, 1);
    add(Field::ident_lf, 1);
    for (std::size_t i = 1; i < recording.clear_packets[index_]; ++i)
      add_packet(Bytes(recording.sent[index_]).subspan(begins[i], begins[i + 1] - begins[i]));
  }
  std::size_t size() const { return fields_.size(); }
  Field at(std::size_t offset) const { return fields_[offset]; }

 private:
  void add(Field field, std::size_t size) { fields_.insert(fields_.end(), size, field); }
  void add_string(Field length, Field text, Reader& reader) {
    Bytes value;
    reader.read(value);
    add(length, 4);
    add(text, value.size());
  }
  void add_packet(Bytes packet) {
    const auto padding = std::to_integer<std::size_t>(packet[4]);
    const auto payload = packet.subspan(5, packet.size() - 5 - padding);
    Reader reader(payload.subspan(1));
    add(Field::packet_length, 4);
    add(Field::padding_length, 1);
    add(Field::number, 1);
    switch (std::to_integer<std::uint8_t>(payload[0])) {
      case KexInit::number: {
        std::array<std::byte, 16> cookie;
        reader.read(cookie);
        add(Field::kex_init_cookie, cookie.size());
        for (int list = 0; list < 10; ++list) add_string(Field::kex_init_list_length, Field::kex_init_list, reader);
        add(Field::kex_init_rest, 1 + 4);
        break;
      }
      case KexInitial::number: add_string(Field::string_length, Field::exchange_value, reader); break;
      case KexReply::number:
        add(Field::string_length, 4);
        add(Field::host_key_type, 4 + 11 + 4);
        add(Field::host_key, 32);
        reader = Reader(payload.subspan(1 + 4 + 4 + 11 + 4 + 32));
        add_string(Field::string_length, Field::exchange_value, reader);
        add_string(Field::string_length, Field::signature, reader);
        break;
      default: break;
    }
    add(Field::padding, padding);
  }

  std::size_t index_;
  std::vector<Field> fields_;
};

class Damage {
 public:
  Damage(const Makings& makings, std::string name)
      : makings_(makings), recording_(record(makings)), figures_(std::move(name)) {}

  void clear_byte(Direction direction, const Map& map, std::size_t offset, std::byte change) {
    Session session(makings_);
    session.plan(direction).at = offset;
    session.plan(direction).change = change;
    session.run(&recording_);
    const auto field = map.at(offset);
    const auto was = recording_.sent[static_cast<std::size_t>(direction)][offset];
    const auto note =
        "byte " + std::to_string(offset) + (direction == Direction::to_server ? " to the server" : " to the client") +
        " from " + std::to_string(std::to_integer<int>(was)) + " to " +
        std::to_string(std::to_integer<int>(was ^ change)) + ", field " + std::to_string(static_cast<int>(field));
    expect_sound(session, recording_, note, field == Field::ident_start);

    const auto allowed = findings_at(field, direction, offset, change);
    if (field == Field::padding) {
      EXPECT_TRUE(unharmed(session, recording_)) << note << log_of(session);
      return figures_.count("harmless: padding");
    }
    const auto& receiver = receiver_of(session, direction);
    const bool forged = field == Field::number && (was ^ change) == static_cast<std::byte>(Disconnect::number);
    if (forged) {  // in the clear anybody can say goodbye
      EXPECT_TRUE(receiver.by_peer) << note << log_of(session);
      return figures_.count("read as DISCONNECT");
    }
    const bool by_client = receiver.by_peer;
    const auto& finder = by_client ? session.client : receiver;
    const auto& other = &finder == &session.client ? session.server : session.client;
    const auto finding = std::find_if(allowed.begin(), allowed.end(), [&](const Finding& each) {
      return each.code == finder.error.code && (each.by_client || !by_client);
    });
    ASSERT_NE(finding, allowed.end()) << note << log_of(session);
    expect_found(finder, other, finding->reason, note + log_of(session));
    figures_.count(std::string(describe(finding->code)));
  }

 private:
  std::vector<Finding> findings_at(Field field, Direction direction, std::uint64_t offset, std::byte change) const {
    if (field != Field::packet_length && field != Field::padding_length) return findings(field, direction);
    const auto index = static_cast<std::size_t>(direction);
    const auto& begins = recording_.packets[index];
    const auto begin = *std::prev(std::upper_bound(begins.begin(), begins.end(), offset));
    std::array<std::byte, 5> head;
    std::copy_n(recording_.sent[index].begin() + static_cast<std::ptrdiff_t>(begin), head.size(), head.begin());
    head[offset - begin] ^= change;
    const auto length = load_be32(head.data());
    if (field == Field::packet_length) return findings_of_length(length, direction);
    return findings_of_padding(std::to_integer<std::uint32_t>(head[4]), length);
  }

  Makings makings_;
  const Recording& recording_;
  Figures figures_;
};

void damage_the_clear_part(const Makings& makings, const std::string& name, std::size_t step,
                           const std::vector<int>& changes) {
  Damage damage(makings, name);
  for (const auto direction : {Direction::to_server, Direction::to_client}) {
    const Map map(record(makings), direction);
    ASSERT_EQ(map.size(), record(makings).packets[static_cast<std::size_t>(direction)]
                                                 [record(makings).clear_packets[static_cast<std::size_t>(direction)]]);
    for (std::size_t offset = 0; offset < map.size(); offset += step)
      for (const int change : changes) {
        damage.clear_byte(direction, map, offset, static_cast<std::byte>(change));
        if (testing::Test::HasFailure()) return;
      }
  }
}

// Everything here is compared with a session that was left alone. This is what it is.
TEST(Damage, TheSessionLeftAlone) {
  const std::vector<std::string> client{"HostKeyOffered ssh-ed25519",
                                        "KeysExchanged first=1 strict=1 curve25519-sha256 ssh-ed25519 chacha20",
                                        "CredentialsWanted  partial=0",
                                        "BannerReceived hello",
                                        "SignatureWanted ssh-ed25519",
                                        "Authenticated alice",
                                        "GlobalRequestAnswered 0",
                                        "ChannelOpened 0",
                                        "DataReceived 0 out 39 from the server, before the keys change",
                                        "DataReceived 0 err 8 an error",
                                        "RequestAnswered 0 1",
                                        "KeysExchanged first=0 strict=1 curve25519-sha256 ssh-ed25519 chacha20",
                                        "DataReceived 0 out 27 from the server, after that",
                                        "RequestReceived 0 exit-status reply=0 7",
                                        "EofReceived 0",
                                        "ChannelClosed 0"};
  const std::vector<std::string> server{"SignatureWanted ssh-ed25519",
                                        "KeysExchanged first=1 strict=1 curve25519-sha256 ssh-ed25519 chacha20",
                                        "PublicKeyOffered alice ssh-ed25519",
                                        "PublicKeyProven alice ssh-ed25519",
                                        "Authenticated alice",
                                        "GlobalRequestReceived keepalive@example.org reply=1",
                                        "ChannelOpenReceived session 0",
                                        "RequestReceived 0 env reply=0",
                                        "RequestReceived 0 exec reply=1 true",
                                        "DataReceived 0 out 39 from the client, before the keys change",
                                        "SignatureWanted ssh-ed25519",
                                        "KeysExchanged first=0 strict=1 curve25519-sha256 ssh-ed25519 chacha20",
                                        "DataReceived 0 out 27 from the client, after that",
                                        "ChannelClosed 0"};
  const auto& recording = record({});
  const auto begins = [](const std::string& have, const std::string& want) { return have.starts_with(want); };
  const auto& told_client = recording.client.lines;
  const auto& told_server = recording.server.lines;
  EXPECT_TRUE(std::equal(told_client.begin(), told_client.end(), client.begin(), client.end(), begins));
  EXPECT_TRUE(std::equal(told_server.begin(), told_server.end(), server.begin(), server.end(), begins));
  EXPECT_EQ(recording.client.error.code, Code::closed_by_application);
  EXPECT_EQ(recording.server.error.code, Code::disconnected_by_peer);
  EXPECT_EQ(recording.server.reason, Reason::by_application);
  EXPECT_EQ(recording.client.closed, 1);
  EXPECT_EQ(recording.server.closed, 1);

  // And it is the same under every cipher and with real keys, but for names and keys.
  auto others = protections;
  others.push_back({.real = true});
  for (const auto& makings : others) {
    const auto same_event = [](const std::string& a, const std::string& b) {
      const bool names = a.starts_with("KeysExchanged") || a.starts_with("HostKey") || a.starts_with("SignatureWanted");
      return names ? a.substr(0, 21) == b.substr(0, 21) : a == b;
    };
    const auto& other = record(makings);
    const auto& other_client = other.client.lines;
    const auto& other_server = other.server.lines;
    EXPECT_TRUE(
        std::equal(other_client.begin(), other_client.end(), told_client.begin(), told_client.end(), same_event))
        << makings;
    EXPECT_TRUE(
        std::equal(other_server.begin(), other_server.end(), told_server.begin(), told_server.end(), same_event))
        << makings;
  }
}

// The exchange of the quick provider is bound to every byte that a real one is bound to, which the test after this shows.
TEST(Damage, EveryByteInTheClear) {
  std::vector<int> changes{0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff};
  if (long_form() && !sanitized) {
    changes.resize(255);
    std::iota(changes.begin(), changes.end(), 1);
  }
  damage_the_clear_part({}, "bytes in the clear", sanitized ? 7 : 1, changes);
}

TEST(Damage, EveryByteInTheClearOfARealExchange) {
  const bool whole = long_form() && !sanitized;
  damage_the_clear_part({.real = true}, "bytes in the clear, real keys", whole ? 1 : 11,
                        whole ? std::vector{0x01, 0x80} : std::vector{0x01});
}

// ---- under keys

// Nothing that stands in an encrypted packet, and nothing after it, is ever told; the end is "packet corrupt". Only a
// damaged length can make the receiver wait for what never comes.
class UnderKeys : public testing::TestWithParam<Makings> {};

// What the receiver is told by the packets before the first that it does not get.
std::vector<std::string> told_before(const Makings& makings, Direction direction, std::uint64_t offset) {
  Session session(makings);
  session.plan(direction).parts = {{0, offset}};
  session.run(&record(makings));
  return receiver_of(session, direction).lines;
}

TEST_P(UnderKeys, EveryBit) {
  const auto& recording = record(GetParam());
  Figures figures("bits under " + GetParam().name());
  const bool every = long_form() && !sanitized;
  for (const auto direction : {Direction::to_server, Direction::to_client}) {
    const auto index = static_cast<std::size_t>(direction);
    const auto& begins = recording.packets[index];
    for (auto packet = recording.clear_packets[index]; packet + 1 < begins.size(); ++packet) {
      const auto before = told_before(GetParam(), direction, begins[packet]);
      for (auto offset = begins[packet]; offset < begins[packet + 1]; offset += sanitized ? 13 : 1)
        for (unsigned bit = every ? 0 : offset % 8; bit < 8; bit += every ? 1 : 8) {
          Session session(GetParam());
          session.plan(direction).at = offset;
          session.plan(direction).change = static_cast<std::byte>(1U << bit);
          session.run(&recording);
          const auto note = "bit " + std::to_string(bit) + " of byte " + std::to_string(offset - begins[packet]) +
                            " of packet " + std::to_string(packet) + (index == 0 ? " to the server" : " to the client");
          expect_sound(session, recording, note);
          const auto& receiver = receiver_of(session, direction);
          EXPECT_EQ(receiver.lines, before) << note << log_of(session);
          const bool length = offset - begins[packet] < 4;
          if (!length) expect_found(receiver, sender_of(session, direction), Reason::mac_error, note);
          static const std::set<Code> waited_for_more{Code::cut_in_packet, Code::login_timeout, Code::rekey_timeout};
          EXPECT_TRUE(receiver.error.code == Code::packet_corrupt ||
                      (length && waited_for_more.contains(receiver.error.code)))
              << note << log_of(session);
          figures.count(std::string(describe(receiver.error.code)));
          if (HasFailure()) return;
        }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Damage, UnderKeys, testing::ValuesIn(protections), [](const auto& each) {
  auto name = each.param.cipher + "_" + each.param.mac;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
});

}  // namespace
}  // namespace nacre::test
