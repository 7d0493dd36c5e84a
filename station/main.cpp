#include <csignal>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "station/cli/command.h"
#include "station/diagnostics/host_width.h"
#include "station/output/output.h"

namespace {

using station::ExitStatus;

// A descriptor that the caller closed would be given to the next file that is opened, and what is meant for the screen
// would go into it: into the database, for one.
void keep_standard_descriptors() {
  int descriptor = 0;
  do {
    descriptor = open("/dev/null", O_RDWR);
  } while (descriptor >= 0 && descriptor <= STDERR_FILENO);
  if (descriptor >= 0) close(descriptor);
}

void say_without_memory() {
  constexpr std::string_view sentence = "flashline: this computer has no free memory left. The program ends here.\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, sentence.data(), sentence.size());
}

void say_without_threads() {
  station::say_error(
      "this computer lets the program start no further thread: its limit of processes (ulimit -u) or of memory "
      "(ulimit -v, -d) is reached. Raise it and start again.");
}

const std::terminate_handler standard_end = std::get_terminate();

// Memory may end in a callback that cannot throw. What is on record stays; attempts that are open there are found
// interrupted by the next start.
[[noreturn]] void end() {
  try {
    if (const std::exception_ptr thrown = std::current_exception()) std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    say_without_memory();
    _exit(static_cast<int>(ExitStatus::internal));
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::resource_unavailable_try_again) {
      say_without_threads();
      _exit(static_cast<int>(ExitStatus::internal));
    }
  } catch (...) {
    // the standard end says what it was
  }
  standard_end();
  std::abort();
}

void say_what_ended_it(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error)) return say_without_memory();
  const auto* system = dynamic_cast<const std::system_error*>(&error);
  if (system && system->code() == std::errc::resource_unavailable_try_again) return say_without_threads();
  station::say_error(std::string("internal error: ") + error.what() + ". Please report this.");
}

ExitStatus run(int argc, char** argv) {
  const std::variant<station::Action, station::Said> parsed = station::parse_command_line(argc, argv);
  if (const auto* action = std::get_if<station::Action>(&parsed)) return action->run();
  const station::Said& said = std::get<station::Said>(parsed);
  if (said.status != ExitStatus::passed) {
    station::print_error(said.text);
  } else {
    station::print(said.text);
  }
  return said.status;
}

}  // namespace

// Below these the program ends in the middle of a call, where nobody can say why. Each thread gets a stack of the
// limit's size, and its stack counts as data.
std::string_view limit_that_is_too_small() {
  constexpr rlim_t least_stack = 512 << 10, least_data = 64 << 20;
  rlimit limit{};
  if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < least_stack) {
    return "this computer allows the program less than 512 KiB of stack (ulimit -s). Raise it and start again.";
  }
  if (getrlimit(RLIMIT_DATA, &limit) == 0 && limit.rlim_cur < least_data) {
    return "this computer allows the program less than 64 MiB of data (ulimit -d). Raise it and start again.";
  }
  return {};
}

int main(int argc, char** argv) {
  keep_standard_descriptors();
  if (const std::string_view problem = limit_that_is_too_small(); !problem.empty()) {
    station::say_error(problem);
    return static_cast<int>(ExitStatus::internal);
  }
  // A file that must not grow (ulimit -f) is like a full disk: it is said, and is no reason to end in the middle.
  std::signal(SIGXFSZ, SIG_IGN);
  std::set_terminate(end);
  station::raise_open_files();
  try {
    return static_cast<int>(run(argc, argv));
  } catch (const std::exception& error) {
    say_what_ended_it(error);
    return static_cast<int>(ExitStatus::internal);
  }
}
