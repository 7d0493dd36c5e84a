#include "station/output/output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

namespace station {
namespace {

class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe(ends_), 0); }
  ~Pipe() {
    close_reader();
    close_writer();
  }
  int writer() const { return ends_[1]; }
  void close_reader() { close_end(ends_[0]); }
  void close_writer() { close_end(ends_[1]); }

  std::string read_all() {
    close_writer();
    std::string all;
    char buffer[4096];
    for (ssize_t got; (got = read(ends_[0], buffer, sizeof buffer)) > 0;) all.append(buffer, got);
    return all;
  }
  std::string read_some(std::size_t bytes) {
    std::string some(bytes, '\0');
    const ssize_t got = read(ends_[0], some.data(), bytes);
    some.resize(got > 0 ? got : 0);
    return some;
  }

 private:
  static void close_end(int& end) {
    if (end >= 0) close(end);
    end = -1;
  }
  int ends_[2] = {-1, -1};
};

TEST(LineWriter, WritesEveryLineInOrderBeforeItEnds) {
  Pipe pipe;
  {
    LineWriter out(pipe.writer());
    for (int i = 0; i < 100; ++i) out.line(std::to_string(i));
  }
  std::string expected;
  for (int i = 0; i < 100; ++i) expected += std::to_string(i) + "\n";
  EXPECT_EQ(pipe.read_all(), expected);
}

TEST(LineWriter, ALineIsThereWithoutWaitingForTheNext) {
  Pipe pipe;
  LineWriter out(pipe.writer());
  out.line("first");
  EXPECT_EQ(pipe.read_some(6), "first\n");
}

TEST(LineWriter, AReaderThatWentAwayHarmsNobody) {
  signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.close_reader();
  LineWriter out(pipe.writer());
  for (int i = 0; i < 1000; ++i) out.line("nobody reads this");
}

TEST(LineWriter, AReaderThatSleepsHoldsUpNobodyAndLosesOnlyProgress) {
  Pipe pipe;
  std::string all;
  {
    LineWriter out(pipe.writer());
    const std::string progress(100, 'p');
    // Far more than a pipe and the writer hold; this would hang if the caller waited for the reader.
    for (int i = 0; i < 20000; ++i) out.line_unless_behind(progress);
    out.line("verdict");
    while (!all.ends_with("verdict\n")) all += pipe.read_some(65536);
  }
  EXPECT_LT(all.size(), 20000u * 101u);
}

TEST(LineWriter, ADescriptorThatDoesNotBlockLosesNothing) {
  Pipe pipe;
  ASSERT_EQ(fcntl(pipe.writer(), F_SETFL, O_NONBLOCK), 0);
  std::string all;
  {
    LineWriter out(pipe.writer());
    for (int i = 0; i < 5000; ++i) out.line(std::string(100, 'x'));
    while (all.size() < 5000u * 101u) all += pipe.read_some(65536);
  }
  EXPECT_EQ(all.size(), 5000u * 101u);
}

TEST(WriteAll, AFullDiskIsToldNotSwallowed) {
  const int full = open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
  EXPECT_FALSE(write_all(full, "report"));
  close(full);
}

}  // namespace
}  // namespace station
