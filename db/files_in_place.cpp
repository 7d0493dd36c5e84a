#include "db/files_in_place.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <sqlite3.h>
#include <sys/stat.h>

#include "db/error.h"

namespace db {

namespace {

Error moved(const std::string& path, const std::string& what) {
  return {Trouble::moved, path + " " + what + " while it was written: nothing more can be recorded. Put the file " +
                              "back, or name another one with --db, and start again."};
}

// SQLite compares the name with its open descriptor, which nobody else can ask.
bool sqlite_finds_it_moved(SQLite::Database& database) {
  int moved = 0;
  const int result = sqlite3_file_control(database.getHandle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return result == SQLITE_OK && moved != 0;
}

}  // namespace

FilesInPlace::FilesInPlace(SQLite::Database& database, const std::string& path)
    : files_{File{path}, File{path + "-wal"}, File{path + "-shm"}} {
  for (File& file : files_) {
    struct stat found {};
    if (::stat(file.path.c_str(), &found) != 0) throw moved(file.path, "was removed");
    file.device = found.st_dev;
    file.inode = found.st_ino;
  }
  if (sqlite_finds_it_moved(database)) throw moved(path, "was replaced");
}

void FilesInPlace::check() const {
  for (const File& file : files_) {
    struct stat found {};
    if (::stat(file.path.c_str(), &found) != 0) {
      const bool absent = errno == ENOENT || errno == ENOTDIR;
      throw moved(file.path,
                  absent ? "was removed or moved" : std::string("became unreachable (") + std::strerror(errno) + ")");
    }
    if (found.st_dev != file.device || found.st_ino != file.inode) {
      throw moved(file.path, "was replaced by another file");
    }
  }
}

}  // namespace db
