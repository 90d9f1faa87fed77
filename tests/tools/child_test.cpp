// Programs started by nacre: streams, ends, process groups, terminals; and the line appended to known_hosts.
#include "tools/child.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include "tools/ssh_trust.hpp"

namespace nacre::tools {
namespace {

ChildPlan shell(const std::string& command) {
  ChildPlan plan;
  plan.program = "/bin/sh";
  plan.arguments = {"sh", "-c", command};
  plan.environment = {"PATH=/usr/bin:/bin", "WORD=given"};
  return plan;
}

std::string read_all(int from) {
  std::string all;
  std::array<char, 4096> buffer{};
  for (;;) {
    pollfd waiting{from, POLLIN, 0};
    if (::poll(&waiting, 1, 10'000) <= 0) return all;
    const auto got = ::read(from, buffer.data(), buffer.size());
    if (got <= 0) return all;
    all.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

ChildEnd end_of(Child& child) {
  asio::io_context loop;
  ChildEnd end;
  asio::co_spawn(loop, wait_for_child(loop.get_executor(), child.pid, std::move(child.watch)),
                 [&](std::exception_ptr, ChildEnd how) { end = how; });
  loop.run();
  return end;
}

// The lowest numbers that are free are the ones a child gets; all the others are taken.
class NoDescriptorsBut {
 public:
  explicit NoDescriptorsBut(rlim_t most) {
    const int lowest = ::dup(0);
    ::close(lowest);
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = static_cast<rlim_t>(lowest) + most;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  ~NoDescriptorsBut() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptorsBut(const NoDescriptorsBut&) = delete;
  NoDescriptorsBut& operator=(const NoDescriptorsBut&) = delete;

 private:
  rlimit before_{};
};

TEST(Child, TheLastDescriptorsMakeAWholeProgram) {
  auto child = [] {
    const NoDescriptorsBut all(6);  // three pipes, and nothing for the watch
    return start_child(shell("cat; cat /no/such/file; exit 7"));
  }();
  ASSERT_TRUE(child) << child.error();
  ASSERT_EQ(::write(child->in.get(), "in\n", 3), 3);
  child->in.reset();
  EXPECT_EQ(read_all(child->out.get()), "in\n");
  EXPECT_NE(read_all(child->err.get()).find("/no/such/file"), std::string::npos);
  EXPECT_EQ(end_of(*child).status, 7);
}

TEST(Child, NoDescriptorsAreAnError) {
  const auto child = [] {
    const NoDescriptorsBut all(5);
    return start_child(shell("true"));
  }();
  ASSERT_FALSE(child);
  EXPECT_NE(child.error().find("can't make a pipe"), std::string::npos) << child.error();
}

TEST(Child, StreamsEnvironmentAndStatus) {
  auto child = start_child(shell("cat; echo $WORD; echo oops >&2; exit 7"));
  ASSERT_TRUE(child) << child.error();
  ASSERT_EQ(::write(child->in.get(), "in\n", 3), 3);
  child->in.reset();
  EXPECT_EQ(read_all(child->out.get()), "in\ngiven\n");
  EXPECT_EQ(read_all(child->err.get()), "oops\n");
  EXPECT_EQ(end_of(*child).status, 7);
}

TEST(Child, EndedByASignal) {
  auto child = start_child(shell("kill -TERM $$"));
  ASSERT_TRUE(child);
  const auto end = end_of(*child);
  EXPECT_FALSE(end.status);
  EXPECT_EQ(end.signal, SIGTERM);
}

TEST(Child, SignalsReachTheWholeGroup) {
  auto child = start_child(shell("sleep 100 & echo ready; wait"));
  ASSERT_TRUE(child);
  std::array<char, 6> ready{};
  pollfd waiting{child->out.get(), POLLIN, 0};
  ASSERT_GT(::poll(&waiting, 1, 10'000), 0);
  ASSERT_EQ(::read(child->out.get(), ready.data(), ready.size()), 6);
  signal_group(child->pid, SIGTERM);
  EXPECT_EQ(read_all(child->out.get()), "") << "the sleeper that held the pipe is gone as well";
  EXPECT_EQ(end_of(*child).signal, SIGTERM);
}

TEST(Child, WhatCannotBeExecutedSaysSo) {
  ChildPlan plan;
  plan.program = "/no/such/program";
  plan.arguments = {"x"};
  auto child = start_child(plan);
  ASSERT_TRUE(child);
  EXPECT_EQ(read_all(child->err.get()), "/no/such/program: not found\n");
  EXPECT_EQ(end_of(*child).status, 127);
}

TEST(Child, NoDescriptorOfOursIsInherited) {
  const Descriptor leak(::dup(0));
  auto child = start_child(shell("ls /proc/self/fd | wc -l"));
  ASSERT_TRUE(child);
  EXPECT_EQ(std::atoi(read_all(child->out.get()).c_str()), 4) << "0, 1, 2 and ls's own";
  (void)end_of(*child);
}

TEST(Child, ATerminalOfItsOwn) {
  auto pty = open_pty();
  ASSERT_TRUE(pty) << pty.error();
  set_window_size(pty->master.get(), 91, 27, 0, 0);
  auto plan = shell("stty size; tty");
  plan.pty = &*pty;
  auto child = start_child(plan);
  ASSERT_TRUE(child);
  pty->slave.reset();
  const auto said = read_all(pty->master.get());
  EXPECT_NE(said.find("27 91"), std::string::npos) << said;
  EXPECT_NE(said.find(pty->name), std::string::npos) << said;
  EXPECT_EQ(end_of(*child).status, 0);
}

std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(AppendLine, MakesFileAndFolderAndEndsTheLineBefore) {
  std::string folder = (std::filesystem::temp_directory_path() / "nacre-append-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const auto path = folder + "/sub/known_hosts";
  EXPECT_FALSE(append_line(path, "one\n"));
  EXPECT_FALSE(append_line(path, "two\n"));
  EXPECT_EQ(contents(path), "one\ntwo\n");
  struct stat about {};
  ASSERT_EQ(::stat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat((folder + "/sub").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0700u);
  std::ofstream(path) << "no end";
  EXPECT_FALSE(append_line(path, "three\n"));
  EXPECT_EQ(contents(path), "no end\nthree\n");
  const auto problem = append_line(folder, "x\n");
  ASSERT_TRUE(problem);
  EXPECT_NE(problem->find(folder), std::string::npos);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace nacre::tools
