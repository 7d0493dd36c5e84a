#include "tests/usb/prober.h"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace usb_mock {

namespace {

constexpr int patience = 10000;  // ms

int threads_of(const std::string& process) {
  std::error_code error;
  return static_cast<int>(std::distance(std::filesystem::directory_iterator(process + "/task", error), {}));
}

// Without sockets: ours is one, and the others are between the mock kernel and its preload library.
int files_of(const std::string& process) {
  std::error_code error;
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(process + "/fd", error)) {
    const std::string target = std::filesystem::read_symlink(entry.path(), error);
    if (!target.starts_with("socket:")) ++count;
  }
  return count;
}

}  // namespace

std::string Holdings::text() const {
  return std::to_string(threads) + " threads, " + std::to_string(files) + " files";
}

Prober::Prober(const MockKernel& kernel) {
  std::vector<std::string> environment = kernel.environment(true);
  int to[2], from[2];
  if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) return;
  process_ = fork();
  if (process_ == 0) {
    dup2(to[0], STDIN_FILENO);
    dup2(from[1], STDOUT_FILENO);
    for (std::string& one : environment) putenv(one.data());
    execl(FLASHLINE_PROBE, FLASHLINE_PROBE, nullptr);
    _exit(127);
  }
  close(to[0]);
  close(from[1]);
  in_ = to[1];
  out_ = from[0];
}

Prober::~Prober() {
  close(in_);
  close(out_);
  if (process_ <= 0) return;
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
}

void Prober::tell(const std::string& command) const {
  const std::string line = command + "\n";
  if (write(in_, line.data(), line.size()) < 0) return;  // it has ended, and will say nothing either
}

bool Prober::read_more(int milliseconds) {
  pollfd file{out_, POLLIN, 0};
  char part[4096];
  if (poll(&file, 1, milliseconds) <= 0) return false;
  const ssize_t size = read(out_, part, sizeof part);
  if (size <= 0) return false;
  rest_.append(part, static_cast<std::size_t>(size));
  for (std::size_t end = 0; (end = rest_.find('\n')) != std::string::npos; rest_.erase(0, end + 1)) {
    lines_.push_back(rest_.substr(0, end));
  }
  return true;
}

std::string Prober::hear(const std::string& begin) {
  do {
    for (auto line = lines_.begin(); line != lines_.end(); ++line) {
      if (!line->starts_with(begin)) continue;
      std::string found = *line;
      lines_.erase(line);
      return found;
    }
  } while (read_more(patience));
  return "";
}

std::string Prober::ask(const std::string& command, const std::string& begin) {
  tell(command);
  return hear(begin);
}

std::vector<std::string> Prober::heard(const std::string& begin) {
  while (read_more(0)) {
  }
  std::vector<std::string> found;
  for (const std::string& line : lines_) {
    if (line.starts_with(begin)) found.push_back(line);
  }
  return found;
}

Holdings Prober::holdings() const {
  const std::string process = "/proc/" + std::to_string(process_);
  return {threads_of(process), files_of(process)};
}

bool Prober::settles_to(const Holdings& most) const {
  for (int waited = 0; waited < patience; waited += 20) {
    const Holdings now = holdings();
    if (now.threads <= most.threads && now.files <= most.files) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

std::string Prober::end() {
  const std::string counts = ask("quit", "asked");
  int state = 0;
  waitpid(process_, &state, 0);
  process_ = -1;
  status = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
  return counts;
}

}  // namespace usb_mock
