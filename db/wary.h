// How a database that others may have written is read: time and memory are bounded before the first statement runs, and
// no table is read before the tables are known to be those that this program makes. Inside
// db only. Errors: db::Error.
#pragma once

#include <cstdint>
#include <string>

#include <SQLiteCpp/SQLiteCpp.h>

namespace db {

// What reading a file may cost, from the room that it takes on the disk: a file that is mostly holes, or whose pages
// point at each other in circles, is small and looks endless.
struct Allowance {
  double cpu_seconds = 0;          // of the thread that reads
  std::int64_t memory_bytes = 0;   // by which this process may grow
  std::int64_t longest_value = 0;  // bytes of one text or blob
};
Allowance allowance_for(std::int64_t bytes_on_disk);

// The file and what SQLite would open beside it: regular files, or not there. SQLite would wait for a pipe, and follow
// a link.
void refuse_irregular(const std::string& path);
// Of the file and its -wal; a file that is larger than its room on the disk can explain is refused.
std::int64_t bytes_on_disk(const std::string& path);

// Before the first statement of the connection. It carries the allowance until it is closed; what goes beyond it ends
// as SQLITE_INTERRUPT. Views, changes of the schema and unsafe functions in it are off.
void make_wary(SQLite::Database& database, const Allowance& allowance);

// `file`: main, or one that is attached. REQUIRES: it is none of a newer program.
void refuse_other_schema(SQLite::Database& database, const std::string& path, const std::string& file = "main");
// Tables and indexes alone, and no view: they can be read, whatever the triggers are.
bool has_tables_as_made(SQLite::Database& database);

}  // namespace db
