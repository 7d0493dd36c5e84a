// Statistics as SVG, to stand in an HTML page: no script, no colour alone (what is bad is hatched), classes instead of
// colours so that the page's style decides for light, dark and print. Pure; any thread.
#pragma once

#include <string>

#include "reports/statistics.h"

namespace reports {

// `<`, `>`, `&`, quotes and control characters as text; what a device or file said must not become markup.
std::string escaped(const std::string& text);

// The same, but a line break stays one.
std::string escaped_lines(const std::string& text);

// "2026-11-22 06:00:00", and without its seconds
std::string second(db::Time time);
std::string minute(db::Time time);
// "98.4 %"
std::string percent(double value);
// "98.4 % (63 of 64; 95 %: 91.7 % to 99.7 %)"
std::string share_text(const Share& share);
// The class that a page's style draws an outcome with: good, bad, odd or idle.
const char* outcome_kind(db::Outcome outcome);

// Each is one <svg>, or a sentence where there is nothing to draw.
std::string yield_chart(const Statistics& statistics);
std::string output_chart(const Statistics& statistics);  // units per hour
std::string fault_chart(const Statistics& statistics);   // Pareto
std::string outcome_chart(const Statistics& statistics);
std::string cycle_chart(const Statistics& statistics);
std::string tries_chart(const Statistics& statistics);
// place_charts.cpp
std::string fixture_chart(const Statistics& statistics);  // each hub with its ports, as they are plugged
std::string timeline_chart(const Statistics& statistics);

}  // namespace reports
