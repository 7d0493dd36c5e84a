// CSV for spreadsheets: RFC 4180, with the columns of columns.h.
//
// It begins with a byte order mark, because Excel reads a file without one in the local code page and spoils every name
// that is not ASCII; readers of the format know to skip it ("utf-8-sig"). A text that a spreadsheet would calculate, or
// turn into a number or a date, gets an apostrophe in front, and so does a text that begins with one: a cell that
// begins with an apostrophe is the text after it.
#include "reports/csv.h"

#include <QStringList>
#include <algorithm>

#include "reports/attempt_json.h"
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

bool is_digit(QChar c) {
  return c >= '0' && c <= '9';
}

qsizetype past_digits(QStringView text, qsizetype at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

// "1.000,5", "2E+23"
bool is_number(QStringView text) {
  qsizetype at = 0, digits = 0;
  for (; at < text.size() && (is_digit(text[at]) || text[at] == '.' || text[at] == ',' || text[at] == ' '); ++at) {
    digits += is_digit(text[at]) ? 1 : 0;
  }
  if (digits == 0 || at == text.size()) return digits > 0;
  if (text[at] != 'e' && text[at] != 'E') return false;
  if (++at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
  return at < text.size() && past_digits(text, at) == text.size();
}

// "1-3", "2026/11/22", "7:30"
bool is_date_or_time(QStringView text) {
  const qsizetype first = past_digits(text, 0);
  if (first == 0 || first == text.size()) return false;
  const QChar between = text[first];
  if (between != '-' && between != '/' && between != ':') return false;
  const qsizetype second = past_digits(text, first + 1);
  if (second == first + 1) return false;
  if (second == text.size()) return true;
  return text[second] == between && second + 1 < text.size() && past_digits(text, second + 1) == text.size();
}

// 0200 would become 200, an id of 24 digits 2.0003E+23, and port 1-3 the third of January.
bool would_be_converted(QStringView text) {
  if (text.endsWith('\n')) text.chop(1);
  return is_number(text) || is_date_or_time(text);
}

bool needs_quotes(QChar c) {
  return c == '"' || c == ',' || c == ';' || c == '\t' || c == '\r' || c == '\n';
}

QString text_cell(QString text) {
  if (would_be_calculated(text) || would_be_converted(text)) text.prepend('\'');
  if (std::ranges::none_of(text, needs_quotes)) return text;
  return '"' + text.replace('"', "\"\"") + '"';
}

// A letter other than e keeps a text from being a number or a date.
bool is_plain(std::string_view text) {
  bool has_letter = false;
  for (const char c : text) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!is_letter && !(c >= '0' && c <= '9') && c != '.' && c != ':' && c != '-' && c != '_') return false;
    has_letter = has_letter || (is_letter && c != 'e' && c != 'E');
  }
  return has_letter && text[0] != '-';
}

// As text_cell(), at once for what needs no look at its characters one by one.
std::string cell_of(const std::string& utf8) {
  return is_plain(utf8) ? utf8 : text_cell(QString::fromStdString(utf8)).toStdString();
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
  // A record may have a million holders: each is put down without a value in between.
  for (const Holder& holder : holders) {
    const Held& held = holder.held;
    out << cell_of(holder.unit) << ',' << cell_of(holder.label) << ',' << cell_of(holder.station) << ','
        << cell_of(holder.port) << ',' << cell_of(holder.slot) << ',' << rfc3339_text(held.at) << ','
        << to_string(held.attempt) << ',' << address_text(held.address) << ',' << held.bytes << ','
        << cell_of(held.image->name) << ',' << cell_of(db::hex(held.image->sha256)) << ','
        << cell_of(db::hex(held.readback)) << "\r\n";
  }
}

}  // namespace reports
