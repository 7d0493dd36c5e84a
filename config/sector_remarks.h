// Warnings about a recipe that has no error: sectors that its steps share with each other or with bytes that belong to
// no step, and parts of files that no step takes. Given before any unit is touched. Pure.
#pragma once

#include <vector>

#include "config/placed.h"

namespace config {

// REQUIRES: `layout` is of these steps, in the same order.
void check_sectors(const dfu::Layout& layout, const std::vector<Placed>& placed, Report& report);

// Parts of files for several memories, and what a file holds that nobody expects there.
void check_targets(const std::vector<Placed>& placed, Report& report);

}  // namespace config
