// What an order or a shift comes to, on one page for a manager.
#include <algorithm>
#include <map>
#include <set>

#include "reports/beside.h"
#include "reports/charts.h"
#include "reports/groups.h"
#include "reports/html_figures.h"
#include "reports/html_parts.h"
#include "reports/report.h"
#include "reports/statistics.h"

namespace reports {

namespace {

constexpr std::size_t most_rows = 8;  // of each list: the page is one sheet

// What somebody should have looked at.
bool is_alarm(const std::string& kind) {
  static const std::set<std::string> kinds{"quarantine",   "suspect", "slowed",         "duplicate-id",
                                           "identity",     "host",    "clock-in-doubt", "topology",
                                           "half-written", "stopped", "memory-map"};
  return kinds.contains(kind);
}

// What happened beside the attempts, counted.
struct Beside {
  std::map<std::string, std::uint64_t> alarms, decisions, operators;
  std::vector<std::string> last_decisions;
  std::uint64_t clock_steps = 0, runs = 0;
};

Beside read_beside(const Report& report, const Selection& selection) {
  Beside beside;
  if (!report.history) return beside;
  report.history->events([&](const db::Event& event, const db::Source& source) {
    if (!selection.has(event, source)) return true;
    if (event.kind == "clock-step") ++beside.clock_steps;
    if (is_alarm(event.kind)) ++beside.alarms[event.kind];
    return true;
  });
  report.history->dispositions([&](const db::Disposition& one, const db::Source&) {
    if (!selection.has(one)) return true;
    ++beside.decisions[std::string(to_string(one.verdict))];
    beside.last_decisions.push_back("<b>" + std::string(to_string(one.verdict)) + "</b> " + minute(one.at) + " by " +
                                    or_dash(one.author) + ": " + escaped(one.reason));
    return true;
  });
  report.history->runs([&](const db::Run& run, const db::Source&) {
    if (selection.has(run)) ++beside.runs;
    return true;
  });
  return beside;
}

std::string counts_text(const std::map<std::string, std::uint64_t>& counts) {
  std::string out;
  for (const auto& [name, count] : counts) {
    out += (out.empty() ? "" : ", ") + std::to_string(count) + " " + escaped(name);
  }
  return out.empty() ? "none" : out;
}

void put_beside(const Beside& beside, std::ostream& out) {
  const auto fact = [&out](const char* name, const std::string& value) {
    out << "<tr><th scope=row>" << name << "</th><td>" << value << "</td></tr>\n";
  };
  out << "<section class=card><h2>Beside the units</h2>\n<table class=facts>\n";
  fact("Alarms", counts_text(beside.alarms));
  fact("Steps of the clock", beside.clock_steps == 0 ? "none" : std::to_string(beside.clock_steps));
  fact("Runs", std::to_string(beside.runs));
  fact("Decisions", counts_text(beside.decisions));
  out << "</table>\n";
  const std::size_t all = beside.last_decisions.size();
  for (std::size_t i = all > most_rows ? all - most_rows : 0; i < all; ++i) {
    out << "<p class=dim>" << beside.last_decisions[i] << "</p>\n";
  }
  out << "</section>\n";
}

}  // namespace

void write_summary_html(const Report& report, std::ostream& out) {
  Statistician statistician(report.make_slot_test);
  Selection selection(report.filter);
  report.attempts([&](const db::Attempt& attempt) {
    statistician.add(attempt);
    selection.add(attempt);
    return out.good();
  });
  const Statistics statistics = statistician.statistics();
  put_head("Flashline summary" + (report.selection.empty() ? "" : ": " + report.selection), report.stations,
           statistics.summary, out, "summary");
  put_made(report.made, report.verified, out);
  for (const db::WorkOrder& job : report.jobs) put_job(job, out);
  if (statistics.summary.attempts == 0) {
    out << "<p>No attempts.</p>\n";
  } else {
    put_tiles(statistics, out);
    out << "<div class='charts one'>\n";
    put_card("Faults", fault_chart(statistics), "Attempts by fault; &sum; with those above", false, out);
    put_card("Good units per hour", output_chart(statistics), "", false, out);
    put_card("Yield per slot", fixture_chart(statistics), "Bar: first-pass yield; last line: units", true, out);
    put_beside(read_beside(report, selection), out);
    put_groups(grouped(report, By::operator_name), "Operators", most_rows, out);
    out << "</div>\n";
  }
  put_foot(out);
}

}  // namespace reports
