// CSV for spreadsheets: RFC 4180, with the columns of columns.h.
//
// It begins with a byte order mark, because Excel reads a file without one in the local code page and spoils every name
// that is not ASCII; readers of the format know to skip it ("utf-8-sig"). A text that a spreadsheet would calculate, or
// turn into a number or a date, gets an apostrophe in front, and so does a text that begins with one: a cell that
// begins with an apostrophe is the text after it.
#include <QRegularExpression>
#include <QStringList>

#include "reports/columns.h"
#include "reports/report.h"

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

void write_csv(const Report& report, std::ostream& out) {
  const std::size_t steps = most_steps(report);
  const std::vector<Column> columns = columns_for(steps);
  out << "\xEF\xBB\xBF";
  QStringList names;
  for (const Column& column : columns) names << column.name;
  put_row(names, out);
  report.attempts([&](const db::Attempt& attempt) {
    // One with more steps was started after the columns were counted: it is for the next report.
    if (steps_of(attempt) > steps) return true;
    QStringList cells;
    for (const QJsonValue& value : cells_of(attempt, columns)) cells << cell(value);
    put_row(cells, out);
    return out.good();
  });
}

}  // namespace reports
