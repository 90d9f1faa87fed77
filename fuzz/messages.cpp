// Every message, method body and channel request: what is decoded encodes to the same bytes, what a decoder lends lies
// within the body, and what stands inside a Rest holds to its limits. The first byte chooses the structure.
#include <cstdint>
#include <span>
#include <type_traits>

#include "engine/connection/request_codec.hpp"
#include "engine/direct_tcpip.hpp"
#include "engine/transport/extensions.hpp"
#include "engine/transport/negotiation.hpp"
#include "fuzz/null_provider.hpp"
#include "fuzz/structures.hpp"
#include "fuzz/watch.hpp"

namespace {

using namespace nacre;
using fuzz::require;

// Two kinds of field may be written in more than one way: any number but 0 is true, and a name-list may end in a comma.
template <class Field>
constexpr bool has_one_form = !std::is_same_v<Field, bool> && !std::is_same_v<Field, NameList>;

template <class M>
constexpr bool all_have_one_form() {
  return std::apply([](auto... field) { return (has_one_form<std::remove_cvref_t<decltype(M{}.*field)>> && ...); },
                    M::fields);
}

void within(Bytes whole, Bytes part) {
  require(part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size()));
}
void check_field(Bytes whole, Bytes field) { within(whole, field); }
void check_field(Bytes whole, std::string_view field) { within(whole, bytes_of(field)); }
void check_field(Bytes whole, NameList field) { within(whole, bytes_of(field.text())); }
void check_field(Bytes whole, Rest field) { within(whole, field.bytes); }
template <class Other>
void check_field(Bytes, const Other&) {}

template <class M>
ByteVector fields_of(const M& message) {
  ByteVector bytes;
  VectorSink sink{bytes};
  encode_fields(message, sink);
  return bytes;
}

void look_inside(const ExtInfo& info) {
  const Limits limits;
  ByteVector body = fields_of(info);
  if (const auto extensions = read_extensions(body, {}, limits))
    require(extensions->signature_algorithms.size() <= limits.name_list_bytes);
}

// A peer's proposal against ours: an agreement is made of names that both have.
void look_inside(const KexInit& init) {
  const Limits limits;
  if (check_kex_init(init, encoded_size(init), limits).code != Code::none) return;
  fuzz::CountingRandom random;
  const auto provider = fuzz::null_provider(random);
  const auto ours = make_kex_init(make_proposal(provider, ClientConfig{}), Role::client, true, random);
  const auto client = decode<KexInit>(Bytes(*ours).subspan(1));
  const auto agreed = negotiate(provider, *client, init, limits);
  if (!agreed) return require(!describe_no_common(agreed.error().where, init, limits.disconnect_text).empty());
  require(init.key_exchanges.contains(agreed->key_exchange->name) && init.host_keys.contains(agreed->host_key->name));
  require(init.ciphers_to_server.contains(agreed->to_server.cipher->name));
  require(init.ciphers_to_client.contains(agreed->to_client.cipher->name));
}

void look_inside(const ChannelRequest& message) {
  const auto request = parse_request(message.name, message.body.bytes);
  if (!request) return;
  require(name_of(*request) == message.name);
  const auto body = request_body(*request);
  const auto again = parse_request(message.name, body);
  require(again && request_body(*again) == body);
}

void look_inside(const ChannelOpen& message) {
  const auto wanted = parse_direct_tcpip(message.data.bytes);
  if (wanted) require(same_bytes(direct_tcpip_data(*wanted), message.data.bytes));
}

template <class Other>
void look_inside(const Other&) {}

template <class M>
void check(Bytes body) {
  const auto message = decode<M>(body);
  if (!message) return;
  std::apply([&](auto... field) { (check_field(body, *message.*field), ...); }, M::fields);
  const auto bytes = fields_of(*message);
  if constexpr (all_have_one_form<M>())
    require(same_bytes(bytes, body));
  else
    require(bytes.size() <= body.size());
  const auto again = decode<M>(bytes);
  require(again && fields_of(*again) == bytes);
  require(encoded_size(*message) == encoded(*message).size());
  look_inside(*message);
}

template <std::size_t... I>
void choose(std::size_t which, Bytes body, std::index_sequence<I...>) {
  ((which == I ? check<std::tuple_element_t<I, fuzz::Structures>>(body) : void()), ...);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const auto body = std::as_bytes(std::span(data, size)).subspan(1);
  choose(data[0] % fuzz::structures, body, std::make_index_sequence<fuzz::structures>());
  return 0;
}
