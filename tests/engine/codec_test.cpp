// Every message, method body and request as bytes: what is written is read again, what is cut short is refused, and so
// is what has a byte too many, unless the structure ends in all that is left.
#include <gtest/gtest.h>

#include <limits>
#include <type_traits>

#include "engine/connection/request_codec.hpp"
#include "engine/messages.hpp"

namespace nacre::test {
namespace {

template <class M>
struct IsEmpty : std::bool_constant<std::tuple_size_v<decltype(M::fields)> == 0> {};

template <class M>
constexpr bool ends_in_rest() {
  if constexpr (IsEmpty<M>::value) {
    return false;
  } else {
    constexpr auto last = std::get<std::tuple_size_v<decltype(M::fields)> - 1>(M::fields);
    return std::is_same_v<std::remove_cvref_t<decltype(std::declval<M>().*last)>, Rest>;
  }
}

// Distinct contents for each kind of field.
void fill(bool& value, int) { value = true; }
void fill(std::uint32_t& value, int n) { value = 0x01020300U + static_cast<std::uint32_t>(n); }
void fill(Bytes& value, int n) {
  value = bytes_of(std::string_view("bytes of a field").substr(static_cast<std::size_t>(n) % 8));
}
void fill(std::string_view& value, int n) {
  value = std::string_view("text of a field").substr(static_cast<std::size_t>(n) % 8);
}
void fill(NameList& value, int n) { value = NameList(std::string_view("one,two,three,four").substr(n % 2 ? 0 : 4)); }
void fill(Rest& value, int) { value.bytes = bytes_of("all that is left"); }
template <std::size_t N>
void fill(std::array<std::byte, N>& value, int n) {
  for (std::size_t i = 0; i < N; ++i) value[i] = static_cast<std::byte>(i + static_cast<std::size_t>(n));
}

template <class M>
M filled() {
  M message{};
  int n = 0;
  std::apply([&](auto... field) { (fill(message.*field, n++), ...); }, M::fields);
  return message;
}

template <class M>
class EachStructure : public testing::Test {};

using Structures =
    testing::Types<Disconnect, Ignore, Unimplemented, Debug, ServiceRequest, ServiceAccept, ExtInfo, KexInit, NewKeys,
                   KexInitial, KexReply, UserauthRequest, PublicKeyBody, PasswordBody, KeyboardInteractiveBody,
                   OneString, UserauthFailure, UserauthSuccess, UserauthBanner, PublicKeyOk, PasswordChangeRequest,
                   InfoRequest, InfoResponse, GlobalRequest, RequestSuccess, RequestFailure, ChannelOpen,
                   ChannelOpenConfirmation, ChannelOpenFailure, ChannelWindowAdjust, ChannelData, ChannelExtendedData,
                   ChannelEof, ChannelClose, ChannelRequest, ChannelSuccess, ChannelFailure, Ping, Pong>;
using Requests = testing::Types<PtyRequest, WindowChange, EnvRequest, ShellRequest, ExecRequest, SubsystemRequest,
                                SignalRequest, BreakRequest, ExitStatus, ExitSignal>;

template <class M>
Bytes body_of(const ByteVector& bytes) {
  if constexpr (Message<M>) return Bytes(bytes).subspan(1);
  return bytes;
}

template <class M>
void check_structure() {
  const auto message = filled<M>();
  auto bytes = encoded(message);
  EXPECT_EQ(bytes.size(), encoded_size(message));
  if constexpr (Message<M>) {
    EXPECT_EQ(bytes[0], static_cast<std::byte>(M::number));
  }
  const auto again = decode<M>(body_of<M>(bytes));
  ASSERT_TRUE(again);
  EXPECT_EQ(encoded(*again), bytes);

  // Every truncation: shorter than what a Rest at the end begins after, it fails; behind that, the Rest is shorter.
  std::size_t fixed = body_of<M>(bytes).size();
  if constexpr (ends_in_rest<M>()) fixed -= std::string_view("all that is left").size();
  for (std::size_t size = 0; size < body_of<M>(bytes).size(); ++size)
    EXPECT_EQ(decode<M>(body_of<M>(bytes).first(size)).has_value(), size >= fixed) << "cut to " << size;

  bytes.push_back(std::byte{0});
  EXPECT_EQ(decode<M>(body_of<M>(bytes)).has_value(), ends_in_rest<M>());
}

// Each four bytes in turn set to what a length never should be: no more than a refusal or another reading.
template <class M>
void lie_about_lengths() {
  const auto good = encoded(filled<M>());
  for (const std::uint32_t lie :
       {0U, 0x7fffffffU, 0x80000000U, 0xfffffffbU, std::numeric_limits<std::uint32_t>::max()}) {
    for (std::size_t at = Message<M> ? 1 : 0; at + 4 <= good.size(); ++at) {
      auto bytes = good;
      store_be32(lie, bytes.data() + at);
      if (const auto read = decode<M>(body_of<M>(bytes))) {
        EXPECT_LE(encoded_size(*read), bytes.size());
      }
    }
  }
}

TYPED_TEST_SUITE(EachStructure, Structures);
TYPED_TEST(EachStructure, IsReadAsWrittenAndNoOtherwise) { check_structure<TypeParam>(); }
TYPED_TEST(EachStructure, SurvivesLengthsThatLie) { lie_about_lengths<TypeParam>(); }

template <class R>
class EachRequest : public testing::Test {};
TYPED_TEST_SUITE(EachRequest, Requests);
TYPED_TEST(EachRequest, IsReadAsWrittenAndNoOtherwise) { check_structure<TypeParam>(); }
TYPED_TEST(EachRequest, SurvivesLengthsThatLie) { lie_about_lengths<TypeParam>(); }

TYPED_TEST(EachRequest, IsFoundByItsName) {
  const Request request(filled<TypeParam>());
  const auto body = request_body(request);
  EXPECT_EQ(name_of(request), TypeParam::name);
  const auto again = parse_request(TypeParam::name, body);
  ASSERT_TRUE(again);
  EXPECT_TRUE(std::holds_alternative<TypeParam>(*again));
  EXPECT_EQ(request_body(*again), body);

  auto longer = body;
  longer.push_back(std::byte{1});
  EXPECT_FALSE(parse_request(TypeParam::name, longer));
  if (!body.empty()) {
    EXPECT_FALSE(parse_request(TypeParam::name, Bytes(body).first(body.size() - 1)));
  }
  // Neither a prefix of the name nor the name with something behind it is the name.
  const std::string name(TypeParam::name);
  for (const auto& other : {name.substr(0, name.size() - 1), name + "x", name + std::string(1, '\0')}) {
    const auto parsed = parse_request(other, body);
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(std::holds_alternative<OtherRequest>(*parsed)) << other;
  }
}

TEST(Codec, AnUnknownRequestKeepsItsData) {
  const auto parsed = parse_request("x-unheard-of", bytes_of("anything"));
  ASSERT_TRUE(parsed);
  const auto* other = std::get_if<OtherRequest>(&*parsed);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->request, "x-unheard-of");
  EXPECT_EQ(text_of(other->data), "anything");
  EXPECT_EQ(name_of(*parsed), "x-unheard-of");
  EXPECT_EQ(text_of(request_body(*parsed)), "anything");
}

TEST(Codec, TheNumbersAreTheRfcs) {
  EXPECT_EQ(int{Disconnect::number}, 1);
  EXPECT_EQ(int{Ignore::number}, 2);
  EXPECT_EQ(int{Unimplemented::number}, 3);
  EXPECT_EQ(int{Debug::number}, 4);
  EXPECT_EQ(int{ServiceRequest::number}, 5);
  EXPECT_EQ(int{ServiceAccept::number}, 6);
  EXPECT_EQ(int{ExtInfo::number}, 7);
  EXPECT_EQ(int{KexInit::number}, 20);
  EXPECT_EQ(int{NewKeys::number}, 21);
  EXPECT_EQ(int{KexInitial::number}, 30);
  EXPECT_EQ(int{KexReply::number}, 31);
  EXPECT_EQ(int{UserauthRequest::number}, 50);
  EXPECT_EQ(int{UserauthFailure::number}, 51);
  EXPECT_EQ(int{UserauthSuccess::number}, 52);
  EXPECT_EQ(int{UserauthBanner::number}, 53);
  EXPECT_EQ(int{PublicKeyOk::number}, 60);
  EXPECT_EQ(int{PasswordChangeRequest::number}, 60);
  EXPECT_EQ(int{InfoRequest::number}, 60);
  EXPECT_EQ(int{InfoResponse::number}, 61);
  EXPECT_EQ(int{GlobalRequest::number}, 80);
  EXPECT_EQ(int{RequestSuccess::number}, 81);
  EXPECT_EQ(int{RequestFailure::number}, 82);
  EXPECT_EQ(int{ChannelOpen::number}, 90);
  EXPECT_EQ(int{ChannelOpenConfirmation::number}, 91);
  EXPECT_EQ(int{ChannelOpenFailure::number}, 92);
  EXPECT_EQ(int{ChannelWindowAdjust::number}, 93);
  EXPECT_EQ(int{ChannelData::number}, 94);
  EXPECT_EQ(int{ChannelExtendedData::number}, 95);
  EXPECT_EQ(int{ChannelEof::number}, 96);
  EXPECT_EQ(int{ChannelClose::number}, 97);
  EXPECT_EQ(int{ChannelRequest::number}, 98);
  EXPECT_EQ(int{ChannelSuccess::number}, 99);
  EXPECT_EQ(int{ChannelFailure::number}, 100);
  EXPECT_EQ(int{Ping::number}, 192);
  EXPECT_EQ(int{Pong::number}, 193);
}

TEST(Codec, ABooleanIsTrueForAnythingButZero) {
  const ByteVector body{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0x80}};
  const auto failure = decode<UserauthFailure>(body);
  ASSERT_TRUE(failure);
  EXPECT_TRUE(failure->partial);
  EXPECT_TRUE(failure->methods.empty());
}

}  // namespace
}  // namespace nacre::test
