// One writer per database: a lock on the file `<database>.lock`, which also says who holds it (process and run). The
// lock ends with the process, however it ends; the file stays. Linux open-file-description locks: a reader in the same
// process cannot drop them by accident. Inside db only.
#pragma once

#include <optional>
#include <string>

#include "db/uuid.h"

namespace db {

class WriterLock {
 public:
  // Throws Error when another writer holds it, with its process number.
  WriterLock(const std::string& database_path, const Uuid& run);
  ~WriterLock();
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  int file_ = -1;
};

// The run whose program holds the database for writing now, if any does. Takes no lock itself.
std::optional<Uuid> run_of_live_writer(const std::string& database_path);

}  // namespace db
