#include "config/recipe.h"

#include <algorithm>
#include <deque>
#include <filesystem>

#include "config/files.h"
#include "config/lock_file.h"
#include "config/recipe_reader.h"
#include "config/table_reader.h"

namespace config {

namespace {

// A person who reads a recipe has to read all of its chain.
constexpr std::size_t most_extended = 8;

struct SourceFile {
  std::string file;
  std::string named;  // as the recipe before says
  std::string text;
};

// A recipe, and what it extends, from the first to the last.
class Chain {
 public:
  // False where a file could not be read; `input_missing` then says whether it does not exist.
  bool load(const std::string& path, const std::string& named, bool& input_missing) {
    auto& report = reports_.emplace_back(path);
    auto file = load_toml(path, report, input_missing);
    if (!file) return false;
    sources.push_back({path, named, std::move(file->text)});
    const bool whole = follow(file->root, reports_.size() - 1, input_missing);
    read_recipe(file->root, draft, reports_[sources_at(path)]);
    draft.extended = true;
    return whole;
  }

  // In the order of the files, this recipe's own first.
  std::vector<Diagnostic> take() {
    std::vector<Diagnostic> all;
    for (Report& report : reports_) {
      for (Diagnostic& one : report.take()) all.push_back(std::move(one));
    }
    return all;
  }

  bool failed() const {
    return std::ranges::any_of(reports_, [](const Report& report) { return report.failed(); });
  }
  Report& report_of(const std::string& file) { return reports_[sources_at(file)]; }

  RecipeDraft draft;
  std::vector<SourceFile> sources;

 private:
  std::size_t sources_at(const std::string& file) const {
    const auto found = std::ranges::find(reports_, file, &Report::file);
    return static_cast<std::size_t>(found - reports_.begin());
  }

  bool follow(const TomlNode& root, std::size_t own, bool& input_missing) {
    const TomlNode* extends = find(root, "recipe", "extends");
    const auto* named = extends ? std::get_if<std::string>(&extends->content) : nullptr;
    if (!named || named->empty()) return true;  // a wrong type is reported where the table is read
    const std::string base = beside(reports_[own].file(), *named);
    const auto refuse = [&](const std::string& why, const std::string& hint) {
      reports_[own].error(extends->place, extends->written, "the recipe '" + *named + "' " + why, hint);
      return false;
    };
    const bool circle = std::ranges::any_of(sources, [&](const SourceFile& one) {
      return std::filesystem::path(one.file).lexically_normal() == std::filesystem::path(base);
    });
    if (circle)
      return refuse("extends itself, through other recipes or directly", "Remove 'extends' from one of these recipes.");
    if (sources.size() >= most_extended)
      return refuse("makes a chain of more than " + std::to_string(most_extended) + " recipes", "Merge some of them.");
    std::error_code error;
    if (!std::filesystem::exists(base, error)) {
      input_missing = true;
      return refuse("does not exist", "It is looked for beside this file: " + base);
    }
    return load(base, *named, input_missing);
  }

  static const TomlNode* find(const TomlNode& root, std::string_view table, std::string_view key) {
    const auto* node = entry(root, table);
    return node ? entry(*node, key) : nullptr;
  }
  static const TomlNode* entry(const TomlNode& node, std::string_view key) {
    const auto* table = std::get_if<TomlTable>(&node.content);
    if (!table) return nullptr;
    const auto found = std::ranges::find(*table, key, &TomlEntry::key);
    return found == table->end() ? nullptr : &found->value;
  }

  std::deque<Report> reports_;  // the readers keep references
};

// The recipe itself first; what it extends follows, each behind a line that names it.
std::string text_of(std::vector<SourceFile>& sources) {
  std::string text = std::move(sources.front().text);
  for (std::size_t i = 1; i < sources.size(); ++i) {
    text += "\n# ---- extends: " + sources[i].named + "\n" + sources[i].text;
  }
  return text;
}

}  // namespace

std::string_view to_string(Verify verify) {
  switch (verify) {
    case Verify::read_back:
      return "read-back";
    case Verify::none:
      return "none";
  }
  return {};
}

std::string_view to_string(Unchanged unchanged) {
  switch (unchanged) {
    case Unchanged::skip:
      return "skip";
    case Unchanged::rewrite:
      return "rewrite";
  }
  return {};
}

std::string_view to_string(Downgrade downgrade) {
  switch (downgrade) {
    case Downgrade::refuse:
      return "refuse";
    case Downgrade::allow:
      return "allow";
  }
  return {};
}

std::string_view to_string(Confirm confirm) {
  switch (confirm) {
    case Confirm::none:
      return "none";
    case Confirm::application:
      return "application";
    case Confirm::reread:
      return "reread";
    case Confirm::modules:
      return "modules";
  }
  return {};
}

std::string lock_path(const std::string& recipe) {
  return recipe + ".lock";
}

namespace {

std::shared_ptr<Recipe> put_together(const std::string& path, Chain& chain, PreflightResult preflighted) {
  RecipeDraft& draft = chain.draft;
  auto recipe = std::make_shared<Recipe>();
  recipe->file = path;
  recipe->text = text_of(chain.sources);
  recipe->sha256 = dfu::sha256({reinterpret_cast<const std::uint8_t*>(recipe->text.data()), recipe->text.size()});
  recipe->name = draft.name;
  recipe->revision = draft.revision;
  recipe->profile = *std::move(draft.profile);
  recipe->profile.memories = std::move(preflighted.memories);
  recipe->enter_dfu = draft.enter_dfu;
  recipe->layout = std::move(preflighted.layout);
  recipe->requirements = std::move(preflighted.requirements);
  recipe->policy = draft.policy;
  return recipe;
}

}  // namespace

RecipeResult load_recipe(const std::string& path, Lock lock) {
  RecipeResult result;
  Chain chain;
  std::shared_ptr<Recipe> recipe;
  if (chain.load(path, path, result.input_missing)) {
    Report checked(path);
    PreflightResult preflighted = preflight(chain.draft.steps, chain.draft.profile, chain.draft.policy, checked);
    result.input_missing = result.input_missing || preflighted.input_missing;
    for (Diagnostic& one : checked.take()) {
      Report& report = chain.report_of(one.file);
      report.add(std::move(one));
    }
    if (!chain.failed()) recipe = put_together(path, chain, std::move(preflighted));
  }
  result.diagnostics = chain.take();
  if (recipe && lock == Lock::insist) {
    const std::vector<Diagnostic> wrong = check_lock(*recipe);
    result.diagnostics.insert(result.diagnostics.end(), wrong.begin(), wrong.end());
    if (has_error(wrong)) return result;
  }
  result.recipe = std::move(recipe);
  return result;
}

}  // namespace config
