// What one unit holds now, as far as the recipe needs to know: read over DFU, compared piece by piece.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dfu/conversation.h"
#include "dfu/fault.h"
#include "dfu/layout.h"
#include "dfu/profile.h"

namespace dfu {

enum class Holds {
  same,   // the piece's bytes are there already
  blank,  // they read as 0xFF: may be programmed without an erase
  other,
};

struct SurveyResult {
  MemoryMap map;  // as the unit's alternate setting names it
  FunctionalDescriptor functional;
  std::vector<Holds> pieces;  // as Layout::pieces
  Duration floor{};           // the unit's own time for what the survey did
};

// The conversation. REQUIRES: the unit is open on the profile's alternate setting.
// Brings the unit to dfuIDLE from whatever state it is in (facts/dfu.md 4.4), reads its map, then the pieces. A piece
// is read no further than to the block that shows it is neither the same nor blank.
class Survey {
 public:
  Survey(const Profile& profile, const Layout& layout, const UnitInfo& unit, bool read_pieces);

  Ask begin();
  Ask answer(const Answer& answer);

  // Valid once Finished: a fault, or the result.
  const std::optional<Fault>& fault() const { return fault_; }
  const SurveyResult& result() const { return result_; }

 private:
  std::optional<Fault> fault_;
  SurveyResult result_;
};

}  // namespace dfu
