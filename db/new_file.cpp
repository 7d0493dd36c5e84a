#include "db/new_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <SQLiteCpp/Backup.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "db/connection.h"

namespace db {

namespace fs = std::filesystem;

namespace {

Error cannot(const std::string& what, const std::string& why) {
  return {Trouble::cannot_write, what + ": " + why};
}

void sync_folder_of(const std::string& path) {
  const std::string folder = fs::path(path).has_parent_path() ? fs::path(path).parent_path().string() : ".";
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  fsync(descriptor);
  close(descriptor);
}

// Found out by making it: permissions, read-only media and quotas have no other answer.
void refuse_unmakable(const std::string& to) {
  const std::string part = to + ".part";
  const int descriptor = open(part.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    const char* what = errno == ENOENT    ? "its folder does not exist"
                       : errno == ENOTDIR ? "a part of its path is a file, not a folder"
                                          : std::strerror(errno);
    throw Error(Trouble::cannot_create, to + " cannot be made: " + what + ". Name another file.");
  }
  close(descriptor);
  unlink(part.c_str());
}

// What keeps a copy from being written is about the copy; all else is about what is copied.
bool is_about_target(const SQLite::Exception& exception) {
  const int code = exception.getErrorCode();
  return code == SQLITE_FULL || code == SQLITE_READONLY || code == SQLITE_PERM || code == SQLITE_CANTOPEN;
}

}  // namespace

void refuse_existing(const std::string& to) {
  for (const char* suffix : {"", "-wal", "-journal"}) {
    std::error_code failure;
    if (!fs::exists(to + suffix, failure)) continue;
    throw Error(Trouble::exists, to + suffix + " exists: it is left alone. Name another file.");
  }
  refuse_unmakable(to);
}

void take_name(const std::string& part, const std::string& to) {
  if (std::rename(part.c_str(), to.c_str()) != 0) throw cannot(to + " cannot be made", std::strerror(errno));
  sync_folder_of(to);
}

void copy_record(const std::string& path, const std::string& part, Snapshot snapshot) {
  SQLite::Database source = open_for_reading(canonical_path(path), snapshot);
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) fs::remove(part + suffix);
  translated_copy(path, part, [&] {
    SQLite::Database copy(part, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    SQLite::Backup(copy, source).executeStep();
  });
  settle(part);
}

void translated_copy(const std::string& source, const std::string& target, const std::function<void()>& work) {
  try {
    work();
  } catch (const SQLite::Exception& exception) {
    throw translate(exception, is_about_target(exception) ? target : source);
  }
}

void settle(const std::string& path) {
  {
    SQLite::Database database = open_for_writing(path);
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  if (fs::exists(path + "-wal")) {
    throw Error(Trouble::in_use, "Another program reads " + path + ". Close it and try again.");
  }
}

}  // namespace db
