// A virtual line in real time by the program itself, as a user would run it. For the benchmarks.
#pragma once

#include <string>

#include "tests/bench/child.h"

namespace bench {

// Seconds begin at the start of the first attempt.
struct RealLine {
  int units = 0;
  int passed = 0;
  double flashed = 0;   // until the last unit was told to leave
  double verdicts = 0;  // until the last verdict
  Ran ran;
};

// Blank units on one bus behind multi-TT hubs, all at once; recorded in `database`.
RealLine flash_in_real_time(int units, const std::string& database);

}  // namespace bench
