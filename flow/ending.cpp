// An Ending in words, and as a FlowError to act upon.
#include <array>

#include "flow/drive.hpp"

namespace nacre {

namespace {

FlowCode code_of(Code code) {
  switch (code) {
    case Code::closed_by_application: return FlowCode::closed;
    case Code::disconnected_by_peer: return FlowCode::disconnected;
    case Code::none:
    case Code::connection_lost:
    case Code::cut_in_packet: return FlowCode::lost;
    case Code::not_ssh:
    case Code::ident_malformed:
    case Code::ident_too_long:
    case Code::version_unsupported: return FlowCode::not_ssh;
    case Code::no_common_algorithm: return FlowCode::no_agreement;
    case Code::host_key_refused:
    case Code::host_key_changed: return FlowCode::host_key_refused;
    case Code::no_more_methods:
    case Code::too_many_auth_failures: return FlowCode::auth_failed;
    case Code::ident_timeout:
    case Code::kex_timeout:
    case Code::login_timeout:
    case Code::rekey_timeout: return FlowCode::timed_out;
    case Code::configuration: return FlowCode::configuration;
    default: return FlowCode::protocol;
  }
}

// The lists of KEXINIT (RFC 4253 7.1), by the number that Code::no_common_algorithm carries.
std::string_view list_name(std::uint32_t index) {
  constexpr std::array<std::string_view, 8> names = {"key exchange", "host key", "cipher to the server", "cipher to the client",
                                                     "MAC to the server", "MAC to the client", "compression to the server",
                                                     "compression to the client"};
  return index < names.size() ? names[index] : "algorithm";
}

}  // namespace

FlowError flow_error(const Ending& ending) {
  if (ending.cause) return *ending.cause;
  const auto code = code_of(ending.error.code);
  std::string text(describe(ending.error.code));
  if (ending.error.code == Code::no_common_algorithm) text += std::string(" (") + std::string(list_name(ending.error.where)) + ")";
  if (!ending.text.empty() && ending.text != text) text += ": " + ending.text;
  if (code == FlowCode::lost && ending.stream) text += ": " + ending.stream->text;
  return {code, std::move(text)};
}

}  // namespace nacre
