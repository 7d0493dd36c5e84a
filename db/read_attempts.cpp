#include "db/read_attempts.h"

#include "db/filter_sql.h"
#include "db/label_sql.h"
#include "db/row_reader.h"
#include "db/schema.h"
#include "db/shared_rows.h"
#include "db/text_list.h"

namespace db {

namespace {

constexpr const char* kAttemptColumns =
    "SELECT s.chain, s.seq, v.run, s.recipe, v.id, v.at, v.port, v.slot,"
    " s.id, s.number, s.at, s.job, s.lot, s.operator, s.vendor, s.product, s.release, s.serial, s.product_name,"
    " f.at, f.outcome, f.fault_code, f.fault_about, f.fault_step, f.fault_operation, f.fault_address, f.fault_block,"
    " f.fault_text, f.verified, f.booted, f.unit, f.serials, f.flash_ms, f.return_ms, f.floor_ms";
// Rows of an older schema have none.
constexpr const char* kIdentityColumn = ", f.identity";
constexpr const char* kNoIdentityColumn = ", NULL";
// Of the attempt's visit, whenever in it the label was scanned.
const std::string kLabelColumn = ", (SELECT l.label FROM label l WHERE l.visit = v.id AND " + label_holds() + ")";
constexpr int kColumnOfLabel = 36;

constexpr const char* kStepColumns =
    "SELECT t.attempt, t.name, t.image, t.address, t.bytes, t.written_bytes, t.unchanged_bytes, t.erased_sectors,"
    " t.duration_ms, t.readback";

std::optional<Fault> read_fault(RowReader& row) {
  Fault fault;
  for (std::string* text : {&fault.code, &fault.about, &fault.step, &fault.operation}) *text = row.text();
  fault.address = row.maybe_integer();
  fault.block = row.maybe_integer();
  fault.text = row.text();
  if (fault.code.empty()) return std::nullopt;
  return fault;
}

void read_started(RowReader& row, AttemptStarted& started) {
  started.attempt = row.uuid();
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
}

void read_finished(RowReader& row, AttemptFinished& finished) {
  finished.at = row.time();
  finished.outcome = parse_outcome(row.text()).value_or(Outcome::error);
  finished.fault = read_fault(row);
  finished.verified = row.maybe_fact();
  finished.booted = row.maybe_fact();
  finished.unit = row.text();
  finished.serials = decode_text_list(row.text());
  finished.flash = row.maybe_duration();
  finished.back = row.maybe_duration();
  finished.floor = row.maybe_duration();
  finished.identity = row.text();
}

// Steps of the attempts of the same condition in the same order: both results are read side by side. CROSS JOIN keeps
// SQLite from starting at the steps, of which there are many more.
class StepStream {
 public:
  StepStream(SQLite::Database& database, const Condition& condition, SharedRows& shared)
      : shared_(shared),
        query_(database,
               kStepColumns +
                   (condition.sql().empty()
                        ? std::string(" FROM step t")
                        : kAttemptTables + std::string(" CROSS JOIN step t ON t.attempt = s.id") + condition.sql()) +
                   " ORDER BY t.attempt, t.number") {
    condition.bind(query_);
    there_ = query_.executeStep();
  }

  // REQUIRES: attempts are asked for in ascending order.
  void take(const Uuid& attempt, std::vector<Step>& steps) {
    for (; there_; there_ = query_.executeStep()) {
      RowReader row(query_);
      const Uuid owner = row.uuid();
      if (owner > attempt) return;
      if (owner == attempt) steps.push_back(read_step(row));
    }
  }

 private:
  Step read_step(RowReader& row) {
    Step step;
    step.name = row.text();
    step.image = shared_.image(row.uuid());
    step.address = row.integer();
    step.bytes = row.integer();
    step.written_bytes = row.integer();
    step.unchanged_bytes = row.integer();
    step.erased_sectors = row.integer();
    step.duration = milliseconds(row.integer());
    step.readback = row.maybe_sha256();
    return step;
  }

  SharedRows& shared_;
  SQLite::Statement query_;
  bool there_ = false;
};

Attempt read_attempt(SQLite::Statement& query, SharedRows& shared, const OneState& state) {
  RowReader row(query);
  Attempt attempt;
  const std::int64_t chain = row.integer();
  attempt.installation = shared.installation(chain);
  attempt.station = shared.station(chain, row.integer());
  const Uuid run = row.uuid();
  attempt.run = shared.run(run);
  attempt.started.recipe = shared.recipe(row.uuid());
  attempt.visit.visit = row.uuid();
  attempt.visit.at = row.time();
  attempt.visit.port = row.text();
  attempt.visit.slot = row.text();
  read_started(row, attempt.started);
  attempt.started.visit = attempt.visit.visit;
  attempt.open = row.is_null();
  if (attempt.open) {
    attempt.finished.at = attempt.started.at;
    attempt.finished.outcome = state.open_outcome(run);
    if (attempt.finished.outcome == Outcome::interrupted) attempt.finished.fault = interrupted_fault();
  } else {
    read_finished(row, attempt.finished);
  }
  attempt.finished.attempt = attempt.started.attempt;
  return attempt;
}

}  // namespace

void read_attempts(SQLite::Database& database, const OneState& state, const Filter& filter,
                   const std::function<bool(const Attempt&)>& visit) {
  SharedRows shared(database);
  const bool labels = has_second_tables(database);
  const Condition condition(filter, shared.recipes_for(filter), labels);
  const char* identity = has_identity(database) ? kIdentityColumn : kNoIdentityColumn;
  SQLite::Statement query(database, std::string(kAttemptColumns) + identity + (labels ? kLabelColumn : std::string()) +
                                        kAttemptTables + condition.sql() + " ORDER BY s.id");
  condition.bind(query);
  std::optional<StepStream> steps;
  if (filter.steps) steps.emplace(database, condition, shared);
  while (query.executeStep()) {
    Attempt attempt = read_attempt(query, shared, state);
    if (labels) attempt.label = query.getColumn(kColumnOfLabel).getString();
    if (filter.outcome && attempt.finished.outcome != *filter.outcome) continue;
    if (steps) steps->take(attempt.started.attempt, attempt.finished.steps);
    if (!visit(attempt)) return;
  }
}

}  // namespace db
