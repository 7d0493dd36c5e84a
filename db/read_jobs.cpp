#include "db/read_jobs.h"

#include "db/row_values.h"
#include "db/schema.h"
#include "db/station_names.h"

namespace db {

namespace {

// The last attempt of each visit says what became of its unit.
constexpr const char* kUnitsOfJob =
    "SELECT coalesce(f.outcome, 'running'), count(*) FROM attempt_started s"
    " LEFT JOIN attempt_finished f ON f.attempt = s.id"
    " WHERE s.chain = ?1 AND s.job = ?2"
    " AND NOT EXISTS (SELECT 1 FROM attempt_started n WHERE n.visit = s.visit AND n.number > s.number) GROUP BY 1";

std::optional<JobClosed> read_closing(SQLite::Database& database, std::int64_t chain, const std::string& order) {
  SQLite::Statement query(
      database, "SELECT at, operator, reason, certificate FROM job_closed WHERE chain = ? AND order_number = ?");
  query.bind(1, chain);
  query.bind(2, order);
  if (!query.executeStep()) return std::nullopt;
  RowReader row(query);
  JobClosed closed;
  closed.order = order;
  closed.at = row.time();
  closed.operator_name = row.text();
  closed.reason = row.text();
  closed.certificate = row.text();
  return closed;
}

void count_units(SQLite::Database& database, std::int64_t chain, WorkOrder& job) {
  SQLite::Statement query(database, kUnitsOfJob);
  query.bind(1, chain);
  query.bind(2, job.opened.order);
  while (query.executeStep()) {
    const Outcome outcome = parse_outcome(query.getColumn(0).getString()).value_or(Outcome::error);
    job.units[outcome] += query.getColumn(1).getInt64();
  }
  job.made = job.units[Outcome::passed] + (job.opened.count_already ? job.units[Outcome::already] : 0);
}

}  // namespace

std::vector<WorkOrder> read_jobs(SQLite::Database& database, Whose whose, const std::optional<std::string>& order) {
  std::vector<WorkOrder> jobs;
  if (!has_second_tables(database)) return jobs;
  const StationNames names(database);
  SQLite::Statement query(
      database,
      "SELECT chain, seq, hash, at, order_number, product, lot, recipe_name, recipe_sha256, quantity, count_already,"
      " until, operator FROM job r WHERE (?1 IS NULL OR chain = ?1) AND (?2 IS NULL OR order_number = ?2)" +
          std::string(kOwnRowsFirst));
  whose == Whose::own ? query.bind(1, kOwnChain) : query.bind(1);
  order ? query.bind(2, *order) : query.bind(2);
  while (query.executeStep()) {
    RowReader row(query);
    WorkOrder job;
    const std::int64_t chain = row.integer();
    job.own = chain == kOwnChain;
    job.row.seq = row.integer();
    job.station = names.at(chain, job.row.seq);
    job.row.hash = row.sha256();
    job.opened.at = row.time();
    for (std::string* text : {&job.opened.order, &job.opened.product, &job.opened.lot, &job.opened.recipe_name}) {
      *text = row.text();
    }
    job.opened.recipe = row.maybe_sha256();
    job.opened.quantity = row.integer();
    job.opened.count_already = row.integer() != 0;
    job.opened.until = maybe_time(row);
    job.opened.operator_name = row.text();
    job.closed = read_closing(database, chain, job.opened.order);
    count_units(database, chain, job);
    jobs.push_back(std::move(job));
  }
  return jobs;
}

}  // namespace db
