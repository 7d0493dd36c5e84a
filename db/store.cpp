#include "db/store.h"

#include <algorithm>
#include <variant>

#include <sqlite3.h>

#include "db/connection.h"
#include "db/record_writer.h"
#include "db/row_reader.h"
#include "db/schema.h"
#include "db/start_check.h"
#include "db/writer_lock.h"

namespace db {

namespace {

std::optional<Uuid> own_installation(SQLite::Database& database) {
  SQLite::Statement own(database, "SELECT installation FROM chain WHERE chain = ?");
  own.bind(1, kOwnChain);
  if (!own.executeStep()) return std::nullopt;
  return RowReader(own).uuid();
}

void make_own_chain(SQLite::Database& database, const Uuid& installation) {
  SQLite::Statement insert(database, "INSERT INTO chain (chain, installation) VALUES (?, ?)");
  insert.bind(1, kOwnChain);
  insert.bind(2, installation.bytes.data(), static_cast<int>(installation.bytes.size()));
  insert.exec();
}

std::string station_on_record(SQLite::Database& database) {
  SQLite::Statement name(database, "SELECT name FROM station WHERE chain = ? ORDER BY seq DESC LIMIT 1");
  name.bind(1, kOwnChain);
  return name.executeStep() ? name.getColumn(0).getString() : std::string();
}

std::string key_on_record(SQLite::Database& database) {
  SQLite::Statement key(database, "SELECT public_key FROM station_key WHERE chain = ? ORDER BY seq DESC LIMIT 1");
  key.bind(1, kOwnChain);
  return key.executeStep() ? key.getColumn(0).getString() : std::string();
}

// Readers sort attempts by their ids, which must therefore rise also when the clock has stepped back since.
std::optional<Uuid> youngest_attempt(SQLite::Database& database) {
  SQLite::Statement youngest(database, "SELECT id FROM attempt_started WHERE chain = ? ORDER BY id DESC LIMIT 1");
  youngest.bind(1, kOwnChain);
  if (!youngest.executeStep()) return std::nullopt;
  return RowReader(youngest).uuid();
}

// Every opening closes what it finds open, so attempts that are open are younger than the last run.
std::vector<Uuid> open_attempts(SQLite::Database& database) {
  SQLite::Statement open(
      database,
      "SELECT s.id FROM attempt_started s LEFT JOIN attempt_finished f ON f.attempt = s.id "
      "WHERE s.chain = ?1 AND s.seq > (SELECT coalesce(max(seq), 0) FROM run WHERE chain = ?1) AND f.attempt IS NULL "
      "ORDER BY s.seq");
  open.bind(1, kOwnChain);
  std::vector<Uuid> attempts;
  while (open.executeStep()) attempts.push_back(RowReader(open).uuid());
  return attempts;
}

// Of the last row of each kind that a line makes again and again.
std::optional<Time> latest_time(SQLite::Database& database) {
  std::optional<Time> latest;
  for (const char* table : {"run", "visit", "attempt_started", "attempt_finished", "visit_ended", "event"}) {
    SQLite::Statement last(database,
                           std::string("SELECT at FROM ") + table + " WHERE chain = ? ORDER BY seq DESC LIMIT 1");
    last.bind(1, kOwnChain);
    if (last.executeStep()) latest = std::max(latest, std::optional(RowReader(last).time()));
  }
  return latest;
}

}  // namespace

class Store::Impl {
 public:
  Impl(const std::string& path, const std::string& station_name, Run run, UuidGenerator& uuids)
      : path_(canonical_path(path)), database_(prepared(path_, run.id, lock_)), installation_(identity(run, uuids)) {
    run.sqlite = sqlite3_libversion();
    key_ = StationKey::load_or_make(path_ + ".key");
    translated(path_, [&] {
      const bool new_chain = !own_installation(database_);
      if (const auto earlier = youngest_attempt(database_)) uuids.stay_after(*earlier);
      writer_.emplace(database_, kOwnChain, check_at_start(database_, path_, kOwnChain, installation_), run.id, uuids);
      SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
      if (new_chain) make_own_chain(database_, installation_);
      if (new_chain || station_on_record(database_) != station_name) {
        writer_->write_station(run.at, installation_, station_name);
      }
      if (key_on_record(database_) != to_string(key_->public_key())) {
        writer_->write_key(run.at, to_string(key_->public_key()));
      }
      latest_ = latest_time(database_);
      interrupted_ = open_attempts(database_);
      for (const Uuid& attempt : interrupted_) writer_->write(interruption(attempt, run.at));
      writer_->write_run(run);
      transaction.commit();
    });
  }

  void append(std::span<const Record> batch) {
    const Head before = writer_->head();
    try {
      translated(path_, [&] {
        SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
        for (const Record& record : batch) {
          std::visit([&](const auto& value) { writer_->write(value); }, record);
        }
        transaction.commit();
      });
    } catch (...) {
      writer_->rewind(before);
      throw;
    }
  }

  Head head() const { return writer_->head(); }
  const Uuid& installation() const { return installation_; }
  const std::string& path() const { return path_; }
  const StationKey& key() const { return *key_; }
  std::optional<Time> latest() const { return latest_; }
  const std::vector<Uuid>& interrupted() const { return interrupted_; }

 private:
  // The lock comes first: two programs must not migrate at once.
  static SQLite::Database prepared(const std::string& path, const Uuid& run, std::optional<WriterLock>& lock) {
    prepare_folder(path);
    lock.emplace(path, run);
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

  static AttemptFinished interruption(const Uuid& attempt, Time at) {
    AttemptFinished finished;
    finished.attempt = attempt;
    finished.at = at;
    finished.outcome = Outcome::interrupted;
    finished.fault = interrupted_fault();
    return finished;
  }

  // Constant after construction
  std::string path_;
  std::optional<WriterLock> lock_;
  std::optional<StationKey> key_;
  // The recorder's thread only
  SQLite::Database database_;
  Uuid installation_;
  std::optional<RecordWriter> writer_;
  std::optional<Time> latest_;
  std::vector<Uuid> interrupted_;
};

Store::Store(const std::string& path, const std::string& station_name, const Run& run, UuidGenerator& uuids)
    : impl_(std::make_unique<Impl>(path, station_name, run, uuids)) {}
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
std::optional<Time> Store::latest() const {
  return impl_->latest();
}
const std::vector<Uuid>& Store::interrupted() const {
  return impl_->interrupted();
}

}  // namespace db
