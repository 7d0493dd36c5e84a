// Recipe and unit together, module by module: what will be in the unit's flash afterwards, and whether that starts.
// Pure; any thread.
#pragma once

#include <optional>

#include "config/recipe.h"
#include "dfu/fault.h"
#include "dfu/particle/boot_prediction.h"
#include "dfu/survey.h"

namespace config {

// Nothing for a family whose boot rules are not known, and for a unit whose modules could not be read.
std::optional<dfu::particle::Contents> contents_after(const Recipe& recipe, const dfu::SurveyResult& survey);

// image-unfit, with the sentence that says which module needs which; nothing if the unit will run the application. A
// recipe that asks for no proof (confirm = "none") may leave a unit without one, but not with modules that lack others.
std::optional<dfu::Fault> unfit_together(const Recipe& recipe, const dfu::SurveyResult& survey);

// image-unfit for a system part or bootloader that the unit holds in a newer version, unless the recipe allows that.
std::optional<dfu::Fault> downgrade(const Recipe& recipe, const dfu::SurveyResult& survey);

// image-unfit for a unit that does not hold already what the recipe says it must.
std::optional<dfu::Fault> lacks_required(const Recipe& recipe, const dfu::SurveyResult& survey);

// image-unfit for a unit whose configuration store cannot be written, if the recipe has a setting for it.
std::optional<dfu::Fault> out_of_reach(const Recipe& recipe, const dfu::SurveyResult& survey);

}  // namespace config
