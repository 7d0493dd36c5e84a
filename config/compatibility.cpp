#include "config/compatibility.h"

#include <algorithm>

#include "dfu/particle/slots.h"

namespace config {

namespace {

using dfu::particle::BootPrediction;
using dfu::particle::Contents;
using dfu::particle::Head;
using dfu::particle::ModulePlace;
using dfu::particle::Start;
using dfu::particle::Unmet;

dfu::Fault unfit(std::string step, std::optional<std::uint32_t> address, std::string text) {
  return {dfu::FaultCode::image_unfit, std::move(step), dfu::OperationKind::survey, address, {}, std::move(text)};
}

const std::vector<ModulePlace>& places_of(const Recipe& recipe) {
  static const std::vector<ModulePlace> none;
  return recipe.profile.platform ? dfu::particle::places(*recipe.profile.platform) : none;
}

// The step that says what is at this address of the flash afterwards.
const dfu::Step* step_at(const Recipe& recipe, std::uint32_t address) {
  const auto found = std::ranges::find_if(recipe.layout.steps, [address](const dfu::Step& step) {
    const auto ranges = step.ranges();
    return step.does != dfu::Step::Does::patch &&
           std::ranges::any_of(ranges, [address](const dfu::Range& range) { return range.contains(address); });
  });
  return found == recipe.layout.steps.end() ? nullptr : &*found;
}

// What the unit will read there, where this step has been.
Head head_at(const dfu::Step& step, std::uint32_t address) {
  for (const dfu::Range& range : step.ranges()) {
    if (!range.contains(address)) continue;
    const std::uint32_t size = std::min(dfu::particle::place_bytes, range.end - address);
    return dfu::particle::read_head(step.payload({address, address + size}));
  }
  return {};
}

// The bootloader that will wait in the update area.
const dfu::Step* bootloader_step(const Recipe& recipe) {
  const auto area = recipe.profile.platform ? dfu::particle::update_area(*recipe.profile.platform) : std::nullopt;
  const dfu::Step* step = area ? step_at(recipe, area->begin) : nullptr;
  const bool is_one =
      step && step->image->facts.module && step->image->facts.module->function == dfu::particle::Function::bootloader;
  return is_one ? step : nullptr;
}

// "system-part 2": the step that writes it, or a word for what the unit holds already.
std::string source(const Recipe& recipe, const std::string& place) {
  for (const ModulePlace& one : places_of(recipe)) {
    if (one.name != place) continue;
    const dfu::Step* step = step_at(recipe, one.address);
    return step ? "step \"" + step->name + "\"" : "already on the unit";
  }
  return "already on the unit";
}

std::string what_is_there(const Recipe& recipe, const Unmet& unmet) {
  if (!unmet.found) return "neither the recipe nor the unit has one";
  const std::string version = "version " + std::to_string(*unmet.found);
  for (const ModulePlace& one : places_of(recipe)) {
    if (one.function != unmet.needs.function || one.index != unmet.needs.index) continue;
    return step_at(recipe, one.address) ? "the recipe puts " + version + " there" : "the unit holds " + version;
  }
  return "the unit holds " + version;
}

std::string remedy(const Unmet& unmet) {
  using dfu::particle::Function;
  if (unmet.needs.function == Function::bootloader) {
    return " Update its bootloader first, or add a step of kind = \"bootloader\".";
  }
  return " Add the needed module to the recipe, or use a build that does not need it.";
}

std::string consequence(Start start) {
  switch (start) {
    case Start::application:
      return "The unit would not notice, and could crash";
    case Start::safe_mode:
      return "The unit would end in safe mode";
    case Start::factory_fallback:
      return "The unit would go back to its factory image";
    case Start::dfu:
      return "The unit would stay in DFU mode";
    case Start::reset_loop:
      return "The unit would keep resetting";
    case Start::crash:
      return "The unit would not start at all";
  }
  return {};
}

std::string step_of(const Recipe& recipe, const Unmet& unmet) {
  for (const ModulePlace& one : places_of(recipe)) {
    const dfu::Step* step = one.name == unmet.name ? step_at(recipe, one.address) : nullptr;
    if (step) return step->name;
  }
  return {};
}

// A need that an old system does not test is a fault of the recipe only if the recipe writes one of the two modules.
bool of_this_recipe(const Recipe& recipe, const Unmet& unmet) {
  for (const ModulePlace& one : places_of(recipe)) {
    const bool wanted = one.function == unmet.needs.function && one.index == unmet.needs.index;
    if ((wanted || one.name == unmet.name) && step_at(recipe, one.address)) return true;
  }
  return false;
}

std::string sentence(const Recipe& recipe, const BootPrediction& prediction) {
  if (!prediction.unmet) {
    return consequence(prediction.start) + ": " + prediction.reason +
           ". This follows from what the recipe writes and what the unit holds. Add what is missing to the recipe.";
  }
  const Unmet& unmet = *prediction.unmet;
  return consequence(prediction.start) + ": " + unmet.who + " (" + source(recipe, unmet.name) + ") needs " +
         describe(unmet.needs) + ", and " + what_is_there(recipe, unmet) + "." + remedy(unmet);
}

}  // namespace

std::optional<Contents> contents_after(const Recipe& recipe, const dfu::SurveyResult& survey) {
  const std::vector<ModulePlace>& places = places_of(recipe);
  if (places.empty() || survey.heads.size() != places.size()) return {};
  Contents contents;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const dfu::Step* step = step_at(recipe, places[i].address);
    contents.heads.push_back(step ? head_at(*step, places[i].address) : dfu::particle::read_head(survey.heads[i]));
  }
  if (const dfu::Step* step = bootloader_step(recipe)) contents.bootloader_update = head_at(*step, step->address);
  return contents;
}

std::optional<dfu::Fault> unfit_together(const Recipe& recipe, const dfu::SurveyResult& survey) {
  const auto contents = contents_after(recipe, survey);
  if (!contents) return {};
  const BootPrediction prediction = dfu::particle::predict_boot(*recipe.profile.platform, *contents);
  if (prediction.start == Start::application) {
    if (!prediction.unmet || !of_this_recipe(recipe, *prediction.unmet)) return {};
  } else if (recipe.policy.confirm == Confirm::none && !prediction.unmet) {
    return {};
  }
  return unfit(prediction.unmet ? step_of(recipe, *prediction.unmet) : std::string(), {}, sentence(recipe, prediction));
}

namespace {

// Step and place of a module that the recipe brings, of the kinds that must not become older.
const dfu::Step* brings(const Recipe& recipe, const ModulePlace& place) {
  if (place.function == dfu::particle::Function::user_part) return nullptr;
  if (place.function == dfu::particle::Function::bootloader) return bootloader_step(recipe);
  return step_at(recipe, place.address);
}

}  // namespace

std::optional<dfu::Fault> downgrade(const Recipe& recipe, const dfu::SurveyResult& survey) {
  const std::vector<ModulePlace>& places = places_of(recipe);
  if (recipe.policy.downgrade == Downgrade::allow || survey.heads.size() != places.size()) return {};
  for (std::size_t i = 0; i < places.size(); ++i) {
    const dfu::Step* step = brings(recipe, places[i]);
    if (!step) continue;
    const Head held = dfu::particle::read_head(survey.heads[i]);
    const Head wanted = head_at(*step, step->address);
    if (held.start != wanted.start || held.platform != wanted.platform || held.version <= wanted.version) continue;
    return unfit(step->name, step->address,
                 "The unit holds " + places[i].name + " version " + std::to_string(held.version) +
                     ", and the recipe would put the older version " + std::to_string(wanted.version) +
                     " there. If that is meant, write in [policy]: downgrade = \"allow\".");
  }
  return {};
}

std::optional<dfu::Fault> lacks_required(const Recipe& recipe, const dfu::SurveyResult& survey) {
  for (std::size_t i = 0; i < survey.pieces.size(); ++i) {
    const dfu::Step& step = recipe.layout.steps[recipe.layout.pieces[i].step];
    if (step.does != dfu::Step::Does::hold || survey.pieces[i] == dfu::Holds::same) continue;
    return unfit(step.name, recipe.layout.pieces[i].data.begin,
                 "The unit does not hold " + step.image->name +
                     ", which this recipe requires. Flash that "
                     "first, or take the unit out.");
  }
  const std::vector<ModulePlace>& places = places_of(recipe);
  for (const Requirement& one : recipe.requirements) {
    const auto place = std::ranges::find(places, one.place, &ModulePlace::name);
    const auto index = static_cast<std::size_t>(place - places.begin());
    if (index >= survey.heads.size()) return unfit(one.step, {}, "What the unit holds could not be read.");
    const Head held = dfu::particle::read_head(survey.heads[index]);
    const bool there = held.platform == static_cast<std::uint16_t>(*recipe.profile.platform) && held.end > held.start;
    if (there && held.version >= one.module.version) continue;
    return unfit(one.step, place->address,
                 "The unit must hold " + one.place + " version " + std::to_string(one.module.version) +
                     " or later, and it holds " + (there ? "version " + std::to_string(held.version) : "none") + ".");
  }
  return {};
}

std::optional<dfu::Fault> out_of_reach(const Recipe& recipe, const dfu::SurveyResult& survey) {
  // From module version 100 on the bootloader borrows the code for the store from system part 2, of 0.7.0 or later
  // (docs/devices.md, "Configuration store").
  constexpr std::uint16_t borrows_since = 100, lends_since = 200;
  const auto& steps = recipe.layout.steps;
  const auto patch = std::ranges::find(steps, dfu::Step::Does::patch, &dfu::Step::does);
  if (patch == steps.end()) return {};
  if (!survey.has_store) {
    return unfit(patch->name, {}, "The unit shows no configuration store, and the recipe writes into it.");
  }
  const std::vector<ModulePlace>& places = places_of(recipe);
  const auto part2 = std::ranges::find(places, std::string("system-part 2"), &ModulePlace::name);
  if (part2 == places.end() || survey.heads.size() != places.size()) return {};
  const Head bootloader = dfu::particle::read_head(survey.heads.front());
  const Head lender = dfu::particle::read_head(survey.heads[static_cast<std::size_t>(part2 - places.begin())]);
  const bool borrows = bootloader.start == places.front().address && bootloader.version >= borrows_since;
  if (!borrows || (lender.start == part2->address && lender.version >= lends_since)) return {};
  return unfit(
      patch->name, {},
      "The unit's bootloader (version " + std::to_string(bootloader.version) +
          ") only reaches the configuration store with system-part 2 of Device OS 0.7.0 or later in place, "
          "and the unit has none. Flash system parts that fit this bootloader first, by a recipe of their own.");
}

}  // namespace config
