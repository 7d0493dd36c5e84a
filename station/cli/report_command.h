// The options of `report`, as tests look at them.
#pragma once

#include <optional>
#include <string>

#include "db/reader.h"
#include "reports/groups.h"

namespace station {

struct ReportOptions {
  std::string station;
  std::string db;
  std::string format = "text";
  std::string output;  // empty: standard output
  bool summary = false;
  bool fields = false;            // what each key means; no record is read
  std::optional<reports::By> by;  // a row of figures for each slot, day...
  std::string holds;              // which units hold this image now
  db::Filter filter;
};

}  // namespace station
