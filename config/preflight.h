// The whole recipe before any unit: every image present, as pinned, sound, for this platform, in its slot, not on
// another's bytes; dependencies met within the recipe. Reads the image files; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/table_reader.h"
#include "dfu/layout.h"
#include "dfu/profile.h"

namespace config {

// A [[step]] as it was read. What is absent or wrong has its diagnostic already.
struct StepDraft {
  Place place;
  std::optional<Given<std::string>> name;
  std::optional<Given<std::string>> image;
  std::optional<Given<dfu::Sha256>> pin;
  std::optional<Given<std::uint32_t>> address;
};

struct PreflightResult {
  dfu::Layout layout;          // whole only if the report has no error
  bool input_missing = false;  // an image does not exist or cannot be read
};

// Without a profile only what an image is by itself can be judged.
PreflightResult preflight(const std::vector<StepDraft>& drafts, const std::optional<dfu::Profile>& profile,
                          Report& report);

}  // namespace config
