// The gate between survey and session: recipe and unit together, judged before a byte is written. Pure; any thread.
#pragma once

#include <variant>

#include "config/recipe.h"
#include "dfu/fault.h"
#include "dfu/plan.h"
#include "dfu/survey.h"

namespace config {

// A refusal (map-mismatch, image-unfit, ...) or what is to be done to this unit.
std::variant<dfu::Fault, dfu::Plan> judge(const Recipe& recipe, const dfu::SurveyResult& survey);

}  // namespace config
