#include "db/files_in_place.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
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

// Through SQLite's own descriptor: to open and close the file here would end the locks that SQLite has on it.
bool begins_with(SQLite::Database& database, int which, std::string_view begin) {
  sqlite3_file* file = nullptr;
  if (sqlite3_file_control(database.getHandle(), "main", which, &file) != SQLITE_OK || !file || !file->pMethods) {
    return false;
  }
  std::array<char, 16> found{};
  const int result = file->pMethods->xRead(file, found.data(), static_cast<int>(begin.size()), 0);
  return result == SQLITE_OK && std::string_view(found.data(), begin.size()) == begin;
}

}  // namespace

FilesInPlace::FilesInPlace(SQLite::Database& database, const std::string& path)
    : database_(database),
      files_{File{path}, File{path + "-wal"}, File{path + "-shm"}},
      ask_version_(database, "PRAGMA data_version"),
      version_(data_version()) {
  for (File& file : files_) {
    struct stat found {};
    if (::stat(file.path.c_str(), &found) != 0) throw moved(file.path, "was removed");
    file.device = found.st_dev;
    file.inode = found.st_ino;
    file.size = found.st_size;
  }
  if (sqlite_finds_it_moved(database)) throw moved(path, "was replaced");
}

void FilesInPlace::check() {
  for (File& file : files_) {
    struct stat found {};
    if (::stat(file.path.c_str(), &found) != 0) {
      const bool absent = errno == ENOENT || errno == ENOTDIR;
      throw moved(file.path,
                  absent ? "was removed or moved" : std::string("became unreachable (") + std::strerror(errno) + ")");
    }
    if (found.st_dev != file.device || found.st_ino != file.inode) {
      throw moved(file.path, "was replaced by another file");
    }
    if (found.st_size < file.size) throw moved(file.path, "was cut short");
    file.size = found.st_size;
  }
  check_begins();
  if (data_version() != version_) throw moved(files_[0].path, "was changed by another program");
}

// https://www.sqlite.org/fileformat2.html, "Magic Header String" and "The Write-Ahead Log"; the last byte of the -wal's
// says the byte order of its checksums.
void FilesInPlace::check_begins() const {
  constexpr std::string_view database_magic("SQLite format 3\0", 16), wal_magic("\x37\x7f\x06", 3);
  if (!begins_with(database_, SQLITE_FCNTL_FILE_POINTER, database_magic)) {
    throw moved(files_[0].path, "was written over");
  }
  const bool used = files_[1].size > 0;
  if (used && !begins_with(database_, SQLITE_FCNTL_JOURNAL_POINTER, wal_magic)) {
    throw moved(files_[1].path, "was written over");
  }
}

int FilesInPlace::data_version() {
  ask_version_.reset();
  ask_version_.executeStep();
  const int version = ask_version_.getColumn(0).getInt();
  ask_version_.reset();
  return version;
}

}  // namespace db
