// A database that gets its name when it is complete on disk, and is left alone if it is there. Inside db only.
// Errors: db::Error.
#pragma once

#include <functional>
#include <string>

#include "db/connection.h"

namespace db {

// Also what SQLite would take for a part of the new file: the -wal of a database that was there once would be read into
// it. And what cannot be made: said before any work is done for it, and about this file, not about what it is made of.
void refuse_existing(const std::string& to);

// Everything in the one file, and nobody else in it.
void settle(const std::string& path);

// One state of the record at `path`, whole, in the file `part`, which is made new.
void copy_record(const std::string& path, const std::string& part, Snapshot snapshot);

// What SQLite throws in `work` becomes a sentence about the file that it is about.
void translated_copy(const std::string& source, const std::string& target, const std::function<void()>& work);

void take_name(const std::string& part, const std::string& to);

}  // namespace db
