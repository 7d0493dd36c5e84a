#include <QJsonArray>
#include <QJsonObject>
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "config/judge.h"
#include "dfu/bytes.h"
#include "station/commands.h"
#include "station/image_json.h"
#include "station/inputs.h"
#include "station/output.h"
#include "station/text.h"

namespace station {

namespace {

// The plan for a unit of the recipe's kind that was not seen: all of it blank, or all of it holding something else.
dfu::Plan plan_for(const config::Recipe& recipe, dfu::Holds everywhere) {
  dfu::SurveyResult survey;
  survey.map = dfu::parse_memory_map(recipe.profile.map).value_or(dfu::MemoryMap{});
  survey.transfer_size = recipe.profile.transfer_size;
  survey.can_upload = recipe.policy.verify == config::Verify::read_back;
  survey.pieces.assign(recipe.layout.pieces.size(), everywhere);
  return std::get<dfu::Plan>(config::judge(recipe, survey));
}

// A blank unit is read once to find it blank and once to verify. One that holds something else is known to from the
// first block of each piece, which is next to nothing.
double floor_seconds(const config::Recipe& recipe, const dfu::Plan& plan, dfu::Holds everywhere) {
  dfu::Duration floor = plan.floor;
  if (everywhere == dfu::Holds::blank && recipe.policy.unchanged == config::Unchanged::skip) {
    for (const dfu::Operation& operation : plan.operations) {
      if (operation.kind == dfu::Operation::Kind::read) floor += operation.floor;
    }
  }
  return dfu::seconds(floor);
}

std::size_t sectors_of(const dfu::Layout& layout, std::size_t step) {
  return static_cast<std::size_t>(
      std::ranges::count_if(layout.pieces, [step](const dfu::Piece& piece) { return piece.step == step; }));
}

QString text(std::string_view utf8) {
  return QString::fromUtf8(utf8.data(), static_cast<qsizetype>(utf8.size()));
}

QJsonObject to_json(const config::Diagnostic& diagnostic) {
  return {{"file", text(diagnostic.file)},   {"line", diagnostic.line},
          {"column", diagnostic.column},     {"severity", text(config::to_string(diagnostic.severity))},
          {"value", text(diagnostic.value)}, {"message", text(diagnostic.message)},
          {"hint", text(diagnostic.hint)}};
}

QJsonArray steps_json(const dfu::Layout& layout) {
  QJsonArray steps;
  for (std::size_t i = 0; i < layout.steps.size(); ++i) {
    const dfu::Step& step = layout.steps[i];
    steps.append(QJsonObject{{"name", text(step.name)},
                             {"image", text(step.image->name)},
                             {"address", text(dfu::hex_address(step.address))},
                             {"bytes", static_cast<qint64>(step.size())},
                             {"sectors", static_cast<qint64>(sectors_of(layout, i))},
                             {"sha256", text(dfu::to_hex(step.image->sha256))}});
  }
  return steps;
}

QJsonArray operations_json(const dfu::Layout& layout, const dfu::Plan& plan) {
  QJsonArray operations;
  for (const dfu::Operation& each : plan.operations) {
    operations.append(QJsonObject{{"operation", text(dfu::to_string(each.kind))},
                                  {"step", text(layout.steps[each.step].name)},
                                  {"address", text(dfu::hex_address(each.address))},
                                  {"bytes", static_cast<qint64>(each.length)},
                                  {"block", each.block},
                                  {"floor_seconds", dfu::seconds(each.floor)}});
  }
  return operations;
}

std::string as_json(const CheckOptions& options, const config::RecipeResult& result) {
  QJsonArray diagnostics;
  for (const config::Diagnostic& each : result.diagnostics) diagnostics.append(to_json(each));
  QJsonObject object{{"recipe", text(options.recipe)},
                     {"ok", result.recipe != nullptr},
                     {"diagnostics", diagnostics},
                     {"steps", QJsonArray()},
                     {"floor_seconds", QJsonValue()}};
  if (result.recipe) {
    const dfu::Plan blank = plan_for(*result.recipe, dfu::Holds::blank);
    const dfu::Plan other = plan_for(*result.recipe, dfu::Holds::other);
    object["name"] = text(result.recipe->name);
    object["revision"] = text(result.recipe->revision);
    object["profile"] = text(result.recipe->profile.name);
    object["steps"] = steps_json(result.recipe->layout);
    object["floor_seconds"] = floor_seconds(*result.recipe, blank, dfu::Holds::blank);
    object["floor_seconds_used"] = floor_seconds(*result.recipe, other, dfu::Holds::other);
    if (options.plan) object["plan"] = operations_json(result.recipe->layout, blank);
  }
  return compact(object) + "\n";
}

std::string layout_table(const dfu::Layout& layout) {
  std::size_t width = 4;
  for (const dfu::Step& step : layout.steps) width = std::max(width, step.name.size());
  std::string out = fmt::format("{:<{}}  {:<10}  {:>10}  {:>7}  {:<12}  {}\n", "step", width, "address", "bytes",
                                "sectors", "sha256", "image");
  for (std::size_t i = 0; i < layout.steps.size(); ++i) {
    const dfu::Step& step = layout.steps[i];
    out += fmt::format("{:<{}}  {:<10}  {:>10}  {:>7}  {:<12}  {}\n", step.name, width, dfu::hex_address(step.address),
                       grouped(step.size()), sectors_of(layout, i), dfu::to_hex(step.image->sha256).substr(0, 12),
                       step.image->name);
  }
  return out;
}

std::string operation_table(const dfu::Layout& layout, const dfu::Plan& plan) {
  std::string out = "\nPlan for a blank unit, " + grouped(plan.operations.size()) + " operations:\n";
  for (const dfu::Operation& each : plan.operations) {
    out += fmt::format("{:<12}  {:<10}  {:>7}  block {:>5}  {:>9.3f} ms  {}\n", dfu::to_string(each.kind),
                       dfu::hex_address(each.address), each.length, each.block, dfu::seconds(each.floor) * 1000,
                       layout.steps[each.step].name);
  }
  return out;
}

std::string as_text(const CheckOptions& options, const config::Recipe& recipe) {
  const dfu::Plan blank = plan_for(recipe, dfu::Holds::blank);
  const dfu::Plan other = plan_for(recipe, dfu::Holds::other);
  std::string out = fmt::format("{}{}: OK for {}\n\n", recipe.name,
                                recipe.revision.empty() ? "" : " revision " + recipe.revision, recipe.profile.name);
  out += layout_table(recipe.layout);
  out += fmt::format("\nA unit needs at least {:.1f} s when it is blank, {:.1f} s when it holds something else.\n",
                     floor_seconds(recipe, blank, dfu::Holds::blank), floor_seconds(recipe, other, dfu::Holds::other));
  if (options.plan) out += operation_table(recipe.layout, blank);
  return out;
}

}  // namespace

ExitStatus check(const CheckOptions& options) {
  const config::RecipeResult result = config::load_recipe(options.recipe);
  if (options.json) {
    if (!print(as_json(options, result))) return ExitStatus::cannot_create;
  } else {
    print_diagnostics(result.diagnostics);
    if (result.recipe && !print(as_text(options, *result.recipe))) return ExitStatus::cannot_create;
  }
  if (result.recipe) return ExitStatus::passed;
  return result.input_missing ? ExitStatus::input_missing : ExitStatus::bad_recipe;
}

}  // namespace station
