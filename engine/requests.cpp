// Requests by name.
#include "engine/requests.hpp"

#include "engine/connection/request_codec.hpp"

namespace nacre {

std::string_view name_of(const Request& request) {
  return std::visit(
      [](const auto& each) -> std::string_view {
        if constexpr (requires { each.name; })
          return each.name;
        else
          return each.request;
      },
      request);
}

namespace {

enum class Parsed : std::uint8_t { unknown, good, malformed };

// The alternative called `name`, decoded into `request`.
template <std::size_t I = 0>
Parsed parse_known(std::string_view name, Bytes body, Request& request) {
  if constexpr (I < std::variant_size_v<Request>) {
    using Each = std::variant_alternative_t<I, Request>;
    if constexpr (Structure<Each>) {
      if (name == Each::name) {
        const auto decoded = decode<Each>(body);
        if (!decoded) return Parsed::malformed;
        request = *decoded;
        return Parsed::good;
      }
    }
    return parse_known<I + 1>(name, body, request);
  } else {
    return Parsed::unknown;
  }
}

}  // namespace

std::optional<Request> parse_request(std::string_view name, Bytes body) {
  std::optional<Request> request(OtherRequest{name, body});
  if (parse_known(name, body, *request) == Parsed::malformed) request.reset();
  return request;
}

ByteVector request_body(const Request& request) {
  return std::visit(
      [](const auto& each) {
        if constexpr (Structure<std::remove_cvref_t<decltype(each)>>)
          return encoded(each);
        else
          return copy_of(each.data);
      },
      request);
}

}  // namespace nacre
