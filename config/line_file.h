// The virtual line file: hubs, units and their faults. Format: docs/formats.md, "Virtual line
// file".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/diagnostics.h"
#include "dfu/virtual/line_spec.h"

namespace config {

struct LineResult {
  std::optional<dfu::virt::LineSpec> line;  // absent when there is an error
  std::vector<Diagnostic> diagnostics;
  bool input_missing = false;
};

// `flash` files of units and the line's `control` socket are named relative to the line file; they need not exist.
LineResult load_line(const std::string& path);

}  // namespace config
