// What is no mistake and may surprise: what the steps of a recipe do to each other, and to bytes of nobody, in sectors
// that they share, and parts of files that no step takes. Said before any unit is touched. Pure.
#pragma once

#include <vector>

#include "config/placed.h"

namespace config {

// REQUIRES: `layout` is of these steps, in the same order.
void check_sectors(const dfu::Layout& layout, const std::vector<Placed>& placed, Report& report);

// Parts of files for several memories, and what a file holds that nobody expects there.
void check_targets(const std::vector<Placed>& placed, Report& report);

}  // namespace config
