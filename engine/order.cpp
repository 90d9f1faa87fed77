// The table of order.hpp. RFC 4253 7 to 11, RFC 4252, RFC 4254, RFC 8308 2.4, draft-ietf-sshm-strict-kex.
#include "engine/order.hpp"

#include <array>

namespace nacre {
namespace {

// The numbers of a table row cover every number from 0 to 255, once each, in order (a test holds it to that).
//   column:  0 kex_init | 1 2 kex_method | 3 4 kex_new_keys | 5 service | 6 auth | 7 open | 8 9 rekey | 10 closed
//                       |   strict, not  |   strict, not    |           |        |        | ours, theirs
constexpr std::array rows{
    //                                         server         client
    OrderRow{0, 0, "reserved", "----------I", "----------I"},
    OrderRow{1, 1, "DISCONNECT", "AAAAAAAAAAI", "AAAAAAAAAAI"},
    OrderRow{2, 3, "IGNORE, UNIMPLEMENTED", "T-I-IIIIIII", "T-I-IIIIIII"},
    OrderRow{4, 4, "DEBUG", "T-I-IAAAAAI", "T-I-IAAAAAI"},
    OrderRow{5, 5, "SERVICE_REQUEST", "-----AE---I", "----------I"},
    OrderRow{6, 6, "SERVICE_ACCEPT", "----------I", "-----E----I"},
    OrderRow{7, 7, "EXT_INFO", "-----E----I", "-----EE---I"},
    OrderRow{8, 19, "unassigned", "--U-UUUUUUI", "--U-UUUUUUI"},
    OrderRow{20, 20, "KEXINIT", "A------AA-I", "A------AA-I"},
    OrderRow{21, 21, "NEWKEYS", "---EE----EI", "---EE----EI"},
    OrderRow{22, 29, "unassigned", "-----UUUU-I", "-----UUUU-I"},
    OrderRow{30, 30, "KEXDH_INIT, KEX_ECDH_INIT", "-EE------EI", "----------I"},
    OrderRow{31, 31, "KEXDH_REPLY, KEX_ECDH_REPLY", "----------I", "-EE------EI"},
    OrderRow{32, 49, "other key exchange", "----------I", "----------I"},
    OrderRow{50, 50, "USERAUTH_REQUEST", "------AII-I", "----------I"},
    OrderRow{51, 51, "USERAUTH_FAILURE", "----------I", "------E---I"},
    OrderRow{52, 52, "USERAUTH_SUCCESS", "----------I", "------E---I"},
    OrderRow{53, 53, "USERAUTH_BANNER", "----------I", "------A---I"},
    OrderRow{54, 59, "unassigned", "----------I", "----------I"},
    OrderRow{60, 60, "PK_OK, PASSWD_CHANGEREQ, INFO_REQUEST", "----------I", "------E---I"},
    OrderRow{61, 61, "USERAUTH_INFO_RESPONSE", "------E---I", "----------I"},
    OrderRow{62, 79, "other authentication", "----------I", "----------I"},
    OrderRow{80, 80, "GLOBAL_REQUEST", "-------AH-I", "-------AH-I"},
    OrderRow{81, 82, "REQUEST_SUCCESS, REQUEST_FAILURE", "-------AA-I", "-------AA-I"},
    OrderRow{83, 89, "unassigned", "-------UU-I", "-------UU-I"},
    OrderRow{90, 90, "CHANNEL_OPEN", "-------AH-I", "-------AH-I"},
    OrderRow{91, 92, "CHANNEL_OPEN_CONFIRMATION, CHANNEL_OPEN_FAILURE", "-------EE-I", "-------EE-I"},
    OrderRow{93, 93, "CHANNEL_WINDOW_ADJUST", "-------AA-I", "-------AA-I"},
    OrderRow{94, 98, "CHANNEL_DATA, EXTENDED_DATA, EOF, CLOSE, REQUEST", "-------EH-I", "-------EH-I"},
    OrderRow{99, 100, "CHANNEL_SUCCESS, CHANNEL_FAILURE", "-------AA-I", "-------AA-I"},
    OrderRow{101, 191, "unassigned", "-------UU-I", "-------UU-I"},
    OrderRow{192, 192, "PING", "-----IIAHII", "-----IIAHII"},
    OrderRow{193, 193, "PONG", "-----IIIIII", "-----IIIIII"},
    OrderRow{194, 255, "unassigned", "-------UU-I", "-------UU-I"},
};

constexpr std::size_t columns = 11;

constexpr Ruling ruling_of(char letter) {
  switch (letter) {
    case 'A': return Ruling::accept;
    case 'E': return Ruling::expected;
    case 'H': return Ruling::hold;
    case 'T': return Ruling::taint;
    case 'I': return Ruling::ignore;
    case 'U': return Ruling::unimplemented;
    default: return Ruling::end;
  }
}

// Row by number, so that the question costs one look-up.
constexpr auto row_of = [] {
  std::array<std::uint8_t, 256> index{};
  for (std::size_t r = 0; r < rows.size(); ++r)
    for (unsigned n = rows[r].first; n <= rows[r].last; ++n) index[n] = static_cast<std::uint8_t>(r);
  return index;
}();

constexpr std::size_t column_of(Stage stage, bool strict) {
  switch (stage) {
    case Stage::kex_init: return 0;
    case Stage::kex_method: return strict ? 1 : 2;
    case Stage::kex_new_keys: return strict ? 3 : 4;
    case Stage::service: return 5;
    case Stage::auth: return 6;
    case Stage::open: return 7;
    case Stage::rekey_ours: return 8;
    case Stage::rekey_theirs: return 9;
    case Stage::closed: break;
  }
  return columns - 1;
}

}  // namespace

Ruling rule(std::uint8_t number, Role receiver, Stage stage, bool strict) {
  const auto& row = rows[row_of[number]];
  const auto letters = receiver == Role::server ? row.server : row.client;
  return ruling_of(letters[column_of(stage, strict)]);
}

std::string_view name_of(Stage stage) {
  switch (stage) {
    case Stage::kex_init: return "kex_init";
    case Stage::kex_method: return "kex_method";
    case Stage::kex_new_keys: return "kex_new_keys";
    case Stage::service: return "service";
    case Stage::auth: return "auth";
    case Stage::open: return "open";
    case Stage::rekey_ours: return "rekey_ours";
    case Stage::rekey_theirs: return "rekey_theirs";
    case Stage::closed: break;
  }
  return "closed";
}

std::string_view name_of(Ruling ruling) {
  switch (ruling) {
    case Ruling::accept: return "accept";
    case Ruling::expected: return "expected";
    case Ruling::hold: return "hold";
    case Ruling::taint: return "taint";
    case Ruling::ignore: return "ignore";
    case Ruling::unimplemented: return "unimplemented";
    case Ruling::end: break;
  }
  return "end";
}

std::span<const OrderRow> order_table() { return rows; }

}  // namespace nacre
