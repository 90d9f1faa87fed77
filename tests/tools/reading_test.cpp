// How the programs read: whole files, as large as they are, and pumps, as much as comes.
#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include "tools/files.hpp"
#include "tools/piece.hpp"

namespace nacre::tools {
namespace {

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/nacre-test-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Folder() { (void)::unlink(file().c_str()), (void)::rmdir(path_.c_str()); }
  std::string file() const { return path_ + "/file"; }
  std::string file_of(std::size_t size) const {
    std::ofstream(file(), std::ios::binary) << std::string(size, 'x');
    return file();
  }

 private:
  std::string path_;
};

TEST(ReadFile, TakesFilesOfAnySizeUpToTheLimit) {
  for (const std::size_t size : {0U, 1U, 4095U, 4096U, 4097U, 100'000U}) {
    const Folder folder;
    const auto whole = read_file(folder.file_of(size), 100'000);
    ASSERT_TRUE(whole) << size;
    EXPECT_EQ(text_of(whole->bytes()), std::string(size, 'x'));
  }
}

TEST(ReadFile, RefusesWhatIsLarger) {
  const Folder folder;
  EXPECT_FALSE(read_file(folder.file_of(101), 100));
  EXPECT_FALSE(read_file("/dev/zero", 10'000));  // which says that its size is nothing
}

// What has no size of its own: a pipe.
TEST(ReadFile, GrowsWithWhatComes) {
  for (const std::size_t size : {0U, 4096U, 50'000U, 100'000U, 100'001U}) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    std::thread writer([&, out = ends[1]] {
      const std::string all(size, 'y');
      for (std::size_t done = 0; done < size;) {
        const auto written = ::write(out, all.data() + done, size - done);
        if (written <= 0) break;
        done += static_cast<std::size_t>(written);
      }
      ::close(out);
    });
    const auto whole = read_file("/dev/fd/" + std::to_string(ends[0]), 100'000);
    writer.join();
    ::close(ends[0]);
    ASSERT_EQ(whole.has_value(), size <= 100'000) << size;
    if (whole) {
      EXPECT_EQ(text_of(whole->bytes()), std::string(size, 'y'));
    }
  }
}

TEST(Piece, GrowsUnderBulkAndShrinksAfterIt) {
  Piece piece;
  EXPECT_EQ(piece.size(), 4096U);
  EXPECT_FALSE(piece.took(4096, 4096));  // full: there may be more
  while (piece.size() < 128 * 1024) EXPECT_FALSE(piece.took(piece.size(), piece.size()));
  EXPECT_FALSE(piece.took(piece.size(), piece.size()));
  EXPECT_EQ(piece.size(), 128U * 1024);
  EXPECT_TRUE(piece.took(100'000, piece.size()));  // emptied, but worth its size
  EXPECT_EQ(piece.size(), 128U * 1024);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(piece.took(1, piece.size()));
  EXPECT_EQ(piece.size(), 4096U);
}

}  // namespace
}  // namespace nacre::tools
