// Sectors that hold bytes of steps and, beside them, bytes of no step that must stay: they are written as a whole.
// Pure; any thread.
#pragma once

#include <vector>

#include "dfu/layout.h"
#include "dfu/survey.h"

namespace dfu {

struct SharedSector {
  Range range;
  std::size_t step = 0;  // the first one with bytes in it
  bool erase = false;    // it must be erased first
  Bytes content;         // afterwards, whole
  // The part of SurveyResult::to_restore that is not written back: an interrupted erase or write of those bytes cannot
  // have left the bytes that are there now.
  BytesAt refused;
  std::vector<Range> writes;  // what must be programmed, ascending
};

// Those of Layout::shared that must change. `rewrite`: also what is in place already. `join`: two writes with less than
// that between them are one.
std::vector<SharedSector> shared_sectors(const Layout& layout, const SurveyResult& survey, bool rewrite,
                                         std::uint32_t join);

}  // namespace dfu
