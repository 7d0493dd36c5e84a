#include "tests/usb/child.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace usb_mock {

namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::string read_all(int file) {
  std::string text;
  char part[4096];
  lseek(file, 0, SEEK_SET);
  for (ssize_t size = 0; (size = read(file, part, sizeof part)) > 0;) text.append(part, static_cast<std::size_t>(size));
  close(file);
  return text;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

// Ours first, because the first of two values with one name counts.
std::vector<char*> with_own(const std::vector<std::string>& added) {
  std::vector<char*> all = pointers(added);
  all.pop_back();
  for (char** one = environ; *one; ++one) all.push_back(*one);
  all.push_back(nullptr);
  return all;
}

// Until the process ends. Its highest memory as last seen: rusage would count what this process had when it forked.
long watch_memory(int process) {
  constexpr int interval = 20;  // milliseconds
  const int handle = static_cast<int>(syscall(SYS_pidfd_open, process, 0));
  if (handle < 0) return 0;
  long kilobytes = 0;
  pollfd ended{handle, POLLIN, 0};
  while (poll(&ended, 1, interval) == 0) {
    std::ifstream status("/proc/" + std::to_string(process) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmHWM:")) kilobytes = std::atol(line.c_str() + 6);
    }
  }
  close(handle);
  return kilobytes;
}

}  // namespace

Child::Child(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
             const std::string& folder)
    : out_(memfd_create("stdout", MFD_CLOEXEC)), err_(memfd_create("stderr", MFD_CLOEXEC)), started_(now()) {
  const std::vector<char*> argv = pointers(arguments);
  const std::vector<char*> all = with_own(environment);
  process_ = fork();
  if (process_ != 0) return;
  setpriority(PRIO_PROCESS, 0, 0);  // whatever the parent took for itself
  if (!folder.empty() && chdir(folder.c_str()) != 0) _exit(126);
  dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
  dup2(out_, STDOUT_FILENO);
  dup2(err_, STDERR_FILENO);
  execvpe(argv[0], argv.data(), all.data());
  _exit(127);
}

Child::~Child() {
  if (process_ <= 0) return;
  kill(process_, SIGKILL);
  wait();
}

void Child::signal(int number) const {
  kill(process_, number);
}

Ran Child::wait() {
  int status = 0;
  rusage usage{};
  const long peak = watch_memory(process_);
  wait4(process_, &status, 0, &usage);
  process_ = -1;
  Ran ran;
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  ran.wall_seconds = now() - started_;
  ran.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  ran.peak_kilobytes = peak;
  ran.out = read_all(out_);
  ran.err = read_all(err_);
  return ran;
}

Ran run(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
        const std::string& folder) {
  return Child(arguments, environment, folder).wait();
}

std::string value_of(const std::string& line, const std::string& key) {
  const std::string begin = "\"" + key + "\":\"";
  const auto at = line.find(begin);
  if (at == std::string::npos) return "";
  const auto from = at + begin.size();
  return line.substr(from, line.find('"', from) - from);
}

}  // namespace usb_mock
