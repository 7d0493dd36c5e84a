#include "db/attached.h"

#include "db/connection.h"
#include "db/wary.h"

namespace db {

Attached::Attached(SQLite::Database& database, const std::string& path) : database_(database) {
  const std::string file = canonical_path(path);
  refuse_irregular(file);
  bytes_on_disk(file);
  SQLite::Statement attach(database_, "ATTACH DATABASE ? AS other");
  attach.bind(1, file);
  attach.exec();
  try {
    refuse_other_schema(database_, path, "other");
  } catch (...) {
    detach();
    throw;
  }
}

Attached::~Attached() {
  detach();
}

void Attached::detach() {
  try {
    database_.exec("DETACH DATABASE other");
  } catch (const SQLite::Exception&) {  // closed with the database
  }
}

std::string columns_of_other(SQLite::Database& database, std::string_view table) {
  SQLite::Statement query(database,
                          "SELECT name FROM pragma_table_info(?, 'other') WHERE name <> 'chain' ORDER BY cid");
  query.bind(1, std::string(table));
  std::string columns;
  while (query.executeStep()) columns += (columns.empty() ? "" : ", ") + query.getColumn(0).getString();
  return columns;
}

void take_over_chain(SQLite::Database& database, std::int64_t from, std::int64_t number) {
  const bool has_start = columns_of_other(database, "chain").find("start_seq") != std::string::npos;
  SQLite::Statement insert(database, std::string("INSERT INTO main.chain SELECT ?1, installation, ") +
                                         (has_start ? "start_seq, start_hash" : "NULL, NULL") +
                                         " FROM other.chain WHERE chain = ?2");
  insert.bind(1, number);
  insert.bind(2, from);
  insert.exec();
}

}  // namespace db
