#include <QString>
#include <QStringList>
#include <utility>

#include "reports/attempt_json.h"
#include "reports/beside.h"
#include "reports/report.h"
#include "reports/summary.h"
#include "reports/unit.h"

namespace reports {

namespace {

constexpr qsizetype kColumns = 100;

// What a device or a file said must not steer the terminal.
QString printable(const std::string& utf8) {
  QString text = QString::fromStdString(utf8);
  for (QChar& c : text) {
    if (!c.isPrint()) c = '?';
  }
  return text;
}

std::string joined(const std::set<std::string>& texts) {
  std::string all;
  for (const std::string& one : texts) all += (all.empty() ? "" : ", ") + one;
  return all;
}

void put_line(const QString& line, std::ostream& out) {
  qsizetype end = line.size();
  while (end > 0 && line[end - 1] == ' ') --end;
  out << line.left(end).toStdString() << '\n';
}

void put_wrapped(const QString& text, qsizetype indent, std::ostream& out) {
  QString line(indent, ' ');
  bool empty = true;
  for (const QString& word : text.split(' ', Qt::SkipEmptyParts)) {
    if (!empty && line.size() + 1 + word.size() > kColumns) {
      put_line(line, out);
      line = QString(indent, ' ');
      empty = true;
    }
    if (!empty) line += ' ';
    line += word;
    empty = false;
  }
  put_line(line, out);
}

QString date_and_time(db::Time time) {
  return rfc3339(time).left(19).replace('T', ' ');
}

QString row(const QString& slot, const QString& port, const QString& number, const QString& started,
            const QString& outcome, const QString& seconds, const QString& unit) {
  return slot.leftJustified(8) + ' ' + port.leftJustified(12) + ' ' + number.rightJustified(3) + "  " +
         started.leftJustified(19) + "  " + outcome.leftJustified(11) + ' ' + seconds.rightJustified(8) + "  " + unit;
}

QString or_dash(const QString& text) {
  return text.isEmpty() ? QString("-") : text;
}

// From the first touch to the verdict.
QString seconds(const db::AttemptFinished& finished) {
  if (!finished.flash) return "-";
  const auto all = *finished.flash + finished.back.value_or(db::milliseconds(0));
  return QString::number(static_cast<double>(all.count()) / 1000, 'f', 2);
}

QString sentence(const db::Fault& fault) {
  QString where = printable(fault.code);
  if (!fault.step.empty()) where += ", step " + printable(fault.step);
  return where + ": " + printable(fault.text);
}

void put_attempt(const db::Attempt& attempt, std::ostream& out) {
  const db::AttemptFinished& finished = attempt.finished;
  put_line(row(or_dash(printable(attempt.visit.slot)), printable(attempt.visit.port),
               QString::number(attempt.started.number), date_and_time(attempt.started.at),
               QString::fromStdString(std::string(to_string(finished.outcome))), seconds(finished),
               or_dash(printable(finished.unit))),
           out);
  if (finished.fault) put_wrapped(sentence(*finished.fault), 9, out);
}

// "66.7 % (2 of 3)"
QString percent(const std::optional<double>& ratio, std::uint64_t part, std::uint64_t whole) {
  if (!ratio) return "-";
  return QString::number(*ratio * 100, 'f', 1) + QString(" % (%1 of %2)").arg(part).arg(whole);
}

void put_summary(const Summary& summary, std::ostream& out) {
  if (summary.attempts == 0) {
    out << "\nNo attempts.\n";
    return;
  }
  QStringList outcomes;
  for (std::size_t i = 0; i < summary.units_by_outcome.size(); ++i) {
    if (summary.units_by_outcome[i] == 0) continue;
    outcomes << QString::number(summary.units_by_outcome[i]) + ' ' +
                    QString::fromStdString(std::string(to_string(static_cast<db::Outcome>(i))));
  }
  out << '\n';
  put_line("Units     " + QString::number(summary.units) + ": " + outcomes.join(", "), out);
  put_line("Yield     " + percent(summary.yield(), summary.good(), summary.with_verdict()) + ", at the first attempt " +
               percent(summary.first_pass_yield(), summary.first_pass, summary.with_verdict()),
           out);
  put_line("Attempts  " + QString::number(summary.attempts) + ", " +
               QString::number(summary.attempts_per_unit().value_or(0), 'f', 2) + " per unit",
           out);
  put_line("Time      " + date_and_time(*summary.first) + " to " + date_and_time(*summary.last) + " UTC", out);
}

void put_job(const db::WorkOrder& job, std::ostream& out) {
  const db::JobOpened& opened = job.opened;
  put_line("Order     " + printable(opened.order) + ": " + QString::number(job.made) + " of " +
               QString::number(opened.quantity) + " units made, " +
               (job.closed ? "closed " + date_and_time(job.closed->at) + " UTC, with a certificate" : QString("open")) +
               (job.own ? QString() : ", station " + printable(job.station)),
           out);
}

QString address(std::int64_t value) {
  return "0x" + QString("%1").arg(value, 8, 16, QChar('0'));
}

void put_held(const Held& held, std::ostream& out) {
  put_line(address(held.address) + "  " + printable(held.image->name) + ", " + QString::number(held.bytes) + " bytes",
           out);
  put_line("            " + QString::fromStdString(db::hex(held.readback)), out);
  put_line("            read back " + date_and_time(held.at) + " UTC, attempt " +
               QString::fromStdString(to_string(held.attempt)),
           out);
}

void put_holds(const UnitHistory& unit, std::ostream& out) {
  out << '\n';
  if (unit.holds.empty()) {
    put_line(unit.lost ? "Holds     not known: the last attempt broke off" : "Holds     nothing that was read back",
             out);
    return;
  }
  put_line("Holds now, by what was read back last:", out);
  for (const Held& held : unit.holds) put_held(held, out);
}

void put_event(const db::Event& event, qsizetype indent, std::ostream& out) {
  put_wrapped(date_and_time(event.at) + "  " + printable(event.kind) + ": " + printable(event.text), indent, out);
}

void put_decision(const db::Disposition& one, std::ostream& out) {
  QString about = one.attempt ? "attempt " + QString::fromStdString(to_string(*one.attempt)) : printable(one.unit);
  put_wrapped(date_and_time(one.at) + "  " + QString::fromStdString(std::string(to_string(one.verdict))) + " by " +
                  printable(one.author) + ": " + printable(one.reason) + " (" + about + ")",
              0, out);
}

void put_run(const db::Run& run, std::ostream& out) {
  put_wrapped(date_and_time(run.at) + "  " + printable(run.command) + ", flashline " + printable(run.software) +
                  " on " + printable(run.host) + ", operator " + or_dash(printable(run.operator_name)),
              0, out);
}

// The heading comes with the first row.
class Section {
 public:
  Section(const char* heading, std::ostream& out) : heading_(heading), out_(out) {}
  std::ostream& row() {
    if (std::exchange(empty_, false)) out_ << '\n' << heading_ << '\n';
    return out_;
  }

 private:
  const char* heading_;
  std::ostream& out_;
  bool empty_ = true;
};

void put_history(const Report& report, const Selection& selection, std::ostream& out) {
  if (!report.history) return;
  Section runs("Runs (UTC)", out), events("Events (UTC)", out), decisions("Decisions (UTC)", out);
  report.history->runs([&](const db::Run& run, const db::Source&) {
    if (selection.has(run)) put_run(run, runs.row());
    return out.good();
  });
  report.history->events([&](const db::Event& event, const db::Source& source) {
    if (selection.has(event, source)) put_event(event, 0, events.row());
    return out.good();
  });
  report.history->dispositions([&](const db::Disposition& one, const db::Source&) {
    if (selection.has(one)) put_decision(one, decisions.row());
    return out.good();
  });
}

void put_stations(const std::vector<db::StationInfo>& stations, std::ostream& out) {
  for (const db::StationInfo& station : stations) {
    put_line("Station   " + or_dash(printable(station.name)) + " (" +
                 QString::fromStdString(to_string(station.installation)) + ")",
             out);
    put_line("Record    " + QString::number(station.head.seq) + " rows, last hash " +
                 QString::fromStdString(db::hex(station.head.hash)),
             out);
  }
}

// Of a report or of the history of a unit.
template <typename Made>
void put_made(const Made& report, std::ostream& out) {
  if (!report.made) return;
  put_line("Made      " + date_and_time(*report.made) + " UTC", out);
  put_wrapped(QString::fromStdString(report.verified), 10, out);
}

}  // namespace

void write_summary(const Report& report, std::ostream& out) {
  Summarizer summarizer;
  put_stations(report.stations, out);
  put_made(report, out);
  for (const db::WorkOrder& job : report.jobs) put_job(job, out);
  report.outlines(db::Outlined::sums, [&](const db::Outline& attempt) {
    summarizer.add(attempt);
    return true;
  });
  put_summary(summarizer.summary(), out);
}

void write_text(const Report& report, std::ostream& out) {
  Summarizer summarizer;
  Selection selection(report.filter);
  bool first = true;
  put_stations(report.stations, out);
  put_made(report, out);
  for (const db::WorkOrder& job : report.jobs) put_job(job, out);
  report.attempts([&](const db::Attempt& attempt) {
    if (std::exchange(first, false)) {
      out << '\n';
      put_line(row("Slot", "Port", "Try", "Started (UTC)", "Outcome", "Seconds", "Unit"), out);
    }
    put_attempt(attempt, out);
    summarizer.add(attempt);
    selection.add(attempt);
    return out.good();
  });
  put_history(report, selection, out);
  put_summary(summarizer.summary(), out);
}

// Several units are several histories: which of them is meant, a person must say.
void put_several(const UnitHistory& unit, std::ostream& out) {
  const std::vector<UnitFound> units = units_of(unit);
  out << '\n';
  put_wrapped(printable(unit.asked) +
                  QString(" was shown by %1 different units. Ask for one of them with --unit ID:").arg(units.size()),
              0, out);
  const auto line = [&out](const QString& id, const QString& label, const QString& tries, const QString& outcome,
                           const QString& at) {
    put_line(id.leftJustified(26) + ' ' + label.leftJustified(16) + ' ' + tries.leftJustified(8) + ' ' +
                 outcome.leftJustified(11) + ' ' + at,
             out);
  };
  line("Unit", "Label", "Attempts", "Last", "Started (UTC)");
  for (const UnitFound& one : units) {
    line(one.id.empty() ? QString("not known") : printable(one.id), or_dash(printable(one.label)),
         QString::number(one.attempts), QString::fromStdString(std::string(to_string(one.last.finished.outcome))),
         date_and_time(one.last.started.at) + "  " +
             printable(one.last.visit.slot.empty() ? one.last.visit.port : one.last.visit.slot));
  }
}

void write_text(const UnitHistory& unit, std::ostream& out) {
  Summarizer summarizer;
  put_stations(unit.stations, out);
  put_made(unit, out);
  if (unit.ids.size() > 1) return put_several(unit, out);
  if (!unit.ids.empty()) put_line("Unit      " + printable(joined(unit.ids)), out);
  if (!unit.labels.empty()) put_line("Label     " + printable(joined({unit.labels.begin(), unit.labels.end()})), out);
  if (!unit.serials.empty())
    put_line("Serials   " + printable(joined({unit.serials.begin(), unit.serials.end()})), out);
  if (!unit.attempts.empty()) {
    out << '\n';
    put_line(row("Slot", "Port", "Try", "Started (UTC)", "Outcome", "Seconds", "Unit"), out);
  }
  for (const db::Attempt& attempt : unit.attempts) {
    put_attempt(attempt, out);
    summarizer.add(attempt);
  }
  for (const db::Event& event : unit.events) put_event(event, 9, out);
  if (!unit.dispositions.empty()) out << "\nDecisions\n";
  for (const db::Disposition& one : unit.dispositions) {
    put_wrapped(date_and_time(one.at) + "  " + QString::fromStdString(std::string(to_string(one.verdict))) + " by " +
                    printable(one.author) + ": " + printable(one.reason),
                0, out);
  }
  if (!unit.attempts.empty()) put_holds(unit, out);
  put_summary(summarizer.summary(), out);
}

void write_holders(const std::vector<Holder>& holders, const std::string& image, std::ostream& out) {
  const auto line = [&out](const QString& unit, const QString& label, const QString& slot, const QString& proven,
                           const QString& digest) {
    put_line(unit.leftJustified(26) + ' ' + label.leftJustified(16) + ' ' + slot.leftJustified(10) + ' ' +
                 proven.leftJustified(19) + "  " + digest,
             out);
  };
  if (!holders.empty()) line("Unit", "Label", "Slot", "Read back (UTC)", "SHA-256 of the image");
  for (const Holder& holder : holders) {
    line(or_dash(printable(holder.unit)), or_dash(printable(holder.label)),
         printable(holder.slot.empty() ? holder.port : holder.slot), date_and_time(holder.held.at),
         QString::fromStdString(db::hex(holder.held.image->sha256).substr(0, 12)));
  }
  out << holders.size() << (holders.size() == 1 ? " unit holds " : " units hold ") << printable(image).toStdString()
      << ", by what was read back last\n";
}

}  // namespace reports
