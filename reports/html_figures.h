// Figures on the pages of the reports: tiles, cards, orders. Inside reports only. Pure.
#pragma once

#include <ostream>
#include <string>

#include "reports/statistics.h"

namespace reports {

// Units, yields, attempts, cycle time, units an hour.
void put_tiles(const Statistics& statistics, std::ostream& out);
// What was ordered, what was made, and the certificate that ended it: to be saved from here, byte for byte as it was
// signed.
void put_job(const db::WorkOrder& job, std::ostream& out);
// `drawing` and `key`, which may be empty, are HTML.
void put_card(const char* title, const std::string& drawing, const char* key, bool wide, std::ostream& out);

}  // namespace reports
