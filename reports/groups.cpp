#include "reports/groups.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QString>
#include <algorithm>
#include <array>
#include <set>

#include "reports/attempt_json.h"
#include "reports/csv.h"
#include "reports/statistics.h"
#include "reports/summary_json.h"

namespace reports {

namespace {

constexpr std::array names{"job", "lot",      "recipe", "image",   "unit",   "slot",
                           "hub", "operator", "day",    "outcome", "station"};

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

std::string recipe_name(const db::Outline& attempt) {
  const auto& recipe = attempt.recipe;
  if (!recipe) return {};
  return recipe->revision.empty() ? recipe->name : recipe->name + " " + recipe->revision;
}

// An attempt is under each image of its recipe.
std::set<std::string> image_names(const db::Outline& attempt) {
  std::set<std::string> all;
  if (attempt.recipe) {
    for (const auto& image : attempt.recipe->images) {
      all.insert(image->name + " " + db::hex(image->sha256).substr(0, 12));
    }
  }
  return all;
}

// A port's path without its last number; of a controller's own port, the controller.
std::string hub_of(const std::string& port) {
  return port.substr(0, port.find_last_of(".-"));
}

std::string value_of(const db::Outline& attempt, By by) {
  switch (by) {
    case By::job:
      return attempt.job;
    case By::lot:
      return attempt.lot;
    case By::recipe:
      return recipe_name(attempt);
    case By::image:
      return {};
    case By::unit:
      return attempt.unit;
    case By::slot:
      return attempt.slot.empty() ? attempt.port : attempt.slot;
    case By::hub:
      return hub_of(attempt.port);
    case By::operator_name:
      return attempt.operator_name;
    case By::day:
      return rfc3339(attempt.started).left(10).toStdString();
    case By::outcome:
      return std::string(to_string(attempt.outcome));
    case By::station:
      return attempt.station;
  }
  return {};
}

QString row_text(const QString& name, const QStringList& figures) {
  QString line = name.leftJustified(32);
  for (const QString& figure : figures) line += figure.rightJustified(10);
  return line;
}

QString percent(const std::optional<double>& share) {
  return share ? QString::number(*share * 100, 'f', 1) + " %" : "-";
}

// Nothing while no unit has a verdict.
std::optional<std::pair<double, double>> yield_bounds(const Summary& summary) {
  if (summary.with_verdict() == 0) return std::nullopt;
  return Share{summary.good(), summary.with_verdict()}.bounds();
}

QJsonObject group_json(const Summary& summary) {
  QJsonObject group = summary_json(summary);
  const auto bounds = yield_bounds(summary);
  group["yield_low"] = bounds ? QJsonValue(bounds->first) : QJsonValue();
  group["yield_high"] = bounds ? QJsonValue(bounds->second) : QJsonValue();
  return group;
}

QString count(std::uint64_t number) {
  return QString::number(number);
}

// What a device or a file said must not steer the terminal.
QString printable(const std::string& utf8) {
  QString text = QString::fromStdString(utf8);
  for (QChar& c : text) {
    if (!c.isPrint()) c = '?';
  }
  return text;
}

}  // namespace

std::string_view to_string(By by) {
  return names[static_cast<std::size_t>(by)];
}

std::optional<By> parse_by(std::string_view text) {
  const auto found = std::ranges::find(names, text);
  if (found == names.end()) return std::nullopt;
  return static_cast<By>(found - names.begin());
}

std::vector<std::pair<std::string, Summary>> grouped(const Report& report, By by) {
  std::map<std::string, Summarizer> groups;
  report.outlines(db::Outlined::groups, [&](const db::Outline& attempt) {
    if (by != By::image) {
      groups[or_dash(value_of(attempt, by))].add(attempt);
      return true;
    }
    for (const std::string& image : image_names(attempt)) groups[image].add(attempt);
    return true;
  });
  std::vector<std::pair<std::string, Summary>> all;
  for (const auto& [name, summarizer] : groups) all.emplace_back(name, summarizer.summary());
  std::ranges::stable_sort(all, [](const auto& a, const auto& b) { return by_number(a.first, b.first); });
  return all;
}

void write_groups(const Report& report, By by, std::ostream& out) {
  const auto put = [&out](const QString& line) { out << line.toStdString() << '\n'; };
  put(row_text(QString::fromStdString(std::string(to_string(by))),
               {"units", "good", "yield", "from", "to", "1st pass", "attempts", "per unit"}));
  for (const auto& [name, summary] : grouped(report, by)) {
    const auto bounds = yield_bounds(summary);
    const auto from = bounds ? std::optional(bounds->first) : std::nullopt;
    const auto to = bounds ? std::optional(bounds->second) : std::nullopt;
    put(row_text(printable(name), {count(summary.units), count(summary.good()), percent(summary.yield()), percent(from),
                                   percent(to), percent(summary.first_pass_yield()), count(summary.attempts),
                                   QString::number(summary.attempts_per_unit().value_or(0), 'f', 2)}));
  }
  if (report.made) out << "\nMade " << rfc3339(*report.made).toStdString() << ". " << report.verified << '\n';
}

void write_groups_json(const Report& report, By by, std::ostream& out) {
  const QString key = QString::fromStdString(std::string(to_string(by)));
  QJsonArray groups;
  for (const auto& [name, summary] : grouped(report, by)) {
    QJsonObject group = group_json(summary);
    group["value"] = QString::fromStdString(name);
    groups.append(group);
  }
  QJsonObject json{{"by", key}, {"groups", groups}};
  if (report.made) json["report"] = report_json(*report.made, report.verified);
  out << QJsonDocument(json).toJson().toStdString();
}

void write_groups_csv(const Report& report, By by, std::ostream& out) {
  const std::array keys{"units",     "attempts",   "passed",           "already",           "failed",
                        "error",     "cancelled",  "interrupted",      "running",           "yield",
                        "yield_low", "yield_high", "first_pass_yield", "attempts_per_unit", "first",
                        "last"};
  QStringList head{QString::fromStdString(std::string(to_string(by)))};
  for (const char* key : keys) head << key;
  put_csv_head(head, out);
  for (const auto& [name, summary] : grouped(report, by)) {
    const QJsonObject json = group_json(summary);
    std::vector<QJsonValue> cells{QString::fromStdString(name)};
    for (const char* key : keys) cells.push_back(json[key]);
    put_csv_row(cells, out);
  }
}

}  // namespace reports
