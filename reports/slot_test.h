// Which slots of a station are worse than the others, by more than chance explains. Reports do not decide that: who
// makes one brings the test of the line, so that line, board and report name the same slots.
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace reports {

// The slots of one station. Owned by one thread.
class SlotTest {
 public:
  virtual ~SlotTest() = default;
  // One more unit was judged on this port.
  virtual void judged(const std::string& port, bool failed) = 0;
  virtual bool is_suspect(const std::string& port) const = 0;
};

// One for each station of the report.
using MakeSlotTest = std::function<std::unique_ptr<SlotTest>()>;

}  // namespace reports
