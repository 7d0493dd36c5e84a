// Rows of the tables that an attempt is made of, however they are read, and how they are put together. Inside db only.
#pragma once

#include <optional>
#include <string>

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/one_state.h"
#include "db/reader.h"
#include "db/row_reader.h"
#include "db/shared_rows.h"
#include "db/text_list.h"

namespace db {

inline constexpr const char* kStartedColumns =
    "recipe, visit, number, at, job, lot, operator, vendor, product, release, serial, product_name";
inline constexpr const char* kVisitColumns = "run, at, port, slot";

// Rows of an older schema have no identity, and their steps no alternate setting.
std::string finished_columns(SQLite::Database& database);
// `table`: before each column, as "t."; may be empty.
std::string step_columns(SQLite::Database& database, const std::string& table);

// ---- one row of each table

struct StartedRow {
  Uuid recipe;
  AttemptStarted started;
};

template <typename Row>
StartedRow read_started(Row& row) {
  StartedRow read;
  AttemptStarted& started = read.started;
  read.recipe = row.uuid();
  started.visit = row.uuid();
  started.number = row.integer();
  started.at = row.time();
  started.job = row.text();
  started.lot = row.text();
  started.operator_name = row.text();
  started.vendor = row.maybe_integer();
  started.product = row.maybe_integer();
  started.release = row.maybe_integer();
  started.serial = row.text();
  started.product_name = row.text();
  return read;
}

struct VisitRow {
  Uuid run;
  VisitStarted visit;
};

template <typename Row>
VisitRow read_visit(Row& row) {
  VisitRow read;
  read.run = row.uuid();
  read.visit.at = row.time();
  read.visit.port = row.text();
  read.visit.slot = row.text();
  return read;
}

template <typename Row>
std::optional<Fault> read_fault(Row& row) {
  Fault fault;
  for (std::string* text : {&fault.code, &fault.about, &fault.step, &fault.operation}) *text = row.text();
  fault.address = row.maybe_integer();
  fault.block = row.maybe_integer();
  fault.text = row.text();
  if (fault.code.empty()) return std::nullopt;
  return fault;
}

template <typename Row>
AttemptFinished read_finished(Row& row) {
  AttemptFinished finished;
  finished.at = row.time();
  finished.outcome = parse_outcome(row.text()).value_or(Outcome::error);
  finished.fault = read_fault(row);
  finished.verified = row.maybe_fact();
  finished.booted = row.maybe_fact();
  finished.unit = row.text();
  finished.serials = decode_text_list(row.text());
  finished.flash = row.maybe_duration();
  finished.back = row.maybe_duration();
  finished.device_time = row.maybe_duration();
  finished.identity = row.text();
  return finished;
}

// But its image, whose id it gives.
template <typename Row>
Step read_step(Row& row, Uuid& image) {
  Step step;
  step.name = row.text();
  image = row.uuid();
  step.address = row.integer();
  step.bytes = row.integer();
  step.written_bytes = row.integer();
  step.unchanged_bytes = row.integer();
  step.erased_sectors = row.integer();
  step.duration = milliseconds(row.integer());
  step.readback = row.maybe_sha256();
  step.alternate = row.maybe_integer();
  return step;
}

// ---- put together

struct Parts {
  std::int64_t chain = 0, seq = 0;  // of the start
  Uuid attempt;
  StartedRow started;
  VisitRow visit;
  std::optional<AttemptFinished> finished;  // nothing: no verdict
};

Attempt put_together(Parts parts, SharedRows& shared, const OneState& state);

}  // namespace db
