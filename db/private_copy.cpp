#include "db/private_copy.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <SQLiteCpp/Backup.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "db/connection.h"
#include "db/regular_file.h"
#include "db/wary.h"

namespace db {

namespace {

namespace fs = std::filesystem;

void refuse_torn(const std::string& source) {
  const std::string file = canonical_path(source);
  refuse_irregular(file);
  std::error_code none;
  if (fs::exists(file + "-shm", none) && !fs::exists(file + "-wal", none)) {
    throw Error(Trouble::damaged, source +
                                      " does not verify, so nothing of it was taken over. It was copied without its "
                                      "-wal. Copy both, or use `flashline db backup`.");
  }
  if (fs::file_size(file + "-journal", none) > 0 && !none) {
    throw Error(Trouble::damaged, source + " does not verify, so nothing of it was taken over. There is a file " +
                                      file +
                                      "-journal, by which SQLite would change the record. Flashline makes none.");
  }
}

// In steps, so that a writer of the source is not kept waiting.
void copy_pages(SQLite::Database& from, SQLite::Database& to, const std::string& source) {
  constexpr int pages_a_step = 4096;
  constexpr int most_restarts = 20;  // whenever the source was written meanwhile
  SQLite::Backup backup(to, from);
  int pages = 0, restarts = 0;
  for (;;) {
    const int result = backup.executeStep(pages_a_step);
    if (result == SQLITE_DONE) return;
    if (result != SQLITE_OK || restarts > most_restarts) {
      throw Error(Trouble::in_use, "Another program writes " + source + " all the time. Stop it and try again.");
    }
    if (backup.getRemainingPageCount() > pages && pages > 0) ++restarts;
    pages = backup.getRemainingPageCount();
  }
}

}  // namespace

PrivateCopy::PrivateCopy(const std::string& source, const std::string& beside)
    : path_(beside + ".incoming-" + std::to_string(getpid())) {
  refuse_torn(source);
  remove();  // of an earlier program with this number
  {
    const Descriptor fresh(open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (fresh.get() < 0) throw Error(Trouble::cannot_write, path_ + " cannot be made: " + std::strerror(errno) + ".");
  }
  try {
    translated(source, [&] {
      SQLite::Database from = open_for_reading(source, Snapshot::live, Tables::any_kind);
      SQLite::Database to(path_, SQLite::OPEN_READWRITE);
      to.exec("PRAGMA synchronous = OFF");  // it does not outlive this program
      copy_pages(from, to, source);
    });
  } catch (...) {
    remove();
    throw;
  }
}

PrivateCopy::~PrivateCopy() {
  remove();
}

void PrivateCopy::remove() const {
  std::error_code none;
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) fs::remove(path_ + suffix, none);
}

}  // namespace db
