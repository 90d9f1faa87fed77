// Log lines: each goes out in one write, so that lines of several processes don't mix.
#include "tools/program_log.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>

namespace nacre::tools {
namespace {

const std::vector<std::string_view>& loudness_names() {
  static const std::vector<std::string_view> names = {"QUIET",  "FATAL",  "ERROR",  "INFO", "VERBOSE",
                                                      "DEBUG1", "DEBUG2", "DEBUG3", "DEBUG"};
  return names;
}

Loudness needed_for(LogLevel level) {
  switch (level) {
    case LogLevel::error: return Loudness::error;
    case LogLevel::info: return Loudness::info;
    case LogLevel::verbose: return Loudness::verbose;
    case LogLevel::debug: break;
  }
  return Loudness::debug2;
}

std::string time_now() {
  const auto now = std::time(nullptr);
  std::tm parts{};
  std::array<char, 32> text{};
  localtime_r(&now, &parts);
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S ", &parts);
  return text.data();
}

}  // namespace

Parsed<Loudness> parse_loudness(std::string_view name) {
  const auto index = parse_choice(name, loudness_names());
  if (!index) return Unexpected<std::string>{index.error()};
  return *index == 8 ? Loudness::debug1 : static_cast<Loudness>(*index);
}

std::string_view name_of(Loudness loudness) { return loudness_names()[static_cast<std::size_t>(loudness)]; }

ProgramLog::~ProgramLog() {
  if (descriptor_ != 2) ::close(descriptor_);
}

std::optional<std::string> ProgramLog::open(const std::string& path) {
  const int opened = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (opened < 0) return "can't write the log to " + path + ": " + std::strerror(errno);
  if (descriptor_ != 2) ::close(descriptor_);
  descriptor_ = opened;
  return std::nullopt;
}

void ProgramLog::line(LogLevel level, std::string_view text) {
  if (loudness_ >= needed_for(level)) write(text);
}

void ProgramLog::fatal(std::string_view text) {
  if (loudness_ >= Loudness::fatal) write(text);
}

void ProgramLog::write(std::string_view text) {
  auto line = times_ ? time_now() : std::string();
  line += program_;
  line += ": ";
  line += text;
  line += raw_ && descriptor_ == 2 ? "\r\n" : "\n";
  // Whoever stood still once is not waited for again, until he reads.
  is_read_ = write_all(descriptor_, line, is_read_ ? reader_patience : std::chrono::milliseconds(0));
}

bool write_all(int descriptor, std::string_view text, std::chrono::milliseconds patience) {
  while (!text.empty()) {
    pollfd waiting{descriptor, POLLOUT, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(patience.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    // A pipe that is ready takes as much at once, so that this does not block even where the descriptor would.
    const auto written = ::write(descriptor, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
    if (written > 0)
      text.remove_prefix(static_cast<std::size_t>(written));
    else if (written == 0 || (errno != EINTR && errno != EAGAIN))
      return false;
  }
  return true;
}

}  // namespace nacre::tools
