// SQLite's connections as this folder uses them, and its exceptions turned into sentences. Inside db only.
#pragma once

#include <string>
#include <utility>

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/error.h"

namespace db {

// The same name for the same file, whatever way it was given: the lock file stands beside it.
std::string canonical_path(const std::string& path);

// Creates the folder of the database.
void prepare_folder(const std::string& path);

// Creates the file. WAL, synchronous=FULL, foreign keys and recursive triggers on.
SQLite::Database open_for_writing(const std::string& path);

enum class Snapshot {
  live,      // sees what writers commit
  untouched  // creates no file beside it; only while nobody writes
};
enum class Tables {
  as_made,   // or it is refused, before anything is asked of them
  any_kind,  // the caller looks (db/wary.h) before it asks anything of them
};
// Wary: the file may come from anywhere. A link is followed to the file that it means, then none.
SQLite::Database open_for_reading(const std::string& path, Snapshot snapshot = Snapshot::live,
                                  Tables tables = Tables::as_made);

Error translate(const SQLite::Exception& exception, const std::string& path);

// Runs `work`; what SQLite throws becomes db::Error.
template <typename Work>
decltype(auto) translated(const std::string& path, Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const SQLite::Exception& exception) {
    throw translate(exception, path);
  }
}

}  // namespace db
