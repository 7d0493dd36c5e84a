// The first sheet of a workbook: what somebody reads who opens it. Inside reports only.
#pragma once

#include <xlsxwriter.h>

#include "reports/report.h"
#include "reports/statistics.h"

namespace reports {

struct Formats {
  lxw_format *head, *percent, *title, *wrapped, *head_row;
};
Formats make_formats(lxw_workbook* book);

inline constexpr const char* overview_name = "Figures";

// `sheet` is the first of `book`, and empty. Writes its rows in order, as constant memory asks for. Each station's last
// row also goes into a property of the document, for `audit verify --against`.
void put_overview(lxw_workbook* book, lxw_worksheet* sheet, const Report& report, const Statistics& statistics,
                  const Formats& formats);

}  // namespace reports
