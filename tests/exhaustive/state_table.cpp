// The table. The letters of a row stand under the columns' letters above it.
#include "tests/exhaustive/state_table.hpp"

namespace nacre::test {
namespace {

constexpr Column server_columns[] = {
    {State::kex_init, "i kex_init"},
    {State::kex_method, "m kex_method", 1},
    {State::kex_method, "m kex_method", 0},
    {State::kex_guess, "g kex_guess", 1},
    {State::kex_guess, "g kex_guess", 0},
    {State::kex_blocked, "b kex_blocked"},
    {State::kex_new_keys, "n kex_new_keys", 1},
    {State::kex_new_keys, "n kex_new_keys", 0},
    {State::service, "s service"},
    {State::service_late, "l service_late"},
    {State::auth, "a auth"},
    {State::auth_prompted, "p auth_prompted"},
    {State::auth_blocked, "b auth_blocked"},
    {State::auth_failing, "f auth_failing"},
    {State::auth_partial, "p auth_partial"},
    {State::open, "o open"},
    {State::limited, "l limited"},
    {State::busy, "b busy"},
    {State::eof, "e eof"},
    {State::closing, "c closing"},
    {State::rekey_ours, "r rekey_ours"},
    {State::rekey_theirs, "t rekey_theirs"},
    {State::rekey_guess, "g rekey_guess"},
    {State::rekey_blocked, "b rekey_blocked"},
    {State::rekey_theirs_keys, "k rekey_theirs_keys"},
    {State::closed, "x closed"},
};

constexpr Column client_columns[] = {
    {State::kex_init, "i kex_init"},
    {State::kex_method, "m kex_method", 1},
    {State::kex_method, "m kex_method", 0},
    {State::kex_guess, "g kex_guess", 1},
    {State::kex_guess, "g kex_guess", 0},
    {State::kex_blocked, "b kex_blocked"},
    {State::kex_new_keys, "n kex_new_keys", 1},
    {State::kex_new_keys, "n kex_new_keys", 0},
    {State::service, "s service"},
    {State::service_late, "l service_late"},
    {State::choosing, "c choosing"},
    {State::answering, "a answering"},
    {State::signing, "s signing"},
    {State::changing, "g changing"},
    {State::none_out, "n none_out"},
    {State::password_out, "p password_out"},
    {State::probe_out, "k probe_out"},
    {State::signature_out, "s signature_out"},
    {State::interactive_out, "i interactive_out"},
    {State::success_due, "d success_due"},
    {State::open, "o open"},
    {State::busy, "b busy"},
    {State::eof, "e eof"},
    {State::closing, "c closing"},
    {State::rekey_ours, "r rekey_ours"},
    {State::rekey_theirs, "t rekey_theirs"},
    {State::rekey_guess, "g rekey_guess"},
    {State::rekey_theirs_keys, "k rekey_theirs_keys"},
    {State::closed, "x closed"},
};

const TableRow server_rows[] = {
    // i mm gg b nn sl apbfp olbec r tgbk x    two columns for one state: strict, and not
    {"- -- -- = -- -- --==- ----- - --=- .", 0, 0, "reserved"},
    {"A AA AA = AA AA AA==A AAAAA A AA=A .", 1, 1, "DISCONNECT"},
    {". -. -. = -. .. ..==. ..... . ..=. .", 2, 3, "IGNORE, UNIMPLEMENTED"},
    {". -. -. = -. AA AA==A AAAAA A AA=A .", 4, 4, "DEBUG"},
    {"- -- -- = -- AA AA==A ----- - --=- .", 5, 5, "SERVICE_REQUEST"},
    {"- -- -- = -- -- --==- ----- - --=- .", 6, 6, "SERVICE_ACCEPT"},
    {"- -- -- = -- A- --==- ----- - --=- .", 7, 7, "EXT_INFO"},
    {"- -U -U = -U UU UU==U UUUUU U UU=U .", 8, 19, "unassigned"},
    {"A -- -- = -- -- --==- BBBBB A --=- .", 20, 20, "KEXINIT"},
    {"- -- -- = AA -- --==- ----- - --=B .", 21, 21, "NEWKEYS"},
    {"- -- -- = -- UU UU==U UUUUU U --=- .", 22, 29, "unassigned"},
    {"- AA .. = -- -- --==- ----- - B.=- .", 30, 30, "KEX_INIT"},
    {"- -- .. = -- -- --==- ----- - -.=- .", 31, 31, "KEX_REPLY"},
    {"- -- .. = -- -- --==- ----- - -.=- .", 32, 49, "other key exchange"},
    {"- -- -- = -- -- AB==P ..... . --=- .", 50, 50, "USERAUTH_REQUEST"},
    {"- -- -- = -- -- --==- ----- - --=- .", 51, 51, "USERAUTH_FAILURE"},
    {"- -- -- = -- -- --==- ----- - --=- .", 52, 52, "USERAUTH_SUCCESS"},
    {"- -- -- = -- -- --==- ----- - --=- .", 53, 53, "USERAUTH_BANNER"},
    {"- -- -- = -- -- --==- ----- - --=- .", 54, 60, "60 and unassigned"},
    {"- -- -- = -- -- -A==- ----- - --=- .", 61, 61, "USERAUTH_INFO_RESPONSE"},
    {"- -- -- = -- -- --==- ----- - --=- .", 62, 79, "other authentication"},
    {"- -- -- = -- -- --==- AAAAA A --=- .", 80, 80, "GLOBAL_REQUEST"},
    {"- -- -- = -- -- --==- BBAAA A --=- .", 81, 82, "REQUEST_SUCCESS, FAILURE"},
    {"- -- -- = -- -- --==- UUUUU U --=- .", 83, 89, "unassigned"},
    {"- -- -- = -- -- --==- AMBBB B --=- .", 90, 90, "CHANNEL_OPEN"},
    {"- -- -- = -- -- --==- NNAAA A --=- .", 91, 92, "OPEN_CONFIRMATION, FAILURE"},
    {"- -- -- = -- -- --==- CCAAA A --=- .", 93, 93, "CHANNEL_WINDOW_ADJUST"},
    {"- -- -- = -- -- --==- NNAEC A --=- .", 94, 95, "CHANNEL_DATA, EXTENDED"},
    {"- -- -- = -- -- --==- NNACC A --=- .", 96, 96, "CHANNEL_EOF"},
    {"- -- -- = -- -- --==- NNAAB A --=- .", 97, 97, "CHANNEL_CLOSE"},
    {"- -- -- = -- -- --==- NNAAC A --=- .", 98, 98, "CHANNEL_REQUEST"},
    {"- -- -- = -- -- --==- CCAAC A --=- .", 99, 100, "CHANNEL_SUCCESS, FAILURE"},
    {"- -- -- = -- -- --==- UUUUU U --=- .", 101, 191, "unassigned"},
    {"- -- -- = -- .. ..==. AAAAA A ..=. .", 192, 192, "PING"},
    {"- -- -- = -- .. ..==. ..... . ..=. .", 193, 193, "PONG"},
    {"- -- -- = -- -- --==- UUUUU U --=- .", 194, 255, "unassigned"},
};

const TableRow client_rows[] = {
    // i mm gg b nn sl casg npksi d obec r tgk x
    {"- -- -- = -- -- ---- ----- - ---- - --- .", 0, 0, "reserved"},
    {"A AA AA = AA AA AAAA AAAAA A AAAA A AAA .", 1, 1, "DISCONNECT"},
    {". -. -. = -. .. .... ..... . .... . ... .", 2, 3, "IGNORE, UNIMPLEMENTED"},
    {". -. -. = -. AA AAAA AAAAA A AAAA A AAA .", 4, 4, "DEBUG"},
    {"- -- -- = -- -- ---- ----- L ---- - --- .", 5, 5, "SERVICE_REQUEST"},
    {"- -- -- = -- BB ---- ----- L ---- - --- .", 6, 6, "SERVICE_ACCEPT"},
    {"- -- -- = -- A- ---- AAAAA L ---- - --- .", 7, 7, "EXT_INFO"},
    {"- -U -U = -U UU UUUU UUUUU L UUUU U UUU .", 8, 19, "unassigned"},
    {"a -- -- = -- -- ---- ----- L bbbb a --- .", 20, 20, "KEXINIT"},
    {"- -- -- = AA -- ---- ----- L ---- - --B .", 21, 21, "NEWKEYS"},
    {"- -- -- = -- UU UUUU UUUUU L UUUU U --- .", 22, 29, "unassigned"},
    {"- -- .. = -- -- ---- ----- L ---- - -.- .", 30, 30, "KEX_INIT"},
    {"- aa .. = -- -- ---- ----- L ---- - b.- .", 31, 31, "KEX_REPLY"},
    {"- -- .. = -- -- ---- ----- L ---- - -.- .", 32, 49, "other key exchange"},
    {"- -- -- = -- -- ---- ----- L ---- - --- .", 50, 50, "USERAUTH_REQUEST"},
    {"- -- -- = -- -- ---- AAAAA L ---- - --- .", 51, 51, "USERAUTH_FAILURE"},
    {"- -- -- = -- -- ---- BABAB A ---- - --- .", 52, 52, "USERAUTH_SUCCESS"},
    {"- -- -- = -- -- AAAA AAAAA L ---- - --- .", 53, 53, "USERAUTH_BANNER"},
    {"- -- -- = -- -- ---- ----- L ---- - --- .", 54, 59, "unassigned"},
    {"- -- -- = -- -- ---- -PK-I L ---- - --- .", 60, 60, "PK_OK and so on"},
    {"- -- -- = -- -- ---- ----- L ---- - --- .", 61, 61, "USERAUTH_INFO_RESPONSE"},
    {"- -- -- = -- -- ---- ----- L ---- - --- .", 62, 79, "other authentication"},
    {"- -- -- = -- -- ---- ----- L aaaa a --- .", 80, 80, "GLOBAL_REQUEST"},
    {"- -- -- = -- -- ---- ----- L BAAA A --- .", 81, 82, "REQUEST_SUCCESS, FAILURE"},
    {"- -- -- = -- -- ---- ----- L UUUU U --- .", 83, 89, "unassigned"},
    {"- -- -- = -- -- ---- ----- L abbb b --- .", 90, 90, "CHANNEL_OPEN"},
    {"- -- -- = -- -- ---- ----- L NAAA A --- .", 91, 92, "OPEN_CONFIRMATION, FAILURE"},
    {"- -- -- = -- -- ---- ----- L CAAA A --- .", 93, 93, "CHANNEL_WINDOW_ADJUST"},
    {"- -- -- = -- -- ---- ----- L NAEC A --- .", 94, 95, "CHANNEL_DATA, EXTENDED"},
    {"- -- -- = -- -- ---- ----- L NACC A --- .", 96, 96, "CHANNEL_EOF"},
    {"- -- -- = -- -- ---- ----- L NAAB A --- .", 97, 97, "CHANNEL_CLOSE"},
    {"- -- -- = -- -- ---- ----- L NaaC a --- .", 98, 98, "CHANNEL_REQUEST"},
    {"- -- -- = -- -- ---- ----- L CAAC A --- .", 99, 100, "CHANNEL_SUCCESS, FAILURE"},
    {"- -- -- = -- -- ---- ----- L UUUU U --- .", 101, 191, "unassigned"},
    {"- -- -- = -- .. .... ..... L AAAA A ... .", 192, 192, "PING"},
    {"- -- -- = -- .. .... ..... L .... . ... .", 193, 193, "PONG"},
    {"- -- -- = -- -- ---- ----- L UUUU U --- .", 194, 255, "unassigned"},
};

}  // namespace

std::span<const Column> columns(Role engine) {
  if (engine == Role::server) return server_columns;
  return client_columns;
}

std::span<const TableRow> rows(Role engine) {
  if (engine == Role::server) return server_rows;
  return client_rows;
}

}  // namespace nacre::test
