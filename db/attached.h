// Another database beside the one that is written, in the same connection: its tables are called other.NAME.
// Inside db only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/chain.h"

namespace db {

class Attached {
 public:
  // Refuses a file whose schema is not one that this program makes.
  Attached(SQLite::Database& database, const std::string& path);
  ~Attached();
  Attached(const Attached&) = delete;
  Attached& operator=(const Attached&) = delete;

 private:
  void detach();

  SQLite::Database& database_;
};

// "seq, hash, ...": all columns of a table of the other file but `chain`, whose number is another one here. Empty where
// an older schema has no such table.
std::string columns_of_other(SQLite::Database& database, std::string_view table);

// `other.chain`, as a row of `main.chain` with this number; with its start, which is where an archived record ended.
void take_over_chain(SQLite::Database& database, std::int64_t from, std::int64_t number);

}  // namespace db
