// Whether the files that a connection writes are still the files of their names. A file that was removed, moved or
// replaced takes writes without an error for as long as it is open, and nobody finds them afterwards.
//
// Knows the files by device and inode: those of the database, of its -wal and of its -shm. Costs three calls of
// stat(). Inside db only; used by the writer's thread.
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
  FilesInPlace(SQLite::Database& database, const std::string& path);

  // Throws Error (Trouble::moved) that names the file which is gone or is another one.
  void check() const;

 private:
  struct File {
    std::string path;
    dev_t device{};
    ino_t inode{};
  };
  std::array<File, 3> files_;
};

}  // namespace db
