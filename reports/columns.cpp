#include "reports/columns.h"

#include <QJsonArray>
#include <QStringList>
#include <algorithm>

#include "reports/attempt_json.h"
#include "reports/fields.h"

namespace reports {

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

std::vector<Column> columns_for(std::size_t steps) {
  std::vector<Column> all;
  for (const Field& field : attempt_fields()) {
    const QString name = field.name;
    const qsizetype dot = name.indexOf('.');
    all.push_back({name, dot < 0 ? QString() : name.left(dot), name.mid(dot + 1), 0});
  }
  for (int step = 1; step <= static_cast<int>(steps); ++step) {
    for (const Field& field : step_fields()) {
      all.push_back({QString("step.%1.%2").arg(step).arg(field.name), "steps", field.name, step});
    }
  }
  return all;
}

std::vector<QJsonValue> cells_of(const db::Attempt& attempt, const std::vector<Column>& columns_wanted) {
  const QJsonObject json = attempt_json(attempt);
  const QJsonArray steps = json["steps"].toArray();
  std::vector<QJsonValue> cells;
  cells.reserve(columns_wanted.size());
  QJsonObject group;
  QString in;
  int step = 0;
  for (const Column& column : columns_wanted) {
    if (column.group != in || column.step != step) {
      in = column.group;
      step = column.step;
      group = step > 0 ? steps.at(step - 1).toObject() : json[in].toObject();
    }
    QJsonValue value = in.isEmpty() ? json[column.key] : group[column.key];
    if (value.isArray()) {
      QStringList texts;
      for (const QJsonValue& one : value.toArray()) texts << one.toString();
      value = texts.join(' ');
    }
    cells.push_back(std::move(value));
  }
  return cells;
}

}  // namespace reports
