// Statistics as SVG, to stand in an HTML page: no script, no colour alone (what is bad is hatched), classes instead of
// colours so that the page's style decides for light, dark and print. Pure; any thread.
#pragma once

#include <string>

#include "reports/statistics.h"

namespace reports {

// `<`, `>`, `&`, quotes and control characters as text; what a device or file said must not become markup.
std::string escaped(const std::string& text);

// "2026-11-22 06:00"
std::string minute(db::Time time);
// "98.4 %"
std::string percent(double value);

// Each is one <svg>, or a sentence where there is nothing to draw.
std::string yield_chart(const Statistics& statistics);
std::string output_chart(const Statistics& statistics);  // units per hour
std::string fault_chart(const Statistics& statistics);   // Pareto
std::string fixture_chart(const Statistics& statistics);
std::string cycle_chart(const Statistics& statistics);
std::string tries_chart(const Statistics& statistics);
std::string timeline_chart(const Statistics& statistics);

}  // namespace reports
