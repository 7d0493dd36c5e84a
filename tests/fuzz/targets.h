// One function per parser that reads what others wrote. Each takes any bytes, parses them, and aborts if what comes
// out breaks a promise of the parser's header. Run by libFuzzer (fuzzer.cpp) and by replay_test.cpp.
#pragma once

#include <string_view>
#include <vector>

#include "dfu/bytes.h"

namespace fuzz {

struct Target {
  std::string_view name;  // also of its folder in tests/fuzz/corpus
  void (*run)(dfu::ByteView input);
};

const std::vector<Target>& targets();

// Stops the program, in every build.
[[noreturn]] void broken(const char* promise, int line);

}  // namespace fuzz

#define PROMISE(condition) \
  if (!(condition)) fuzz::broken(#condition, __LINE__)
