// All that is in a record, to compare two records that came about in different ways.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/schema.h"

namespace sample {

// Each row as text, without the number that its chain has only in this file. `more`: tables beside those of the chains.
inline std::multiset<std::string> rows_of(const std::string& path, const std::vector<std::string_view>& more = {}) {
  std::multiset<std::string> rows;
  SQLite::Database file(path);
  std::vector<std::string_view> tables(db::kChainedTables.begin(), db::kChainedTables.end());
  tables.insert(tables.end(), more.begin(), more.end());
  for (const std::string_view table : tables) {
    SQLite::Statement query(
        file, "SELECT c.installation, t.* FROM " + std::string(table) + " t JOIN chain c ON c.chain = t.chain");
    while (query.executeStep()) {
      std::string row(table);
      for (int column = 0; column < query.getColumnCount(); ++column) {
        if (column != 1) row += "|" + query.getColumn(column).getString();
      }
      rows.insert(row);
    }
  }
  return rows;
}

}  // namespace sample
