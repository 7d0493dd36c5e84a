// A row of figures for each slot, day, operator..., as a page.
#include <algorithm>

#include "reports/charts.h"
#include "reports/drawing.h"
#include "reports/groups.h"
#include "reports/html_parts.h"
#include "reports/statistics.h"

namespace reports {

namespace {

std::string share(const std::optional<double>& value) {
  return value ? percent(*value) : std::string("-");
}

// The yield as a bar; the line through its end spans the 95 % bounds.
std::string bar(const Summary& summary) {
  if (summary.with_verdict() == 0) return "-";
  const Share yield{summary.good(), summary.with_verdict()};
  const auto [low, high] = yield.bounds();
  return "<span class=bar title='" + escaped(share_text(yield)) + "'><i style='width:" + number(yield.value() * 100) +
         "%'></i><s style='left:" + number(low * 100) + "%;width:" + number((high - low) * 100) + "%'></s></span>";
}

std::string row_of(const std::string& name, const Summary& summary) {
  const auto count = [](const std::string& text) { return "<td class=n>" + text + "</td>"; };
  std::string bounds = "-";
  if (summary.with_verdict() > 0) {
    const auto [low, high] = Share{summary.good(), summary.with_verdict()}.bounds();
    bounds = percent(low) + " to " + percent(high);
  }
  return "<tr><th scope=row>" + escaped(name) + "</th>" + count(std::to_string(summary.units)) +
         count(std::to_string(summary.good())) + count(share(summary.yield())) + "<td>" + bar(summary) + "</td>" +
         "<td class='n w'>" + bounds + "</td>" + count(share(summary.first_pass_yield())) +
         count(std::to_string(summary.attempts)) + count(number(summary.attempts_per_unit().value_or(0), 2)) +
         "</tr>\n";
}

}  // namespace

void put_groups(const std::vector<std::pair<std::string, Summary>>& groups, const std::string& title, std::size_t most,
                std::ostream& out) {
  out << "<section class='card wide'><h2>" << escaped(title) << "</h2>\n<table class=groups><thead><tr><th></th>"
      << "<th class=n>Units</th><th class=n>Good</th><th class=n>Yield</th><th></th><th class=n>95 % bounds</th>"
         "<th class=n>First pass</th><th class=n>Attempts</th><th class=n>per unit</th></tr></thead><tbody>\n";
  for (std::size_t i = 0; i < std::min(most, groups.size()); ++i) out << row_of(groups[i].first, groups[i].second);
  out << "</tbody></table>\n";
  if (groups.size() > most) out << "<p class=dim>" << groups.size() - most << " more are in the full report.</p>\n";
  out << "</section>\n";
}

void write_groups_html(const Report& report, By by, std::ostream& out) {
  const std::string name(to_string(by));
  Summarizer all;
  report.outlines(db::Outlined::sums, [&](const db::Outline& attempt) {
    all.add(attempt);
    return true;
  });
  put_head("Flashline report by " + name + (report.selection.empty() ? "" : ": " + report.selection), report.stations,
           all.summary(), out);
  put_made(report.made, report.verified, out);
  const auto groups = grouped(report, by);
  if (groups.empty()) {
    out << "<p>No attempts.</p>\n";
  } else {
    put_groups(groups, "By " + name, groups.size(), out);
  }
  put_foot(out);
}

}  // namespace reports
