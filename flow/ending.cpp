// An Ending in words, and as a FlowError to act upon.
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
    case Code::out_of_memory: return FlowCode::system;
    default: return FlowCode::protocol;
  }
}

}  // namespace

FlowError flow_error(const Ending& ending) {
  if (ending.cause) return *ending.cause;
  const auto code = code_of(ending.error.code);
  if (code == FlowCode::no_agreement) return {code, ending.text};  // says it all
  std::string text(describe(ending.error.code));
  if (!ending.text.empty() && ending.text != text) text += ": " + ending.text;
  if (code == FlowCode::lost && ending.stream) text += ": " + ending.stream->text;
  return {code, std::move(text)};
}

}  // namespace nacre
