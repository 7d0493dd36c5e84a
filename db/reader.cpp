#include "db/reader.h"

#include <algorithm>

#include "db/connection.h"
#include "db/one_state.h"
#include "db/read_attempts.h"
#include "db/read_events.h"
#include "db/read_jobs.h"
#include "db/read_outlines.h"
#include "db/read_partial_flashes.h"
#include "db/schema.h"
#include "db/shared_rows.h"
#include "db/stored_row.h"

namespace db {

namespace {

std::string public_key(SQLite::Database& database, std::int64_t chain) {
  if (!has_second_tables(database)) return {};
  SQLite::Statement query(database, "SELECT public_key FROM station_key WHERE chain = ? ORDER BY seq DESC LIMIT 1");
  query.bind(1, chain);
  return query.executeStep() ? query.getColumn(0).getString() : std::string();
}

std::vector<StationInfo> read_stations(SQLite::Database& database) {
  std::vector<StationInfo> stations;
  bool own = false;
  for (const auto& [chain, station] : read_station_rows(database)) {
    own = own || chain == kOwnChain;
    stations.push_back(
        {station.installation, station.name, last_row(database, chain).head, public_key(database, chain)});
  }
  // Merged stations stand in an order that does not depend on which came first.
  std::sort(stations.begin() + (own ? 1 : 0), stations.end(),
            [](const StationInfo& a, const StationInfo& b) { return a.installation < b.installation; });
  return stations;
}

}  // namespace

class Reader::Impl {
 public:
  Impl(const std::string& path, std::int64_t rows_worth_threads)
      : path_(canonical_path(path)), database_(open_for_reading(path_)), rows_worth_threads_(rows_worth_threads) {}

  // `read` is given the database and the one state of it that it sees.
  template <typename Read>
  auto in_one_state(Read read) {
    return translated(path_, [&] {
      const OneState state(database_, path_, rows_worth_threads_);
      return read(database_, state);
    });
  }
  // One query, which is one state by itself; also from within another one.
  template <typename Read>
  auto at_once(Read read) {
    return translated(path_, [&] { return read(database_); });
  }

 private:
  std::string path_;
  SQLite::Database database_;
  std::int64_t rows_worth_threads_;
};

Reader::Reader(const std::string& path, std::int64_t rows_worth_threads)
    : impl_(std::make_unique<Impl>(path, rows_worth_threads)) {}
Reader::~Reader() = default;

void Reader::attempts(const Filter& filter, const std::function<bool(const Attempt&)>& visit) {
  impl_->in_one_state([&](auto& database, const OneState& state) { read_attempts(database, state, filter, visit); });
}

std::vector<Attempt> Reader::attempts(const Filter& filter) {
  std::vector<Attempt> all;
  attempts(filter, [&](const Attempt& attempt) {
    all.push_back(attempt);
    return true;
  });
  return all;
}

void Reader::outlines(const Filter& filter, Outlined outlined, const std::function<bool(const Outline&)>& visit) {
  impl_->in_one_state(
      [&](auto& database, const OneState& state) { read_outlines(database, state, filter, outlined, visit); });
}

PartialFlashes Reader::partial_flashes() {
  return impl_->in_one_state(
      [](auto& database, const OneState& state) { return read_partial_flashes(database, state); });
}

Counts Reader::counts(const Filter& filter) {
  return impl_->in_one_state(
      [&](auto& database, const OneState& state) { return count_attempts(database, state, filter); });
}

std::vector<StationInfo> Reader::stations() {
  return impl_->in_one_state([](auto& database, const OneState&) { return read_stations(database); });
}

int Reader::schema_version() {
  return impl_->in_one_state(
      [](auto& database, const OneState&) { return database.execAndGet("PRAGMA user_version").getInt(); });
}

std::vector<WorkOrder> Reader::jobs() {
  return impl_->in_one_state(
      [](auto& database, const OneState&) { return read_jobs(database, Whose::own, std::nullopt); });
}

std::vector<WorkOrder> Reader::jobs_of_all(const std::optional<std::string>& order) {
  return impl_->in_one_state([&](auto& database, const OneState&) { return read_jobs(database, Whose::all, order); });
}

std::optional<WorkOrder> Reader::job(const std::string& order) {
  std::vector<WorkOrder> found =
      impl_->in_one_state([&](auto& database, const OneState&) { return read_jobs(database, Whose::own, order); });
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<Event> Reader::events(const std::optional<Uuid>& attempt) {
  return impl_->at_once([&](auto& database) { return read_events(database, attempt); });
}

std::int64_t Reader::count_events(const std::string& kind, Time since) {
  return impl_->at_once([&](auto& database) { return count_own_events(database, kind, since); });
}

std::vector<Disposition> Reader::dispositions(const Uuid& attempt, const std::string& unit) {
  return impl_->at_once([&](auto& database) { return read_dispositions(database, attempt, unit); });
}

}  // namespace db
