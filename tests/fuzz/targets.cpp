#include "tests/fuzz/targets.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "config/line_file.h"
#include "config/recipe.h"
#include "config/station_config.h"
#include "dfu/particle/build.h"
#include "tests/fuzz/binary_targets.h"

namespace fuzz {

void broken(const char* promise, int line) {
  std::fprintf(stderr, "line %d: broken promise: %s\n", line, promise);
  std::abort();
}

namespace {

using dfu::Bytes;
using dfu::ByteView;

// The loaders read files: one folder for the whole run, with images that a recipe can name.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "flashline-fuzz-XXXXXX").string();
    PROMISE(mkdtemp(pattern.data()));
    path_ = pattern;
    write("part1.bin", module(dfu::particle::Function::system_part, 1, 0x08020000));
    write("part2.bin", module(dfu::particle::Function::system_part, 2, 0x08060000));
    write("user.bin", module(dfu::particle::Function::user_part, 1, 0x080A0000));
    write("raw.bin", Bytes(100, 0x5A));
  }
  ~Folder() { std::filesystem::remove_all(path_); }

  std::string write(const std::string& name, ByteView bytes) const {
    const std::string path = (path_ / name).string();
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return path;
  }

 private:
  static Bytes module(dfu::particle::Function function, std::uint8_t index, std::uint32_t start) {
    dfu::particle::ModuleSpec spec;
    spec.function = function;
    spec.index = index;
    spec.start = start;
    spec.file_size = 600;
    return build_module(spec);
  }

  std::filesystem::path path_;
};

const Folder& folder() {
  static const Folder one;
  return one;
}

int lines_of(ByteView input) {
  return static_cast<int>(std::ranges::count(input, '\n')) + 1;
}

void check_loaded(bool loaded, const std::vector<config::Diagnostic>& diagnostics, ByteView input) {
  PROMISE(loaded != config::has_error(diagnostics));
  for (const config::Diagnostic& one : diagnostics) {
    PROMISE(!one.message.empty());
    PROMISE(one.line >= 0 && one.column >= 0 && one.line <= lines_of(input));
    config::to_string(one);
  }
}

void recipe_target(ByteView input) {
  const config::RecipeResult result = config::load_recipe(folder().write("recipe.toml", input));
  check_loaded(result.recipe != nullptr, result.diagnostics, input);
  if (!result.recipe) return;
  PROMISE(!result.recipe->name.empty() && !result.recipe->layout.steps.empty());
  PROMISE(result.recipe->layout.pieces.size() >= result.recipe->layout.steps.size());
}

// Of a recipe that is good by itself; the lock file decides.
void lock_file_target(ByteView input) {
  static const std::string recipe = [] {
    constexpr std::string_view text =
        "[recipe]\nname = \"r\"\n[device]\nprofile = \"photon\"\n[[step]]\nname = \"user\"\nimage = \"user.bin\"\n";
    return folder().write("locked.toml", {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }();
  folder().write("locked.toml.lock", input);
  const config::RecipeResult result = config::load_recipe(recipe);
  check_loaded(result.recipe != nullptr, result.diagnostics, input);
  PROMISE(!result.recipe || result.recipe->locked);
}

void station_file_target(ByteView input) {
  const config::StationResult result = config::load_station(folder().write("station.toml", input));
  check_loaded(result.station != nullptr, result.diagnostics, input);
}

void line_file_target(ByteView input) {
  const config::LineResult result = config::load_line(folder().write("line.toml", input));
  check_loaded(result.line.has_value(), result.diagnostics, input);
}

}  // namespace

const std::vector<Target>& targets() {
  static const std::vector<Target> all = {
      {"module", module_target},
      {"suffix", suffix_target},
      {"dfuse", dfuse_target},
      {"intel-hex", intel_hex_target},
      {"s-record", s_record_target},
      {"mcuboot", mcuboot_target},
      {"uf2", uf2_target},
      {"elf", elf_target},
      {"zip", zip_target},
      {"layout", layout_target},
      {"descriptors", descriptors_target},
      {"recipe", recipe_target},
      {"station-file", station_file_target},
      {"line-file", line_file_target},
      {"lock-file", lock_file_target},
  };
  return all;
}

}  // namespace fuzz
