// One program, run to its end or to its time limit. Blocks: for a thread of its own. The program gets no descriptor of
// ours, no signal that we ignore or block, a process group of its own and the calling thread's priority. What it leaves
// running in its group ends with it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace station {

struct ProgramCall {
  std::vector<std::string> arguments;           // the first is the program's path
  std::vector<std::string> environment;         // "NAME=value", all of it
  std::string input;                            // what it reads from stdin
  std::chrono::steady_clock::time_point until;  // then SIGTERM to its group, and SIGKILL 2 s later
};

struct ProgramEnd {
  std::string problem;  // "ended with status 3"; empty: it ended well
  std::string output;   // the first 1024 bytes of stdout and stderr
};

// REQUIRES: arguments are not empty.
ProgramEnd run_program(const ProgramCall& call);

}  // namespace station
