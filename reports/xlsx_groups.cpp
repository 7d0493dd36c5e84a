// A row of figures for each slot, day, operator..., as a workbook of one sheet and a chart.
#include <algorithm>
#include <stdexcept>

#include <xlsxwriter.h>

#include "reports/groups.h"
#include "reports/printable.h"
#include "reports/statistics.h"

namespace reports {

namespace {

struct Formats {
  lxw_format *head, *share, *number;
};

constexpr lxw_row_t most_rows = LXW_ROW_MAX - 1;
constexpr std::size_t most_in_chart = 40;  // columns that can still be told apart

void put_row(lxw_worksheet* sheet, lxw_row_t row, const std::string& name, const Summary& summary,
             const Formats& formats) {
  worksheet_write_string(sheet, row, 0, printable(name).c_str(), nullptr);
  const auto count = [&](lxw_col_t column, std::uint64_t value) {
    worksheet_write_number(sheet, row, column, static_cast<double>(value), nullptr);
  };
  count(1, summary.units);
  count(2, summary.good());
  if (summary.with_verdict() > 0) {
    const Share yield{summary.good(), summary.with_verdict()};
    const auto [low, high] = yield.bounds();
    worksheet_write_number(sheet, row, 3, yield.value(), formats.share);
    worksheet_write_number(sheet, row, 4, low, formats.share);
    worksheet_write_number(sheet, row, 5, high, formats.share);
    worksheet_write_number(sheet, row, 6, summary.first_pass_yield().value_or(0), formats.share);
  }
  count(7, summary.attempts);
  worksheet_write_number(sheet, row, 8, summary.attempts_per_unit().value_or(0), formats.number);
}

void put_chart(lxw_workbook* book, lxw_worksheet* sheet, const std::string& name, std::size_t rows) {
  if (rows == 0) return;
  const auto last = static_cast<lxw_row_t>(std::min(rows, most_in_chart));
  lxw_chart* chart = workbook_add_chart(book, LXW_CHART_COLUMN);
  lxw_chart_series* series = chart_add_series(chart, nullptr, nullptr);
  chart_series_set_categories(series, name.c_str(), 1, 0, last, 0);
  chart_series_set_values(series, name.c_str(), 1, 3, last, 3);
  chart_title_set_name(chart, ("Yield by " + name).c_str());
  chart_legend_set_position(chart, LXW_CHART_LEGEND_NONE);
  chart_axis_set_max(chart->y_axis, 1);
  worksheet_insert_chart(sheet, 1, 10, chart);
}

}  // namespace

void write_groups_xlsx(const Report& report, By by, const std::string& path) {
  lxw_workbook* book = workbook_new(path.c_str());
  if (!book) throw std::runtime_error("the workbook cannot be begun");
  Formats formats{workbook_add_format(book), workbook_add_format(book), workbook_add_format(book)};
  format_set_bold(formats.head);
  format_set_num_format(formats.share, "0.0 %");
  format_set_num_format(formats.number, "0.00");
  const std::string name(to_string(by));
  lxw_worksheet* sheet = workbook_add_worksheet(book, name.c_str());
  const std::vector<std::string> heads{name,       "units",      "good",     "yield",   "yield from",
                                       "yield to", "first pass", "attempts", "per unit"};
  for (std::size_t i = 0; i < heads.size(); ++i) {
    worksheet_write_string(sheet, 0, static_cast<lxw_col_t>(i), heads[i].c_str(), formats.head);
  }
  worksheet_set_column(sheet, 0, 0, 32, nullptr);
  worksheet_set_column(sheet, 1, 8, 11, nullptr);
  worksheet_freeze_panes(sheet, 1, 1);
  const auto groups = grouped(report, by);
  lxw_row_t row = 1;
  for (const auto& [value, summary] : groups) {
    if (row <= most_rows) put_row(sheet, row++, value, summary, formats);
  }
  worksheet_autofilter(sheet, 0, 0, std::max<lxw_row_t>(row - 1, 1), static_cast<lxw_col_t>(heads.size() - 1));
  put_chart(book, sheet, name, groups.size());
  if (const lxw_error error = workbook_close(book); error != LXW_NO_ERROR)
    throw std::runtime_error(lxw_strerror(error));
}

}  // namespace reports
