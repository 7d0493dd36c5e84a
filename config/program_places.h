// Whether programs are at the addresses that they were linked for: a program at another address does not start. Pure.
#pragma once

#include <vector>

#include "config/placed.h"
#include "dfu/profile.h"

namespace config {

// Modules, and files that are taken as they are, are not judged. `beside`: the maps of the profile's other memories.
// `all_known`: no step was left out because of an error; vectors may point into a step that was left out.
void check_programs(const std::vector<Placed>& placed, const dfu::Profile& profile,
                    const std::vector<dfu::MemoryMap>& beside, bool all_known, Report& report);

}  // namespace config
