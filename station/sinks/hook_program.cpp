#include "station/sinks/hook_program.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "station/diagnostics/host_width.h"
#include "station/output/output.h"

namespace station {

namespace {

using Wall = std::chrono::steady_clock;

constexpr std::chrono::seconds grace(2);  // between SIGTERM and SIGKILL, and for what the kernel has to tidy up
constexpr std::size_t most_output = 1024;

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() { shut(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  void shut() {
    if (number_ >= 0) close(number_);
    number_ = -1;
  }
  int number() const { return number_; }

 private:
  int number_;
};

std::string reason(int error) {
  return std::generic_category().message(error);
}

// For C: the texts stay where they are.
std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

// 0, or the error. fork() would copy the page tables of a program that holds images; posix_spawn() does not.
int start(const ProgramCall& call, int input, int output, pid_t& process) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);  // also what a library forgot to mark
  posix_spawnattr_t how;
  posix_spawnattr_init(&how);
  posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setpgroup(&how, 0);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&how, &signals);
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&how, &signals);
  const int error = posix_spawn(&process, call.arguments[0].c_str(), &files, &how, pointers(call.arguments).data(),
                                pointers(call.environment).data());
  if (error == 0) restore_open_files(process);
  posix_spawnattr_destroy(&how);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

// Reads what is there; false at the end of it.
bool read_some(int descriptor, std::string& text) {
  std::array<char, 4096> piece;
  const ssize_t size = read(descriptor, piece.data(), piece.size());
  if (size < 0) return errno == EINTR || errno == EAGAIN;
  const std::size_t room = most_output - std::min(text.size(), most_output);
  text.append(piece.data(), std::min(room, static_cast<std::size_t>(size)));
  return size > 0;
}

// Until the process ends (true) or the time comes. All that it says is read, so that it never waits for us.
bool listen(int process, int output, Wall::time_point until, std::string& text) {
  std::array<pollfd, 2> watched{{{process, POLLIN, 0}, {output, POLLIN, 0}}};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Wall::now());
    if (left.count() <= 0) return false;
    const int ready = poll(watched.data(), watched.size(), static_cast<int>(left.count()));
    if (ready <= 0) continue;
    if (watched[1].revents != 0 && !read_some(output, text)) watched[1].fd = -1;
    if (watched[0].revents != 0) break;
  }
  // What it said last. It may have left others behind who write on and on: no more than a pipe holds.
  for (std::size_t i = 0; i < 16 && read_some(output, text) && text.size() < most_output; ++i) {
  }
  return true;
}

// Ends what is left of its group, and takes its status. In this order: until it is taken, its number is nobody else's.
int end_group(pid_t process) {
  kill(-process, SIGKILL);
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

std::string problem_of(int status, bool late) {
  if (late) return "was not done in time and was ended";
  if (WIFSIGNALED(status)) return "was ended by signal " + std::to_string(WTERMSIG(status));
  if (WEXITSTATUS(status) != 0) return "ended with status " + std::to_string(WEXITSTATUS(status));
  return "";
}

}  // namespace

ProgramEnd run_program(const ProgramCall& call) {
  // A file, not a pipe: the program reads when it likes, or not at all, and nobody waits.
  const Descriptor input(memfd_create("facts", MFD_CLOEXEC));
  int ends[2] = {-1, -1};
  if (input.number() < 0 || pipe2(ends, O_CLOEXEC) != 0) return {"cannot be started: " + reason(errno), ""};
  const Descriptor output(ends[0]);
  Descriptor theirs(ends[1]);
  fcntl(output.number(), F_SETFL, O_NONBLOCK);
  if (!write_all(input.number(), call.input) || lseek(input.number(), 0, SEEK_SET) != 0) {
    return {"cannot be given its facts: " + reason(errno), ""};
  }
  pid_t process = -1;
  if (const int error = start(call, input.number(), theirs.number(), process)) {
    return {"cannot be started: " + reason(error), ""};
  }
  theirs.shut();
  ProgramEnd end;
  // Not by its wrapper: glibc 2.36 declares that for C alone.
  const Descriptor watched(static_cast<int>(syscall(SYS_pidfd_open, process, 0)));
  if (watched.number() < 0) {
    const std::string why = reason(errno);
    end_group(process);
    return {"cannot be watched: " + why, ""};
  }
  bool ended = listen(watched.number(), output.number(), call.until, end.output);
  const bool late = !ended;
  for (const int signal : {SIGTERM, SIGKILL}) {
    if (ended) break;
    kill(-process, signal);
    ended = listen(watched.number(), output.number(), Wall::now() + grace, end.output);
  }
  if (!ended) return {"does not end, not even by SIGKILL", std::move(end.output)};
  end.problem = problem_of(end_group(process), late);
  return end;
}

}  // namespace station
