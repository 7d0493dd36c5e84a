#include <exception>
#include <string>

#include <fcntl.h>
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

int main(int argc, char** argv) {
  keep_standard_descriptors();
  station::raise_open_files();
  try {
    return static_cast<int>(run(argc, argv));
  } catch (const std::exception& error) {
    station::say_error(std::string("internal error: ") + error.what() + ". Please report this.");
    return static_cast<int>(ExitStatus::internal);
  }
}
