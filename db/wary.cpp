#include "db/wary.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

#include <pthread.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "db/error.h"
#include "db/schema.h"

namespace db {

namespace {

constexpr std::int64_t mebibyte = std::int64_t{1} << 20;

double cpu_seconds_of_thread() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

std::int64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return std::int64_t{usage.ru_maxrss} * 1024;
}

// What a connection has used. SQLite asks it between its steps.
class Watch {
 public:
  explicit Watch(const Allowance& allowance)
      : cpu_left_(allowance.cpu_seconds), most_memory_(peak_memory() + allowance.memory_bytes) {}

  static int is_over(void* watch) { return static_cast<Watch*>(watch)->is_over(); }

 private:
  int is_over() {
    // A row may be as large as the longest value, so SQLite asks after every few rows. The kernel is asked less often:
    // nobody fills more than a few MiB in a millisecond, and asking each time took a fifth of `audit verify`.
    const auto now = std::chrono::steady_clock::now();
    if (now - looked_ < std::chrono::milliseconds(1)) return 0;
    looked_ = now;
    if (peak_memory() > most_memory_) return 1;
    const pthread_t thread = pthread_self();
    const double used = cpu_seconds_of_thread();
    if (pthread_equal(thread, thread_) != 0) cpu_left_ -= used - last_;
    thread_ = thread;
    last_ = used;
    return cpu_left_ < 0 ? 1 : 0;
  }

  double cpu_left_;
  std::int64_t most_memory_;
  pthread_t thread_ = pthread_self();
  double last_ = cpu_seconds_of_thread();
  std::chrono::steady_clock::time_point looked_{};
};

constexpr int steps_between_looks = 200;

void forget(void* watch) {
  delete static_cast<Watch*>(watch);
}

void no_function(sqlite3_context* context, int, sqlite3_value**) {
  sqlite3_result_null(context);
}

// The connection has no place of its own for it; what a function is registered with goes with the connection.
void set_watch(sqlite3* handle, const Allowance& allowance) {
  Watch* watch = new Watch(allowance);
  sqlite3_create_function_v2(handle, "flashline_watch", 0, SQLITE_UTF8 | SQLITE_DIRECTONLY, watch, no_function, nullptr,
                             nullptr, forget);
  sqlite3_progress_handler(handle, steps_between_looks, Watch::is_over, watch);
}

// Objects whose names SQLite keeps for itself; of these its own indexes and statistics harm nobody.
bool has_strange_internals(SQLite::Database& database, const std::string& file) {
  SQLite::Statement query(database, "SELECT 1 FROM " + file +
                                        ".sqlite_schema WHERE name LIKE 'sqlite\\_%' ESCAPE '\\' AND NOT (type = "
                                        "'index' AND sql IS NULL) AND NOT (type = 'table' AND name IN ('sqlite_stat1', "
                                        "'sqlite_stat4')) LIMIT 1");
  return query.executeStep();
}

int version_of(SQLite::Database& database, const std::string& file) {
  return database.execAndGet("PRAGMA " + file + ".user_version").getInt();
}

bool is_known(int version) {
  return version >= 1 && version <= migrations().back().version;
}

bool is_as_made(SQLite::Database& database, const std::string& file, Objects objects) {
  // Version and tables of one moment: a writer may be migrating.
  const bool outside = sqlite3_get_autocommit(database.getHandle()) != 0;
  if (outside) database.exec("BEGIN");
  const int version = version_of(database, file);
  const bool same = is_known(version) && !has_strange_internals(database, file) &&
                    schema_of(database, file, objects) == schema_as_made(version, objects);
  if (outside) database.exec("COMMIT");
  return same;
}

}  // namespace

Allowance allowance_for(std::int64_t bytes_on_disk) {
  // The slowest report reads 60 MB a second; a machine that is ten times slower, and a checked build, still finish.
  constexpr double least_seconds = 5;
  constexpr double bytes_a_second = 2.0 * mebibyte;
  // Beside what a report keeps of each attempt, which is less than its rows take.
  constexpr std::int64_t least_memory = 256 * mebibyte;
  // A row cannot be longer than its file; one that came since it was opened can.
  constexpr std::int64_t least_value = 16 * mebibyte, most_value = 512 * mebibyte;
  return {least_seconds + static_cast<double>(bytes_on_disk) / bytes_a_second, least_memory + 4 * bytes_on_disk,
          std::min(least_value + 2 * bytes_on_disk, most_value)};
}

void refuse_irregular(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    struct stat facts {};
    if (lstat((path + suffix).c_str(), &facts) != 0 || S_ISREG(facts.st_mode)) continue;
    const std::string what = S_ISDIR(facts.st_mode)    ? "a folder"
                             : S_ISLNK(facts.st_mode)  ? "a link"
                             : S_ISFIFO(facts.st_mode) ? "a pipe"
                                                       : "a device or a socket";
    throw Error(Trouble::not_flashline, path + suffix + " is not a regular file but " + what +
                                            ". It was not opened. Name a database with --db.");
  }
}

std::int64_t bytes_on_disk(const std::string& path) {
  // File systems that compress come down to a tenth; holes to nothing.
  constexpr std::int64_t most_times = 64;
  std::int64_t bytes = 0, size = 0;
  for (const char* suffix : {"", "-wal"}) {
    struct stat facts {};
    if (stat((path + suffix).c_str(), &facts) != 0) continue;
    bytes += std::int64_t{facts.st_blocks} * 512;
    size += facts.st_size;
  }
  if (size > most_times * (bytes + mebibyte)) {
    throw Error(Trouble::damaged, path + " claims " + std::to_string(size / mebibyte) + " MiB and takes " +
                                      std::to_string(bytes / mebibyte) +
                                      " MiB on the disk: it is mostly holes, and no record. Take it from a backup.");
  }
  return bytes;
}

void make_wary(SQLite::Database& database, const Allowance& allowance) {
  sqlite3* handle = database.getHandle();
  constexpr std::int64_t most_for_sqlite = 256 * mebibyte;  // of the whole process; it needs some MiB a connection
  if (sqlite3_hard_heap_limit64(-1) == 0) sqlite3_hard_heap_limit64(most_for_sqlite);
  for (const auto& [option, value] :
       {std::pair(SQLITE_DBCONFIG_DEFENSIVE, 1), std::pair(SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0),
        std::pair(SQLITE_DBCONFIG_ENABLE_VIEW, 0), std::pair(SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0)}) {
    sqlite3_db_config(handle, option, value, nullptr);
  }
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, static_cast<int>(allowance.longest_value));
  sqlite3_limit(handle, SQLITE_LIMIT_SQL_LENGTH, static_cast<int>(mebibyte));
  sqlite3_limit(handle, SQLITE_LIMIT_EXPR_DEPTH, 200);
  sqlite3_limit(handle, SQLITE_LIMIT_TRIGGER_DEPTH, 10);
  sqlite3_limit(handle, SQLITE_LIMIT_WORKER_THREADS, 0);
  set_watch(handle, allowance);
  database.exec("PRAGMA cell_size_check = ON");
  database.exec("PRAGMA mmap_size = 0");  // a file that is cut meanwhile must not end the program
}

void refuse_other_schema(SQLite::Database& database, const std::string& path, const std::string& file) {
  if (is_as_made(database, file, Objects::all)) return;
  throw Error(Trouble::damaged,
              path +
                  " is not as this program makes it: its tables, indexes, triggers or views are others. Nothing is "
                  "read from it. `flashline audit verify` says more; go on with a backup.");
}

bool has_tables_as_made(SQLite::Database& database) {
  return is_as_made(database, "main", Objects::tables);
}

}  // namespace db
