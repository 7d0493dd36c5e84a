// The test for bad slots that the command line brings to a report: the line's own.
#pragma once

#include <memory>
#include <string>

#include "reports/slot_test.h"
#include "scheduler/suspicion.h"

namespace reports {

class TestOfTheLine : public SlotTest {
 public:
  void judged(const std::string& port, bool failed) override { suspicion_.judged(port, failed); }
  bool is_suspect(const std::string& port) const override { return suspicion_.is_suspect(port); }

 private:
  scheduler::Suspicion suspicion_;
};

inline std::unique_ptr<SlotTest> make_slot_test() {
  return std::make_unique<TestOfTheLine>();
}

}  // namespace reports
