// A recipe: which units, which images in which order, which policy. Validated before other code gets it and immutable
// after that, so that no later code checks it again. Format: docs/recipe-file.md, "Recipe file".
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/diagnostics.h"
#include "dfu/hash.h"
#include "dfu/layout.h"
#include "dfu/particle/module.h"
#include "dfu/profile.h"

namespace config {

enum class Verify { read_back, none };
enum class Unchanged { skip, rewrite };
enum class Downgrade { refuse, allow };
enum class Unpinned { refuse, allow };
enum class Confirm { none, application, reread, modules };

std::string_view to_string(Verify verify);        // "read-back"
std::string_view to_string(Unchanged unchanged);  // "skip"
std::string_view to_string(Downgrade downgrade);  // "refuse"
std::string_view to_string(Confirm confirm);      // "application"

struct Policy {
  int attempts = 2;
  Verify verify = Verify::read_back;
  Unchanged unchanged = Unchanged::skip;
  Unpinned unpinned = Unpinned::refuse;     // files that are taken as they are
  Downgrade downgrade = Downgrade::refuse;  // of system parts and bootloader, as the unit holds them
  Confirm confirm = Confirm::application;
};

// A module that the unit must hold already, at least in this version.
struct Requirement {
  std::string step;
  std::string place;  // "system-part 2", as in dfu::particle::places()
  dfu::particle::Dependency module;
};

struct Recipe {
  std::string file;  // as named
  // The unit is flashed even if the boot prediction says that it will not run this firmware, and is then asked what it
  // runs. No recipe file can set this: it is for tests of the proofs of boot.
  bool forced = false;
  std::string text;  // as read, with the recipes that it extends: goes into the record
  dfu::Sha256 sha256{};
  std::string name;
  std::string revision;
  dfu::Profile profile;
  std::optional<bool> enter_dfu;  // absent: the command decides
  dfu::Layout layout;             // the steps on the profile's map
  std::vector<Requirement> requirements;
  Policy policy;
  bool locked = false;  // its files are those of its lock file
};

struct RecipeResult {
  std::shared_ptr<const Recipe> recipe;  // null when there is an error
  std::vector<Diagnostic> diagnostics;   // warnings too, in the order of the file
  bool input_missing = false;            // the recipe, or an image of it, does not exist or cannot be read
};

// The file beside a recipe that freezes it, if there is one (config/lock_file.h).
std::string lock_path(const std::string& recipe);

// Reads, validates and preflights, with the recipes that this one extends; what is locked must be as it was. In detail:
// every image present, sound, for this platform, in its slot, not overlapping another; pins hold; dependencies close
// over the recipe. All semantic errors at once. Reads files; touches no unit.
enum class Lock { insist, ignore };
RecipeResult load_recipe(const std::string& path, Lock lock = Lock::insist);

}  // namespace config
