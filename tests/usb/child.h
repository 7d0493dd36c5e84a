// Runs a program as a person or a script does and collects what it says and what it cost. One object, one program.
#pragma once

#include <string>
#include <vector>

namespace usb_mock {

struct Ran {
  int status = -1;  // exit status, or 128 + signal
  std::string out;
  std::string err;
  double wall_seconds = 0, cpu_seconds = 0;
  long peak_kilobytes = 0;  // 0 for a program that ends at once
};

class Child {
 public:
  // `environment`: "NAME=value", added to this process's own. Starts at once, in `folder` if that is not empty.
  Child(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
        const std::string& folder = {});
  ~Child();  // kills it if nobody waited
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void signal(int number) const;
  Ran wait();

 private:
  int process_ = -1;
  int out_ = -1, err_ = -1;
  double started_ = 0;
};

Ran run(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
        const std::string& folder = {});

// Of a text in a line that `--json` printed; empty: it is not there.
std::string value_of(const std::string& line, const std::string& key);

}  // namespace usb_mock
