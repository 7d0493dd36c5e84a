// A workbook for spreadsheet users, by libxlsxwriter: a sheet to read, then the attempts with the columns of the CSV.
// Row by row in constant memory; a sheet holds 1,048,576 rows at the most, so more attempts go on on further sheets.
#include <QJsonArray>
#include <QJsonDocument>
#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <stdexcept>

#include <xlsxwriter.h>

#include "reports/beside.h"
#include "reports/beside_json.h"
#include "reports/columns.h"
#include "reports/printable.h"
#include "reports/report.h"
#include "reports/statistics.h"
#include "reports/xlsx_overview.h"

namespace reports {

namespace {

constexpr qsizetype longest_text = 32767;  // what a cell holds

// In characters: what is usually in such a column, so that it can be read without pulling it wider.
double width_of(const QString& column) {
  const QString last = column.section('.', -1);
  if (last.contains("sha256")) return 20;
  if (last == "time" || last == "started" || last == "finished") return 25;
  if (last == "attempt" || last == "visit" || last == "run") return 38;
  if (last == "text" || last == "facts" || last == "reason" || last == "image") return 40;
  if (last == "unit" || last == "serials") return 28;
  return std::clamp<double>(static_cast<double>(column.size()) + 3, 9, 24);
}

class Sheets {
 public:
  Sheets(lxw_workbook* book, std::string name, QStringList columns, lxw_format* head, lxw_row_t rows_per_sheet)
      : book_(book),
        name_(std::move(name)),
        columns_(std::move(columns)),
        head_(head),
        rows_per_sheet_(rows_per_sheet) {}

  void add(const std::vector<QJsonValue>& cells) {
    if (!sheet_ || row_ > rows_per_sheet_) next();
    for (std::size_t i = 0; i < cells.size(); ++i) put(static_cast<lxw_col_t>(i), cells[i]);
    ++row_;
  }
  void finish() {
    if (!sheet_) next();
    close_sheet();
  }

 private:
  void next() {
    if (sheet_) close_sheet();
    const std::string name = ++sheets_ == 1 ? name_ : name_ + " " + std::to_string(sheets_);
    sheet_ = workbook_add_worksheet(book_, name.c_str());
    worksheet_freeze_panes(sheet_, 1, 0);
    for (qsizetype i = 0; i < columns_.size(); ++i) {
      const auto column = static_cast<lxw_col_t>(i);
      worksheet_set_column(sheet_, column, column, width_of(columns_[i]), nullptr);
      worksheet_write_string(sheet_, 0, column, columns_[i].toUtf8().constData(), head_);
    }
    row_ = 1;
  }
  void close_sheet() {
    worksheet_autofilter(sheet_, 0, 0, std::max<lxw_row_t>(row_ - 1, 1), static_cast<lxw_col_t>(columns_.size() - 1));
  }
  // A text stays text, whatever it begins with: it is no formula, and an id of digits no number.
  void put(lxw_col_t column, const QJsonValue& value) {
    if (value.isBool()) {
      worksheet_write_boolean(sheet_, row_, column, value.toBool(), nullptr);
    } else if (value.isDouble()) {
      worksheet_write_number(sheet_, row_, column, value.toDouble(), nullptr);
    } else if (value.isString() && !value.toString().isEmpty()) {
      // A line break within a cell is one character there; a carriage return would be shown as _x000D_.
      QString text = value.toString().left(longest_text);
      text.replace("\r\n", "\n").replace('\r', '\n');
      // XML has no control characters, and an escape takes more room than its character.
      text = QString::fromStdString(printable(text.toStdString(), Breaks::kept)).left(longest_text);
      worksheet_write_string(sheet_, row_, column, text.toUtf8().constData(), nullptr);
    }
  }

  lxw_workbook* book_;
  const std::string name_;
  const QStringList columns_;
  lxw_format* head_;
  lxw_row_t rows_per_sheet_;
  lxw_worksheet* sheet_ = nullptr;
  lxw_row_t row_ = 0;
  int sheets_ = 0;
};

QStringList names_of(const std::vector<Column>& columns) {
  QStringList names;
  for (const Column& column : columns) names << column.name;
  return names;
}

// An object within one is its JSON.
std::vector<QJsonValue> cells_in_order(QJsonObject json, const QStringList& names, const db::Source& source) {
  json["station"] = QString::fromStdString(source.station);
  std::vector<QJsonValue> cells;
  for (const QString& name : names) {
    const QJsonValue value = json.value(name);
    cells.push_back(value.isObject()
                        ? QJsonValue(QString::fromUtf8(QJsonDocument(value.toObject()).toJson(QJsonDocument::Compact)))
                        : value);
  }
  return cells;
}

void put_history(lxw_workbook* book, const Report& report, const Selection& selection, const Formats& formats,
                 lxw_row_t rows_per_sheet) {
  if (!report.history) return;
  const auto sheets = [&](const char* name, const QStringList& columns) {
    return Sheets(book, name, columns, formats.head, rows_per_sheet);
  };
  const QStringList of_event{"time", "kind", "about", "text", "operator", "attempt", "facts", "station"};
  Sheets events = sheets("Events", of_event);
  report.history->events([&](const db::Event& event, const db::Source& source) {
    if (selection.has(event, source)) events.add(cells_in_order(event_json(event), of_event, source));
    return true;
  });
  events.finish();
  const QStringList of_decision{"time", "verdict", "author", "reason", "attempt", "unit", "station"};
  Sheets decisions = sheets("Decisions", of_decision);
  report.history->dispositions([&](const db::Disposition& one, const db::Source& source) {
    if (selection.has(one)) decisions.add(cells_in_order(disposition_json(one), of_decision, source));
    return true;
  });
  decisions.finish();
  const QStringList of_run{"time",   "command", "operator",    "software", "host",   "kernel",
                           "libusb", "sqlite",  "recipe_file", "run",      "station"};
  Sheets runs = sheets("Runs", of_run);
  report.history->runs([&](const db::Run& run, const db::Source& source) {
    if (selection.has(run)) runs.add(cells_in_order(run_json(run), of_run, source));
    return true;
  });
  runs.finish();
}

}  // namespace

void write_xlsx(const Report& report, const std::string& path, std::uint32_t rows_per_sheet) {
  const std::size_t steps = most_steps(report);
  lxw_workbook_options options{};
  options.constant_memory = LXW_TRUE;
  lxw_workbook* book = workbook_new_opt(path.c_str(), &options);
  if (!book) throw std::runtime_error("the workbook cannot be begun");
  Formats formats = make_formats(book);
  lxw_worksheet* overview = workbook_add_worksheet(book, overview_name);  // the one that opens
  Statistician statistician(report.make_slot_test);
  Selection selection(report.filter);
  const lxw_row_t most_rows = std::clamp<lxw_row_t>(rows_per_sheet, 1, LXW_ROW_MAX - 1);
  const std::vector<Column> columns = columns_for(steps);
  Sheets sheets(book, "Attempts", names_of(columns), formats.head, most_rows);
  report.attempts([&](const db::Attempt& attempt) {
    if (steps_of(attempt) > steps) return true;  // started after the columns were counted
    statistician.add(attempt);
    selection.add(attempt);
    sheets.add(cells_of(attempt, columns));
    return true;
  });
  sheets.finish();
  put_history(book, report, selection, formats, most_rows);
  put_overview(book, overview, report, statistician.statistics(), formats);
  if (const lxw_error error = workbook_close(book); error != LXW_NO_ERROR)
    throw std::runtime_error(lxw_strerror(error));
}

}  // namespace reports
