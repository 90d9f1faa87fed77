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

// The alternative called `name`, decoded; `known` tells whether there is one.
template <std::size_t I = 0>
std::optional<Request> parse_known(std::string_view name, Bytes body, bool& known) {
  if constexpr (I < std::variant_size_v<Request>) {
    using Each = std::variant_alternative_t<I, Request>;
    if constexpr (Structure<Each>) {
      if (name == Each::name) {
        known = true;
        if (auto request = decode<Each>(body)) return Request(*request);
        return std::nullopt;
      }
    }
    return parse_known<I + 1>(name, body, known);
  } else {
    return std::nullopt;
  }
}

}  // namespace

std::optional<Request> parse_request(std::string_view name, Bytes body) {
  bool known = false;
  auto request = parse_known(name, body, known);
  if (!known) return OtherRequest{name, body};
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
