// `flashline virtual` as a person has it: the built program, with the real usbip where that is installed.
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/station/program.h"

namespace station {
namespace {

using testing::HasSubstr;

class Virtual : public testing::Test {
 protected:
  // Serving, as soon as it says what to type next.
  int serve(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "virtual");
    const int process = folder_.start(arguments);
    for (int tries = 0; tries < 10'000 && folder_.read("stdout").find("flashline-attach") == std::string::npos;
         ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return process;
  }
  // The port that it took for itself.
  std::string port() {
    const std::string said = folder_.read("stdout");
    const std::string before = "127.0.0.1:";
    const std::size_t at = said.find(before);
    if (at == std::string::npos) return "0";
    return said.substr(at + before.size(), said.find('.', at + before.size()) - at - before.size());
  }
  Ran stop(int process, int signal) {
    kill(process, signal);
    return folder_.finish(process);
  }

  ProgramFolder folder_;
};

TEST_F(Virtual, SaysWhatToTypeNextAndEndsBySignalWithTheFlashKept) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const int process = serve({"--units", "2", "--listen", "127.0.0.1:0", "--keep", "units"});
    EXPECT_NE(port(), "0");
    const Ran ran = stop(process, signal);
    EXPECT_EQ(ran.status, 130);
    EXPECT_THAT(ran.out, HasSubstr("2 virtual units"));
    EXPECT_THAT(ran.out, HasSubstr("attach -r 127.0.0.1 -b 1-1.1"));
    EXPECT_EQ(ran.err, "");
    EXPECT_EQ(folder_.read("units/1-1.1.bin").size(), 1024u * 1024);
    EXPECT_EQ(folder_.read("units/1-1.2.bin").size(), 1024u * 1024);
  }
}

TEST_F(Virtual, APortThatIsTakenEndsWith73AndSaysSo) {
  const int process = serve({"--listen", "127.0.0.1:0"});
  const std::string taken = port();
  ProgramFolder other;
  const Ran second = other.run({"virtual", "--listen", "127.0.0.1:" + taken});
  EXPECT_EQ(second.status, 73);
  EXPECT_EQ(second.out, "");
  EXPECT_THAT(second.err, HasSubstr("port " + taken + " of 127.0.0.1 is taken"));
  stop(process, SIGTERM);
}

TEST_F(Virtual, ALineThatCannotBeEndsWith78) {
  folder_.write("line.toml", "[[hub]]\nport = \"1-1\"\nports = 2\n[[unit]]\nport = \"1-1.3\"\n");
  const Ran ran = folder_.run({"virtual", "--line", "line.toml", "--listen", "127.0.0.1:0"});
  EXPECT_EQ(ran.status, 78);
  EXPECT_THAT(ran.err, HasSubstr("1-1.3"));
  EXPECT_EQ(folder_.run({"virtual", "--line", "nowhere.toml"}).status, 78);
}

TEST_F(Virtual, TheUsbipToolSeesTheUnitsOfALineFile) {
  if (std::system("usbip version >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "there is no usbip here (Debian package usbip)";
  folder_.write("line.toml",
                "[[hub]]\nport = \"1-1\"\nports = 7\n[[unit]]\nport = \"1-1.2\"\nprofile = \"photon\"\n"
                "[[unit]]\nport = \"1-1.5\"\nprofile = \"stm32-rom\"\n");
  const int process = serve({"--line", "line.toml", "--listen", "127.0.0.1:0"});
  FILE* pipe = popen(("usbip --tcp-port " + port() + " list -r 127.0.0.1 2>&1").c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string text;
  std::array<char, 4096> part;
  while (const std::size_t count = fread(part.data(), 1, part.size(), pipe)) text.append(part.data(), count);
  EXPECT_EQ(pclose(pipe), 0) << text;
  EXPECT_THAT(text, HasSubstr("1-1.2: "));
  EXPECT_THAT(text, HasSubstr("2b04:d006"));
  EXPECT_THAT(text, HasSubstr("1-1.5: "));
  EXPECT_THAT(text, HasSubstr("0483:df11"));
  stop(process, SIGTERM);
}

}  // namespace
}  // namespace station
