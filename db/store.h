// The writing end of the record: one per database, held by a lock file `<path>.lock`; used by one thread.
//
// Opening creates folder and file, migrates an older schema, checks in well under a second that file, tables and the
// end of the hash chain are sound (db/start_check.h), closes the attempts that a crash left open (outcome and fault
// `interrupted`), and writes the row of this program run.
// A Store that threw from append() has written nothing of that batch and can be used again. The exception is
// Trouble::moved: the file that the Store has open is no longer the file of that name (db/files_in_place.h), so nobody
// would find what is written; append() checks that before it writes and before it returns.
// Errors: db::Error, always with a sentence for a person.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "db/chain.h"
#include "db/record_clock.h"
#include "db/signature.h"
#include "db/values.h"

namespace db {

// A program holds this record for writing now.
bool is_being_written(const std::string& path);

// Why a Store would not go on with this record; empty: it would, or there is none yet. Reads what a start reads,
// without the lock: also while a program writes.
std::string why_not_begun(const std::string& path);

// What a Store would say of this record as it goes on with it (Store::warnings), read likewise; empty: nothing.
// REQUIRES: why_not_begun() found nothing.
std::string warning_of_start(const std::string& path);

class Store {
 public:
  // `uuids` makes the keys of rows that the Store adds itself; it must outlive the Store. `run.id` and `run.at` are
  // filled in by the caller. A station name that differs from the last one on record becomes a new station row; without
  // a name the station keeps the last one on record. A clock in doubt becomes an event (db/record_clock.h).
  Store(const std::string& path, const std::optional<std::string>& station_name, const Run& run, UuidGenerator& uuids,
        const ClockRules& clock = {});
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // One transaction: when this returns, all of it is on disk. Recipes, images and units that are new to this station
  // are recorded with the first attempt that names them.
  void append(std::span<const Record> batch);
  void append(const Record& record) { append(std::span(&record, 1)); }

  // The end of this station's chain. Nothing inside a database proves that its last rows were not cut off: a
  // copy of this, kept elsewhere, does.
  Head head() const;
  const Uuid& installation() const;
  const std::string& path() const;
  // The station's, in the file `<path>.key`, made when there is none; its public half is on record.
  const StationKey& key() const;
  // When another key than this one came on record, if that was the key until this run. What it signed is checked with
  // its public half.
  const std::optional<Time>& earlier_key() const;
  // Throws Error (Trouble::moved) when nobody would find what is written from now on.
  void check_in_place() const;
  // The station's name from now on.
  const std::string& station() const;
  // The record's time when this run began (db/record_clock.h); nothing in a new record. When a person confirmed the
  // clock, it is the time of this run.
  std::optional<Time> latest() const;
  // With which this run began, confirmed or not.
  const std::optional<ClockDoubt>& clock_doubt() const;
  // The attempts that were found open and have been closed as interrupted.
  const std::vector<Uuid>& interrupted() const;
  // What a person should know of the record as this run found it, though it is gone on with: rows that its last writer
  // had committed are missing, or a table that follows from the rows does not. Sentences.
  const std::vector<std::string>& warnings() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace db
