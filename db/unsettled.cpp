#include "db/unsettled.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "db/outcome.h"
#include "db/row_values.h"
#include "db/schema.h"

namespace db {

namespace {

// The rows of one table of this station's chain, one at a time.
class Rows {
 public:
  Rows(SQLite::Database& database, const std::string& sql) : query_(database, sql) { query_.bind(1, kOwnChain); }

  bool next() { return there_ = query_.executeStep(); }
  bool there() const { return there_; }
  std::int64_t seq() const { return query_.getColumn(0).getInt64(); }
  RowReader values() const {
    RowReader row(query_);
    row.skip(1);
    return row;
  }

 private:
  SQLite::Statement query_;
  bool there_ = false;
};

Settling settling_of(RowReader row) {
  Settling verdict;
  verdict.attempt = row.uuid();
  verdict.outcome = parse_outcome(row.text()).value_or(Outcome::error);
  verdict.verified = row.maybe_fact();
  verdict.operation = row.text();
  verdict.unit = row.text();
  return verdict;
}

}  // namespace

std::string id_in_serial(std::string_view serial) {
  constexpr std::size_t digits = 24;  // of a 96-bit unique id
  const auto is_hex = [](unsigned char c) { return std::isxdigit(c) != 0; };
  if (serial.size() != digits || !std::ranges::all_of(serial, is_hex)) return {};
  std::string id(serial);
  std::ranges::transform(id, id.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return id;
}

std::string unit_of_cut_off(Outcome outcome, std::string_view serial) {
  const bool cut_off = outcome == Outcome::interrupted || outcome == Outcome::running;
  return cut_off ? id_in_serial(serial) : std::string();
}

bool may_be_partial(Outcome outcome, std::optional<bool> verified, std::string_view operation) {
  constexpr std::array<std::string_view, 4> behind_the_first_write{"erase", "write", "read", "leave"};
  if (outcome == Outcome::interrupted) return true;
  return outcome != Outcome::running && verified != true &&
         std::ranges::find(behind_the_first_write, operation) != behind_the_first_write.end();
}

bool has_made_whole(Outcome outcome, std::optional<bool> verified) {
  if (outcome == Outcome::interrupted) return false;
  // A recipe without read-back: nothing cut the writing short.
  return verified.value_or(is_good(outcome));
}

void note_begun(UnsettledAttempts& all, const Uuid& attempt, const std::string& serial) {
  all[attempt] = {id_in_serial(serial), true};
}

void note_ended(UnsettledAttempts& all, const Settling& verdict) {
  std::string unit = verdict.unit;
  if (const auto known = all.find(verdict.attempt); known != all.end()) {
    if (unit.empty()) unit = known->second.unit;
    all.erase(known);
  }
  if (unit.empty()) return;
  if (may_be_partial(verdict.outcome, verdict.verified, verdict.operation)) {
    all[verdict.attempt] = {unit, false};
  } else if (has_made_whole(verdict.outcome, verdict.verified)) {
    std::erase_if(all, [&](const auto& one) { return one.second.unit == unit && !one.second.open; });
  }
}

UnsettledAttempts derive_unsettled(SQLite::Database& database) {
  Rows begun(database, "SELECT seq, id, serial FROM attempt_started WHERE chain = ? ORDER BY seq");
  Rows ended(database,
             "SELECT seq, attempt, outcome, verified, fault_operation, unit FROM attempt_finished WHERE chain = ? "
             "ORDER BY seq");
  UnsettledAttempts all;
  begun.next();
  ended.next();
  while (begun.there() || ended.there()) {
    if (begun.there() && (!ended.there() || begun.seq() < ended.seq())) {
      RowReader row = begun.values();
      const Uuid attempt = row.uuid();
      note_begun(all, attempt, row.text());
      begun.next();
    } else {
      note_ended(all, settling_of(ended.values()));
      ended.next();
    }
  }
  return all;
}

UnsettledAttempts read_unsettled(SQLite::Database& database) {
  if (!has_unsettled(database)) return derive_unsettled(database);
  UnsettledAttempts all;
  SQLite::Statement query(database, "SELECT attempt, unit, open FROM unsettled");
  while (query.executeStep()) {
    RowReader row(query);
    Unsettled& one = all[row.uuid()];
    one.unit = row.text();
    one.open = row.integer() != 0;
  }
  return all;
}

void fill_unsettled(SQLite::Database& database) {
  SQLite::Statement insert(database, "INSERT INTO unsettled VALUES (?, ?, ?)");
  for (const auto& [attempt, one] : derive_unsettled(database)) {
    insert.reset();
    bind(insert, 1, attempt);
    one.unit.empty() ? insert.bind(2) : insert.bind(2, one.unit);
    insert.bind(3, one.open ? 1 : 0);
    insert.exec();
  }
}

// ---- the table

UnsettledTable::UnsettledTable(SQLite::Database& database)
    : begin_(database, "INSERT INTO unsettled VALUES (?, ?, 1)"),
      find_(database, "SELECT unit FROM unsettled WHERE attempt = ?"),
      keep_(database, "INSERT OR REPLACE INTO unsettled VALUES (?, ?, 0)"),
      drop_(database, "DELETE FROM unsettled WHERE attempt = ?"),
      settle_(database, "DELETE FROM unsettled WHERE unit = ? AND open = 0") {}

void UnsettledTable::begin(const AttemptStarted& attempt) {
  const std::string unit = id_in_serial(attempt.serial);
  begin_.tryReset();
  bind(begin_, 1, attempt.attempt);
  unit.empty() ? begin_.bind(2) : begin_.bind(2, unit);
  begin_.exec();
}

void UnsettledTable::end(const AttemptFinished& attempt) {
  const std::string unit = attempt.unit.empty() ? known_unit(attempt.attempt) : attempt.unit;
  const std::string operation = attempt.fault ? attempt.fault->operation : "";
  if (!unit.empty() && may_be_partial(attempt.outcome, attempt.verified, operation)) {
    keep_.tryReset();
    bind(keep_, 1, attempt.attempt);
    keep_.bind(2, unit);
    keep_.exec();
    return;
  }
  drop_.tryReset();
  bind(drop_, 1, attempt.attempt);
  drop_.exec();
  if (unit.empty() || !has_made_whole(attempt.outcome, attempt.verified)) return;
  settle_.tryReset();
  settle_.bind(1, unit);
  settle_.exec();
}

std::string UnsettledTable::known_unit(const Uuid& attempt) {
  find_.tryReset();
  bind(find_, 1, attempt);
  const std::string unit = find_.executeStep() ? find_.getColumn(0).getString() : std::string();
  find_.reset();
  return unit;
}

}  // namespace db
