// Reads one recipe file into a draft that holds the recipe which this file extends. Only for the loader. Pure; any
// thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/preflight.h"
#include "config/recipe.h"
#include "config/table_reader.h"

namespace config {

struct RecipeDraft {
  bool extended = false;  // another recipe has been read into it already
  std::string name;
  std::string revision;
  std::optional<dfu::Profile> profile;
  std::optional<bool> enter_dfu;
  std::vector<StepDraft> steps;
  Policy policy;
};

// Every mistake becomes a diagnostic. Worth using only if there was none.
void read_recipe(const TomlNode& root, RecipeDraft& draft, Report& report);

}  // namespace config
