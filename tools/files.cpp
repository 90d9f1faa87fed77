// See the header. Everything a temporary file needs is done by one class, so that no way out leaves one behind.
#include "tools/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "tools/descriptor.hpp"

namespace nacre::tools {

namespace {

std::string failure(std::string_view doing, const std::string& path, int error) {
  return "cannot " + std::string(doing) + " " + printable(path, 4096) + ": " + std::strerror(error);
}

// As many bytes as there are up to the buffer's size, or -1.
ssize_t read_up_to(int fd, Buffer into) {
  std::size_t filled = 0;
  while (filled < into.size()) {
    const auto n = ::read(fd, into.data() + filled, into.size() - filled);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    if (n == 0) break;
    filled += static_cast<std::size_t>(n);
  }
  return static_cast<ssize_t>(filled);
}

bool write_all(int fd, Bytes bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Where the bytes wait until they get their name. Removed unless they did.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& path)
      : name_(path + ".XXXXXX"), file_(::mkostemp(name_.data(), O_CLOEXEC)), exists_(static_cast<bool>(file_)) {}
  ~TemporaryFile() {
    if (exists_) ::unlink(name_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  bool valid() const { return exists_; }

  // To the user and group of the file that it takes the place of. Another user's key must not become ours; a group that we
  // are not in is no such loss.
  bool give_to_owner_of(const std::string& path) {
    struct stat wanted = {}, own = {};
    if (::stat(path.c_str(), &wanted) != 0 || ::fstat(file_.get(), &own) != 0) return false;
    if (wanted.st_uid == own.st_uid && wanted.st_gid == own.st_gid) return true;
    return ::fchown(file_.get(), wanted.st_uid, wanted.st_gid) == 0 || wanted.st_uid == own.st_uid;
  }

  bool fill(Bytes contents, mode_t mode) {
    return ::fchmod(file_.get(), mode) == 0 && write_all(file_.get(), contents) && ::fsync(file_.get()) == 0 &&
           ::close(file_.release()) == 0;
  }

  bool take_name(const std::string& path, IfExists if_exists) {
    // link() fails when there is such a file, rename() replaces it; both in one step.
    if (if_exists == IfExists::refuse) return ::link(name_.c_str(), path.c_str()) == 0;
    if (::rename(name_.c_str(), path.c_str()) != 0) return false;
    exists_ = false;  // under its first name
    return true;
  }

 private:
  std::string name_;
  Descriptor file_;
  bool exists_;
};

// The length of the UTF-8 sequence at the front that may be printed as it is: 0 for none.
std::size_t printable_sequence(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto tail = [&](std::size_t i) { return (at(i) & 0xc0) == 0x80; };
  const auto c = at(0);
  if (c < 0x80) return c >= 0x20 && c != 0x7f ? 1 : 0;
  if (c >= 0xc2 && c <= 0xdf) return tail(1) && !(c == 0xc2 && at(1) < 0xa0) ? 2 : 0;  // C1 controls are C2 80 to C2 9F
  if (c >= 0xe0 && c <= 0xef) {
    const std::uint32_t code = (c & 0xfU) << 12 | (at(1) & 0x3fU) << 6 | (at(2) & 0x3fU);
    const bool invisible = (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
                           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;  // they reorder or hide what is shown
    return tail(1) && tail(2) && code >= 0x800 && !(code >= 0xd800 && code <= 0xdfff) && !invisible ? 3 : 0;
  }
  if (c >= 0xf0 && c <= 0xf4) {
    const std::uint32_t code = (c & 7U) << 18 | (at(1) & 0x3fU) << 12 | (at(2) & 0x3fU) << 6 | (at(3) & 0x3fU);
    return tail(1) && tail(2) && tail(3) && code >= 0x10000 && code < 0xe0000 ? 4 : 0;
  }
  return 0;
}

}  // namespace

Expected<Secret, std::string> read_file(const std::string& path, std::size_t limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file) return Unexpected{failure("open", path, errno)};
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) return Unexpected{failure("read", path, errno)};
  const auto too_large = [&] {
    return Unexpected{"cannot use " + printable(path, 4096) + ": it is larger than " + std::to_string(limit) +
                      " bytes"};
  };
  if (S_ISREG(status.st_mode) && static_cast<std::uint64_t>(status.st_size) > limit) return too_large();

  // As large as the file says, and one byte to find its end; what has no size of its own (a pipe) grows as it comes.
  Secret so_far;
  std::size_t size = 0;
  for (auto room = std::min(limit, std::max<std::size_t>(static_cast<std::size_t>(status.st_size), 4095)) + 1;;
       room = std::min(limit + 1, room * 2)) {
    Secret whole(room);
    std::copy_n(so_far.bytes().begin(), size, whole.buffer().begin());
    const auto more = read_up_to(file.get(), whole.buffer().subspan(size));
    if (more < 0) return Unexpected{failure("read", path, errno)};
    size += static_cast<std::size_t>(more);
    if (size > limit) return too_large();
    if (size < room) return Secret(whole.bytes().first(size));
    so_far = std::move(whole);
  }
}

std::optional<std::string> write_file(const std::string& name, Bytes contents, mode_t mode, IfExists if_exists) {
  const auto resolved = std::unique_ptr<char, decltype(&std::free)>(
      if_exists == IfExists::rewrite ? ::realpath(name.c_str(), nullptr) : nullptr, &std::free);
  if (if_exists == IfExists::rewrite && !resolved) return failure("write", name, errno);
  const std::string path = resolved ? resolved.get() : name;
  TemporaryFile temporary(path);
  if (!temporary.valid()) return failure("write", path, errno);
  if (resolved && !temporary.give_to_owner_of(path)) return failure("write", path, errno);
  if (!temporary.fill(contents, mode)) return failure("write", path, errno);
  if (!temporary.take_name(path, if_exists)) return failure("write", path, errno);
  const Descriptor folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder) ::fsync(folder.get());  // so that the name survives a crash too; not every file system can
  return std::nullopt;
}

bool file_exists(const std::string& path) {
  struct stat status = {};
  return ::lstat(path.c_str(), &status) == 0;
}

std::string printable(std::string_view text, std::size_t limit) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  while (!text.empty()) {
    if (out.size() >= limit) return out + "...";
    const auto length = printable_sequence(text);
    if (length == 0) {
      const auto octet = static_cast<unsigned char>(text[0]);
      out += {'\\', 'x', digits[octet >> 4], digits[octet & 15]};
    } else {
      if (text[0] == '\\') out += '\\';
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

}  // namespace nacre::tools
