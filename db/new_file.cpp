#include "db/new_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <SQLiteCpp/Backup.h>
#include <fcntl.h>
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

}  // namespace

void refuse_existing(const std::string& to) {
  for (const char* suffix : {"", "-wal", "-journal"}) {
    if (!fs::exists(to + suffix)) continue;
    throw Error(Trouble::exists, to + suffix + " exists: it is left alone. Name another file.");
  }
}

void take_name(const std::string& part, const std::string& to) {
  if (std::rename(part.c_str(), to.c_str()) != 0) throw cannot(to + " cannot be made", std::strerror(errno));
  sync_folder_of(to);
}

void copy_record(const std::string& path, const std::string& part, Snapshot snapshot) {
  translated(path, [&] {
    SQLite::Database source = open_for_reading(canonical_path(path), snapshot);
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) fs::remove(part + suffix);
    SQLite::Database copy(part, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    SQLite::Backup(copy, source).executeStep();
  });
  settle(part);
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
