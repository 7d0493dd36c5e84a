#include "db/read_partial_flashes.h"

#include <algorithm>
#include <cstdint>
#include <map>

#include "db/read_attempts.h"
#include "db/row_values.h"
#include "db/schema.h"
#include "db/unsettled.h"

namespace db {

namespace {

std::vector<std::string> ports_of(SQLite::Database& database) {
  // From one port to the next by the index on it: not visit by visit.
  SQLite::Statement query(database,
                          "WITH RECURSIVE one (port) AS (SELECT min(port) FROM visit UNION ALL SELECT (SELECT "
                          "min(port) FROM visit WHERE port > one.port) FROM one WHERE one.port IS NOT NULL) "
                          "SELECT port FROM one WHERE port IS NOT NULL");
  std::vector<std::string> ports;
  while (query.executeStep()) ports.push_back(query.getColumn(0).getString());
  return ports;
}

// The attempts of the last visit of each port, which alone can leave something half-written there. A visit may have
// ended before any attempt of it began.
std::vector<Uuid> last_on_ports(SQLite::Database& database) {
  SQLite::Statement query(
      database,
      "SELECT id FROM attempt_started WHERE visit = (SELECT v.id FROM visit v WHERE v.port = ?1 AND "
      "v.chain = ?2 AND EXISTS (SELECT 1 FROM attempt_started s WHERE s.visit = v.id) ORDER BY "
      "v.seq DESC LIMIT 1) ORDER BY id");
  std::vector<Uuid> attempts;
  for (const std::string& port : ports_of(database)) {
    query.reset();
    query.bind(1, port);
    query.bind(2, kOwnChain);
    while (query.executeStep()) attempts.push_back(RowReader(query).uuid());
  }
  return attempts;
}

bool is_partial(const Attempt& attempt) {
  const AttemptFinished& end = attempt.finished;
  return may_be_partial(end.outcome, end.verified, end.fault ? end.fault->operation : "");
}

std::string id_of(const Attempt& attempt) {
  return attempt.finished.unit.empty() ? id_in_serial(attempt.started.serial) : attempt.finished.unit;
}

// Known by its id: the last verdict that left it half-written, if none has made it whole since.
class ByUnit {
 public:
  explicit ByUnit(SQLite::Database& database)
      : verdict_(database, "SELECT seq FROM attempt_finished WHERE attempt = ?"),
        later_(database, "SELECT outcome, verified FROM attempt_finished WHERE unit = ? AND chain = ? AND seq > ?") {}

  void add(const Attempt& attempt) {
    const std::string id = id_of(attempt);
    if (id.empty() || !is_partial(attempt)) return;
    const std::int64_t verdict = verdict_of(attempt.started.attempt);
    if (is_made_whole_after(id, verdict)) return;
    Last& last = by_unit_[id];
    if (last.verdict <= verdict) last = {verdict, attempt};
  }
  void put_into(std::vector<Attempt>& all) {
    for (auto& [id, last] : by_unit_) all.push_back(std::move(last.attempt));
  }

 private:
  struct Last {
    std::int64_t verdict = 0;  // seq
    Attempt attempt{};
  };

  // An attempt without one was interrupted after all others.
  std::int64_t verdict_of(const Uuid& attempt) {
    verdict_.reset();
    bind(verdict_, 1, attempt);
    return verdict_.executeStep() ? verdict_.getColumn(0).getInt64() : INT64_MAX;
  }

  bool is_made_whole_after(const std::string& id, std::int64_t verdict) {
    later_.reset();
    later_.bind(1, id);
    later_.bind(2, kOwnChain);
    later_.bind(3, verdict);
    while (later_.executeStep()) {
      RowReader row(later_);
      const Outcome outcome = parse_outcome(row.text()).value_or(Outcome::error);
      if (has_made_whole(outcome, row.maybe_fact())) return true;
    }
    return false;
  }

  SQLite::Statement verdict_, later_;
  std::map<std::string, Last> by_unit_;
};

// Known by its port. REQUIRES: attempts of the last visit of each port, in the order in which they were started.
class ByPort {
 public:
  void add(const Attempt& attempt) {
    if (is_partial(attempt)) {
      if (id_of(attempt).empty()) by_port_[attempt.visit.port] = attempt;
    } else if (has_made_whole(attempt.finished.outcome, attempt.finished.verified)) {
      by_port_.erase(attempt.visit.port);  // a retry of the same visit
    }
  }
  void put_into(std::vector<Attempt>& all) {
    for (auto& [port, attempt] : by_port_) all.push_back(std::move(attempt));
  }

 private:
  std::map<std::string, Attempt> by_port_;
};

std::vector<Uuid> keys_of(const UnsettledAttempts& all) {
  std::vector<Uuid> keys;
  for (const auto& [attempt, one] : all) {
    if (!one.unit.empty()) keys.push_back(attempt);
  }
  return keys;
}

Uuid last_run(SQLite::Database& database) {
  SQLite::Statement query(
      database,
      "SELECT v.run FROM (SELECT visit FROM attempt_started WHERE +chain = ? ORDER BY id DESC LIMIT "
      "1) s JOIN visit v ON v.id = s.visit");
  query.bind(1, kOwnChain);
  return query.executeStep() ? RowReader(query).uuid() : Uuid{};
}

}  // namespace

PartialFlashes read_partial_flashes(SQLite::Database& database, const OneState& state) {
  PartialFlashes left;
  ByUnit by_unit(database);
  ByPort by_port;
  read_these_attempts(database, state, keys_of(read_unsettled(database)),
                      [&](const Attempt& attempt) { by_unit.add(attempt); });
  read_these_attempts(database, state, last_on_ports(database), [&](const Attempt& attempt) { by_port.add(attempt); });
  by_unit.put_into(left.attempts);
  by_port.put_into(left.attempts);
  std::ranges::sort(left.attempts, {}, [](const Attempt& attempt) { return attempt.started.attempt; });
  left.last_run = last_run(database);
  return left;
}

}  // namespace db
