#include "config/lock_file.h"

#include <algorithm>
#include <filesystem>

#include "config/table_reader.h"

namespace config {

namespace {

constexpr std::string_view again = "If the change is meant, freeze it again: flashline check --lock ";

// As TOML writes it. Names have no control characters: the loader refuses them.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

class LockReader {
 public:
  LockReader(const Recipe& recipe, Report& report) : recipe_(recipe), report_(report) {}

  void read(const TomlNode& root) {
    TableReader file(root, "this file", report_);
    if (auto table = file.table("recipe", Need::required)) {
      const auto name = table->text("file", Need::required);
      const auto sha256 = table->text("sha256", Need::required);
      table->finish();
      if (sha256) compare("the recipe" + (name ? " '" + name->value + "'" : std::string()), *sha256, recipe_.sha256);
    }
    for (TableReader& table : file.tables("image", Need::required)) image(table);
    file.finish();
    for (const dfu::Step& step : recipe_.layout.steps) {
      if (std::ranges::find(seen_, step.name) != seen_.end()) continue;
      report_.error(root.place, {}, "the step '" + step.name + "' of the recipe is not locked", hint());
    }
  }

 private:
  void image(TableReader& table) {
    const auto name = table.text("step", Need::required);
    table.text("image", Need::required);
    const auto sha256 = table.text("sha256", Need::required);
    table.finish();
    if (!name || !sha256) return;
    seen_.push_back(name->value);
    const auto& steps = recipe_.layout.steps;
    const auto step = std::ranges::find(steps, name->value, &dfu::Step::name);
    if (step == steps.end()) {
      report_.error(name->place, name->written, "the recipe no longer has a step '" + name->value + "'", hint());
    } else {
      compare("the image '" + step->image->name + "' of step '" + step->name + "'", *sha256, step->image->sha256);
    }
  }

  void compare(const std::string& what, const Given<std::string>& locked, const dfu::Sha256& now) {
    if (locked.value == dfu::to_hex(now)) return;
    report_.error(locked.place, locked.written,
                  what + " is not as it was locked: its SHA-256 is " + dfu::to_hex(now) + " now", hint());
  }

  std::string hint() const { return std::string(again) + recipe_.file; }

  const Recipe& recipe_;
  Report& report_;
  std::vector<std::string> seen_;
};

}  // namespace

std::string lock_text(const Recipe& recipe) {
  const std::string name = std::filesystem::path(recipe.file).filename().string();
  std::string text =
      "# Written by: flashline check --lock " + name +
      "\n# While this file is here, the recipe is only taken with exactly these images.\n\n[recipe]\nfile = " +
      quoted(name) + "\nsha256 = " + quoted(dfu::to_hex(recipe.sha256)) + "\n";
  for (const dfu::Step& step : recipe.layout.steps) {
    text += "\n[[image]]\nstep = " + quoted(step.name) + "\nimage = " + quoted(step.image->name) +
            "\nsha256 = " + quoted(dfu::to_hex(step.image->sha256)) + "\n";
  }
  return text;
}

std::vector<Diagnostic> check_lock(Recipe& recipe) {
  const std::string path = lock_path(recipe.file);
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) return {};
  Report report(path);
  bool input_missing = false;
  if (auto file = load_toml(path, report, input_missing)) LockReader(recipe, report).read(file->root);
  recipe.locked = !report.failed();
  return report.take();
}

}  // namespace config
