// Runs the built program as a person or a script does, and collects what it says.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace station {

struct Ran {
  int status = -1;  // exit status, or 128 + signal
  std::string out;
  std::string err;
};

// A folder of its own for each test, which is also the program's home and working folder. Its file `stdin`, if there
// is one, is what the program reads there.
class ProgramFolder {
 public:
  ProgramFolder();
  ~ProgramFolder();
  ProgramFolder(const ProgramFolder&) = delete;
  ProgramFolder& operator=(const ProgramFolder&) = delete;

  Ran run(const std::vector<std::string>& arguments) const;
  // Starts and does not wait; the process id.
  int start(const std::vector<std::string>& arguments) const;
  Ran finish(int process) const;

  std::string path(const std::string& name) const { return folder_ / name; }
  void write(const std::string& name, const std::string& text) const;
  std::string read(const std::string& name) const;

 private:
  std::filesystem::path folder_;
};

// Parts of a recipe on synthetic modules, for tests that only want a good one.
std::string example_recipe();

}  // namespace station
