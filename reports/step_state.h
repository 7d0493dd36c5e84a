// How far one step of one attempt came. One rule for the board, the reports and the JSON, so that none calls a step
// done that never ran. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "db/values.h"

namespace reports {

enum class StepState {
  done,         // written, and read back equal; or written where the recipe waives that
  already,      // the unit held it: compared, nothing written
  written,      // written as a whole, and not read back before the attempt ended
  stopped,      // begun: erased or written in part
  failed,       // the fault belongs to this step
  not_reached,  // the attempt ended before it
};
std::string_view to_string(StepState state);  // "not-reached"
std::string_view words_of(StepState state);   // for people: "not reached"

// What is known about a step at the end of its attempt.
struct StepEnd {
  std::uint64_t bytes = 0, written_bytes = 0, unchanged_bytes = 0, erased_sectors = 0;
  bool read_back = false;
  bool faulted = false;  // the attempt's fault names this step
  bool good = false;     // the attempt ended without a fault
};
StepState state_of(const StepEnd& end);
StepState state_of(const db::Step& step, const db::AttemptFinished& finished);

}  // namespace reports
