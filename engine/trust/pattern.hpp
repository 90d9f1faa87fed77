// Patterns as in ssh_config(5) "PATTERNS", and network addresses with prefix lengths. Pure text, bounded work.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace nacre {

// '*' stands for any bytes, '?' for one. Takes at most text.size() * pattern.size() steps.
bool matches_pattern(std::string_view text, std::string_view pattern);

enum class ListMatch : std::uint8_t { no, yes, negated };

// Patterns with commas between them; one that begins with '!' and matches decides against the text, wherever it stands.
ListMatch matches_pattern_list(std::string_view text, std::string_view patterns);

// The same for the address of a peer, in numbers. An entry is
// - an address, with a prefix length or without ("192.0.2.0/24", "2001:db8::5"): compared as one, however either is
//   written. An IPv6 address that wraps an IPv4 one is the IPv4 one, in a prefix from 96 bits on. With a zone
//   ("fe80::1%eth0") it is that zone's, without one every zone's.
// - a pattern with '*' or '?': held against the text of the address, which is to be as inet_ntop writes it, but without
//   case, IPv4 where it is wrapped, and without its zone unless the pattern has a '%'.
// - the name of a host, which equals no address, as nobody looks it up.
// A slip makes the whole list match nothing, better shut than open: a bad prefix length, an entry that is nearly an
// address, a blank, and a name or a pattern of names behind '!'. A peer whose address is not known is every address
// behind '!'.
ListMatch matches_address_list(std::string_view address, std::string_view patterns);

// Whether the text is an IPv4 or IPv6 address in numbers, without zeros in front of IPv4's. A zone ("%eth0") may follow
// an IPv6 address.
bool is_address(std::string_view text);

std::string lower_case(std::string_view text);    // ASCII letters only
std::string_view trimmed(std::string_view text);  // without blanks, tabs and CR at both ends

// Cuts the next line off the front of `text`, without its LF or CR LF.
std::string_view take_line(std::string_view& text);
// Cuts the next word off the front of `text`: up to a blank or a tab. Empty when there is none.
std::string_view take_word(std::string_view& text);

}  // namespace nacre
