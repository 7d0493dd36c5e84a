// The report that people open: one file, which loads nothing and may be mailed, printed and archived. What is drawn
// covers every attempt; the table is capped and says so.
#include <QString>
#include <deque>

#include "reports/beside.h"
#include "reports/charts.h"
#include "reports/drawing.h"
#include "reports/html_figures.h"
#include "reports/html_parts.h"
#include "reports/report.h"
#include "reports/statistics.h"
#include "reports/step_state.h"

namespace reports {

namespace {

constexpr std::size_t table_limit = 2000;   // rows that a browser sorts without a pause
constexpr std::size_t details_limit = 100;  // attempts up to which each is shown step by step

void put_charts(const Statistics& statistics, std::ostream& out) {
  out << "<div class=charts>\n";
  put_card("Yield over time", yield_chart(statistics),
           "<b class=first>&#9679;</b> yield, <b class=second>&#9675;</b> first-pass yield of the units begun in that "
           "time; bars: 95 % bounds",
           false, out);
  put_card("Good units per hour", output_chart(statistics), "", false, out);
  put_card("Faults", fault_chart(statistics), "Attempts by fault, what it is about in brackets; &sum; with those above",
           false, out);
  put_card("Cycle times", cycle_chart(statistics),
           "Passed attempts, from first touch to verdict; device time is what the unit itself needs (median)", false,
           out);
  put_card("Outcomes", outcome_chart(statistics), "Attempts", false, out);
  put_card("Retries", tries_chart(statistics), "", false, out);
  put_card("Yield per slot", fixture_chart(statistics),
           "Hubs and ports as they are plugged. Bar: first-pass yield; last line: units. A double frame and &#9660;: "
           "lower than that "
           "of the whole line, and not by chance",
           true, out);
  put_card("Timeline", timeline_chart(statistics), "Plain: good; hatched: failed; dotted: station error or interrupted",
           true, out);
  out << "</div>\n";
}

constexpr std::array heads{"Started (UTC)", "Slot",    "Port",     "Try",    "Outcome", "Proof", "Unit",     "Label",
                           "Serials",       "Flash s", "Device s", "Recipe", "Job",     "Lot",   "Operator", "Fault"};

std::string step_text(const db::Step& step, const db::AttemptFinished& finished) {
  return escaped(step.name) + " (" + std::string(words_of(state_of(step, finished))) +
         "): " + escaped(step.image->name) + " <span class=mono>" + db::hex(step.image->sha256) + "</span>, " +
         std::to_string(step.written_bytes) + " of " + std::to_string(step.bytes) + " bytes written, read back " +
         (step.readback ? "<span class=mono>" + db::hex(*step.readback) + "</span>" : "no") + "<br>";
}

std::string table_row(const db::Attempt& attempt) {
  const db::AttemptStarted& started = attempt.started;
  const db::AttemptFinished& finished = attempt.finished;
  const Sign sign = sign_of(finished.outcome);
  const auto count = [](const std::string& text) { return "<td class=n>" + text + "</td>"; };
  const auto whole = [](const std::string& text) { return "<td class=w>" + text + "</td>"; };
  std::string out = "<tr>" + whole(second(started.at)) + whole(or_dash(attempt.visit.slot)) +
                    whole(escaped(attempt.visit.port)) + count(std::to_string(started.number)) + "<td class='v " +
                    sign.kind + "'>" + sign.sign + " " + sign.word + "</td>" + whole(proof_of(finished));
  out += "<td class='mono w'>" + or_dash(finished.unit) + "</td>" + whole(or_dash(attempt.label)) + "<td class=mono>" +
         serials_of(finished) + "</td>" + count(seconds(finished.flash)) + count(seconds(finished.device_time));
  std::string recipe = "-";
  if (started.recipe) {
    recipe = escaped(started.recipe->name) +
             (started.recipe->revision.empty() ? "" : " " + escaped(started.recipe->revision));
  }
  out +=
      whole(recipe) + whole(or_dash(started.job)) + whole(or_dash(started.lot)) + whole(or_dash(started.operator_name));
  std::string fault = "-";
  if (finished.fault) fault = "<b>" + escaped(finished.fault->code) + "</b> " + escaped(finished.fault->text);
  return out + "<td class=fault>" + fault + "</td></tr>\n";
}

std::string details(const db::Attempt& attempt) {
  std::string out = "<details><summary>" + minute(attempt.started.at) + ", " +
                    escaped(attempt.visit.slot.empty() ? attempt.visit.port : attempt.visit.slot) + ", attempt " +
                    std::to_string(attempt.started.number) + ": " + std::string(to_string(attempt.finished.outcome)) +
                    "</summary><p>attempt <span class=mono>" + to_string(attempt.started.attempt) + "</span><br>";
  if (attempt.started.recipe) {
    out += "recipe " + escaped(attempt.started.recipe->name) + " <span class=mono>" +
           db::hex(attempt.started.recipe->sha256) + "</span><br>";
  }
  for (const db::Step& step : attempt.finished.steps) out += step_text(step, attempt.finished);
  return out + "</p></details>\n";
}

void put_table(const std::deque<db::Attempt>& rows, std::uint64_t all, std::ostream& out) {
  if (rows.empty()) return;
  out << "<section class='card wide'><h2>Attempts</h2>\n";
  if (rows.size() < all) {
    out << "<p><b>The table holds the last " << rows.size() << " of " << all
        << " attempts.</b> The drawings and figures above are of all; CSV, JSON and XLSX reports hold every one.</p>\n";
  }
  out << "<label class=screen>Search <input id=find type=search autocomplete=off></label><span id=shown class='dim "
         "screen'>"
      << rows.size() << " of " << rows.size() << "</span>\n<div class=scroll><table id=attempts><thead><tr>";
  for (const char* head : heads) out << "<th><button type=button>" << head << "</button></th>";
  out << "</tr></thead><tbody>\n";
  for (const db::Attempt& row : rows) out << table_row(row);
  out << "</tbody></table></div></section>\n";
}

std::string row_of(const std::vector<std::string>& cells) {
  std::string out = "<tr>";
  for (const std::string& cell : cells) out += "<td>" + cell + "</td>";
  return out + "</tr>\n";
}

// The last rows of a table that may be long.
class Rows {
 public:
  bool add(const std::vector<std::string>& cells) {
    ++all_;
    rows_.push_back(row_of(cells));
    if (rows_.size() > table_limit) rows_.pop_front();
    return true;
  }
  void put(const char* id, const char* title, const std::vector<const char*>& names, std::ostream& out) const {
    if (rows_.empty()) return;
    out << "<section class='card wide'><h2>" << title << "</h2>\n";
    if (rows_.size() < all_) {
      out << "<p><b>The table holds the last " << rows_.size() << " of " << all_
          << ".</b> JSON and XLSX reports hold every one.</p>\n";
    }
    out << "<div class=scroll><table id=" << id << "><thead><tr>";
    for (const char* name : names) out << "<th>" << name << "</th>";
    out << "</tr></thead><tbody>\n";
    for (const std::string& row : rows_) out << row;
    out << "</tbody></table></div></section>\n";
  }

 private:
  std::deque<std::string> rows_;
  std::size_t all_ = 0;
};

void put_history(const Report& report, const Selection& selection, std::ostream& out) {
  if (!report.history) return;
  Rows decisions, events, runs;
  report.history->dispositions([&](const db::Disposition& one, const db::Source& source) {
    return !selection.has(one) ||
           decisions.add({second(one.at), escaped(std::string(to_string(one.verdict))), escaped(one.author),
                          escaped(one.reason), one.attempt ? "attempt " + to_string(*one.attempt) : escaped(one.unit),
                          or_dash(source.station)});
  });
  report.history->events([&](const db::Event& event, const db::Source& source) {
    return !selection.has(event, source) || events.add({second(event.at), escaped(event.kind), or_dash(event.about),
                                                        escaped(event.text), or_dash(source.station)});
  });
  report.history->runs([&](const db::Run& run, const db::Source& source) {
    return !selection.has(run) ||
           runs.add({second(run.at), or_dash(run.command), or_dash(run.operator_name), or_dash(run.software),
                     or_dash(run.host), or_dash(run.recipe_file), or_dash(source.station)});
  });
  decisions.put("decisions", "Decisions", {"Time (UTC)", "Decision", "By", "Reason", "About", "Station"}, out);
  events.put("events", "Events", {"Time (UTC)", "Kind", "About", "What happened", "Station"}, out);
  runs.put("runs", "Runs", {"Begun (UTC)", "Command", "Operator", "Software", "Host", "Recipe file", "Station"}, out);
}

}  // namespace

void write_html(const Report& report, std::ostream& out) {
  Statistician statistician(report.make_slot_test);
  Selection selection(report.filter);
  std::deque<db::Attempt> last;
  std::string steps;
  std::uint64_t all = 0;
  report.attempts([&](const db::Attempt& attempt) {
    statistician.add(attempt);
    selection.add(attempt);
    last.push_back(attempt);
    if (last.size() > table_limit) last.pop_front();
    if (++all <= details_limit) steps += details(attempt);
    return out.good();
  });
  const Statistics statistics = statistician.statistics();
  put_head("Flashline report" + (report.selection.empty() ? "" : ": " + report.selection), report.stations,
           statistics.summary, out);
  put_made(report.made, report.verified, out);
  if (all == 0) {
    out << "<p>No attempts.</p>\n";
  } else {
    for (const db::WorkOrder& job : report.jobs) put_job(job, out);
    put_tiles(statistics, out);
    put_charts(statistics, out);
    put_table(last, all, out);
    if (all <= details_limit) out << "<section class='card wide'><h2>Step by step</h2>\n" << steps << "</section>\n";
  }
  put_history(report, selection, out);
  put_foot(out);
}

}  // namespace reports
