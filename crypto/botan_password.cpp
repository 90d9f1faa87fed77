// Passwords as salted hashes: Argon2 (RFC 9106) in its printed form, and bcrypt.
#include <botan/argon2fmt.h>
#include <botan/bcrypt.h>

#include <charconv>

#include "crypto/botan_guard.hpp"
#include "crypto/password_hash.hpp"

namespace nacre {

namespace {

constexpr std::size_t memory_kib = 64 * 1024;
constexpr std::size_t passes = 3;
constexpr std::size_t lanes = 1;

constexpr std::uint32_t max_memory_kib = 1024 * 1024;                       // 1 GiB
constexpr std::uint64_t max_work_kib = std::uint64_t{16} * max_memory_kib;  // memory times passes
constexpr unsigned max_bcrypt_cost = 16;                                    // 2^16 rounds

std::string_view until(std::string_view& text, char end) {
  const auto at = text.find(end);
  const auto part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return part;
}

// The number behind "name=", in decimal without signs.
std::optional<std::uint32_t> parameter(std::string_view text, std::string_view name) {
  if (!text.starts_with(name) || text.size() == name.size()) return std::nullopt;
  text.remove_prefix(name.size());
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_base64(std::string_view text) {
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return text.find_first_not_of(digits) == std::string_view::npos;
}

// "$argon2id$v=19$m=65536,t=3,p=1$salt$digest", and no dearer than we are willing to pay.
bool is_argon2(std::string_view line) {
  if (!line.starts_with('$')) return false;
  line.remove_prefix(1);
  const auto kind = until(line, '$');
  if (kind != "argon2id" && kind != "argon2i" && kind != "argon2d") return false;
  if (until(line, '$') != "v=19") return false;
  const auto memory = parameter(until(line, ','), "m=");
  const auto times = parameter(until(line, ','), "t=");
  const auto parallel = parameter(until(line, '$'), "p=");
  if (!memory || !times || !parallel) return false;
  if (*times == 0 || *parallel == 0 || *parallel > 128 || *memory < 8 * *parallel) return false;
  if (*memory > max_memory_kib || std::uint64_t{*memory} * *times > max_work_kib) return false;
  const auto salt = until(line, '$');
  return is_base64(salt) && salt.size() >= 11 && salt.size() <= 64 && is_base64(line) && line.size() >= 22 &&
         line.size() <= 128;
}

// "$2b$12$" and 53 characters of bcrypt's own base64.
bool is_bcrypt(std::string_view line) {
  static constexpr std::string_view digits = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  if (line.size() != 60 || !line.starts_with("$2") || line[3] != '$' || line[6] != '$') return false;
  if (line[2] != 'a' && line[2] != 'b' && line[2] != 'y') return false;
  const auto cost = parameter(line.substr(4, 2), "");
  return cost && *cost >= 4 && *cost <= max_bcrypt_cost &&
         line.substr(7).find_first_not_of(digits) == std::string_view::npos;
}

}  // namespace

std::optional<std::string> hash_password(Bytes password, Random& random) {
  return guarded([&]() -> std::optional<std::string> {
    BotanRandom source(random);
    const auto text = text_of(password);
    return Botan::argon2_generate_pwhash(text.data(), text.size(), source, lanes, memory_kib, passes);
  });
}

bool check_password(Bytes password, std::string_view hash) {
  return guarded([&] {
    const auto text = text_of(password);
    if (is_argon2(hash)) return Botan::argon2_check_pwhash(text.data(), text.size(), hash);
    if (!is_bcrypt(hash)) return false;
    return Botan::check_bcrypt(text, hash);
  });
}

bool is_password_hash(std::string_view hash) { return is_argon2(hash) || is_bcrypt(hash); }

}  // namespace nacre
