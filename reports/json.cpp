#include <QJsonArray>
#include <QJsonDocument>
#include <set>

#include "reports/attempt_json.h"
#include "reports/beside.h"
#include "reports/beside_json.h"
#include "reports/jobs_json.h"
#include "reports/json_text.h"
#include "reports/report.h"
#include "reports/summary.h"
#include "reports/summary_json.h"
#include "reports/unit.h"

namespace reports {

namespace {

void put(const QByteArray& json, std::ostream& out) {
  out.write(json.constData(), json.size());
}

QByteArray compact(const QJsonObject& json) {
  return QJsonDocument(json).toJson(QJsonDocument::Compact);
}
QByteArray compact(const QJsonArray& json) {
  return QJsonDocument(json).toJson(QJsonDocument::Compact);
}

}  // namespace

QJsonArray stations_json(const std::vector<db::StationInfo>& stations) {
  QJsonArray json;
  for (const db::StationInfo& station : stations) {
    json.append(QJsonObject{{"installation", text(to_string(station.installation))},
                            {"name", text(station.name)},
                            {"rows", qint64{station.head.seq}},
                            {"head", text(db::hex(station.head.hash))}});
  }
  return json;
}

QJsonArray holds_json(const std::vector<Held>& holds) {
  QJsonArray json;
  for (const Held& held : holds) {
    json.append(QJsonObject{{"address", "0x" + QString("%1").arg(held.address, 8, 16, QChar('0'))},
                            {"bytes", qint64{held.bytes}},
                            {"step", text(held.step)},
                            {"image", text(held.image->name)},
                            {"sha256", text(db::hex(held.image->sha256))},
                            {"readback_sha256", text(db::hex(held.readback))},
                            {"proven", rfc3339(held.at)},
                            {"attempt", text(to_string(held.attempt))}});
  }
  return json;
}

namespace {

QJsonValue or_null(const std::optional<db::Uuid>& uuid) {
  return uuid ? QJsonValue(text(to_string(*uuid))) : QJsonValue();
}

QJsonArray dispositions_json(const std::vector<db::Disposition>& dispositions) {
  QJsonArray json;
  for (const db::Disposition& one : dispositions) json.append(disposition_json(one));
  return json;
}

QJsonArray events_json(const std::vector<db::Event>& events) {
  QJsonArray json;
  for (const db::Event& event : events) json.append(event_json(event));
  return json;
}

QJsonValue rounded(const std::optional<double>& ratio) {
  return ratio ? QJsonValue(static_cast<double>(qRound64(*ratio * 10000)) / 10000) : QJsonValue();
}

// "[", what `each` puts, "]": one object a line.
class Rows {
 public:
  Rows(const char* name, std::ostream& out) : out_(out) { out_ << ",\n\"" << name << "\":["; }
  ~Rows() { out_ << ']'; }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  bool put(QJsonObject json, const db::Source& source) {
    json["station"] = text_or_null(source.station);
    out_ << separator_;
    reports::put(compact(json), out_);
    separator_ = ",\n";
    return out_.good();
  }

 private:
  std::ostream& out_;
  const char* separator_ = "\n";
};

void put_history(const Report& report, const Selection& selection, std::ostream& out) {
  if (!report.history) return;
  {
    Rows rows("events", out);
    report.history->events([&](const db::Event& event, const db::Source& source) {
      return !selection.has(event, source) || rows.put(event_json(event), source);
    });
  }
  {
    Rows rows("dispositions", out);
    report.history->dispositions([&](const db::Disposition& one, const db::Source& source) {
      return !selection.has(one) || rows.put(disposition_json(one), source);
    });
  }
  Rows rows("runs", out);
  report.history->runs([&](const db::Run& run, const db::Source& source) {
    return !selection.has(run) || rows.put(run_json(run), source);
  });
}

}  // namespace

QJsonArray jobs_json(const std::vector<db::WorkOrder>& jobs) {
  QJsonArray json;
  for (const db::WorkOrder& job : jobs) {
    const db::JobOpened& opened = job.opened;
    json.append(QJsonObject{{"order", text(opened.order)},
                            {"station", text_or_null(job.station)},
                            {"product", text_or_null(opened.product)},
                            {"lot", text_or_null(opened.lot)},
                            {"recipe", text_or_null(opened.recipe_name)},
                            {"quantity", qint64{opened.quantity}},
                            {"made", qint64{job.made}},
                            {"opened", rfc3339(opened.at)},
                            {"operator", text_or_null(opened.operator_name)},
                            {"until", opened.until ? QJsonValue(rfc3339(*opened.until)) : QJsonValue()},
                            {"closed", job.closed ? QJsonValue(rfc3339(job.closed->at)) : QJsonValue()},
                            {"certificate", job.closed ? text_or_null(job.closed->certificate) : QJsonValue()}});
  }
  return json;
}

QJsonObject event_json(const db::Event& event) {
  const QJsonObject facts = QJsonDocument::fromJson(QByteArray::fromStdString(event.facts)).object();
  return {{"time", rfc3339(event.at)},
          {"kind", text(event.kind)},
          {"about", text_or_null(event.about)},
          {"text", text(event.text)},
          {"attempt", or_null(event.attempt)},
          {"operator", facts.value("operator").isString() ? facts.value("operator") : QJsonValue()},
          {"facts", facts.isEmpty() ? QJsonValue() : QJsonValue(facts)}};
}

QJsonObject disposition_json(const db::Disposition& one) {
  return {{"time", rfc3339(one.at)},    {"verdict", text(to_string(one.verdict))}, {"author", text(one.author)},
          {"reason", text(one.reason)}, {"attempt", or_null(one.attempt)},         {"unit", text_or_null(one.unit)}};
}

QJsonObject run_json(const db::Run& run) {
  return {{"run", text(to_string(run.id))},
          {"time", rfc3339(run.at)},
          {"command", text_or_null(run.command)},
          {"software", text_or_null(run.software)},
          {"host", text_or_null(run.host)},
          {"kernel", text_or_null(run.kernel)},
          {"libusb", text_or_null(run.libusb)},
          {"sqlite", text_or_null(run.sqlite)},
          {"operator", text_or_null(run.operator_name)},
          {"recipe_file", text_or_null(run.recipe_file)}};
}

QJsonObject summary_json(const Summary& summary) {
  QJsonObject json{{"units", static_cast<qint64>(summary.units)}, {"attempts", static_cast<qint64>(summary.attempts)}};
  for (std::size_t i = 0; i < summary.units_by_outcome.size(); ++i) {
    json[text(to_string(static_cast<db::Outcome>(i)))] = static_cast<qint64>(summary.units_by_outcome[i]);
  }
  json["yield"] = rounded(summary.yield());
  json["first_pass_yield"] = rounded(summary.first_pass_yield());
  json["attempts_per_unit"] = rounded(summary.attempts_per_unit());
  json["first"] = summary.first ? QJsonValue(rfc3339(*summary.first)) : QJsonValue();
  json["last"] = summary.last ? QJsonValue(rfc3339(*summary.last)) : QJsonValue();
  return json;
}

// The order that was asked for, else those for which these attempts were made.
std::vector<db::WorkOrder> jobs_in(const Report& report, const std::set<std::string>& of_attempts) {
  if (!report.jobs.empty() || of_attempts.empty() || !report.all_jobs) return report.jobs;
  std::vector<db::WorkOrder> jobs = report.all_jobs();
  std::erase_if(jobs, [&](const db::WorkOrder& job) { return !of_attempts.contains(job.opened.order); });
  return jobs;
}

QJsonObject report_json(db::Time made, const std::string& verified) {
  return {{"made", rfc3339(made)}, {"verification", text(verified)}};
}

void write_json(const Report& report, std::ostream& out) {
  Summarizer summarizer;
  std::set<std::string> orders;
  Selection selection(report.filter);
  const char* separator = "\n";
  out << "{\"attempts\":[";
  report.attempts([&](const db::Attempt& attempt) {
    out << separator;
    put(compact(attempt_json(attempt)), out);
    separator = ",\n";
    if (const std::string& order = attempt.started.job; !order.empty()) orders.insert(order);
    summarizer.add(attempt);
    selection.add(attempt);
    return out.good();
  });
  out << "],\n\"jobs\":";
  put(compact(jobs_json(jobs_in(report, orders))), out);
  out << ",\n\"stations\":";
  put(compact(stations_json(report.stations)), out);
  out << ",\n\"summary\":";
  put(compact(summary_json(summarizer.summary())), out);
  put_history(report, selection, out);
  if (report.made) {
    out << ",\n\"report\":";
    put(compact(report_json(*report.made, report.verified)), out);
  }
  out << "}\n";
}

// More than one: several units showed what was asked for, and the attempts are of all of them.
QJsonArray units_json(const UnitHistory& history) {
  QJsonArray units;
  for (const UnitFound& one : units_of(history)) {
    units.append(QJsonObject{{"unit", text_or_null(one.id)},
                             {"label", text_or_null(one.label)},
                             {"attempts", static_cast<qint64>(one.attempts)},
                             {"outcome", text(std::string(to_string(one.last.finished.outcome)))},
                             {"time", rfc3339(one.last.started.at)}});
  }
  return units;
}

void write_json(const UnitHistory& unit, std::ostream& out) {
  QJsonArray attempts;
  Summarizer summarizer;
  for (const db::Attempt& attempt : unit.attempts) {
    attempts.append(attempt_json(attempt));
    summarizer.add(attempt);
  }
  QJsonObject json{{"unit", text(unit.asked)},
                   {"attempts", attempts},
                   {"holds", holds_json(unit.holds)},
                   {"dispositions", dispositions_json(unit.dispositions)},
                   {"events", events_json(unit.events)},
                   {"stations", stations_json(unit.stations)},
                   {"summary", summary_json(summarizer.summary())},
                   {"units", units_json(unit)}};
  if (unit.made) json["report"] = report_json(*unit.made, unit.verified);
  put(compact(json), out);
  out << '\n';
}

void write_holders_json(const std::vector<Holder>& holders, const std::string& image, std::ostream& out) {
  QJsonArray units;
  for (const Holder& holder : holders) {
    QJsonObject one = holds_json({holder.held})[0].toObject();
    one["unit"] = text_or_null(holder.unit);
    one["label"] = text_or_null(holder.label);
    one["station"] = text_or_null(holder.station);
    one["port"] = text(holder.port);
    one["slot"] = text_or_null(holder.slot);
    units.append(one);
  }
  put(compact(QJsonObject{{"image", text(image)}, {"units", units}}), out);
  out << '\n';
}

void write_json_lines(const Report& report, std::ostream& out) {
  report.attempts([&](const db::Attempt& attempt) {
    put(compact(attempt_json(attempt)), out);
    out << '\n';
    return out.good();
  });
}

}  // namespace reports
