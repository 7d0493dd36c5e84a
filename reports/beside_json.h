// Events, decisions and runs as JSON: the one place that knows their keys, for JSON, tables and their field list. Pure;
// any thread. fields.h says what each key means.
#pragma once

#include <QJsonObject>

#include "db/values.h"

namespace reports {

QJsonObject event_json(const db::Event& event);
QJsonObject disposition_json(const db::Disposition& decision);
QJsonObject run_json(const db::Run& run);

}  // namespace reports
