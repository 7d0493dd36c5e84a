#include <QJsonArray>
#include <QJsonObject>
#include <QSaveFile>
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "config/lock_file.h"
#include "dfu/bytes.h"
#include "dfu/particle/boot_prediction.h"
#include "dfu/plan.h"
#include "reports/json_text.h"
#include "station/cli/command.h"
#include "station/output/output.h"
#include "station/record/image_json.h"
#include "station/record/output_file.h"
#include "station/run/inputs.h"
#include "station/text.h"

namespace station {

namespace {

struct CheckOptions {
  std::string recipe;
  std::string station;  // says how many units are in work at once
  bool plan = false;
  bool lock = false;
  bool json = false;
};

// The plan for a unit of the recipe's kind that was not seen: all of it blank, or all of it holding something else; but
// what it must hold is there.
dfu::Plan plan_for(const config::Recipe& recipe, dfu::Holds everywhere) {
  dfu::SurveyResult survey;
  survey.map = dfu::parse_memory_map(recipe.profile.map).value_or(dfu::MemoryMap{});
  survey.transfer_size = recipe.profile.transfer_size;
  for (const dfu::Piece& piece : recipe.layout.pieces) {
    const dfu::Step::Does does = recipe.layout.steps[piece.step].does;
    const bool blank_is_right = does == dfu::Step::Does::erase && everywhere == dfu::Holds::blank;
    survey.pieces.push_back(does == dfu::Step::Does::hold || blank_is_right ? dfu::Holds::same : everywhere);
  }
  for (const dfu::Neighbour& one : recipe.layout.kept) {
    survey.kept.emplace_back(one.data.size(), everywhere == dfu::Holds::blank ? 0xFF : 0x00);
  }
  return dfu::make_plan(recipe.layout, survey, recipe.profile,
                        {.rewrite = recipe.policy.unchanged == config::Unchanged::rewrite,
                         .verify = recipe.policy.verify == config::Verify::read_back});
}

// A blank unit is read once to find it blank and once to verify. One that holds something else is known to from the
// first block of each piece, which is next to nothing.
double floor_seconds(const config::Recipe& recipe, const dfu::Plan& plan, dfu::Holds everywhere) {
  dfu::Duration device_time = plan.device_time;
  if (everywhere == dfu::Holds::blank && recipe.policy.unchanged == config::Unchanged::skip) {
    for (const dfu::Operation& operation : plan.operations) {
      if (operation.kind == dfu::Operation::Kind::read) device_time += operation.device_time;
    }
  }
  // Neighbours are read before anything is erased.
  for (const dfu::Neighbour& one : recipe.layout.kept) device_time += dfu::wire_time(one.data.size());
  return dfu::seconds(device_time);
}

// How many units the line works on at once: what its hubs allow together, up to the cap; one where nobody says.
int width_of(const std::string& station_file, const config::StationConfig& station) {
  if (station_file.empty()) return 1;
  int hubs = 0;
  for (const config::HubLimits& hub : station.hubs) {
    if (!hub.width) return station.cap;
    hubs += *hub.width;
  }
  return hubs == 0 ? station.cap : std::min(hubs, station.cap);
}

// What a unit takes beside its device time, at best: nobody waits for a person, a hub or the host. The station waits
// after the insertion (insert_after), and where that is what proves it, for the unit to come back from DFU mode
// (docs/devices.md, "Device time of a Photon": 0.5 s to the reset, then 1 to 3 s).
double seconds_beside(const config::Recipe& recipe, const config::StationConfig& station) {
  constexpr double comes_back = 2.5;
  const bool proved = recipe.policy.confirm != config::Confirm::none;
  return dfu::seconds(station.insert_after) + (proved ? comes_back : 0.0);
}

// The line that `check` speaks of.
struct LineOfCheck {
  int width = 1;
  double beside = 0;  // seconds_beside()

  double units_per_hour(double device_time) const { return 3600.0 * width / (device_time + beside); }
};

std::string seconds_text(double seconds) {
  return seconds < 0.05 ? "less than 0.1 s" : fmt::format("{:.1f} s", seconds);
}

std::string_view does_of(const dfu::Step& step) {
  switch (step.does) {
    case dfu::Step::Does::write:
      return "write";
    case dfu::Step::Does::erase:
      return "erase";
    case dfu::Step::Does::patch:
      return "set";
    case dfu::Step::Does::hold:
      return "must hold";
  }
  return {};
}

using reports::text;

QJsonObject to_json(const config::Diagnostic& diagnostic) {
  return {{"file", text(diagnostic.file)},   {"line", diagnostic.line},
          {"column", diagnostic.column},     {"severity", text(config::to_string(diagnostic.severity))},
          {"value", text(diagnostic.value)}, {"message", text(diagnostic.message)},
          {"hint", text(diagnostic.hint)}};
}

// By its number, or by its name where only the unit knows the number.
QJsonValue alternate_json(const dfu::Step& step, const dfu::Profile& profile) {
  if (step.does == dfu::Step::Does::patch) return profile.store_alternate;
  if (step.memory == 0) return profile.alternate;
  const dfu::Profile::Memory& memory = profile.memories[step.memory - 1];
  return memory.alternate ? QJsonValue(*memory.alternate) : QJsonValue(text(memory.name));
}

QJsonArray steps_json(const dfu::Layout& layout, const dfu::Profile& profile) {
  QJsonArray steps;
  for (std::size_t i = 0; i < layout.steps.size(); ++i) {
    const dfu::Step& step = layout.steps[i];
    steps.append(QJsonObject{{"name", text(step.name)},
                             {"does", text(does_of(step))},
                             {"image", text(step.image->name)},
                             {"address", text(dfu::hex_address(step.address))},
                             {"bytes", static_cast<qint64>(step.size())},
                             {"sectors", static_cast<qint64>(dfu::sectors_of(layout, i))},
                             {"sha256", text(dfu::to_hex(step.image->sha256))},
                             {"alt", alternate_json(step, profile)}});
  }
  return steps;
}

QJsonArray neighbours_json(const dfu::Layout& layout) {
  QJsonArray all;
  const auto add = [&](const std::vector<dfu::Neighbour>& some, bool kept) {
    for (const dfu::Neighbour& one : some) {
      all.append(QJsonObject{{"step", text(layout.steps[one.step].name)},
                             {"address", text(dfu::hex_address(one.data.begin))},
                             {"bytes", static_cast<qint64>(one.data.size())},
                             {"sector", text(dfu::hex_address(one.sector.range.begin))},
                             {"kept", kept}});
    }
  };
  add(layout.kept, true);
  add(layout.given_up, false);
  return all;
}

QJsonArray omitted_json(const dfu::Layout& layout) {
  QJsonArray all;
  for (const dfu::Step& step : layout.steps) {
    for (const dfu::Range& one : step.image->omitted) {
      all.append(QJsonObject{{"step", text(step.name)},
                             {"address", text(dfu::hex_address(one.begin))},
                             {"bytes", static_cast<qint64>(one.size())}});
    }
  }
  return all;
}

QJsonArray operations_json(const dfu::Layout& layout, const dfu::Plan& plan) {
  QJsonArray operations;
  for (const dfu::Operation& each : plan.operations) {
    operations.append(QJsonObject{{"operation", text(dfu::to_string(each.kind))},
                                  {"step", text(layout.steps[each.step].name)},
                                  {"address", text(dfu::hex_address(each.address))},
                                  {"bytes", static_cast<qint64>(each.length)},
                                  {"block", each.block},
                                  {"floor_seconds", dfu::seconds(each.device_time)}});
  }
  return operations;
}

std::string as_json(const CheckOptions& options, const config::RecipeResult& result, const LineOfCheck& line) {
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
    object["steps"] = steps_json(result.recipe->layout, result.recipe->profile);
    object["floor_seconds"] = floor_seconds(*result.recipe, blank, dfu::Holds::blank);
    object["floor_seconds_used"] = floor_seconds(*result.recipe, other, dfu::Holds::other);
    object["locked"] = result.recipe->locked;
    object["neighbours"] = neighbours_json(result.recipe->layout);
    object["omitted"] = omitted_json(result.recipe->layout);
    object["width"] = line.width;
    object["units_per_hour"] = line.units_per_hour(floor_seconds(*result.recipe, blank, dfu::Holds::blank));
    if (options.plan) object["plan"] = operations_json(result.recipe->layout, blank);
  }
  return compact(object) + "\n";
}

std::string layout_table(const dfu::Layout& layout) {
  std::size_t width = 4;
  for (const dfu::Step& step : layout.steps) width = std::max(width, step.name.size());
  std::string out = fmt::format("{:<{}}  {:<9}  {:<10}  {:>10}  {:>7}  {:<12}  {}\n", "step", width, "does", "address",
                                "bytes", "sectors", "sha256", "image");
  for (std::size_t i = 0; i < layout.steps.size(); ++i) {
    const dfu::Step& step = layout.steps[i];
    out += fmt::format("{:<{}}  {:<9}  {:<10}  {:>10}  {:>7}  {:<12}  {}\n", step.name, width, does_of(step),
                       dfu::hex_address(step.address), grouped(step.size()), dfu::sectors_of(layout, i),
                       dfu::to_hex(step.image->sha256).substr(0, 12), step.image->name);
  }
  return out;
}

std::string operation_table(const dfu::Layout& layout, const dfu::Plan& plan) {
  std::string out = "\nPlan for a blank unit, " + grouped(plan.operations.size()) + " operations:\n";
  for (const dfu::Operation& each : plan.operations) {
    out += fmt::format("{:<12}  {:<10}  {:>7}  block {:>5}  {:>9.3f} ms  {}\n", dfu::to_string(each.kind),
                       dfu::hex_address(each.address), each.length, each.block, dfu::seconds(each.device_time) * 1000,
                       layout.steps[each.step].name);
  }
  return out;
}

// What the recipe asks of a unit that is not a matter of its steps.
std::string demands(const config::Recipe& recipe) {
  std::string out;
  for (const config::Requirement& one : recipe.requirements) {
    out += fmt::format("{}: a unit must hold {} version {} or later.\n", one.step, one.place, one.module.version);
  }
  if (recipe.profile.platform && !dfu::particle::places(*recipe.profile.platform).empty()) {
    const bool allowed = recipe.policy.downgrade == config::Downgrade::allow;
    out += fmt::format("A unit with newer system parts is {} (downgrade = \"{}\").\n",
                       allowed ? "taken back to these" : "refused", config::to_string(recipe.policy.downgrade));
  }
  if (recipe.locked) out += "Its files are those of " + config::lock_path(recipe.file) + ".\n";
  return out;
}

// What lies in the sectors of the steps and belongs to none of them.
std::string neighbours(const dfu::Layout& layout) {
  std::string out;
  const auto say = [&](const dfu::Neighbour& one, const std::string& fate) {
    out += fmt::format("{}: {} bytes from {} to {} share its sector at {} and belong to no step: {}.\n",
                       layout.steps[one.step].name, grouped(one.data.size()), dfu::hex_address(one.data.begin),
                       dfu::hex_address(one.data.end), dfu::hex_address(one.sector.range.begin), fate);
  };
  for (const dfu::Neighbour& one : layout.kept) say(one, "what a unit holds there is kept");
  for (const dfu::Neighbour& one : layout.given_up) say(one, "what a unit holds there is lost with an erase");
  return out;
}

std::string other_memories(const config::Recipe& recipe) {
  std::string out;
  for (const dfu::Step& step : recipe.layout.steps) {
    if (step.memory == 0) continue;
    const dfu::Profile::Memory& memory = recipe.profile.memories[step.memory - 1];
    out += fmt::format("{}: goes into alternate setting {}.\n", step.name,
                       memory.alternate ? std::to_string(*memory.alternate) : '"' + memory.name + '"');
  }
  return out;
}

std::string left_out(const dfu::Layout& layout) {
  std::string out;
  for (const dfu::Step& step : layout.steps) {
    if (step.image->facts.as_is) out += fmt::format("{}: its file is taken as it is.\n", step.name);
    for (const dfu::Range& one : step.image->omitted) {
      out += fmt::format("{}: {} bytes of its file, from {} to {}, are left out, as the recipe says.\n", step.name,
                         grouped(one.size()), dfu::hex_address(one.begin), dfu::hex_address(one.end));
    }
  }
  return out;
}

std::string as_text(const CheckOptions& options, const config::Recipe& recipe, const LineOfCheck& line) {
  const dfu::Plan blank = plan_for(recipe, dfu::Holds::blank);
  const dfu::Plan other = plan_for(recipe, dfu::Holds::other);
  std::string out = fmt::format("{}{}: OK for {}\n\n", recipe.name,
                                recipe.revision.empty() ? "" : " revision " + recipe.revision, recipe.profile.name);
  out += layout_table(recipe.layout);
  const double first = floor_seconds(recipe, blank, dfu::Holds::blank);
  const double used = floor_seconds(recipe, other, dfu::Holds::other);
  out += "\n" + demands(recipe) + other_memories(recipe) + left_out(recipe.layout) + neighbours(recipe.layout);
  out += fmt::format("Device time: at least {} for a blank unit, {} for one that holds something else.\n",
                     seconds_text(first), seconds_text(used));
  out += fmt::format("{} at once: at most {} blank units an hour, {} others.\n",
                     counted(static_cast<std::size_t>(line.width), "unit"),
                     grouped(static_cast<std::size_t>(line.units_per_hour(first))),
                     grouped(static_cast<std::size_t>(line.units_per_hour(used))));
  out +=
      fmt::format("This counts {:.1f} s a unit for the wait after insertion and for the reset, and no time of hands.\n",
                  line.beside);
  if (options.plan) out += operation_table(recipe.layout, blank);
  return out;
}

// Freezes the recipe with what it holds now: the lock file is written whole or not at all.
ExitStatus lock(const config::Recipe& recipe) {
  const std::string path = config::lock_path(recipe.file);
  QSaveFile file(QString::fromStdString(path));
  const std::string content = config::lock_text(recipe);
  const bool written =
      file.open(QIODevice::WriteOnly) &&
      file.write(content.data(), static_cast<qint64>(content.size())) == static_cast<qint64>(content.size()) &&
      commit_whole(file, static_cast<qint64>(content.size()));
  if (written) return ExitStatus::passed;
  return complain(ExitStatus::cannot_create, path + " cannot be written: " + why_it_failed(file) + ".");
}

ExitStatus check(const CheckOptions& options) {
  auto station = read_station(options.station);
  if (const auto* status = std::get_if<ExitStatus>(&station)) return *status;
  const config::StationConfig& read = *std::get<std::shared_ptr<const config::StationConfig>>(station);
  LineOfCheck line{width_of(options.station, read)};
  config::RecipeResult result =
      config::load_recipe(options.recipe, options.lock ? config::Lock::ignore : config::Lock::insist);
  if (options.lock && result.recipe) {
    if (const ExitStatus status = lock(*result.recipe); status != ExitStatus::passed) return status;
    result = config::load_recipe(options.recipe);  // and proves it
  }
  if (result.recipe) line.beside = seconds_beside(*result.recipe, read);
  if (options.json) {
    if (!print(as_json(options, result, line))) return ExitStatus::cannot_create;
  } else {
    print_diagnostics(result.diagnostics);
    if (result.recipe && !print_folded(as_text(options, *result.recipe, line))) return ExitStatus::cannot_create;
  }
  if (result.recipe) return ExitStatus::passed;
  return result.input_missing ? ExitStatus::input_missing : ExitStatus::bad_recipe;
}

Action declare(Arguments& arguments) {
  const auto options = std::make_shared<CheckOptions>();
  arguments.add("recipe", options->recipe, "Recipe file").required().type("FILE");
  arguments.add("--station", options->station, "Station file, for the line's width").type("FILE");
  arguments.flag("--plan", options->plan, "Print each operation for a blank unit");
  arguments.flag("--lock", options->lock, "Freeze the recipe and its images: write FILE.lock");
  arguments.flag("--json", options->json, "One JSON object on standard output");
  return action(options, check);
}

const Registered command({.place = 30,
                          .words = "check",
                          .what = "Preflight of a whole recipe, and its layout; touches no unit",
                          .example = "flashline check photon.toml --plan",
                          .declare = declare});

}  // namespace

}  // namespace station
