// CSV for spreadsheets: RFC 4180, with the columns of columns.h.
//
// It begins with a byte order mark, because Excel reads a file without one in the local code page and spoils every name
// that is not ASCII; readers of the format know to skip it ("utf-8-sig"). A text that a spreadsheet would calculate, or
// turn into a number or a date, gets an apostrophe in front, and so does a text that begins with one: a cell that
// begins with an apostrophe is the text after it.
#include "reports/csv.h"

#include <QRegularExpression>
#include <QStringList>

#include "reports/columns.h"
#include "reports/report.h"
#include "reports/summary_json.h"
#include "reports/unit.h"

namespace reports {

namespace {

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

QString cell(const QJsonValue& value) {
  if (value.isBool()) return value.toBool() ? "true" : "false";
  if (value.isDouble()) return QString::number(value.toDouble(), 'g', 15);
  return text_cell(value.toString());
}

void put_row(const QStringList& cells, std::ostream& out) {
  out << cells.join(',').toStdString() << "\r\n";
}

}  // namespace

void put_csv_head(const QStringList& names, std::ostream& out) {
  out << "\xEF\xBB\xBF";
  put_row(names, out);
}

void put_csv_row(const std::vector<QJsonValue>& values, std::ostream& out) {
  QStringList cells;
  for (const QJsonValue& value : values) cells << cell(value);
  put_row(cells, out);
}

void write_csv(const Report& report, std::ostream& out) {
  const std::size_t steps = most_steps(report);
  const std::vector<Column> columns = columns_for(steps);
  QStringList names;
  for (const Column& column : columns) names << column.name;
  put_csv_head(names, out);
  report.attempts([&](const db::Attempt& attempt) {
    // One with more steps was started after the columns were counted: it is for the next report.
    if (steps_of(attempt) > steps) return true;
    put_csv_row(cells_of(attempt, columns), out);
    return out.good();
  });
}

void write_holders_csv(const std::vector<Holder>& holders, std::ostream& out) {
  put_csv_head({"unit", "label", "station", "port", "slot", "proven", "attempt", "address", "bytes", "image", "sha256",
                "readback_sha256"},
               out);
  const auto text = [](const std::string& utf8) { return QJsonValue(QString::fromStdString(utf8)); };
  for (const Holder& holder : holders) {
    const QJsonObject held = holds_json({holder.held})[0].toObject();
    put_csv_row({text(holder.unit), text(holder.label), text(holder.station), text(holder.port), text(holder.slot),
                 held["proven"], held["attempt"], held["address"], held["bytes"], held["image"], held["sha256"],
                 held["readback_sha256"]},
                out);
  }
}

}  // namespace reports
