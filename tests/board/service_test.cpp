// What systemd hears from the program, on a socket of the test's own.
#include "station/service.h"

#include <csignal>
#include <cstdlib>

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

TEST(Service, FeedsTheWatchdogTwiceInItsTimeIfThatIsForThisProcess) {
  EXPECT_EQ(feeding_interval("30000000", "7", 7), 15s);
  EXPECT_EQ(feeding_interval("30000000", nullptr, 7), 15s);
  EXPECT_EQ(feeding_interval("30000000", "8", 7), 0s);
  EXPECT_EQ(feeding_interval(nullptr, nullptr, 7), 0s);
  EXPECT_EQ(feeding_interval("", "7", 7), 0s);
  EXPECT_EQ(feeding_interval("nonsense", "7", 7), 0s);
}

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

TEST(Service, TheProgramSaysThatItIsReadyLivesAndStops) {
  const Desk desk;
  Socket systemd(desk.path("notify"));
  setenv("NOTIFY_SOCKET", desk.path("notify").c_str(), 1);
  setenv("WATCHDOG_USEC", "200000", 1);
  const int process = desk.start({"run", example_recipe(), "--db", "r.db", "--line", "virtual", "--units", "1",
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
  EXPECT_EQ(desk.finish(process).status, 130);
}

}  // namespace
}  // namespace station
