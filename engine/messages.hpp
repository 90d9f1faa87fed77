// One struct for each SSH message, in the order of the numbers. Views into the packet they were decoded from.
// Bodies that depend on a method or a name (USERAUTH_REQUEST, 60, CHANNEL_REQUEST) end in a Rest, which is decoded by
// whoever knows from the state or from the name what it is; those bodies follow their message.
#pragma once

#include <array>
#include <string_view>
#include <tuple>

#include "engine/codec.hpp"

namespace nacre {

// ---- transport, RFC 4253

struct Disconnect {  // 11.1
  static constexpr std::uint8_t number = 1;
  std::uint32_t reason{};
  std::string_view text;
  std::string_view language;
  static constexpr auto fields = std::tuple{&Disconnect::reason, &Disconnect::text, &Disconnect::language};
};

struct Ignore {  // 11.2
  static constexpr std::uint8_t number = 2;
  Bytes data;
  static constexpr auto fields = std::tuple{&Ignore::data};
};

struct Unimplemented {  // 11.4
  static constexpr std::uint8_t number = 3;
  std::uint32_t sequence{};
  static constexpr auto fields = std::tuple{&Unimplemented::sequence};
};

struct Debug {  // 11.3
  static constexpr std::uint8_t number = 4;
  bool always_display{};
  std::string_view text;
  std::string_view language;
  static constexpr auto fields = std::tuple{&Debug::always_display, &Debug::text, &Debug::language};
};

struct ServiceRequest {  // 10
  static constexpr std::uint8_t number = 5;
  std::string_view service;
  static constexpr auto fields = std::tuple{&ServiceRequest::service};
};

struct ServiceAccept {  // 10
  static constexpr std::uint8_t number = 6;
  std::string_view service;
  static constexpr auto fields = std::tuple{&ServiceAccept::service};
};

struct ExtInfo {  // RFC 8308 2.3
  static constexpr std::uint8_t number = 7;
  std::uint32_t count{};
  Rest extensions;  // count times: string name, string value
  static constexpr auto fields = std::tuple{&ExtInfo::count, &ExtInfo::extensions};
};

struct KexInit {  // 7.1
  static constexpr std::uint8_t number = 20;
  std::array<std::byte, 16> cookie{};
  NameList key_exchanges, host_keys;
  NameList ciphers_to_server, ciphers_to_client;
  NameList macs_to_server, macs_to_client;
  NameList compressions_to_server, compressions_to_client;
  NameList languages_to_server, languages_to_client;
  bool first_packet_follows{};
  std::uint32_t reserved{};
  static constexpr auto fields = std::tuple{&KexInit::cookie,
                                            &KexInit::key_exchanges,
                                            &KexInit::host_keys,
                                            &KexInit::ciphers_to_server,
                                            &KexInit::ciphers_to_client,
                                            &KexInit::macs_to_server,
                                            &KexInit::macs_to_client,
                                            &KexInit::compressions_to_server,
                                            &KexInit::compressions_to_client,
                                            &KexInit::languages_to_server,
                                            &KexInit::languages_to_client,
                                            &KexInit::first_packet_follows,
                                            &KexInit::reserved};
};

struct NewKeys {  // 7.3
  static constexpr std::uint8_t number = 21;
  static constexpr auto fields = std::tuple{};
};

struct KexInitial {  // RFC 4253 8, RFC 5656 4, RFC 8731 3.1 and the ML-KEM hybrids: one shape (crypto/key_exchange.hpp)
  static constexpr std::uint8_t number = 30;
  Bytes value;
  static constexpr auto fields = std::tuple{&KexInitial::value};
};

struct KexReply {  // likewise
  static constexpr std::uint8_t number = 31;
  Bytes host_key;
  Bytes value;
  Bytes signature;
  static constexpr auto fields = std::tuple{&KexReply::host_key, &KexReply::value, &KexReply::signature};
};

// ---- authentication, RFC 4252

struct UserauthRequest {  // 5
  static constexpr std::uint8_t number = 50;
  std::string_view user;
  std::string_view service;
  std::string_view method;
  Rest body;  // one of the four below, by method
  static constexpr auto fields =
      std::tuple{&UserauthRequest::user, &UserauthRequest::service, &UserauthRequest::method, &UserauthRequest::body};
};

struct PublicKeyBody {  // 7
  bool has_signature{};
  std::string_view algorithm;
  Bytes key;
  Rest signature;  // has_signature: one string, else nothing
  static constexpr auto fields = std::tuple{&PublicKeyBody::has_signature, &PublicKeyBody::algorithm,
                                            &PublicKeyBody::key, &PublicKeyBody::signature};
};

struct PasswordBody {  // 8
  bool change{};
  Bytes password;
  Rest new_password;  // change: one string, else nothing
  static constexpr auto fields =
      std::tuple{&PasswordBody::change, &PasswordBody::password, &PasswordBody::new_password};
};

struct KeyboardInteractiveBody {  // RFC 4256 3.1
  std::string_view language;
  std::string_view submethods;
  static constexpr auto fields = std::tuple{&KeyboardInteractiveBody::language, &KeyboardInteractiveBody::submethods};
};

struct OneString {  // a Rest that is one string
  Bytes value;
  static constexpr auto fields = std::tuple{&OneString::value};
};

struct UserauthFailure {  // 5.1
  static constexpr std::uint8_t number = 51;
  NameList methods;
  bool partial{};
  static constexpr auto fields = std::tuple{&UserauthFailure::methods, &UserauthFailure::partial};
};

struct UserauthSuccess {  // 5.1
  static constexpr std::uint8_t number = 52;
  static constexpr auto fields = std::tuple{};
};

struct UserauthBanner {  // 5.4
  static constexpr std::uint8_t number = 53;
  std::string_view text;
  std::string_view language;
  static constexpr auto fields = std::tuple{&UserauthBanner::text, &UserauthBanner::language};
};

struct PublicKeyOk {  // 7; one of three messages with this number
  static constexpr std::uint8_t number = 60;
  std::string_view algorithm;
  Bytes key;
  static constexpr auto fields = std::tuple{&PublicKeyOk::algorithm, &PublicKeyOk::key};
};

struct PasswordChangeRequest {  // 8
  static constexpr std::uint8_t number = 60;
  std::string_view prompt;
  std::string_view language;
  static constexpr auto fields = std::tuple{&PasswordChangeRequest::prompt, &PasswordChangeRequest::language};
};

struct InfoRequest {  // RFC 4256 3.2
  static constexpr std::uint8_t number = 60;
  std::string_view name;
  std::string_view instruction;
  std::string_view language;
  std::uint32_t count{};
  Rest prompts;  // count times: string prompt, boolean echo
  static constexpr auto fields = std::tuple{&InfoRequest::name, &InfoRequest::instruction, &InfoRequest::language,
                                            &InfoRequest::count, &InfoRequest::prompts};
};

struct InfoResponse {  // RFC 4256 3.4
  static constexpr std::uint8_t number = 61;
  std::uint32_t count{};
  Rest responses;  // count strings
  static constexpr auto fields = std::tuple{&InfoResponse::count, &InfoResponse::responses};
};

// ---- connection, RFC 4254

struct GlobalRequest {  // 4
  static constexpr std::uint8_t number = 80;
  std::string_view name;
  bool want_reply{};
  Rest data;
  static constexpr auto fields = std::tuple{&GlobalRequest::name, &GlobalRequest::want_reply, &GlobalRequest::data};
};

struct RequestSuccess {  // 4
  static constexpr std::uint8_t number = 81;
  Rest data;
  static constexpr auto fields = std::tuple{&RequestSuccess::data};
};

struct RequestFailure {  // 4
  static constexpr std::uint8_t number = 82;
  static constexpr auto fields = std::tuple{};
};

struct ChannelOpen {  // 5.1
  static constexpr std::uint8_t number = 90;
  std::string_view type;
  std::uint32_t sender{};
  std::uint32_t window{};
  std::uint32_t max_packet{};
  Rest data;
  static constexpr auto fields = std::tuple{&ChannelOpen::type, &ChannelOpen::sender, &ChannelOpen::window,
                                            &ChannelOpen::max_packet, &ChannelOpen::data};
};

struct ChannelOpenConfirmation {  // 5.1
  static constexpr std::uint8_t number = 91;
  std::uint32_t recipient{};
  std::uint32_t sender{};
  std::uint32_t window{};
  std::uint32_t max_packet{};
  Rest data;
  static constexpr auto fields = std::tuple{&ChannelOpenConfirmation::recipient, &ChannelOpenConfirmation::sender,
                                            &ChannelOpenConfirmation::window, &ChannelOpenConfirmation::max_packet,
                                            &ChannelOpenConfirmation::data};
};

struct ChannelOpenFailure {  // 5.1
  static constexpr std::uint8_t number = 92;
  std::uint32_t recipient{};
  std::uint32_t reason{};
  std::string_view text;
  std::string_view language;
  static constexpr auto fields = std::tuple{&ChannelOpenFailure::recipient, &ChannelOpenFailure::reason,
                                            &ChannelOpenFailure::text, &ChannelOpenFailure::language};
};

struct ChannelWindowAdjust {  // 5.2
  static constexpr std::uint8_t number = 93;
  std::uint32_t recipient{};
  std::uint32_t bytes{};
  static constexpr auto fields = std::tuple{&ChannelWindowAdjust::recipient, &ChannelWindowAdjust::bytes};
};

struct ChannelData {  // 5.2
  static constexpr std::uint8_t number = 94;
  std::uint32_t recipient{};
  Bytes data;
  static constexpr auto fields = std::tuple{&ChannelData::recipient, &ChannelData::data};
};

struct ChannelExtendedData {  // 5.2
  static constexpr std::uint8_t number = 95;
  static constexpr std::uint32_t standard_error = 1;
  std::uint32_t recipient{};
  std::uint32_t type{};
  Bytes data;
  static constexpr auto fields =
      std::tuple{&ChannelExtendedData::recipient, &ChannelExtendedData::type, &ChannelExtendedData::data};
};

struct ChannelEof {  // 5.3
  static constexpr std::uint8_t number = 96;
  std::uint32_t recipient{};
  static constexpr auto fields = std::tuple{&ChannelEof::recipient};
};

struct ChannelClose {  // 5.3
  static constexpr std::uint8_t number = 97;
  std::uint32_t recipient{};
  static constexpr auto fields = std::tuple{&ChannelClose::recipient};
};

struct ChannelRequest {  // 5.4
  static constexpr std::uint8_t number = 98;
  std::uint32_t recipient{};
  std::string_view name;
  bool want_reply{};
  Rest body;  // by name: requests.hpp
  static constexpr auto fields =
      std::tuple{&ChannelRequest::recipient, &ChannelRequest::name, &ChannelRequest::want_reply, &ChannelRequest::body};
};

struct ChannelSuccess {  // 5.4
  static constexpr std::uint8_t number = 99;
  std::uint32_t recipient{};
  static constexpr auto fields = std::tuple{&ChannelSuccess::recipient};
};

struct ChannelFailure {  // 5.4
  static constexpr std::uint8_t number = 100;
  std::uint32_t recipient{};
  static constexpr auto fields = std::tuple{&ChannelFailure::recipient};
};

// ---- local extensions, OpenSSH's PROTOCOL 1.8

struct Ping {
  static constexpr std::uint8_t number = 192;
  Bytes data;
  static constexpr auto fields = std::tuple{&Ping::data};
};

struct Pong {
  static constexpr std::uint8_t number = 193;
  Bytes data;
  static constexpr auto fields = std::tuple{&Pong::data};
};

}  // namespace nacre
