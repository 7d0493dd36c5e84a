// CSV for spreadsheets: RFC 4180, one row per attempt, the names of the JSON keys with nested ones joined by a dot
// ("fault.code", "step.1.sha256").
//
// It begins with a byte order mark, because Excel reads a file without one in the local code page and spoils every name
// that is not ASCII; readers of the format know to skip it ("utf-8-sig"). A text that a spreadsheet would calculate, or
// turn into a number or a date, gets an apostrophe in front, and so does a text that begins with one: a cell that
// begins with an apostrophe is the text after it.
#include <QJsonArray>
#include <QRegularExpression>
#include <algorithm>
#include <array>

#include "reports/attempt_json.h"
#include "reports/report.h"

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

// OWASP, "CSV injection": what makes a spreadsheet calculate, the full-width forms too.
bool would_be_calculated(const QString& text) {
  static const QString first = QString::fromUtf8("=+-@\t\r\n'\uFF1D\uFF0B\uFF0D\uFF20");
  return !text.isEmpty() && first.contains(text[0]);
}

// 0200 would become 200, an id of 24 digits 2.0003E+23, and port 1-3 the third of January.
bool would_be_converted(const QString& text) {
  static const QRegularExpression number("^[0-9., ]*[0-9][0-9., ]*([eE][+-]?[0-9]+)?$");
  static const QRegularExpression date_or_time("^[0-9]+([-/:])[0-9]+(\\1[0-9]+)?$");
  return number.match(text).hasMatch() || date_or_time.match(text).hasMatch();
}

QString text_cell(QString text) {
  if (would_be_calculated(text) || would_be_converted(text)) text.prepend('\'');
  static const QRegularExpression needs_quotes("[\",;\t\r\n]");
  if (!text.contains(needs_quotes)) return text;
  return '"' + text.replace('"', "\"\"") + '"';
}

QString joined(const QJsonArray& texts) {
  QString all;
  for (const QJsonValue& one : texts) all += (all.isEmpty() ? "" : " ") + one.toString();
  return all;
}

QString cell(const QJsonValue& value) {
  if (value.isBool()) return value.toBool() ? "true" : "false";
  if (value.isDouble()) return QString::number(value.toDouble(), 'g', 15);
  if (value.isArray()) return text_cell(joined(value.toArray()));
  return text_cell(value.toString());
}

QJsonValue at(const QJsonObject& json, const QString& column) {
  const qsizetype dot = column.indexOf('.');
  return dot < 0 ? json[column] : json[column.left(dot)].toObject()[column.mid(dot + 1)];
}

void put_row(const QStringList& cells, std::ostream& out) {
  out << cells.join(',').toStdString() << "\r\n";
}

QStringList heading(std::size_t steps) {
  QStringList names(columns.begin(), columns.end());
  for (std::size_t step = 1; step <= steps; ++step) {
    for (const char* key : step_columns) names << QString("step.%1.%2").arg(step).arg(key);
  }
  return names;
}

QStringList row(const db::Attempt& attempt, std::size_t steps) {
  const QJsonObject json = attempt_json(attempt);
  QStringList cells;
  for (const char* column : columns) cells << cell(at(json, column));
  const QJsonArray done = json["steps"].toArray();
  for (std::size_t step = 0; step < steps; ++step) {
    const QJsonObject one = done.at(static_cast<qsizetype>(step)).toObject();
    for (const char* key : step_columns) cells << cell(one[key]);
  }
  return cells;
}

// Those of its recipe too: an attempt that is running now may have ended when its row is written.
std::size_t steps_of(const db::Attempt& attempt) {
  const auto& recipe = attempt.started.recipe;
  return std::max(attempt.finished.steps.size(), recipe ? recipe->images.size() : 0);
}

}  // namespace

void write_csv(const Report& report, std::ostream& out) {
  std::size_t steps = 0;
  report.attempts([&](const db::Attempt& attempt) {
    steps = std::max(steps, steps_of(attempt));
    return true;
  });
  out << "\xEF\xBB\xBF";
  put_row(heading(steps), out);
  report.attempts([&](const db::Attempt& attempt) {
    // One with more steps was started after the columns were counted: it is for the next report.
    if (steps_of(attempt) <= steps) put_row(row(attempt, steps), out);
    return out.good();
  });
}

}  // namespace reports
