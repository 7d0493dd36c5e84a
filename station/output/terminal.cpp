#include "station/output/terminal.h"

#include <QObject>
#include <QSocketNotifier>
#include <QTime>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

namespace station {

namespace {

// The alternate screen, without a cursor and without breaking a row that reaches the last column.
constexpr std::string_view enter_screen = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
constexpr std::string_view leave_screen = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

// More than any reload complains about; a flood keeps its end.
constexpr std::size_t most_messages = 200;
constexpr std::size_t longest_message = 4096;
// Time enough to read it and mend a file; in the log it stays.
constexpr std::chrono::minutes message_life{5};
using Wall = std::chrono::steady_clock;

// What gives the terminal back, where a signal handler can reach it: a signal belongs to the whole program.
constexpr std::array fatal{SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGHUP};
termios modes_before;
int stderr_before = -1;
int stderr_pipe = -1;
std::array<struct sigaction, fatal.size()> actions_before;
void (*background_write_before)(int) = SIG_DFL;

void restore_modes() {
  tcsetattr(STDOUT_FILENO, TCSAFLUSH, &modes_before);  // and what was typed meanwhile goes to no shell
}

// Only what a handler may call. What was said last on stderr says why.
void on_fatal(int signal) {
  const int error = errno;
  (void)!write(STDOUT_FILENO, leave_screen.data(), leave_screen.size());
  restore_modes();
  if (stderr_before >= 0) {
    dup2(stderr_before, STDERR_FILENO);
    std::array<char, 4096> said;
    for (ssize_t n = 0; (n = read(stderr_pipe, said.data(), said.size())) > 0;) {
      (void)!write(STDERR_FILENO, said.data(), static_cast<std::size_t>(n));
    }
  }
  for (std::size_t i = 0; i < fatal.size(); ++i) sigaction(fatal[i], &actions_before[i], nullptr);
  errno = error;
  // A fault strikes again when its instruction is done again, with its own facts; the others are sent again.
  if (signal != SIGSEGV && signal != SIGBUS && signal != SIGFPE && signal != SIGILL) raise(signal);
}

void watch_fatal_signals() {
  struct sigaction action {};
  action.sa_handler = on_fatal;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < fatal.size(); ++i) {
    sigaction(fatal[i], &action, &actions_before[i]);
    if (actions_before[i].sa_handler == SIG_IGN) sigaction(fatal[i], &actions_before[i], nullptr);  // nohup
  }
}

bool same_terminal(int one, int other) {
  struct stat a {
  }, b{};
  return isatty(one) && isatty(other) && fstat(one, &a) == 0 && fstat(other, &b) == 0 && a.st_rdev == b.st_rdev;
}

}  // namespace

bool Terminal::usable() {
  const char* kind = std::getenv("TERM");
  if (!isatty(STDOUT_FILENO) || !kind || std::string_view(kind).empty() || std::string_view(kind) == "dumb") {
    return false;
  }
  // In the background somebody else's screen is there.
  const pid_t in_front = tcgetpgrp(STDOUT_FILENO);
  return in_front < 0 || in_front == getpgrp();
}

bool Terminal::wants_colour(std::string_view when) {
  if (when != "auto") return when == "always";
  const char* none = std::getenv("NO_COLOR");
  return !none || *none == 0;
}

Terminal::Terminal(LineWriter& out) : out_(out) {
  tcgetattr(STDOUT_FILENO, &modes_before);
  termios modes = modes_before;
  modes.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON);
  modes.c_cc[VSUSP] = _POSIX_VDISABLE;
  // Giving the terminal back must not stop a program that has been put into the background.
  background_write_before = std::signal(SIGTTOU, SIG_IGN);
  tcsetattr(STDOUT_FILENO, TCSANOW, &modes);
  catch_stderr();
  watch_fatal_signals();
  out_.raw(std::string(enter_screen));
}

Terminal::~Terminal() {
  out_.raw(std::string(leave_screen));
  for (std::size_t i = 0; i < fatal.size(); ++i) sigaction(fatal[i], &actions_before[i], nullptr);
  restore_modes();
  std::signal(SIGTTOU, background_write_before);
  release_stderr();
}

ScreenSize Terminal::size() const {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

void Terminal::catch_stderr() {
  int ends[2];
  if (!same_terminal(STDOUT_FILENO, STDERR_FILENO) || pipe2(ends, O_CLOEXEC) != 0) return;
  pipe_ = stderr_pipe = ends[0];
  fcntl(pipe_, F_SETFL, O_NONBLOCK);
  stderr_before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  dup2(ends[1], STDERR_FILENO);
  close(ends[1]);
  notifier_ = std::make_unique<QSocketNotifier>(pipe_, QSocketNotifier::Read);
  QObject::connect(notifier_.get(), &QSocketNotifier::activated, [this] { take_messages(); });
}

void Terminal::release_stderr() {
  if (pipe_ < 0) return;
  take_messages();
  notifier_.reset();
  dup2(stderr_before, STDERR_FILENO);
  close(std::exchange(stderr_before, -1));
  close(std::exchange(pipe_, -1));
  // Through `out`, so that they come after the screen is gone.
  for (const Message& message : messages_) out_.line(message.text);
  if (!unfinished_.empty()) out_.line(unfinished_);
}

void Terminal::take_messages() {
  std::array<char, 4096> said;
  for (ssize_t n = 0; (n = read(pipe_, said.data(), said.size())) > 0;) {
    unfinished_.append(said.data(), static_cast<std::size_t>(n));
  }
  for (std::size_t end = 0; (end = unfinished_.find('\n')) != std::string::npos; unfinished_.erase(0, end + 1)) {
    if (end > 0) keep(unfinished_.substr(0, end));
  }
  if (unfinished_.size() > longest_message) keep(std::exchange(unfinished_, {}));
}

void Terminal::keep(std::string text) {
  messages_.push_back({QTime::currentTime().toString("HH:mm:ss").toStdString(), std::move(text), Wall::now()});
  if (messages_.size() > most_messages) messages_.pop_front();
}

std::vector<std::string> Terminal::messages() const {
  std::vector<std::string> fresh;
  for (const Message& message : messages_) {
    if (Wall::now() - message.at < message_life) fresh.push_back(message.time + "  " + message.text);
  }
  return fresh;
}

}  // namespace station
