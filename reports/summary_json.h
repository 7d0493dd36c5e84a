// Figures, stations and contents as JSON, for the writers that share them. Inside reports only. Pure.
#pragma once

#include <QJsonArray>
#include <QJsonObject>

#include "reports/contents.h"
#include "reports/summary.h"

namespace reports {

QJsonObject summary_json(const Summary& summary);
// When a report was made, and whether the record was verified for it.
QJsonObject report_json(db::Time made, const std::string& verified);
QJsonArray stations_json(const std::vector<db::StationInfo>& stations);
QJsonArray holds_json(const std::vector<Held>& holds);

}  // namespace reports
