// A table of options by OpenSSH's names: how each is set, and how it is shown. The first value of a name counts, as in
// OpenSSH, unless the option takes several.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tools/values.hpp"

namespace nacre::tools {

using Problem = std::optional<std::string>;  // what is wrong, or nothing

template <class Options>
class OptionTable {
 public:
  using Set = std::function<Problem(Options&, const std::string& value)>;
  using Show = std::function<Names(const Options&)>;  // one text a line
  enum class Times { once, many };

  void add(std::string name, Set set, Show show, Times times = Times::once) {
    rows_.push_back({std::move(name), std::move(set), std::move(show), times});
  }

  // Another name for an option that is in the table already.
  void alias(std::string name, const std::string& of) {
    for (const auto& row : rows_)
      if (row.name == of) {
        auto copy = row;
        copy.name = std::move(name);
        copy.alias_of = of;
        rows_.push_back(std::move(copy));
        return;
      }
  }

  // `seen` remembers which names have had their value. Errors name the option.
  Problem set(Options& options, std::set<std::string>& seen, std::string_view line) const {
    const auto option = parse_option_line(line);
    if (!option) return option.error();
    const auto* row = find(option->name);
    if (row == nullptr) return "'" + option->name + "' is not an option known here";
    const auto& key = row->alias_of.empty() ? row->name : row->alias_of;
    if (row->times == Times::once && !seen.insert(key).second) return std::nullopt;
    if (auto problem = row->set(options, option->value)) return row->name + ": " + *problem;
    return std::nullopt;
  }

  // "name value" lines of all options, in lower case as OpenSSH prints them.
  Names show(const Options& options) const {
    Names lines;
    for (const auto& row : rows_) {
      if (!row.alias_of.empty()) continue;
      for (const auto& value : row.show(options)) lines.push_back(in_lower_case(row.name) + " " + value);
    }
    return lines;
  }

 private:
  struct Row {
    std::string name;
    Set set;
    Show show;
    Times times;
    std::string alias_of = {};
  };

  const Row* find(std::string_view name) const {
    const auto lower = in_lower_case(name);
    for (const auto& row : rows_)
      if (in_lower_case(row.name) == lower) return &row;
    return nullptr;
  }

  std::vector<Row> rows_;
};

// ---- Rows of the usual kinds, over a member of Options

template <class Options>
void add_flag(OptionTable<Options>& table, std::string name, bool Options::*member) {
  table.add(
      std::move(name),
      [member](Options& options, const std::string& value) -> Problem {
        const auto flag = parse_yes_no(value);
        if (!flag) return flag.error();
        options.*member = *flag;
        return std::nullopt;
      },
      [member](const Options& options) { return Names{options.*member ? "yes" : "no"}; });
}

template <class Options>
void add_text(OptionTable<Options>& table, std::string name, std::string Options::*member, std::string empty = "none") {
  table.add(
      std::move(name),
      [member, empty](Options& options, const std::string& value) -> Problem {
        options.*member = in_lower_case(value) == empty ? std::string() : value;
        return std::nullopt;
      },
      [member, empty](const Options& options) { return Names{(options.*member).empty() ? empty : options.*member}; });
}

template <class Options>
void add_number(OptionTable<Options>& table, std::string name, unsigned Options::*member, unsigned least,
                unsigned most) {
  table.add(
      std::move(name),
      [member, least, most](Options& options, const std::string& value) -> Problem {
        const auto number = parse_number(value, least, most);
        if (!number) return number.error();
        options.*member = static_cast<unsigned>(*number);
        return std::nullopt;
      },
      [member](const Options& options) { return Names{std::to_string(options.*member)}; });
}

template <class Options>
void add_time(OptionTable<Options>& table, std::string name, std::chrono::seconds Options::*member, bool zero_too) {
  table.add(
      std::move(name),
      [member, zero_too](Options& options, const std::string& value) -> Problem {
        const auto time = parse_time(in_lower_case(value) == "none" ? std::string("0") : value);
        if (!time) return time.error();
        if (time->count() == 0 && !zero_too) return std::string("0 would leave no time at all; write a time");
        options.*member = *time;
        return std::nullopt;
      },
      [member](const Options& options) { return Names{std::to_string((options.*member).count())}; });
}

// Words, each time the option is given more of them.
template <class Options>
void add_words(OptionTable<Options>& table, std::string name, Names Options::*member) {
  table.add(
      std::move(name),
      [member](Options& options, const std::string& value) -> Problem {
        const auto words = split_words(value);
        if (!words) return words.error();
        for (const auto& word : *words) (options.*member).push_back(word);
        return std::nullopt;
      },
      [member](const Options& options) { return options.*member; }, OptionTable<Options>::Times::many);
}

// A list of algorithms; `all` answers names that are supported and those that are the default.
struct Algorithms {
  Names defaults;
  Names supported;
};
template <class Options>
void add_algorithms(OptionTable<Options>& table, std::string name, Names Options::*member, Algorithms algorithms) {
  table.add(
      std::move(name),
      [member, algorithms](Options& options, const std::string& value) -> Problem {
        const auto names = parse_algorithms(value, algorithms.defaults, algorithms.supported);
        if (!names) return names.error();
        options.*member = *names;
        return std::nullopt;
      },
      [member, algorithms](const Options& options) {
        return Names{join((options.*member).empty() ? algorithms.defaults : options.*member)};
      });
}

// What OpenSSH has and we have not: the values that ask for nothing are taken, others are refused by name.
template <class Options>
void add_absent(OptionTable<Options>& table, std::string name, Names harmless) {
  table.add(
      std::move(name),
      [harmless](Options&, const std::string& value) -> Problem {
        const auto lower = in_lower_case(value);
        for (const auto& each : harmless)
          if (lower == each) return std::nullopt;
        return "'" + value + "' asks for what nacre does not have yet; leave it out, or write " +
               join(harmless, " or ");
      },
      [](const Options&) { return Names{}; });
}

// What OpenSSH has and what makes no difference here: any value is taken.
template <class Options>
void add_ignored(OptionTable<Options>& table, std::string name) {
  table.add(
      std::move(name), [](Options&, const std::string&) -> Problem { return std::nullopt; },
      [](const Options&) { return Names{}; });
}

}  // namespace nacre::tools
