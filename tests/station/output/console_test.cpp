// The built program on a pseudo terminal: a screen while it runs, and afterwards the terminal as it was.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <optional>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "tests/station/program.h"

namespace station {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* enters = "\x1b[?1049h";
constexpr const char* leaves = "\x1b[?1049l";

// A program on a terminal of its own. Everything it writes is read as it comes.
class OnATerminal {
 public:
  using Environment = std::vector<std::pair<const char*, const char*>>;

  OnATerminal(const ProgramFolder& folder, const std::vector<std::string>& arguments,
              const Environment& environment = {}) {
    terminal_ = posix_openpt(O_RDWR | O_NOCTTY);
    EXPECT_TRUE(grantpt(terminal_) == 0 && unlockpt(terminal_) == 0);
    // The side of the program stays open here, too: its modes are to be seen after its end.
    side_ = open(ptsname(terminal_), O_RDWR | O_NOCTTY);
    tcgetattr(side_, &before_);
    resize(80, 24);
    process_ = fork();
    if (process_ != 0) return;
    setsid();
    ioctl(side_, TIOCSCTTY, 0);
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(side_, descriptor);
    close(side_);
    close(terminal_);
    if (chdir(folder.path("").c_str()) != 0) _exit(126);
    setenv("HOME", folder.path("").c_str(), 1);
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    for (const auto& [name, value] : environment) setenv(name, value, 1);
    std::vector<char*> argv{const_cast<char*>("flashline")};
    for (const std::string& each : arguments) argv.push_back(const_cast<char*>(each.c_str()));
    argv.push_back(nullptr);
    execv(FLASHLINE_PROGRAM, argv.data());
    _exit(127);
  }
  ~OnATerminal() {
    if (!status_) {
      kill(process_, SIGKILL);
      waitpid(process_, nullptr, 0);
    }
    close(terminal_);
    close(side_);
  }
  OnATerminal(const OnATerminal&) = delete;
  OnATerminal& operator=(const OnATerminal&) = delete;

  // Reads on until it has said so, after what it had said at the last time.
  void wait_for(const std::string& text) {
    wait_until([&] { return said_.find(text, heard_) != std::string::npos; });
    heard_ = said_.find(text, heard_) + text.size();
  }
  int wait_for_end() {
    wait_until([&] {
      int status = 0;
      if (waitpid(process_, &status, WNOHANG) != process_) return false;
      status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      return true;
    });
    while (read_some(0)) {
    }
    return status_.value_or(-1);
  }
  void resize(unsigned short columns, unsigned short rows) {
    const winsize size{rows, columns, 0, 0};
    ioctl(terminal_, TIOCSWINSZ, &size);
  }
  void type(const std::string& text) { EXPECT_EQ(write(terminal_, text.data(), text.size()), ssize_t(text.size())); }
  void send(int signal) { kill(process_, signal); }

  const std::string& said() const { return said_; }
  std::string after_the_screen() const {
    const auto at = said_.rfind(leaves);
    return at == std::string::npos ? "" : said_.substr(at);
  }
  void expect_modes_restored() const {
    termios now{};
    tcgetattr(side_, &now);
    EXPECT_EQ(now.c_lflag, before_.c_lflag);
    EXPECT_EQ(now.c_cc[VSUSP], before_.c_cc[VSUSP]);
  }
  void expect_screen_left() const {
    ASSERT_NE(said_.find(enters), std::string::npos) << said_;
    EXPECT_GT(said_.rfind(leaves) + 1, said_.rfind(enters) + 1);
    EXPECT_NE(said_.rfind(leaves), std::string::npos);
    EXPECT_GT(said_.rfind("\x1b[?25h") + 1, said_.rfind("\x1b[?25l") + 1) << "the cursor is hidden";
    EXPECT_GT(said_.rfind("\x1b[?7h") + 1, said_.rfind("\x1b[?7l") + 1);
    expect_modes_restored();
  }

 private:
  bool read_some(int milliseconds) {
    pollfd readable{terminal_, POLLIN, 0};
    if (poll(&readable, 1, milliseconds) <= 0) return false;
    char text[4096];
    const ssize_t n = read(terminal_, text, sizeof text);
    if (n > 0) said_.append(text, static_cast<std::size_t>(n));
    return n > 0;
  }
  void wait_until(const std::function<bool()>& so) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point limit = Clock::now() + std::chrono::seconds(60);
    while (!so()) {
      ASSERT_LT(Clock::now(), limit) << "it never came; so far: " << said_;
      read_some(5);
    }
  }

  int terminal_ = -1, side_ = -1;
  pid_t process_ = -1;
  termios before_{};
  std::string said_;
  std::size_t heard_ = 0;
  std::optional<int> status_;
};

class ConsoleProgram : public testing::Test {
 protected:
  static std::vector<std::string> flash(const std::string& units, const std::string& speed = "2") {
    return {"flash", example_recipe(), "--line", "virtual", "--units", units, "--db", "r.db", "--speed", speed};
  }
  static std::vector<std::string> run(const std::string& units = "2") {
    return {"run", example_recipe(), "--line", "virtual", "--units", units, "--db", "r.db", "--speed", "5"};
  }
  ProgramFolder folder_;
};

TEST_F(ConsoleProgram, FollowsTheSizeOfItsTerminalAndGivesItBackWithTableAndSummary) {
  OnATerminal program(folder_, run("8"));
  program.wait_for(enters);
  program.wait_for("slot  state");
  program.resize(200, 50);
  program.wait_for("\x1b[2J");
  program.wait_for("\x1b[50;1H");
  program.resize(30, 8);
  program.wait_for("\x1b[2J");
  program.wait_for("8 passed");
  program.resize(80, 24);
  program.wait_for("8 passed");
  program.type("\x03");
  EXPECT_EQ(program.wait_for_end(), 130);
  program.expect_screen_left();
  EXPECT_THAT(program.after_the_screen(), HasSubstr("1-1.1  PASS"));
  EXPECT_THAT(program.after_the_screen(), HasSubstr("8 units: 8 passed"));
  EXPECT_THAT(program.after_the_screen(), Not(HasSubstr("\x1b[2J")));
}

TEST_F(ConsoleProgram, TheLineIsNamedBeforeTheScreenAndStaysInTheScrollback) {
  OnATerminal program(folder_, flash("1", "10"));
  EXPECT_EQ(program.wait_for_end(), 0);
  const std::string before = program.said().substr(0, program.said().find(enters));
  EXPECT_THAT(before, HasSubstr("photon-example revision A"));
  EXPECT_THAT(before, HasSubstr("r.db"));
}

TEST_F(ConsoleProgram, OneAndTwoSignalsBothGiveTheTerminalBack) {
  for (const int signals : {1, 2}) {
    ProgramFolder folder;
    OnATerminal program(folder, flash("4"));
    program.wait_for("write");
    for (int i = 0; i < signals; ++i) program.type("\x03");
    EXPECT_EQ(program.wait_for_end(), 130);
    program.expect_screen_left();
    EXPECT_THAT(program.after_the_screen(), HasSubstr("4 units: 0 passed"));
  }
}

TEST_F(ConsoleProgram, AClosedTerminalEndsItAtASafePoint) {
  OnATerminal program(folder_, flash("4"));
  program.wait_for("write");
  program.send(SIGHUP);
  EXPECT_EQ(program.wait_for_end(), 130);
  EXPECT_THAT(program.after_the_screen(), HasSubstr("4 units: 0 passed"));
}

TEST_F(ConsoleProgram, ACrashGivesTheTerminalBack) {
  for (const int signal : {SIGABRT, SIGQUIT}) {
    ProgramFolder folder;
    OnATerminal program(folder, flash("1"));
    program.wait_for("write");
    program.send(signal);
    EXPECT_EQ(program.wait_for_end(), 128 + signal);
    program.expect_screen_left();
  }
}

TEST_F(ConsoleProgram, WhatIsTypedIsNeitherShownNorLeftToTheShellAndSuspendsNothing) {
  OnATerminal program(folder_, run());
  program.wait_for("2 passed");
  program.type("4006381333931\r\x1a");
  program.send(SIGUSR1);
  program.wait_for("PAUSED");
  program.send(SIGUSR1);
  program.wait_for("RUNNING");
  program.send(SIGTERM);
  EXPECT_EQ(program.wait_for_end(), 130);
  program.expect_screen_left();
  EXPECT_THAT(program.said(), Not(HasSubstr("4006381333931")));
}

TEST_F(ConsoleProgram, WarningsAreShownOnTheScreenAndKeptAfterIt) {
  OnATerminal program(folder_, run());
  program.wait_for("2 passed");
  program.send(SIGUSR1);
  program.wait_for("warning: paused");
  program.send(SIGINT);
  EXPECT_EQ(program.wait_for_end(), 130);
  EXPECT_THAT(program.after_the_screen(), HasSubstr("warning: paused"));
}

TEST_F(ConsoleProgram, NoColorLeavesNoColour) {
  OnATerminal coloured(folder_, flash("1", "4"));
  EXPECT_EQ(coloured.wait_for_end(), 0) << coloured.said();
  EXPECT_THAT(coloured.said(), HasSubstr("\x1b[36m"));
  ProgramFolder folder;
  OnATerminal plain(folder, flash("1", "4"), {{"NO_COLOR", "1"}});
  EXPECT_EQ(plain.wait_for_end(), 0) << plain.said();
  plain.expect_screen_left();
  std::string said = plain.said();
  // The one reset when the screen is left is no colour.
  if (const auto at = said.find("\x1b[0m"); at != std::string::npos) said.erase(at, 4);
  EXPECT_THAT(said, Not(testing::ContainsRegex("\x1b\\[[0-9;]*m")));
}

TEST_F(ConsoleProgram, WhatADryRunFindsIsAListThatStays) {
  std::vector<std::string> dry = flash("2", "10");
  dry.push_back("--dry-run");
  OnATerminal program(folder_, dry);
  EXPECT_EQ(program.wait_for_end(), 0);
  EXPECT_THAT(program.said(), Not(HasSubstr(enters)));
  EXPECT_THAT(program.said(), HasSubstr("would write 486,116 bytes"));
}

TEST_F(ConsoleProgram, ADumbTerminalGetsPlainLinesAndJsonStaysJson) {
  OnATerminal dumb(folder_, flash("1", "10"), {{"TERM", "dumb"}});
  EXPECT_EQ(dumb.wait_for_end(), 0);
  EXPECT_THAT(dumb.said(), Not(HasSubstr("\x1b")));
  EXPECT_THAT(dumb.said(), HasSubstr("PASS"));
  ProgramFolder folder;
  std::vector<std::string> with_json = flash("1", "10");
  with_json.push_back("--json");
  OnATerminal json(folder, with_json);
  EXPECT_EQ(json.wait_for_end(), 0);
  EXPECT_THAT(json.said(), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace station
