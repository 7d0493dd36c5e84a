// A database that gets its name when it is complete on disk, and is left alone if it is there. Inside db only.
// Errors: db::Error.
#pragma once

#include <string>

#include "db/connection.h"

namespace db {

// Also what SQLite would take for a part of the new file: the -wal of a database that was there once would be read into
// it.
void refuse_existing(const std::string& to);

// Everything in the one file, and nobody else in it.
void settle(const std::string& path);

// One state of the record at `path`, whole, in the file `part`, which is made new.
void copy_record(const std::string& path, const std::string& part, Snapshot snapshot);

void take_name(const std::string& part, const std::string& to);

}  // namespace db
