// Makes again what follows from the rows: rebuild() of db/care.h.
#include <algorithm>
#include <filesystem>

#include <sqlite3.h>

#include "db/care.h"
#include "db/connection.h"
#include "db/own_chain.h"
#include "db/read_record_time.h"
#include "db/record_writer.h"
#include "db/schema.h"
#include "db/start_check.h"
#include "db/unsettled.h"
#include "db/writer_lock.h"

namespace db {

namespace {

std::int64_t differences(const UnsettledAttempts& there, const UnsettledAttempts& right) {
  const auto not_in = [](const UnsettledAttempts& all) {
    return [&all](const auto& one) {
      const auto found = all.find(one.first);
      return found == all.end() || found->second != one.second;
    };
  };
  const auto missing_or_wrong = std::ranges::count_if(right, not_in(there));
  const auto too_many =
      std::ranges::count_if(there, [&](const auto& one) { return right.find(one.first) == right.end(); });
  return missing_or_wrong + too_many;
}

std::int64_t compute_unsettled(SQLite::Database& database) {
  const std::int64_t wrong = differences(read_unsettled(database), derive_unsettled(database));
  if (wrong == 0) return 0;
  database.exec("DELETE FROM unsettled");
  fill_unsettled(database);
  return wrong;
}

Event rebuilt_event(std::int64_t unsettled, Time at) {
  Event event;
  event.at = at;
  event.kind = "rebuilt";
  event.text =
      "The indexes and the table of unsettled attempts were made again from the rows of the record. Entries of "
      "the table that were wrong: " +
      std::to_string(unsettled) + ".";
  event.facts = "{\"unsettled\":" + std::to_string(unsettled) + "}";
  return event;
}

}  // namespace

Rebuilt rebuild(const std::string& path, Run run, UuidGenerator& uuids, const ClockRules& clock) {
  const std::string file = canonical_path(path);
  if (!std::filesystem::exists(file)) throw Error(Trouble::missing, "There is no database at " + file + ".");
  const WriterLock lock(file, run.id);
  check_not_emptied(file);
  SQLite::Database database = open_for_writing(file);
  return translated(file, [&] {
    check_tables(database, file);
    migrate(database, file);
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    database.exec("REINDEX");
    const std::optional<Uuid> installation = own_installation(database);
    if (!installation) throw Error(Trouble::refused, file + " holds no record of a station of its own.");
    const Head last = check_at_start(database, file, kOwnChain, *installation);
    const std::string missing = missing_rows(database, lock.earlier(), last);
    Rebuilt done;
    done.unsettled = compute_unsettled(database);
    if (const auto earlier = youngest_attempt(database)) uuids.stay_after(*earlier);
    const auto doubt = doubt_of(read_record_time(database), run.at, clock.gap);
    RecordWriter writer(database, kOwnChain, last, run.id, uuids);
    for (const Uuid& attempt : open_attempts(database)) writer.write(interruption(attempt, run.at));
    run.sqlite = sqlite3_libversion();
    writer.write_run(run);
    if (!missing.empty()) writer.write(rows_missing_event(missing, run.at));
    if (doubt) writer.write(event_of(*doubt, clock.confirmed));
    writer.write(rebuilt_event(done.unsettled, run.at));
    transaction.commit();
    done.end = writer.head();
    lock.note(done.end);
    return done;
  });
}

}  // namespace db
