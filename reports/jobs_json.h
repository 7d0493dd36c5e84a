// Production orders as JSON: what a report says of them, and `job list`. Pure.
#pragma once

#include <QJsonArray>
#include <vector>

#include "db/reader.h"

namespace reports {

QJsonArray jobs_json(const std::vector<db::WorkOrder>& jobs);

}  // namespace reports
