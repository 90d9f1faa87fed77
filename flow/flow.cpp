// The texts of FlowCode, and FlowError as Asio knows errors.
#include "flow/flow.hpp"

#include <asio/error.hpp>

#include "flow/async_stream.hpp"

namespace nacre {

std::string_view describe(FlowCode code) {
  switch (code) {
    case FlowCode::closed: return "closed";
    case FlowCode::lost: return "connection lost";
    case FlowCode::timed_out: return "timed out";
    case FlowCode::unreachable: return "could not connect";
    case FlowCode::not_ssh: return "not an SSH peer";
    case FlowCode::no_agreement: return "no algorithm in common";
    case FlowCode::protocol: return "protocol error";
    case FlowCode::host_key_refused: return "host key refused";
    case FlowCode::auth_failed: return "authentication failed";
    case FlowCode::disconnected: return "disconnected by the peer";
    case FlowCode::channel_refused: return "channel refused";
    case FlowCode::request_refused: return "request refused";
    case FlowCode::stopped: return "stopped";
    case FlowCode::configuration: return "bad configuration";
    case FlowCode::misuse: return "misuse";
    case FlowCode::system: return "system error";
  }
  return "unknown error";
}

namespace {

class FlowCategory : public asio::error_category {
 public:
  const char* name() const noexcept override { return "nacre.flow"; }
  std::string message(int value) const override { return std::string(describe(static_cast<FlowCode>(value - 1))); }
};

}  // namespace

const asio::error_category& flow_category() {
  static const FlowCategory category;
  return category;
}

asio::error_code to_error_code(const FlowError& error) {
  return {static_cast<int>(error.code) + 1, flow_category()};  // plus one: 0 would be no error
}

asio::error_code code_of_read(const FlowResult<std::size_t>& result) {
  if (!result) return to_error_code(result.error());
  if (*result == 0) return asio::error::eof;
  return {};
}

}  // namespace nacre
