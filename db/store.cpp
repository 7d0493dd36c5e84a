#include "db/store.h"

#include <filesystem>
#include <system_error>
#include <variant>

#include <sqlite3.h>

#include "db/connection.h"
#include "db/files_in_place.h"
#include "db/own_chain.h"
#include "db/read_record_time.h"
#include "db/record_writer.h"
#include "db/schema.h"
#include "db/start_check.h"
#include "db/stored_row.h"
#include "db/writer_lock.h"

namespace db {

namespace {

// Of a record whose programs were never given a name.
constexpr const char* kUnnamedStation = "flashline";

std::string why_not_begun(const std::string& file, Snapshot snapshot) {
  try {
    check_not_emptied(file);
    std::error_code none;
    if (std::filesystem::file_size(file, none) == 0 || none) return {};  // a new record
    SQLite::Database database = open_for_reading(file, snapshot, Tables::any_kind);
    translated(file, [&] {
      const SQLite::Transaction one_state(database);
      check_tables(database, file);
      check_at_start(database, file, kOwnChain, own_installation(database).value_or(Uuid{}));
    });
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

class Store::Impl {
 public:
  Impl(const std::string& path, const std::optional<std::string>& station_name, Run run, UuidGenerator& uuids,
       const ClockRules& clock)
      : path_(canonical_path(path)),
        was_there_(std::filesystem::exists(path_)),
        database_(prepared(path_, run.id, lock_)),
        installation_(identity(run, uuids)) {
    run.sqlite = sqlite3_libversion();
    key_ = StationKey::load_or_make(path_ + ".key");
    translated(path_, [&] {
      if (const auto earlier = youngest_attempt(database_)) uuids.stay_after(*earlier);
      writer_.emplace(database_, kOwnChain, check_at_start(database_, path_, kOwnChain, installation_), run.id, uuids);
      look_at_start();
      SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
      latest_ = read_record_time(database_);  // before rows with the time of this run are there
      write_who(station_name, run);
      interrupted_ = open_attempts(database_);
      for (const Uuid& attempt : interrupted_) writer_->write(interruption(attempt, run.at));
      write_run(run, clock);
      transaction.commit();
      lock_->note(writer_->head());
      files_.emplace(database_, path_);
    });
  }

  void append(std::span<const Record> batch) {
    files_->check();
    const Head before = writer_->head();
    try {
      translated(path_, [&] {
        SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
        for (const Record& record : batch) {
          std::visit([&](const auto& value) { writer_->write(value); }, record);
        }
        transaction.commit();
      });
      lock_->note(writer_->head());
    } catch (...) {
      writer_->rewind(before);
      throw;
    }
    files_->check();
  }

  Head head() const { return writer_->head(); }
  const Uuid& installation() const { return installation_; }
  const std::string& path() const { return path_; }
  const StationKey& key() const { return *key_; }
  const std::optional<Time>& earlier_key() const { return earlier_key_; }
  void check_in_place() { files_->check(); }
  const std::string& station() const { return station_; }
  std::optional<Time> latest() const { return latest_; }
  const std::optional<ClockDoubt>& clock_doubt() const { return clock_doubt_; }
  const std::vector<Uuid>& interrupted() const { return interrupted_; }
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  // The lock comes first: two programs must not migrate at once.
  static SQLite::Database prepared(const std::string& path, const Uuid& run, std::optional<WriterLock>& lock) {
    prepare_folder(path);
    lock.emplace(path, run);
    check_not_emptied(path);
    SQLite::Database database = open_for_writing(path);
    translated(path, [&] {
      refuse_newer(database, path);
      check_tables(database, path);
      migrate(database, path);
    });
    return database;
  }

  Uuid identity(const Run& run, UuidGenerator& uuids) {
    const std::optional<Uuid> known = translated(path_, [&] { return own_installation(database_); });
    return known ? *known : uuids.next(run.at);
  }

  // The chain, the station's name and its key, so far as they are not on record.
  void write_who(const std::optional<std::string>& station_name, const Run& run) {
    const bool new_chain = !own_installation(database_);
    if (new_chain) make_own_chain(database_, installation_);
    const std::optional<std::string> known = station_on_record(database_);
    station_ = station_name.value_or(known.value_or(kUnnamedStation));
    if (known != station_) writer_->write_station(run.at, installation_, station_);
    if (key_on_record(database_) != to_string(key_->public_key())) {
      earlier_key_ = time_of_key(database_);
      writer_->write_key(run.at, to_string(key_->public_key()));
    }
  }

  void look_at_start() {
    if (was_there_) missing_ = missing_rows(database_, lock_->earlier(), writer_->head());
    for (const std::string& warning : {missing_, stale_tables(database_)}) {
      if (!warning.empty()) warnings_.push_back(warning);
    }
  }

  // The events come right behind the run that has seen what they are about.
  void write_run(const Run& run, const ClockRules& clock) {
    clock_doubt_ = doubt_of(latest_, run.at, clock.gap);
    writer_->write_run(run);
    if (!missing_.empty()) writer_->write(rows_missing_event(missing_, run.at));
    if (!clock_doubt_) return;
    writer_->write(event_of(*clock_doubt_, clock.confirmed));
    if (clock.confirmed) latest_ = run.at;
  }

  // Constant after construction
  std::string path_;
  bool was_there_;
  std::optional<WriterLock> lock_;
  std::optional<StationKey> key_;
  // The recorder's thread only
  SQLite::Database database_;
  Uuid installation_;
  std::optional<RecordWriter> writer_;
  std::optional<FilesInPlace> files_;
  std::string station_;
  std::optional<Time> earlier_key_;
  std::optional<Time> latest_;
  std::optional<ClockDoubt> clock_doubt_;
  std::vector<Uuid> interrupted_;
  std::string missing_;
  std::vector<std::string> warnings_;
};

Store::Store(const std::string& path, const std::optional<std::string>& station_name, const Run& run,
             UuidGenerator& uuids, const ClockRules& clock)
    : impl_(std::make_unique<Impl>(path, station_name, run, uuids, clock)) {}
Store::~Store() = default;
void Store::append(std::span<const Record> batch) {
  impl_->append(batch);
}
Head Store::head() const {
  return impl_->head();
}
const Uuid& Store::installation() const {
  return impl_->installation();
}
const std::string& Store::path() const {
  return impl_->path();
}
const StationKey& Store::key() const {
  return impl_->key();
}
const std::optional<Time>& Store::earlier_key() const {
  return impl_->earlier_key();
}
void Store::check_in_place() const {
  impl_->check_in_place();
}
const std::string& Store::station() const {
  return impl_->station();
}
const std::optional<ClockDoubt>& Store::clock_doubt() const {
  return impl_->clock_doubt();
}
std::optional<Time> Store::latest() const {
  return impl_->latest();
}
const std::vector<Uuid>& Store::interrupted() const {
  return impl_->interrupted();
}
const std::vector<std::string>& Store::warnings() const {
  return impl_->warnings();
}

std::string warning_of_start(const std::string& path) {
  const std::string file = canonical_path(path);
  std::error_code none;
  if (!(std::filesystem::file_size(file, none) > 0) || none) return {};
  const std::optional<WriterLock::Noted> noted = noted_by_last_writer(file);
  try {
    const bool at_rest = !std::filesystem::exists(file + "-wal") && !is_being_written(file);
    SQLite::Database database = open_for_reading(file, at_rest ? Snapshot::untouched : Snapshot::live);
    return translated(file, [&] {
      const SQLite::Transaction one_state(database);
      const std::string missing = missing_rows(database, noted, last_row(database, kOwnChain).head);
      return missing.empty() ? stale_tables(database) : missing;
    });
  } catch (const Error&) {
    return {};  // a writer that began meanwhile: it says it
  }
}

bool is_being_written(const std::string& path) {
  return run_of_live_writer(canonical_path(path)).has_value();
}

std::string why_not_begun(const std::string& path) {
  const std::string file = canonical_path(path);
  const auto has_wal = [&] { return std::filesystem::exists(file + "-wal"); };
  // At rest it is read without leaving -wal and -shm beside it, unless a writer begins meanwhile.
  const bool at_rest = !has_wal() && !is_being_written(file);
  std::string problem = why_not_begun(file, at_rest ? Snapshot::untouched : Snapshot::live);
  return at_rest && has_wal() ? why_not_begun(file, Snapshot::live) : problem;
}

}  // namespace db
