// Whether a TOML text is nested so deeply that a parser which recurses would run out of stack. Looks at characters
// only: texts in quotes and comments are skipped, the rest is not checked. Pure; any thread; takes one pass.
#pragma once

#include <optional>
#include <string_view>

#include "config/toml_file.h"

namespace config {

struct TooDeep {
  enum class What { key, brackets };
  What what = What::key;
  TextPosition place;  // of the first character that is too deep
};

// The limits are those of toml_file.h. A text that is not TOML may pass: the parser reports it.
std::optional<TooDeep> too_deep(std::string_view text);

}  // namespace config
