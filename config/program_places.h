// Whether programs lie where they were linked for: one that does not starts nothing. Pure.
#pragma once

#include <vector>

#include "config/placed.h"
#include "dfu/profile.h"

namespace config {

// Modules, and files that are taken as they are, are not judged. `beside`: the maps of the profile's other memories.
// `all_known`: no step is missing because it is wrong itself; vectors may point into that one.
void check_programs(const std::vector<Placed>& placed, const dfu::Profile& profile,
                    const std::vector<dfu::MemoryMap>& beside, bool all_known, Report& report);

}  // namespace config
