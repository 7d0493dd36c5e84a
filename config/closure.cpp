#include "config/closure.h"

#include <algorithm>

namespace config {

namespace {

using dfu::particle::Contents;
using dfu::particle::Head;
using dfu::particle::Outlook;
using dfu::particle::Place;
using dfu::particle::Start;
using dfu::particle::Unmet;

dfu::Fault unfit(std::string step, std::optional<std::uint32_t> address, std::string text) {
  return {dfu::FaultCode::image_unfit, std::move(step), dfu::OperationKind::survey, address, {}, std::move(text)};
}

const std::vector<Place>& places_of(const Recipe& recipe) {
  static const std::vector<Place> none;
  return recipe.profile.platform ? dfu::particle::places(*recipe.profile.platform) : none;
}

const dfu::Step* step_at(const Recipe& recipe, std::uint32_t address) {
  const auto found = std::ranges::find(recipe.layout.steps, address, &dfu::Step::address);
  return found == recipe.layout.steps.end() ? nullptr : &*found;
}

// What the unit will read where this step has been.
Head head_of(const dfu::Step& step) {
  const dfu::ByteView payload = step.image->payload();
  return dfu::particle::read_head(payload.first(std::min<std::size_t>(payload.size(), dfu::particle::place_bytes)));
}

// "system-part 2": the step that writes it, or a word for what the unit holds already.
std::string source(const Recipe& recipe, const std::string& place) {
  for (const Place& one : places_of(recipe)) {
    if (one.name != place) continue;
    const dfu::Step* step = step_at(recipe, one.address);
    return step ? "step \"" + step->name + "\"" : "already on the unit";
  }
  return "already on the unit";
}

std::string what_is_there(const Recipe& recipe, const Unmet& unmet) {
  if (!unmet.found) return "neither the recipe nor the unit has one";
  const std::string version = "version " + std::to_string(*unmet.found);
  for (const Place& one : places_of(recipe)) {
    if (one.function != unmet.needs.function || one.index != unmet.needs.index) continue;
    return step_at(recipe, one.address) ? "the recipe puts " + version + " there" : "the unit holds " + version;
  }
  return "the unit holds " + version;
}

std::string remedy(const Unmet& unmet) {
  using dfu::particle::Function;
  if (unmet.needs.function == Function::bootloader) {
    return " Bring its bootloader up to date first, or add a step of kind = \"bootloader\".";
  }
  return " Add such a module to the recipe, or use one that was built for what there is.";
}

std::string consequence(Start start) {
  switch (start) {
    case Start::application:
      return "The unit would not notice, and could run into nowhere";
    case Start::safe_mode:
      return "The unit would end in safe mode";
    case Start::factory_fallback:
      return "The unit would go back to its factory image";
    case Start::dfu:
      return "The unit would stay in DFU mode";
    case Start::reset_loop:
      return "The unit would reset for ever";
    case Start::crash:
      return "The unit would not start at all";
  }
  return {};
}

std::string step_of(const Recipe& recipe, const Unmet& unmet) {
  for (const Place& one : places_of(recipe)) {
    const dfu::Step* step = one.name == unmet.name ? step_at(recipe, one.address) : nullptr;
    if (step) return step->name;
  }
  return {};
}

// What an old system never tests is only held against the recipe where the recipe has a part in it.
bool of_this_recipe(const Recipe& recipe, const Unmet& unmet) {
  for (const Place& one : places_of(recipe)) {
    const bool wanted = one.function == unmet.needs.function && one.index == unmet.needs.index;
    if ((wanted || one.name == unmet.name) && step_at(recipe, one.address)) return true;
  }
  return false;
}

std::string sentence(const Recipe& recipe, const Outlook& outlook) {
  if (!outlook.unmet) {
    return consequence(outlook.start) + ": " + outlook.reason +
           ", by what the recipe writes and what the unit holds. Add what is missing to the recipe.";
  }
  const Unmet& unmet = *outlook.unmet;
  return consequence(outlook.start) + ": " + unmet.who + " (" + source(recipe, unmet.name) + ") needs " +
         describe(unmet.needs) + ", and " + what_is_there(recipe, unmet) + "." + remedy(unmet);
}

}  // namespace

std::optional<Contents> contents_after(const Recipe& recipe, const dfu::SurveyResult& survey) {
  const std::vector<Place>& places = places_of(recipe);
  if (places.empty() || survey.heads.size() != places.size()) return {};
  Contents contents;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const dfu::Step* step = step_at(recipe, places[i].address);
    contents.heads.push_back(step ? head_of(*step) : dfu::particle::read_head(survey.heads[i]));
  }
  return contents;
}

std::optional<dfu::Fault> unfit_together(const Recipe& recipe, const dfu::SurveyResult& survey) {
  const auto contents = contents_after(recipe, survey);
  if (!contents) return {};
  const Outlook outlook = dfu::particle::outlook(*recipe.profile.platform, *contents);
  if (outlook.start == Start::application) {
    if (!outlook.unmet || !of_this_recipe(recipe, *outlook.unmet)) return {};
  } else if (recipe.policy.confirm == Confirm::none && !outlook.unmet) {
    return {};
  }
  return unfit(outlook.unmet ? step_of(recipe, *outlook.unmet) : std::string(), {}, sentence(recipe, outlook));
}

std::optional<dfu::Fault> downgrade(const Recipe& recipe, const dfu::SurveyResult& survey) {
  const std::vector<Place>& places = places_of(recipe);
  if (recipe.policy.downgrade == Downgrade::allow || survey.heads.size() != places.size()) return {};
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i].function == dfu::particle::Function::user_part) continue;
    const dfu::Step* step = step_at(recipe, places[i].address);
    if (!step) continue;
    const Head held = dfu::particle::read_head(survey.heads[i]);
    const Head wanted = head_of(*step);
    if (held.start != wanted.start || held.platform != wanted.platform || held.version <= wanted.version) continue;
    return unfit(step->name, step->address,
                 "The unit holds " + places[i].name + " version " + std::to_string(held.version) +
                     ", and the recipe would put the older version " + std::to_string(wanted.version) +
                     " there. If that is meant, write in [policy]: downgrade = \"allow\".");
  }
  return {};
}

}  // namespace config
