#include "config/judge.h"

#include <utility>

#include "config/compatibility.h"

namespace config {

namespace {

std::string span(const dfu::Range& range) {
  return dfu::hex_address(range.begin) + " to " + dfu::hex_address(range.end);
}

// How the unit's sector differs from the one that the recipe was laid out on.
std::string difference(const dfu::Sector& expected, const dfu::Sector* found) {
  if (!found) return "has no memory at " + dfu::hex_address(expected.range.begin);
  if (found->range != expected.range) {
    return "has a sector from " + span(found->range) + " where there should be one from " + span(expected.range);
  }
  const std::string here = " the sector from " + span(expected.range);
  if (!found->erasable) return "does not allow erasing" + here;
  if (!found->writable) return "does not allow writing" + here;
  if (!found->readable) return "does not allow reading" + here;
  return "gives other rights than expected on" + here;
}

// A damaged map does not make it another kind of unit.
std::string unlike(const Recipe& recipe, const dfu::Sector& expected, const dfu::MemoryMap& map,
                   const std::string& where) {
  const dfu::Sector* found = map.find(expected.range.begin);
  if (!found && !map.ignored.empty()) {
    return "The memory map of this unit does not say clearly what is at " + dfu::hex_address(expected.range.begin) +
           where + ": it has " + map.ignored.front() + ". Nothing was written.";
  }
  return "This unit " + difference(expected, found) + where + ". It is not the kind of unit that the recipe is for (" +
         recipe.profile.name + "): take it out.";
}

dfu::Fault refusal(dfu::FaultCode code, const Recipe& recipe, const dfu::Piece& piece, std::string text) {
  return {
      code,           recipe.layout.steps[piece.step].name, dfu::OperationKind::survey, piece.sector.range.begin, {},
      std::move(text)};
}

// Bytes that cannot be read cannot be written back.
dfu::Fault cannot_keep(const Recipe& recipe, const dfu::Neighbour& neighbour) {
  const std::string& step = recipe.layout.steps[neighbour.step].name;
  return {
      dfu::FaultCode::image_unfit,
      step,
      dfu::OperationKind::survey,
      neighbour.data.begin,
      {},
      "Units of this kind cannot be read, so the bytes from " + span(neighbour.data) +
          ", which belong to no step and share a sector with " + step +
          ", could not be written back after the erase. Nothing was written. Set neighbours = \"erase\" in the step "
          "if they may be lost."};
}

}  // namespace

std::variant<dfu::Fault, dfu::Plan> judge(const Recipe& recipe, const dfu::SurveyResult& survey) {
  const bool verify = recipe.policy.verify == Verify::read_back;
  if (const dfu::Piece* piece = dfu::misfit(recipe.layout, survey.map, survey.beside)) {
    const std::size_t memory = recipe.layout.steps[piece->step].memory;
    const dfu::MemoryMap& map = memory == 0 ? survey.map : survey.beside[memory - 1];
    const std::string where =
        memory == 0 ? "" : " in alternate setting " + std::to_string(survey.alternates[memory - 1]);
    return refusal(dfu::FaultCode::map_mismatch, recipe, *piece, unlike(recipe, piece->sector, map, where));
  }
  const bool plain = recipe.profile.dialect == dfu::Dialect::dfu11;
  if (verify && plain && survey.can_upload && !survey.tolerant) {
    return refusal(
        dfu::FaultCode::image_unfit, recipe, recipe.layout.pieces.front(),
        "Units of this kind restart as soon as they have the image, so it cannot be read back, but the recipe requires "
        "a read-back. Nothing was written. Set policy.verify = \"none\" in the recipe.");
  }
  for (const dfu::Piece& piece : recipe.layout.pieces) {
    if (!verify || (survey.can_upload && piece.sector.readable)) continue;
    return refusal(dfu::FaultCode::image_unfit, recipe, piece,
                   "Units of this kind cannot be read at " + dfu::hex_address(piece.sector.range.begin) +
                       ", and the recipe asks to read back what is written. Nothing was written. Set policy.verify = "
                       "\"none\" in the recipe.");
  }
  for (const dfu::Neighbour& one : recipe.layout.kept) {
    if (survey.can_upload && one.sector.readable) continue;
    return cannot_keep(recipe, one);
  }
  if (recipe.policy.confirm == Confirm::reread && !survey.can_upload) {
    return refusal(dfu::FaultCode::image_unfit, recipe, recipe.layout.pieces.front(),
                   "Units of this kind cannot be read, and the recipe asks to compare the firmware once more after the "
                   "start. Nothing was written. Set policy.confirm = \"application\" in the recipe.");
  }
  if (auto lacking = lacks_required(recipe, survey)) return *std::move(lacking);
  if (auto unreachable = out_of_reach(recipe, survey)) return *std::move(unreachable);
  if (!recipe.forced) {
    if (auto older = downgrade(recipe, survey)) return *std::move(older);
    if (auto unfit = unfit_together(recipe, survey)) return *std::move(unfit);
  }
  return dfu::make_plan(recipe.layout, survey, recipe.profile,
                        {.rewrite = recipe.policy.unchanged == Unchanged::rewrite, .verify = verify});
}

}  // namespace config
