// Where the chains of a record begin: with row 1, or where `db archive` ended: with the row that names the station.
// Reads a few rows, however large the record is. Inside db only.
#pragma once

#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

namespace db {

struct Beginnings {
  std::vector<std::string> problems;  // sentences; empty: every chain begins as one may
  bool goes_on = false;               // a chain begins after row 1: rows must not need those that went before
};

Beginnings read_beginnings(SQLite::Database& database);

}  // namespace db
