// Whether the files that a connection writes are still the files of their names, and hold what it wrote there. A file
// that was removed, moved, replaced, emptied or written over takes writes without an error for as long as it is open,
// and nobody finds them afterwards.
//
// Knows the files by device and inode: those of the database, of its -wal and of its -shm. None of them becomes
// smaller while this program has it open, unless another one asks SQLite to truncate the -wal, which nothing of ours
// does and which counts as cut short; database and -wal keep what they begin with; and no other program writes the
// record meanwhile. What was written over in the middle of a file is found by `audit verify` only. Costs three calls of
// stat(), two short reads and one PRAGMA. Inside db only; used by the writer's thread.
#pragma once

#include <array>
#include <string>

#include <SQLiteCpp/SQLiteCpp.h>
#include <sys/types.h>

namespace db {

class FilesInPlace {
 public:
  // REQUIRES: `database` is in WAL mode and has written, so that all three files exist.
  // Throws Error when the file of that name is another one than `database` has open already.
  // `database` outlives it.
  FilesInPlace(SQLite::Database& database, const std::string& path);

  // Throws Error (Trouble::moved) that names the file which is gone, is another one or was changed.
  void check();

 private:
  struct File {
    std::string path;
    dev_t device{};
    ino_t inode{};
    off_t size{};
  };

  void check_begins() const;
  int data_version();

  SQLite::Database& database_;
  std::array<File, 3> files_;
  SQLite::Statement ask_version_;
  int version_;  // as SQLite counts what other connections commit
};

}  // namespace db
