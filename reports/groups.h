// What attempts come to, for each slot, day, operator...: a row of figures for each. The row of a value is what a
// report with the filter of that value would say, with the 95 % bounds of its yield. Pure; any thread.
#pragma once

#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "reports/report.h"
#include "reports/summary.h"

namespace reports {

enum class By { job, lot, recipe, image, unit, slot, hub, operator_name, day, outcome, station };

std::string_view to_string(By by);
std::optional<By> parse_by(std::string_view text);

// Names sort with their numbers by value: A2 before A10. An attempt without the thing is under "-".
std::vector<std::pair<std::string, Summary>> grouped(const Report& report, By by);

void write_groups(const Report& report, By by, std::ostream& out);
void write_groups_csv(const Report& report, By by, std::ostream& out);
// {"by": "slot", "groups": [{"slot": "A2", "units": ...}]}
void write_groups_json(const Report& report, By by, std::ostream& out);

// A page with a bar of the yield in each row.
void write_groups_html(const Report& report, By by, std::ostream& out);
// A workbook at `path`, as write_xlsx writes it.
void write_groups_xlsx(const Report& report, By by, const std::string& path);

}  // namespace reports
