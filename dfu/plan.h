// Layout minus what the survey found in place: ordered device operations, each with its step and its device time. Data:
// printed, counted, timed, and carried out by a session. Pure; any thread.
#pragma once

#include <vector>

#include "dfu/layout.h"
#include "dfu/operation.h"
#include "dfu/profile.h"
#include "dfu/survey.h"

namespace dfu {

struct Plan {
  std::vector<Operation> operations;
  std::vector<Holds> pieces;  // what the survey found, as Layout::pieces
  Duration device_time{};     // of all operations
  // What those sectors will hold that are written as a whole, because they hold neighbours.
  BytesAt sectors{};
  BytesAt refused{};  // see SharedSector

  bool writes() const;
};

struct PlanOptions {
  bool rewrite = false;  // also what is in place already
  bool verify = true;    // read every byte of every step back before leave
};

// If anything is written, every byte of every step is read back afterwards, those found in place too: a write that
// hits the wrong sector must not go unseen. If nothing is, the survey has been the read-back.
// Steps go in recipe order, and within a step the erases come first, the header's sector before the others. The blocks
// that hold headers go last of all, the first step's at the very end: a Photon's bootloader jumps on a header alone, so
// a unit that is cut off anywhere before must find none and stay in DFU mode (docs/devices.md, "Unplugged during
// work"). Steps into the store come before all of that, with the steps before them, and are read back one by one; a
// step that only erases writes nothing, and one that must hold its bytes is only read back. A sector with neighbours
// that are kept is written as a whole, right after it was erased: until then the only copy of the neighbours is in the
// plan. They are read back with the rest, also where the steps are not. Such a sector is programmed without an erase
// only where nothing else lies in the units of flash that the step touches: the chip may program each of those once
// (`flash_granule`). Each step has its memory selected where it is worked on; the last of all, before leave, is the
// profile's own. A unit of plain DFU gets its one step in blocks from 0 on, and is read after it has taken the image
// in. REQUIRES: a layout of one step for plain DFU.
Plan make_plan(const Layout& layout, const SurveyResult& survey, const Profile& profile, const PlanOptions& options);

}  // namespace dfu
