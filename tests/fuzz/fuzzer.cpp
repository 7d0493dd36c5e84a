// What libFuzzer calls: one program for all parsers, which one is said by FLASHLINE_FUZZ. Built by clang only.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/targets.h"

namespace {

const fuzz::Target& chosen() {
  static const fuzz::Target& target = [&]() -> const fuzz::Target& {
    const char* name = std::getenv("FLASHLINE_FUZZ");
    const auto found = std::ranges::find(fuzz::targets(), std::string_view(name ? name : ""), &fuzz::Target::name);
    if (found != fuzz::targets().end()) return *found;
    std::fprintf(stderr, "FLASHLINE_FUZZ must name a parser:");
    for (const fuzz::Target& one : fuzz::targets()) std::fprintf(stderr, " %s", std::string(one.name).c_str());
    std::fprintf(stderr, "\n");
    std::exit(64);
  }();
  return target;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chosen().run({data, size});
  return 0;
}
