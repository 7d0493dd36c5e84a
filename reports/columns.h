// The columns of the tables (CSV, XLSX): one row per attempt, the names of the JSON keys with nested ones joined by a
// dot ("fault.code", "step.1.sha256"). Pure; any thread.
#pragma once

#include <QJsonValue>
#include <QString>
#include <cstddef>
#include <vector>

#include "reports/report.h"

namespace reports {

// Those of its recipe too: an attempt that is running now may have ended when its row is written.
std::size_t steps_of(const db::Attempt& attempt);
// Goes through all attempts.
std::size_t most_steps(const Report& report);

struct Column {
  QString name;   // "step.1.sha256"
  QString group;  // the key that holds it; empty: the attempt itself
  QString key;
  int step = 0;  // from 1; 0: of no step
};
std::vector<Column> columns_for(std::size_t steps);
// Null where there is nothing; of an array its texts, with blanks between.
std::vector<QJsonValue> cells_of(const db::Attempt& attempt, const std::vector<Column>& columns);

}  // namespace reports
