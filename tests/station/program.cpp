#include "tests/station/program.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace station {

ProgramFolder::ProgramFolder() {
  std::string name = std::filesystem::temp_directory_path() / "flashline-desk-XXXXXX";
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  folder_ = name;
}

ProgramFolder::~ProgramFolder() {
  std::filesystem::remove_all(folder_);
}

void ProgramFolder::write(const std::string& name, const std::string& text) const {
  std::filesystem::create_directories((folder_ / name).parent_path());
  std::ofstream(folder_ / name, std::ios::binary) << text;
}

std::string ProgramFolder::read(const std::string& name) const {
  std::ostringstream text;
  text << std::ifstream(folder_ / name, std::ios::binary).rdbuf();
  return text.str();
}

int ProgramFolder::start(const std::vector<std::string>& arguments) const {
  // Empty before anybody looks for what the new process has said.
  write("stdout", "");
  write("stderr", "");
  const int process = fork();
  if (process != 0) return process;
  if (chdir(folder_.c_str()) != 0) _exit(126);
  setenv("HOME", folder_.c_str(), 1);
  unsetenv("XDG_STATE_HOME");
  const int input = open("stdin", O_RDONLY);
  dup2(input >= 0 ? input : open("/dev/null", O_RDONLY), STDIN_FILENO);
  dup2(open("stdout", O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
  dup2(open("stderr", O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
  std::vector<char*> argv{const_cast<char*>("flashline")};
  for (const std::string& each : arguments) argv.push_back(const_cast<char*>(each.c_str()));
  argv.push_back(nullptr);
  execv(FLASHLINE_PROGRAM, argv.data());
  _exit(127);
}

Ran ProgramFolder::finish(int process) const {
  int status = 0;
  EXPECT_EQ(waitpid(process, &status, 0), process);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read("stdout"), read("stderr")};
}

Ran ProgramFolder::run(const std::vector<std::string>& arguments) const {
  return finish(start(arguments));
}

std::string example_recipe() {
  return FLASHLINE_EXAMPLES "/photon.toml";
}

}  // namespace station
