// The lock file beside a recipe: the SHA-256 of the recipe, with those that it extends, and of every image. If there is
// a lock file, the recipe is refused unless all of these files are unchanged. TOML, as people may want to look. Any
// thread.
#pragma once

#include <string>
#include <vector>

#include "config/diagnostics.h"
#include "config/recipe.h"

namespace config {

// What is written into the lock file of this recipe.
std::string lock_text(const Recipe& recipe);

// Reads the lock file of this recipe; every difference is an error with its place. Nothing if there is no lock file:
// then `recipe.locked` stays false.
std::vector<Diagnostic> check_lock(Recipe& recipe);

}  // namespace config
