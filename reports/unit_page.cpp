// The page of one unit: who it is, what it holds now, and all that happened to it.
#include "reports/charts.h"
#include "reports/drawing.h"
#include "reports/html_parts.h"
#include "reports/step_state.h"
#include "reports/summary.h"
#include "reports/unit.h"

namespace reports {

namespace {

template <typename Texts>
std::string lines(const Texts& texts) {
  std::string out;
  for (const std::string& one : texts) out += (out.empty() ? "" : "<br>") + escaped(one);
  return out.empty() ? "-" : out;
}

std::string mono(const std::string& text) {
  return "<span class=mono>" + text + "</span>";
}

std::string sign_text(db::Outcome outcome) {
  const Sign sign = sign_of(outcome);
  return std::string("<span class='v ") + sign.kind + "'>" + sign.sign + " " + sign.word + "</span>";
}

void put_fact(const char* name, const std::string& value, std::ostream& out) {
  out << "<tr><th scope=row>" << name << "</th><td>" << value << "</td></tr>\n";
}

void put_identity(const UnitHistory& unit, std::ostream& out) {
  out << "<section class=card><h2>Who it is</h2>\n<table class=facts>\n";
  put_fact("Chip or device id", mono(lines(unit.ids)), out);
  put_fact("Printed label", lines(unit.labels), out);
  put_fact("USB serials shown", mono(lines(unit.serials)), out);
  const db::Attempt& last = unit.attempts.back();
  put_fact("Last word",
           sign_text(last.finished.outcome) + ", " + second(last.started.at) + ", " + escaped(last.station) + " " +
               escaped(last.visit.slot.empty() ? last.visit.port : last.visit.slot),
           out);
  put_fact("Attempts", std::to_string(unit.attempts.size()), out);
  out << "</table></section>\n";
}

void put_holds(const UnitHistory& unit, std::ostream& out) {
  out << "<section class=card><h2>What is in it now</h2>\n";
  if (unit.holds.empty()) {
    out << nothing(unit.lost ? "Not known: the last attempt broke off." : "Nothing that was read back.");
  } else {
    out << "<div class=scroll><table id=holds><thead><tr><th>Address</th><th>Image</th><th class=n>Bytes</th><th>"
           "SHA-256 of the bytes read back</th><th>Read back (UTC)</th></tr></thead><tbody>\n";
    for (const Held& held : unit.holds) {
      out << "<tr><td class='mono w'>" << address(held.address) << "</td><td>" << escaped(held.image->name)
          << "</td><td class=n>" << held.bytes << "</td><td class=mono>" << db::hex(held.readback)
          << "</td><td class=w>" << second(held.at) << "</td></tr>\n";
    }
    out << "</tbody></table></div>\n";
  }
  out << "</section>\n";
}

void put_decisions(const UnitHistory& unit, std::ostream& out) {
  if (unit.dispositions.empty()) return;
  out << "<section class='card wide'><h2>Decisions</h2>\n<div class=scroll><table><thead><tr><th>Time "
         "(UTC)</th><th>Decision</th><th>By</th><th>Reason</th></tr></thead><tbody>\n";
  for (const db::Disposition& one : unit.dispositions) {
    out << "<tr><td class=w>" << second(one.at) << "</td><td><b>" << to_string(one.verdict) << "</b></td><td>"
        << escaped(one.author) << "</td><td>" << escaped(one.reason) << "</td></tr>\n";
  }
  out << "</tbody></table></div></section>\n";
}

std::string readback_text(const db::Step& step) {
  if (!step.readback) return "not read back";
  return *step.readback == step.image->sha256 ? "&#10003; read back the same" : db::hex(*step.readback);
}

void put_steps(const db::Attempt& attempt, std::ostream& out) {
  if (attempt.finished.steps.empty()) return;
  out << "<div class=scroll><table><thead><tr><th>Step</th><th>State</th><th>Image</th><th>Address</th><th "
         "class=n>Written</th><th "
         "class=n>Unchanged</th><th class=n>s</th><th>SHA-256 of the image, and read back</th></tr></thead><tbody>\n";
  for (const db::Step& step : attempt.finished.steps) {
    out << "<tr><td>" << escaped(step.name) << "</td><td class=w>" << words_of(state_of(step, attempt.finished))
        << "</td><td>" << escaped(step.image->name) << "</td><td class='mono w'>" << address(step.address)
        << "</td><td class=n>" << step.written_bytes << "</td><td class=n>" << step.unchanged_bytes
        << "</td><td class=n>" << seconds(step.duration) << "</td><td class=mono>" << db::hex(step.image->sha256)
        << "<br>" << readback_text(step) << "</td></tr>\n";
  }
  out << "</tbody></table></div>\n";
}

void put_circumstances(const db::Attempt& attempt, std::ostream& out) {
  const db::AttemptStarted& started = attempt.started;
  const db::AttemptFinished& finished = attempt.finished;
  out << "<p>" << escaped(attempt.visit.slot.empty() ? "port " : attempt.visit.slot + ", port ")
      << escaped(attempt.visit.port) << ", station " << escaped(attempt.station) << "; attempt " << started.number
      << " of its visit; " << proof_of(finished) << "; flashed in " << seconds(finished.flash) << " s, device time "
      << seconds(finished.device_time) << " s<br>\n";
  if (started.recipe) {
    out << "recipe " << escaped(started.recipe->name) << " " << escaped(started.recipe->revision) << " "
        << mono(db::hex(started.recipe->sha256)) << "<br>\n";
  }
  out << "job " << or_dash(started.job) << ", lot " << or_dash(started.lot) << ", operator "
      << or_dash(started.operator_name) << ", software " << (attempt.run ? or_dash(attempt.run->software) : "-")
      << "<br>\nattempt " << mono(to_string(started.attempt)) << "</p>\n";
}

void put_attempt(const UnitHistory& unit, const db::Attempt& attempt, std::ostream& out) {
  const db::AttemptFinished& finished = attempt.finished;
  out << "<section class='card wide attempt'><h2>" << second(attempt.started.at) << " " << sign_text(finished.outcome)
      << "</h2>\n";
  put_circumstances(attempt, out);
  if (finished.fault) {
    out << "<p><b>" << escaped(finished.fault->code) << "</b> " << escaped(finished.fault->text) << "</p>\n";
  }
  for (const db::Event& event : unit.events) {
    if (event.attempt != attempt.started.attempt) continue;
    out << "<p class=dim>" << second(event.at) << " " << escaped(event.kind) << ": " << escaped(event.text) << "</p>\n";
  }
  put_steps(attempt, out);
  out << "</section>\n";
}

// Several units are several histories: which of them is meant, a person must say.
void put_several(const UnitHistory& unit, std::ostream& out) {
  const std::vector<UnitFound> units = units_of(unit);
  out << "<section class='card wide'><h2>" << escaped(unit.asked) << " was shown by " << units.size()
      << " different units</h2>\n<p>Ask for one of them: <span class=mono>flashline report --unit ID</span></p>\n"
         "<table><thead><tr><th>Unit</th><th>Label</th><th class=n>Attempts</th><th>Last word</th><th>Started "
         "(UTC)</th><th>Slot</th></tr></thead><tbody>\n";
  for (const UnitFound& one : units) {
    out << "<tr><td class=mono>" << (one.id.empty() ? std::string("not known") : escaped(one.id)) << "</td><td>"
        << or_dash(one.label) << "</td><td class=n>" << one.attempts << "</td><td>"
        << sign_text(one.last.finished.outcome) << "</td><td class=w>" << second(one.last.started.at) << "</td><td>"
        << escaped(one.last.visit.slot.empty() ? one.last.visit.port : one.last.visit.slot) << "</td></tr>\n";
  }
  out << "</tbody></table></section>\n";
}

}  // namespace

void write_html(const UnitHistory& unit, std::ostream& out) {
  Summarizer summarizer;
  for (const db::Attempt& attempt : unit.attempts) summarizer.add(attempt);
  put_head("Unit " + unit.asked, unit.stations, summarizer.summary(), out);
  put_made(unit.made, unit.verified, out);
  if (unit.attempts.empty()) {
    out << "<p>The record knows no such unit.</p>\n";
  } else if (unit.ids.size() > 1) {
    put_several(unit, out);
  } else {
    out << "<div class=charts>\n";
    put_identity(unit, out);
    put_holds(unit, out);
    put_decisions(unit, out);
    out << "</div>\n";
    // What happened last is what people ask for first.
    for (auto attempt = unit.attempts.rbegin(); attempt != unit.attempts.rend(); ++attempt) {
      put_attempt(unit, *attempt, out);
    }
  }
  put_foot(out);
}

}  // namespace reports
