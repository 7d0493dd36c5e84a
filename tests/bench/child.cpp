#include "tests/bench/child.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

Ran run(const std::string& program, const std::vector<std::string>& arguments) {
  int pipe_ends[2];
  if (pipe(pipe_ends) != 0) throw std::runtime_error("no pipe");
  const auto begun = std::chrono::steady_clock::now();
  const pid_t process = fork();
  if (process == 0) {
    dup2(pipe_ends[1], STDOUT_FILENO);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    std::vector<char*> words{const_cast<char*>(program.c_str())};
    for (const std::string& each : arguments) words.push_back(const_cast<char*>(each.c_str()));
    words.push_back(nullptr);
    execv(program.c_str(), words.data());
    _exit(127);
  }
  close(pipe_ends[1]);
  Ran ran;
  char buffer[65536];
  for (ssize_t got; (got = read(pipe_ends[0], buffer, sizeof buffer)) > 0;) {
    ran.output.append(buffer, static_cast<std::size_t>(got));
  }
  close(pipe_ends[0]);
  int status = 0;
  rusage used{};
  wait4(process, &status, 0, &used);
  ran.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  ran.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
  ran.peak_mib = static_cast<double>(used.ru_maxrss) / 1024;
  return ran;
}

Folder::Folder() {
  path_ = std::filesystem::temp_directory_path() / "flashline-bench-XXXXXX";
  if (!mkdtemp(path_.data())) throw std::runtime_error("no temporary folder " + path_);
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string load_average() {
  double loads[3] = {};
  if (getloadavg(loads, 3) != 3) return "unknown";
  char text[64];
  std::snprintf(text, sizeof text, "%.2f %.2f %.2f", loads[0], loads[1], loads[2]);
  return text;
}

}  // namespace bench
