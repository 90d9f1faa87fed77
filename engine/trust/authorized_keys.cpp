// authorized_keys: options, their quoting, and whether a line grants.
#include "engine/trust/authorized_keys.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>

#include "crypto/base64.hpp"
#include "crypto/wire.hpp"
#include "engine/trust/pattern.hpp"

namespace nacre {
namespace {

constexpr std::size_t key_line_limit = 64 * 1024;  // options with many environment variables are long
constexpr std::string_view unknown_option = "an option is unknown";
constexpr std::string_view bad_value = "an option's value is missing or malformed";

struct Option {
  std::string name;  // lower case
  std::optional<std::string> value;
};

// Cuts one option off: name, or name="value" with \" for a quote inside. False when the quotes don't fit.
bool take_option(std::string_view& text, Option& option) {
  const auto end = text.find_first_of("=,");
  option = {lower_case(text.substr(0, end)), std::nullopt};
  text.remove_prefix(end == std::string_view::npos ? text.size() : end);
  if (text.starts_with('=')) {
    text.remove_prefix(1);
    if (!text.starts_with('"')) return false;
    text.remove_prefix(1);
    std::string value;
    while (!text.empty() && text.front() != '"') {
      if (text.starts_with("\\\"")) text.remove_prefix(1);
      value += text.front();
      text.remove_prefix(1);
    }
    if (text.empty()) return false;
    text.remove_prefix(1);
    option.value = std::move(value);
  }
  if (text.empty()) return true;
  if (text.front() != ',') return false;
  text.remove_prefix(1);
  return !text.empty();
}

// How many bytes of a line its options take: up to the first blank outside of quotes.
std::size_t options_size(std::string_view line) {
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '"') {
      ++i;
    } else if (line[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && (line[i] == ' ' || line[i] == '\t')) {
      return i;
    }
  }
  return line.size();
}

bool set_permission(KeyOptions& options, std::string_view name) {
  const bool allowed = !name.starts_with("no-");
  const auto what = allowed ? name : name.substr(3);
  if (what == "pty") return options.pty = allowed, true;
  if (what == "port-forwarding") return options.port_forwarding = allowed, true;
  if (what == "agent-forwarding") return options.agent_forwarding = allowed, true;
  if (what == "x11-forwarding") return options.x11_forwarding = allowed, true;
  if (what == "user-rc") return options.user_rc = allowed, true;
  if (name == "no-touch-required") return options.touch_required = false, true;
  if (name == "verify-required") return options.verify_required = true;
  if (name == "cert-authority") return options.cert_authority = true;
  if (name != "restrict") return false;
  options.pty = options.port_forwarding = options.agent_forwarding = false;
  options.x11_forwarding = options.user_rc = false;
  return true;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

void add(PermitList& list, const std::string& entry) {
  if (!list) list.emplace();
  list->push_back(entry);
}

// The first value of a variable counts.
void add_variable(KeyOptions& options, std::string_view name, std::string_view value) {
  const auto is_same = [&](const auto& each) { return each.first == name; };
  if (std::none_of(options.environment.begin(), options.environment.end(), is_same))
    options.environment.emplace_back(name, value);
}

bool set_environment(KeyOptions& options, std::string_view value) {
  const auto equals = value.find('=');
  if (equals == std::string_view::npos || equals == 0) return false;
  const auto name = value.substr(0, equals);
  if (!std::all_of(name.begin(), name.end(), is_name_character)) return false;
  add_variable(options, name, value.substr(equals + 1));
  return true;
}

constexpr std::size_t time_size = 14;

bool is_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Whether these 14 digits are a time of the calendar.
bool is_time(std::string_view digits) {
  const auto part = [&](std::size_t at, std::size_t size) {
    int value = 0;
    for (const char c : digits.substr(at, size)) value = value * 10 + (c - '0');
    return value;
  };
  const std::chrono::year_month_day date{std::chrono::year(part(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(part(4, 2))),
                                         std::chrono::day(static_cast<unsigned>(part(6, 2)))};
  return date.ok() && part(8, 2) <= 23 && part(10, 2) <= 59 && part(12, 2) <= 60;  // a leap second
}

// Of two times the earlier; an empty one is none.
std::string earlier(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return a + b;
  return std::min(a, b);
}

// "YYYYMMDD", "YYYYMMDDHHMM" or "YYYYMMDDHHMMSS", with 'Z' for UTC. Of several by one clock the earliest counts.
bool set_expiry(KeyOptions& options, std::string_view value) {
  const bool utc = value.ends_with('Z') || value.ends_with('z');
  if (utc) value.remove_suffix(1);
  if (!is_digits(value) || (value.size() != 8 && value.size() != 12 && value.size() != time_size)) return false;
  std::string time(value);
  time.append(time_size - value.size(), '0');
  if (!is_time(time)) return false;
  auto& expires = utc ? options.expires_utc : options.expires_local;
  expires = earlier(expires, time);
  return true;
}

bool set_value(KeyOptions& options, const Option& option) {
  const auto& value = *option.value;
  if (value.find('\0') != std::string::npos) return false;
  if (option.name == "command") {
    if (options.command) return false;  // as OpenSSH: two commands are a mistake
    options.command = value;
    return true;
  }
  if (option.name == "environment") return set_environment(options, value);
  if (option.name == "from") return options.from.push_back(value), true;
  if (option.name == "permitopen") return add(options.permit_open, value), true;
  if (option.name == "permitlisten") return add(options.permit_listen, value), true;
  if (option.name == "expiry-time") return set_expiry(options, value);
  if (options.principals) return false;  // no other name takes a value
  options.principals.emplace();
  for (const auto name : NameList(value))
    if (!name.empty()) options.principals->emplace_back(name);
  return true;
}

bool takes_value(std::string_view name) {
  constexpr std::array<std::string_view, 7> names = {"command",      "environment", "from",      "permitopen",
                                                     "permitlisten", "expiry-time", "principals"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string_view objection_to_time(std::string_view expires, std::string_view now) {
  if (expires.empty()) return {};
  if (now.size() != time_size || !is_digits(now)) return "the key expires, and what time it is is not known";
  return now < expires ? std::string_view() : "the key's time has run out";
}

// Why a line that lists the key does not let it in; empty when it does.
std::string_view objection(const KeyOptions& options, const KeyContext& context) {
  for (const auto& patterns : options.from)
    if (matches_address_list(context.address, patterns) != ListMatch::yes)
      return "the key may not be used from this address";
  const auto by_utc = objection_to_time(options.expires_utc, context.now_utc);
  return by_utc.empty() ? objection_to_time(options.expires_local, context.now_local) : by_utc;
}

PermitList common(const PermitList& a, const PermitList& b) {
  if (!a || !b) return a ? a : b;
  PermitList both;
  both.emplace();
  std::copy_if(a->begin(), a->end(), std::back_inserter(*both),
               [&](const auto& each) { return std::find(b->begin(), b->end(), each) != b->end(); });
  return both;
}

// The key of "type base64 comment": whether it stands here and is `key`.
enum class Listed : std::uint8_t { nothing, other, same };
Listed read_key(std::string_view rest, Bytes key, AuthorizedKey& into) {
  into.type = take_word(rest);
  auto blob = base64_decode(take_word(rest));
  if (!blob) return Listed::nothing;
  std::string_view inner;
  Reader reader(*blob);
  reader.read(inner);
  if (reader.failed() || inner != into.type) return Listed::nothing;
  into.comment = trimmed(rest);
  into.blob = std::move(*blob);
  return same_bytes(into.blob, key) ? Listed::same : Listed::other;
}

// Whether one line lets the key in; `why` says why not when that is worth a word.
bool grants(std::string_view line, Bytes key, const KeyContext& context, AuthorizedKey& entry, std::string_view& why) {
  auto listed = read_key(line, key, entry);
  std::string_view options;
  if (listed == Listed::nothing) {
    options = line.substr(0, options_size(line));
    listed = read_key(trimmed(line.substr(options.size())), key, entry);
    if (listed == Listed::nothing) why = "there is no key on the line";
  }
  if (listed != Listed::same) return false;
  auto parsed = parse_key_options(options, why);
  if (!parsed) return false;
  if (parsed->cert_authority) return false;
  why = objection(*parsed, context);
  if (!why.empty()) return false;
  entry.options = std::move(*parsed);
  return true;
}

}  // namespace

std::optional<KeyOptions> parse_key_options(std::string_view text, std::string_view& problem) {
  KeyOptions options;
  while (!text.empty()) {
    Option option;
    if (!take_option(text, option)) {
      problem = bad_value;
      return std::nullopt;
    }
    if (takes_value(option.name) ? !option.value || !set_value(options, option)
                                 : option.value.has_value() || !set_permission(options, option.name)) {
      problem = takes_value(option.name) ? bad_value : unknown_option;
      return std::nullopt;
    }
  }
  return options;
}

std::optional<AuthorizedKey> find_authorized_key(std::string_view text, Bytes key, const KeyContext& context,
                                                 std::vector<TrustWarning>* warnings) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto line = take_line(text);
    const auto content = trimmed(line);
    if (content.empty() || content.front() == '#') continue;
    std::string_view why;
    AuthorizedKey entry;
    entry.line = number;
    if (line.size() > key_line_limit)
      why = "the line is too long";
    else if (grants(content, key, context, entry, why))
      return entry;
    if (!why.empty() && warnings != nullptr) warnings->push_back({number, why});
  }
  return std::nullopt;
}

KeyOptions intersect(const KeyOptions& a, const KeyOptions& b) {
  auto both = a;
  both.pty = a.pty && b.pty;
  both.port_forwarding = a.port_forwarding && b.port_forwarding;
  both.agent_forwarding = a.agent_forwarding && b.agent_forwarding;
  both.x11_forwarding = a.x11_forwarding && b.x11_forwarding;
  both.user_rc = a.user_rc && b.user_rc;
  both.touch_required = a.touch_required || b.touch_required;
  both.verify_required = a.verify_required || b.verify_required;
  both.cert_authority = a.cert_authority || b.cert_authority;
  if (!a.command) both.command = b.command;  // where both command, the first step's stands
  for (const auto& [name, value] : b.environment) add_variable(both, name, value);
  for (const auto& each : b.from) both.from.push_back(each);  // all of them must match
  both.permit_open = common(a.permit_open, b.permit_open);
  both.permit_listen = common(a.permit_listen, b.permit_listen);
  both.principals = common(a.principals, b.principals);
  both.expires_utc = earlier(a.expires_utc, b.expires_utc);
  both.expires_local = earlier(a.expires_local, b.expires_local);
  return both;
}

}  // namespace nacre
