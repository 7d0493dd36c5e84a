#include "reports/columns.h"

#include <QJsonArray>
#include <QStringList>
#include <algorithm>
#include <array>

#include "reports/attempt_json.h"

namespace reports {

namespace {

constexpr std::array columns{
    "event",         "time",          "attempt",        "visit",         "number",          "port",
    "slot",          "outcome",       "fault.code",     "fault.about",   "fault.step",      "fault.operation",
    "fault.address", "fault.block",   "fault.text",     "verified",      "booted",          "unit",
    "serials",       "flash_seconds", "return_seconds", "floor_seconds", "started",         "finished",
    "job",           "lot",           "operator",       "recipe",        "recipe_revision", "recipe_sha256",
    "usb",           "release",       "product",        "station",       "installation",    "run",
    "software",      "host"};
constexpr std::array step_columns{"name",          "image",           "sha256",         "address", "bytes",
                                  "written_bytes", "unchanged_bytes", "erased_sectors", "seconds", "readback_sha256"};

}  // namespace

std::size_t steps_of(const db::Attempt& attempt) {
  const auto& recipe = attempt.started.recipe;
  return std::max(attempt.finished.steps.size(), recipe ? recipe->images.size() : 0);
}

std::size_t most_steps(const Report& report) {
  std::size_t steps = 0;
  report.attempts([&](const db::Attempt& attempt) {
    steps = std::max(steps, steps_of(attempt));
    return true;
  });
  return steps;
}

std::vector<QString> column_names(std::size_t steps) {
  std::vector<QString> names(columns.begin(), columns.end());
  for (std::size_t step = 1; step <= steps; ++step) {
    for (const char* key : step_columns) names.push_back(QString("step.%1.%2").arg(step).arg(key));
  }
  return names;
}

std::vector<QJsonValue> cells_of(const db::Attempt& attempt, const std::vector<QString>& names) {
  const QJsonObject json = attempt_json(attempt);
  const QJsonArray steps = json["steps"].toArray();
  std::vector<QJsonValue> cells;
  cells.reserve(names.size());
  for (const QString& name : names) {
    const QStringList path = name.split('.');
    if (path[0] == "step") {
      cells.push_back(steps.at(path[1].toInt() - 1).toObject()[path[2]]);
    } else {
      cells.push_back(path.size() == 1 ? json[name] : json[path[0]].toObject()[path[1]]);
    }
    if (cells.back().isArray()) {
      QStringList texts;
      for (const QJsonValue& one : cells.back().toArray()) texts << one.toString();
      cells.back() = texts.join(' ');
    }
  }
  return cells;
}

}  // namespace reports
