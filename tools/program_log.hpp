// Where a program's log lines go: stderr or a file, one line an event, up to a level by OpenSSH's names.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flow/log.hpp"
#include "tools/values.hpp"

namespace nacre::tools {

// QUIET, FATAL, ERROR, INFO, VERBOSE, DEBUG (or DEBUG1), DEBUG2, DEBUG3: how much is said, least first.
enum class Loudness : std::uint8_t { quiet, fatal, error, info, verbose, debug1, debug2, debug3 };
Parsed<Loudness> parse_loudness(std::string_view name);
std::string_view name_of(Loudness loudness);

class ProgramLog final : public Log {
 public:
  // `program` is what each line begins with. Writes to stderr until open() names a file.
  ProgramLog(std::string program, Loudness loudness) : program_(std::move(program)), loudness_(loudness) {}
  ProgramLog(const ProgramLog&) = delete;
  ProgramLog& operator=(const ProgramLog&) = delete;
  ~ProgramLog() override;

  // Appends to the file from now on. The answer is the error, if there is one.
  std::optional<std::string> open(const std::string& path);
  void set_loudness(Loudness loudness) { loudness_ = loudness; }
  Loudness loudness() const { return loudness_; }
  // Each line begins with the date and time: for files and services.
  void show_times(bool show) { times_ = show; }
  // Lines end in CR LF: while the terminal is raw.
  void raw_terminal(bool raw) { raw_ = raw; }

  void line(LogLevel level, std::string_view text) override;
  void fatal(std::string_view text);  // shown unless QUIET
  void error(std::string_view text) { line(LogLevel::error, text); }
  void info(std::string_view text) { line(LogLevel::info, text); }
  void verbose(std::string_view text) { line(LogLevel::verbose, text); }
  void debug(std::string_view text) { line(LogLevel::debug, text); }

 private:
  void write(std::string_view text);

  std::string program_;
  Loudness loudness_;
  int descriptor_ = 2;
  bool times_ = false;
  bool raw_ = false;
  bool is_read_ = true;  // as far as the last line could be written
};

// How long a reader who stands still holds up the program that writes to him.
constexpr std::chrono::milliseconds reader_patience{1000};

// All of it to a descriptor, for messages to people. False when an error, or a reader who did not read for so long, has
// left some of it unwritten. Waits no longer than that for each piece, whether the descriptor blocks or not.
bool write_all(int descriptor, std::string_view text, std::chrono::milliseconds patience = reader_patience);

}  // namespace nacre::tools
