// Runs a program as a user would, and says what it printed and what it cost. For the benchmarks.
#pragma once

#include <string>
#include <vector>

namespace bench {

struct Ran {
  int status = 0;  // exit status; 128 and more: a signal
  std::string output;
  double seconds = 0;
  double cpu_seconds = 0;  // user and system
  double peak_mib = 0;     // resident
};

// REQUIRES: `program` is a path. Its errors go to this program's.
Ran run(const std::string& program, const std::vector<std::string>& arguments);

// A folder of its own for each, gone with it.
class Folder {
 public:
  Folder();
  ~Folder();
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// "1.23 0.98 0.77": how busy the machine is besides.
std::string load_average();

}  // namespace bench
