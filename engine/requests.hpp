// The bodies of channel requests (RFC 4254 6, RFC 4335) as plain structs: the same for sending and for receiving.
// Received ones are views that live until the next poll.
#pragma once

#include <cstdint>
#include <string_view>
#include <tuple>
#include <variant>

#include "crypto/bytes.hpp"

namespace nacre {

struct PtyRequest {  // RFC 4254 6.2
  static constexpr std::string_view name = "pty-req";
  std::string_view term;
  std::uint32_t columns = 0;
  std::uint32_t rows = 0;
  std::uint32_t width = 0;   // pixels
  std::uint32_t height = 0;  // pixels
  Bytes modes;               // RFC 4254 8, encoded
  static constexpr auto fields = std::tuple{&PtyRequest::term,  &PtyRequest::columns, &PtyRequest::rows,
                                            &PtyRequest::width, &PtyRequest::height,  &PtyRequest::modes};
};

struct WindowChange {  // RFC 4254 6.7; never answered
  static constexpr std::string_view name = "window-change";
  std::uint32_t columns = 0;
  std::uint32_t rows = 0;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  static constexpr auto fields =
      std::tuple{&WindowChange::columns, &WindowChange::rows, &WindowChange::width, &WindowChange::height};
};

struct EnvRequest {  // RFC 4254 6.4
  static constexpr std::string_view name = "env";
  std::string_view variable;
  std::string_view value;
  static constexpr auto fields = std::tuple{&EnvRequest::variable, &EnvRequest::value};
};

struct ShellRequest {  // RFC 4254 6.5
  static constexpr std::string_view name = "shell";
  static constexpr auto fields = std::tuple{};
};

struct ExecRequest {  // RFC 4254 6.5
  static constexpr std::string_view name = "exec";
  std::string_view command;
  static constexpr auto fields = std::tuple{&ExecRequest::command};
};

struct SubsystemRequest {  // RFC 4254 6.5
  static constexpr std::string_view name = "subsystem";
  std::string_view subsystem;
  static constexpr auto fields = std::tuple{&SubsystemRequest::subsystem};
};

struct SignalRequest {  // RFC 4254 6.9; never answered
  static constexpr std::string_view name = "signal";
  std::string_view signal;  // "TERM", without SIG
  static constexpr auto fields = std::tuple{&SignalRequest::signal};
};

struct BreakRequest {  // RFC 4335
  static constexpr std::string_view name = "break";
  std::uint32_t milliseconds = 0;
  static constexpr auto fields = std::tuple{&BreakRequest::milliseconds};
};

struct ExitStatus {  // RFC 4254 6.10; never answered
  static constexpr std::string_view name = "exit-status";
  std::uint32_t status = 0;
  static constexpr auto fields = std::tuple{&ExitStatus::status};
};

struct ExitSignal {  // RFC 4254 6.10; never answered
  static constexpr std::string_view name = "exit-signal";
  std::string_view signal;  // "TERM", without SIG
  bool core_dumped = false;
  std::string_view message;
  std::string_view language;
  static constexpr auto fields =
      std::tuple{&ExitSignal::signal, &ExitSignal::core_dumped, &ExitSignal::message, &ExitSignal::language};
};

struct OtherRequest {  // a name that is none of the above
  std::string_view request;
  Bytes data;  // all that follows want_reply
};

using Request = std::variant<PtyRequest, WindowChange, EnvRequest, ShellRequest, ExecRequest, SubsystemRequest,
                             SignalRequest, BreakRequest, ExitStatus, ExitSignal, OtherRequest>;

std::string_view name_of(const Request& request);

}  // namespace nacre
