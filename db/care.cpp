#include "db/care.h"

#include <filesystem>

#include <sqlite3.h>

#include "db/connection.h"
#include "db/image_store.h"
#include "db/new_file.h"
#include "db/own_chain.h"
#include "db/read_record_time.h"
#include "db/reader.h"
#include "db/record_writer.h"
#include "db/schema.h"
#include "db/signature.h"
#include "db/stored_row.h"
#include "db/verify.h"
#include "db/writer_lock.h"

namespace db {

namespace {

namespace fs = std::filesystem;

void refuse_open_orders(const std::string& path) {
  for (const WorkOrder& job : Reader(path).jobs()) {
    if (job.closed) continue;
    throw Error(Trouble::refused, "Order " + job.opened.order +
                                      " is open, and would be cut in two. Close it with "
                                      "`flashline job close` first.");
  }
}

// What a new file has to know of the record that it goes on from.
struct Before {
  Head head;
  Uuid installation;
  std::string station;
  std::optional<Event> about_the_clock;  // of the program that archives
  std::string key;                       // that the record names last
  std::optional<Time> key_since;
};

// A record that begins where another one ended.
void begin_after(const std::string& path, const Before& before, const std::string& public_key, const Run& run,
                 UuidGenerator& uuids) {
  const Head& head = before.head;
  const Uuid& installation = before.installation;
  fs::remove(path);
  translated(path, [&] {
    SQLite::Database database = open_for_writing(path);
    migrate(database, path);
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement insert(database, "INSERT INTO chain VALUES (?, ?, ?, ?)");
    insert.bind(1, kOwnChain);
    insert.bind(2, installation.bytes.data(), static_cast<int>(installation.bytes.size()));
    insert.bind(3, head.seq);
    insert.bind(4, head.hash.data(), static_cast<int>(head.hash.size()));
    insert.exec();
    RecordWriter writer(database, kOwnChain, head, run.id, uuids);
    writer.write_station(run.at, installation, before.station);
    writer.write_key(run.at, public_key);
    writer.write_run(run);
    if (before.about_the_clock) writer.write(*before.about_the_clock);
    transaction.commit();
  });
  settle(path);
}

}  // namespace

std::optional<BackedUp> back_up(const std::string& path, const std::string& to) {
  refuse_existing(to);
  const std::string part = to + ".part";
  copy_record(path, part, Snapshot::live);
  std::optional<BackedUp> backed_up = translated(part, [&]() -> std::optional<BackedUp> {
    SQLite::Database copy = open_for_reading(part, Snapshot::untouched);
    const std::optional<Uuid> installation = own_installation(copy);
    if (!installation) return std::nullopt;
    return BackedUp{*installation, station_on_record(copy).value_or(""), last_row(copy, kOwnChain).head,
                    copy.tableExists("station_key") ? key_on_record(copy) : ""};
  });
  take_name(part, to);
  return backed_up;
}

Archived archive(const std::string& path, const std::string& to, const std::optional<std::string>& station, Run run,
                 UuidGenerator& uuids, const ClockRules& clock) {
  const std::string file = canonical_path(path), next = file + ".next";
  if (!fs::exists(file)) throw Error(Trouble::missing, "There is no database at " + file + ".");
  refuse_existing(to);
  const WriterLock lock(file, run.id);
  Before before;
  translated(file, [&] {
    SQLite::Database database = open_for_writing(file);
    migrate(database, file);
    before.station = station.value_or(station_on_record(database).value_or(""));
    const auto doubt = doubt_of(read_record_time(database), run.at, clock.gap);
    if (doubt) before.about_the_clock = event_of(*doubt, clock.confirmed);
    before.key = key_on_record(database);
    before.key_since = time_of_key(database);
  });
  refuse_open_orders(file);
  settle(file);
  const Verification verified = verify_chain(file);
  if (!verified.sound()) {
    throw Error(Trouble::damaged, file + " does not verify; it stays as it is. `flashline audit verify` says why.");
  }
  const ChainVerification& own = verified.chains.front();
  run.sqlite = sqlite3_libversion();
  before.head = own.last;
  before.installation = own.installation;
  const std::string key = to_string(StationKey::load_or_make(file + ".key").public_key());
  Archived archived{own.last};
  if (!before.key.empty() && before.key != key) archived.earlier_key = before.key_since;
  begin_after(next, before, key, run, uuids);
  ImageStore(to).take_over(ImageStore(file));
  // Until the new file takes the name, the old one has it: whenever the power goes, one of the two is the record.
  std::error_code failure;
  fs::create_hard_link(file, to, failure);
  if (failure) {
    fs::copy_file(file, to + ".part");
    take_name(to + ".part", to);
  }
  take_name(next, file);
  return archived;
}

}  // namespace db
