// The whole-recipe check: every image present, as pinned, sound, for this platform, in its slot, not on the bytes of
// another image; steps in an order that leaves the unit reachable; dependencies met within the recipe. Reads the image
// files; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/memories.h"
#include "config/recipe.h"
#include "config/table_reader.h"
#include "dfu/layout.h"
#include "dfu/profile.h"

namespace config {

enum class StepKind {
  image,       // into its place
  factory,     // an application, into the place that a unit falls back on
  erase,       // sectors
  setting,     // into the configuration store
  bootloader,  // through the update area (docs/devices.md, "Bootloader updates")
  holds,       // what must be there already: these bytes, or a module of at least this version
};

enum class Format {
  known,  // what the file itself says that it is
  raw,    // bytes, whatever they look like
};

// A [[step]] as it was read. What is absent or wrong has its diagnostic already.
struct StepDraft {
  std::string file;                  // that it is written in
  std::vector<std::string> folders;  // where its image is looked for beside that
  TextPosition place;
  StepKind kind = StepKind::image;
  std::optional<Given<std::string>> name;
  std::optional<Given<std::string>> image;
  std::optional<Given<dfu::Sha256>> pin;
  std::optional<Given<Format>> format{};  // image, holds
  std::optional<Given<std::uint32_t>> address;
  std::optional<Given<Alternate>> alternate{};               // image, erase, holds
  std::optional<Given<dfu::Step::Neighbours>> neighbours{};  // image
  std::vector<Given<dfu::Range>> omit{};                     // image, holds
  std::optional<Given<std::int64_t>> bytes;                  // erase
  std::optional<Given<bool>> rest;                           // erase: every sector that no other step needs
  std::optional<Given<std::string>> setting;                 // setting
  std::optional<Given<std::string>> value;                   // setting
  std::optional<Given<std::string>> module;                  // holds
  std::optional<Given<std::int64_t>> version{};              // holds
  // The key was given with a wrong value, which has its diagnostic already. So that the key counts as missing is not
  // reported.
  bool image_is_wrong = false, place_is_wrong = false;
};

struct PreflightResult {
  dfu::Layout layout;  // whole only if the report has no error
  std::vector<Requirement> requirements;
  std::vector<dfu::Profile::Memory> memories{};  // that the steps use, as dfu::Profile::memories
  bool input_missing = false;                    // an image does not exist or cannot be read
};

// Without a profile only what an image is by itself can be judged. Diagnostics go to `report`, each with the file of
// its step.
PreflightResult preflight(const std::vector<StepDraft>& drafts, const std::optional<dfu::Profile>& profile,
                          const Policy& policy, Report& report);

}  // namespace config
