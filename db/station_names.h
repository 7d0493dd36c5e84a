// The names that stations had when their rows were written: a station that is given another name keeps the old one on
// the rows of before. Inside db only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include <SQLiteCpp/SQLiteCpp.h>

namespace db {

class StationNames {
 public:
  StationNames() = default;
  explicit StationNames(SQLite::Database& database);

  // The name under which row `seq` was written. Of rows that come before any name, which an excerpt or an archived
  // record can leave out, the first name that is known; empty where none is.
  const std::string& at(std::int64_t chain, std::int64_t seq) const;

 private:
  std::map<std::pair<std::int64_t, std::int64_t>, std::string> by_row_;  // chain and seq of the row with the name
};

}  // namespace db
