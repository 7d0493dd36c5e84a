#include "reports/xlsx_overview.h"

#include <algorithm>
#include <string>

#include "reports/charts.h"
#include "reports/printable.h"

namespace reports {

namespace {

constexpr std::size_t most_faults = 10, most_slots = 200;

// Writes one row after the other.
class Page {
 public:
  Page(lxw_worksheet* sheet, const Formats& formats) : sheet_(sheet), formats_(formats) {}

  void title(const std::string& words) {
    worksheet_write_string(sheet_, row_++, 0, printable(words).c_str(), formats_.title);
  }
  void text(const char* name, const std::string& value) {
    worksheet_write_string(sheet_, row_, 0, name, formats_.head);
    worksheet_write_string(sheet_, row_++, 1, printable(value).c_str(), formats_.wrapped);
  }
  void number(const std::string& name, double value, lxw_format* format = nullptr) {
    worksheet_write_string(sheet_, row_, 0, printable(name).c_str(), formats_.head);
    worksheet_write_number(sheet_, row_++, 1, value, format);
  }
  void heads(const std::vector<const char*>& names) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      worksheet_write_string(sheet_, row_, static_cast<lxw_col_t>(i), names[i], formats_.head_row);
    }
    ++row_;
  }
  void slot(const PlaceYield& place) {
    worksheet_write_string(sheet_, row_, 0, printable(place.place.name()).c_str(), nullptr);
    worksheet_write_number(sheet_, row_, 1, static_cast<double>(place.good.whole), nullptr);
    worksheet_write_number(sheet_, row_, 2, place.good.value(), formats_.percent);
    worksheet_write_number(sheet_, row_, 3, place.first_pass.value(), formats_.percent);
    if (place.suspect) worksheet_write_string(sheet_, row_, 4, "worse than the others", nullptr);
    ++row_;
  }
  void gap() { ++row_; }
  lxw_row_t row() const { return row_; }

 private:
  lxw_worksheet* sheet_;
  const Formats& formats_;
  lxw_row_t row_ = 0;
};

void put_head(Page& page, lxw_workbook* book, const Report& report) {
  page.title("Flashline report" + (report.selection.empty() ? std::string() : ": " + report.selection));
  page.text("selection", report.selection.empty() ? "everything" : report.selection);
  int properties = 0;
  for (const db::StationInfo& station : report.stations) {
    page.text("station", station.name);
    page.text("installation", to_string(station.installation));
    page.number("record rows", static_cast<double>(station.head.seq));
    page.text("record hash", db::hex(station.head.hash));
    const std::string anchor = "installation " + to_string(station.installation) + ", row " +
                               std::to_string(station.head.seq) + ", hash " + db::hex(station.head.hash);
    workbook_set_custom_property_string(book, ("Anchor " + std::to_string(++properties)).c_str(), anchor.c_str());
  }
  if (!report.made) return;
  page.text("made", second(*report.made) + " UTC");
  page.text("record", report.verified);
}

void put_figures(Page& page, const Statistics& statistics, const Formats& formats) {
  const Summary& summary = statistics.summary;
  page.number("units", static_cast<double>(summary.units));
  for (std::size_t i = 0; i < summary.units_by_outcome.size(); ++i) {
    const std::string name = "units " + std::string(to_string(static_cast<db::Outcome>(i)));
    page.number(name, static_cast<double>(summary.units_by_outcome[i]));
  }
  if (summary.yield()) page.number("yield", *summary.yield(), formats.percent);
  if (summary.first_pass_yield()) page.number("first-pass yield", *summary.first_pass_yield(), formats.percent);
  page.number("attempts", static_cast<double>(summary.attempts));
  if (!statistics.cycles.bins.empty())
    page.number("median cycle, seconds", static_cast<double>(qRound64(statistics.cycles.median * 100)) / 100);
  if (summary.first && summary.last && *summary.last > *summary.first) {
    const double hours = std::chrono::duration<double, std::ratio<3600>>(*summary.last - *summary.first).count();
    page.text("from", second(*summary.first) + " UTC");
    page.text("to", second(*summary.last) + " UTC");
    page.number("good units per hour", static_cast<double>(qRound64(static_cast<double>(summary.good()) / hours)));
  }
}

void put_chart(lxw_workbook* book, lxw_worksheet* sheet, lxw_row_t at, const char* title, std::uint8_t type,
               lxw_row_t first, lxw_row_t last, lxw_col_t values) {
  if (last < first) return;
  lxw_chart* chart = workbook_add_chart(book, type);
  lxw_chart_series* series = chart_add_series(chart, nullptr, nullptr);
  chart_series_set_categories(series, overview_name, first, 0, last, 0);
  chart_series_set_values(series, overview_name, first, values, last, values);
  chart_title_set_name(chart, title);
  chart_legend_set_position(chart, LXW_CHART_LEGEND_NONE);
  if (type == LXW_CHART_BAR) chart_axis_set_reverse(chart->y_axis);  // the first row at the top
  worksheet_insert_chart(sheet, at, 5, chart);
}

}  // namespace

Formats make_formats(lxw_workbook* book) {
  Formats formats{workbook_add_format(book), workbook_add_format(book), workbook_add_format(book),
                  workbook_add_format(book), workbook_add_format(book)};
  format_set_bold(formats.head);
  format_set_num_format(formats.percent, "0.0 %");
  format_set_bold(formats.title);
  format_set_font_size(formats.title, 16);
  format_set_text_wrap(formats.wrapped);
  format_set_bold(formats.head_row);
  format_set_bottom(formats.head_row, LXW_BORDER_THIN);
  return formats;
}

void put_overview(lxw_workbook* book, lxw_worksheet* sheet, const Report& report, const Statistics& statistics,
                  const Formats& formats) {
  worksheet_set_column(sheet, 0, 0, 26, nullptr);
  worksheet_set_column(sheet, 1, 1, 44, nullptr);
  worksheet_set_column(sheet, 2, 4, 16, nullptr);
  worksheet_freeze_panes(sheet, 1, 0);
  worksheet_set_landscape(sheet);
  worksheet_fit_to_pages(sheet, 1, 0);
  worksheet_activate(sheet);
  Page page(sheet, formats);
  put_head(page, book, report);
  page.gap();
  put_figures(page, statistics, formats);
  page.gap();
  page.heads({"fault", "attempts"});
  const lxw_row_t faults = page.row();
  for (std::size_t i = 0; i < std::min(most_faults, statistics.faults.size()); ++i) {
    page.number("fault " + statistics.faults[i].code, static_cast<double>(statistics.faults[i].attempts));
  }
  const lxw_row_t after_faults = page.row();
  page.gap();
  page.heads({"slot", "units", "yield", "first-pass yield", "note"});
  const lxw_row_t slots = page.row();
  for (std::size_t i = 0; i < std::min(most_slots, statistics.places.size()); ++i) page.slot(statistics.places[i]);
  if (after_faults > faults) put_chart(book, sheet, 2, "Faults", LXW_CHART_BAR, faults, after_faults - 1, 1);
  if (page.row() > slots) put_chart(book, sheet, 18, "Yield per slot", LXW_CHART_COLUMN, slots, page.row() - 1, 2);
}

}  // namespace reports
