// What systemd hears from the program, on a socket of the test's own.
#include "station/run/service.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/station/program.h"

namespace station {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// As systemd has one; what a program says into it.
class Socket {
 public:
  explicit Socket(const std::string& path) : descriptor_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~Socket() { close(descriptor_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  // The next message; empty after a minute of silence.
  std::string hear() {
    pollfd readable{descriptor_, POLLIN, 0};
    if (poll(&readable, 1, 60000) != 1) return "";
    char buffer[1000];
    const ssize_t size = recv(descriptor_, buffer, sizeof buffer, 0);
    return {buffer, static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  }

 private:
  int descriptor_;
};

// Of a program that shows its events as JSON; not for longer than a minute.
void wait_for_verdict(const ProgramFolder& folder) {
  const auto limit = std::chrono::steady_clock::now() + 1min;
  while (folder.read("stdout").find("\"event\":\"verdict\"") == std::string::npos &&
         std::chrono::steady_clock::now() < limit) {
    std::this_thread::sleep_for(10ms);
  }
}

TEST(Service, TheProgramSaysThatItIsReadyLivesAndStops) {
  const ProgramFolder folder;
  Socket systemd(folder.path("notify"));
  setenv("NOTIFY_SOCKET", folder.path("notify").c_str(), 1);
  setenv("WATCHDOG_USEC", "200000", 1);
  const int process = folder.start({"run", example_recipe(), "--db", "r.db", "--line", "virtual", "--units", "1",
                                    "--speed", "5", "--board", "127.0.0.1:0", "--json"});
  unsetenv("NOTIFY_SOCKET");
  unsetenv("WATCHDOG_USEC");
  EXPECT_THAT(systemd.hear(), testing::AllOf(HasSubstr("READY=1\n"), HasSubstr("board at http://127.0.0.1:")));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(systemd.hear(), "WATCHDOG=1");
  kill(process, SIGTERM);
  std::string heard;
  while ((heard = systemd.hear()) == "WATCHDOG=1") {
  }
  EXPECT_THAT(heard, HasSubstr("STOPPING=1"));
  EXPECT_EQ(folder.finish(process).status, 130);
}

// $WATCHDOG_PID names the process that systemd watches. A child of it inherits the variables and is not meant.
TEST(Service, NoSignOfLifeIsSentForAnotherProcess) {
  const ProgramFolder folder;
  Socket systemd(folder.path("notify"));
  setenv("NOTIFY_SOCKET", folder.path("notify").c_str(), 1);
  setenv("WATCHDOG_USEC", "100000", 1);
  setenv("WATCHDOG_PID", "1", 1);
  const int process = folder.start(
      {"run", example_recipe(), "--db", "r.db", "--line", "virtual", "--units", "1", "--speed", "20", "--json"});
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
  EXPECT_THAT(systemd.hear(), HasSubstr("READY=1\n"));
  wait_for_verdict(folder);  // many limits of the watchdog
  kill(process, SIGTERM);
  EXPECT_THAT(systemd.hear(), HasSubstr("STOPPING=1"));
  EXPECT_EQ(folder.finish(process).status, 130);
}

TEST(Service, AStopDuringAHookAsksSystemdForTime) {
  const ProgramFolder folder;
  Socket systemd(folder.path("notify"));
  folder.write("station.toml", "[[hook]]\nrun = [\"/bin/sleep\", \"60\"]\ntimeout = 3.0\n");
  setenv("NOTIFY_SOCKET", folder.path("notify").c_str(), 1);
  const int process = folder.start({"run", example_recipe(), "--db", "r.db", "--line", "virtual", "--units", "1",
                                    "--speed", "20", "--station", "station.toml", "--json"});
  unsetenv("NOTIFY_SOCKET");
  EXPECT_THAT(systemd.hear(), HasSubstr("READY=1\n"));
  wait_for_verdict(folder);
  kill(process, SIGTERM);
  EXPECT_THAT(systemd.hear(), HasSubstr("STOPPING=1"));
  EXPECT_THAT(systemd.hear(), HasSubstr("EXTEND_TIMEOUT_USEC=10000000"));
  EXPECT_EQ(folder.finish(process).status, 130);
}

// The unit as it is installed, but for the place of the program; and what its comment says of hooks, as a drop-in.
class TheUnit : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("systemd-analyze --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "systemd-analyze is not here";
    std::istringstream lines(folder_.read(FLASHLINE_BUILD_DIR "/flashline.service"));
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("ExecStart=")) line = "ExecStart=" FLASHLINE_PROGRAM + line.substr(line.find(' '));
      unit_ += line + "\n";
      const bool is_drop_in = line == "#   [Service]" || !drop_in_.empty();
      if (is_drop_in && line.starts_with("#   ")) drop_in_ += line.substr(4) + "\n";
    }
  }
  // Empty: nothing.
  std::string verified(const std::string& unit, const std::string& drop_in) {
    folder_.write("flashline.service", unit);
    std::filesystem::create_directories(folder_.path("flashline.service.d"));
    folder_.write("flashline.service.d/hooks.conf", drop_in);
    const std::string command = "systemd-analyze verify --man=no --recursive-errors=no '" +
                                folder_.path("flashline.service") + "' > '" + folder_.path("said") + "' 2>&1";
    const int status = std::system(command.c_str());
    return folder_.read("said") + (status == 0 ? "" : "status " + std::to_string(status));
  }

  const ProgramFolder folder_;
  std::string unit_, drop_in_;
};

TEST_F(TheUnit, IsOneThatSystemdFindsGood) {
  EXPECT_THAT(unit_, HasSubstr("ExecStart=" FLASHLINE_PROGRAM " run --station /etc/flashline/station.toml"));
  EXPECT_EQ(verified(unit_, ""), "");
}

TEST_F(TheUnit, IsOpenedForHooksAsItsCommentSays) {
  EXPECT_THAT(drop_in_, testing::StartsWith("[Service]\nDeviceAllow="));
  EXPECT_EQ(verified(unit_, drop_in_), "");
}

TEST_F(TheUnit, IsNotFoundGoodWhateverStandsInIt) {
  EXPECT_THAT(verified(unit_ + "[Service]\nProtectSystem=perhaps\n", ""), HasSubstr("protect system"));
  EXPECT_THAT(verified(unit_, "[Service]\nDeviceAlow=char-usb rw\n"), HasSubstr("DeviceAlow"));
}

}  // namespace
}  // namespace station
