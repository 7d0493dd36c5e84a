// Rows of CSV, for every table: how texts are kept from being calculated is said in csv.cpp. Inside
// reports only.
#pragma once

#include <QJsonValue>
#include <QStringList>
#include <ostream>
#include <vector>

namespace reports {

void put_csv_head(const QStringList& names, std::ostream& out);
void put_csv_row(const std::vector<QJsonValue>& values, std::ostream& out);

}  // namespace reports
