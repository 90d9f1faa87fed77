// What the exhaustive tests share: their two forms, and the figures they print.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

namespace nacre::test {

// The long form tries everything; the short one, which every run of the tests has time for, takes samples where it says so.
inline bool long_form() {
  const char* value = std::getenv("NACRE_LONG");
  return value != nullptr && *value != '\0' && std::string_view(value) != "0";
}

// How many cases, and how many of them ended how. Printed when it dies: "NAME: 120 cases: 7 so, 113 so".
class Figures {
 public:
  explicit Figures(std::string name) : name_(std::move(name)) {}
  Figures(const Figures&) = delete;
  Figures& operator=(const Figures&) = delete;
  ~Figures() {
    std::uint64_t sum = 0;
    std::string parts;
    for (const auto& [ending, count] : endings_) {
      sum += count;
      parts += (parts.empty() ? " " : ", ") + std::to_string(count) + " " + ending;
    }
    std::printf("%s: %llu cases:%s\n", name_.c_str(), static_cast<unsigned long long>(sum), parts.c_str());
    std::fflush(stdout);
  }
  void count(const std::string& ending) { ++endings_[ending]; }

 private:
  std::string name_;
  std::map<std::string, std::uint64_t> endings_;
};

}  // namespace nacre::test
