#include "db/connection.h"

#include <filesystem>
#include <system_error>

#include <sqlite3.h>
#include <unistd.h>

#include "db/schema.h"
#include "db/wary.h"

namespace db {

namespace {

// Longer than any checkpoint takes; only migrations and backups of others can hold the file for long.
constexpr int kBusyTimeoutMs = 5000;

int integer_pragma(SQLite::Database& database, const char* name) {
  return database.execAndGet(std::string("PRAGMA ") + name).getInt();
}

void refuse_foreign(SQLite::Database& database, const std::string& path) {
  if (integer_pragma(database, "application_id") == kApplicationId) return;
  const bool empty = database.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0;
  if (empty) return;
  throw Error(Trouble::not_flashline, path +
                                          " is a database of another program, and is left alone. Name another "
                                          "file with --db.");
}

std::string uri_of(const std::string& path) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      const auto byte = static_cast<unsigned char>(c);
      uri += '%';
      uri += kDigits[byte >> 4];
      uri += kDigits[byte & 0x0F];
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

// From a medium or a folder of which SQLite can make no use but to read: a writer can have no part of the record beside
// it, or its files would be there.
bool is_for_reading_only(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(canonical_path(path)).parent_path();
  return access(folder.c_str(), W_OK) != 0 && !std::filesystem::exists(path + "-wal") &&
         !std::filesystem::exists(path + "-shm");
}

}  // namespace

std::string canonical_path(const std::string& path) {
  std::error_code failure;
  const std::filesystem::path canonical = std::filesystem::weakly_canonical(path, failure);
  return failure ? path : canonical.string();
}

void prepare_folder(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code failure;
  if (!folder.empty()) std::filesystem::create_directories(folder, failure);
  if (failure) {
    throw Error(Trouble::cannot_open, "Cannot create the folder " + folder.string() + " for the database: " +
                                          failure.message() + ". Choose another place with --db, or create it.");
  }
}

SQLite::Database open_for_writing(const std::string& path) {
  return translated(path, [&] {
    refuse_irregular(canonical_path(path));
    SQLite::Database database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyTimeoutMs);
    refuse_foreign(database, path);
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");
    database.exec("PRAGMA foreign_keys = ON");
    // Without it INSERT OR REPLACE would delete rows past the triggers that forbid it.
    database.exec("PRAGMA recursive_triggers = ON");
    database.exec("PRAGMA trusted_schema = OFF");
    return database;
  });
}

SQLite::Database open_for_reading(const std::string& path, Snapshot snapshot, Tables tables) {
  if (!std::filesystem::exists(path)) {
    throw Error(Trouble::missing, "There is no database at " + path + ". Name one with --db.");
  }
  const std::string file = canonical_path(path);
  refuse_irregular(file);
  const Allowance allowance = allowance_for(bytes_on_disk(file));
  return translated(path, [&] {
    const bool untouched = snapshot == Snapshot::untouched || is_for_reading_only(path);
    // Who opens it uses it alone: a lock around each column of a million rows is for nothing.
    SQLite::Database database(
        untouched ? uri_of(file) : file,
        SQLite::OPEN_READONLY | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX | (untouched ? SQLite::OPEN_URI : 0),
        kBusyTimeoutMs);
    make_wary(database, allowance);
    refuse_foreign(database, path);
    if (integer_pragma(database, "application_id") != kApplicationId) {
      throw Error(Trouble::not_flashline, path +
                                              " holds no record. If it is a copy, its -wal file may be missing: copy "
                                              "both, or use `flashline db backup`.");
    }
    refuse_newer(database, path);
    if (tables == Tables::as_made) refuse_other_schema(database, path);
    return database;
  });
}

Error translate(const SQLite::Exception& exception, const std::string& path) {
  const std::string said = std::string(" (SQLite: ") + exception.what() + ")";
  switch (exception.getErrorCode()) {
    case SQLITE_FULL:
      return {Trouble::cannot_write,
              "The disk that holds " + path + " is full: nothing more can be recorded. Make room." + said};
    case SQLITE_IOERR:
      return {Trouble::cannot_write, "Reading or writing " + path + " failed. Check the disk." + said};
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return {Trouble::cannot_write,
              path + " cannot be written. Check its permissions and those of its folder." + said};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Trouble::in_use, "Another program holds " + path + ". Close it and try again." + said};
    case SQLITE_CANTOPEN:
      return {Trouble::cannot_open, path + " cannot be opened. Check the path, its permissions and its folder." + said};
    case SQLITE_NOTADB:
      return {Trouble::not_flashline, path + " is not a database. Name another file with --db." + said};
    case SQLITE_CORRUPT:
      return {Trouble::damaged, path + " is damaged. Keep a copy of it and go on with a backup." + said};
    case SQLITE_INTERRUPT:
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return {Trouble::damaged, path +
                                    " takes more time or memory than a record of its size can, so it was not read "
                                    "to its end. Go on with a backup." +
                                    said};
    case SQLITE_CONSTRAINT:
      return {Trouble::refused, "The record refuses this entry, and " + path + " is unchanged." + said};
    default:
      return {Trouble::cannot_write, path + " cannot be used." + said};
  }
}

}  // namespace db
