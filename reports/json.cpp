#include <QJsonArray>
#include <QJsonDocument>

#include "reports/attempt_json.h"
#include "reports/report.h"
#include "reports/summary.h"

namespace reports {

namespace {

QString text(std::string_view utf8) {
  return QString::fromUtf8(utf8.data(), static_cast<qsizetype>(utf8.size()));
}

void put(const QByteArray& json, std::ostream& out) {
  out.write(json.constData(), json.size());
}

QByteArray compact(const QJsonObject& json) {
  return QJsonDocument(json).toJson(QJsonDocument::Compact);
}
QByteArray compact(const QJsonArray& json) {
  return QJsonDocument(json).toJson(QJsonDocument::Compact);
}

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

QJsonValue rounded(const std::optional<double>& ratio) {
  return ratio ? QJsonValue(static_cast<double>(qRound64(*ratio * 10000)) / 10000) : QJsonValue();
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

}  // namespace

void write_json(const Report& report, std::ostream& out) {
  Summarizer summarizer;
  const char* separator = "\n";
  out << "{\"attempts\":[";
  report.attempts([&](const db::Attempt& attempt) {
    out << separator;
    put(compact(attempt_json(attempt)), out);
    separator = ",\n";
    summarizer.add(attempt);
    return out.good();
  });
  out << "],\n\"stations\":";
  put(compact(stations_json(report.stations)), out);
  out << ",\n\"summary\":";
  put(compact(summary_json(summarizer.summary())), out);
  out << "}\n";
}

void write_json_lines(const Report& report, std::ostream& out) {
  report.attempts([&](const db::Attempt& attempt) {
    put(compact(attempt_json(attempt)), out);
    out << '\n';
    return out.good();
  });
}

}  // namespace reports
