#include "db/reader.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "db/connection.h"
#include "db/filter_sql.h"
#include "db/label_sql.h"
#include "db/row_reader.h"
#include "db/schema.h"
#include "db/station_names.h"
#include "db/stored_row.h"
#include "db/text_list.h"
#include "db/writer_lock.h"

namespace db {

namespace {

constexpr const char* kAttemptTables =
    " FROM attempt_started s JOIN visit v ON v.id = s.visit LEFT JOIN attempt_finished f ON f.attempt = s.id";

// The last attempt of each visit says what became of its unit.
constexpr const char* kUnitsOfJob =
    "SELECT coalesce(f.outcome, 'running'), count(*) FROM attempt_started s"
    " LEFT JOIN attempt_finished f ON f.attempt = s.id"
    " WHERE s.chain = ?1 AND s.job = ?2"
    " AND NOT EXISTS (SELECT 1 FROM attempt_started n WHERE n.visit = s.visit AND n.number > s.number) GROUP BY 1";

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

// This station's own first; those of others in an order that does not depend on which was merged first.
constexpr const char* kInOrder =
    " ORDER BY r.chain <> 1, (SELECT c.installation FROM chain c WHERE c.chain = r.chain), r.seq";

constexpr const char* kStepColumns =
    "SELECT t.attempt, t.name, t.image, t.address, t.bytes, t.written_bytes, t.unchanged_bytes, t.erased_sectors,"
    " t.duration_ms, t.readback";

constexpr std::size_t kShortestPrefix = 4;

bool names(const std::string& wanted, const std::string& name, const Sha256& digest) {
  if (wanted == name) return true;
  if (wanted.size() < kShortestPrefix) return false;
  std::string lower = wanted;
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
  return hex(digest).starts_with(lower);
}

// Rows that many attempts share: read once per call, so that an attempt costs no look-up of its own.
struct Shared {
  struct StationRow {
    Uuid installation;
    std::string name;
  };
  std::map<std::int64_t, StationRow> stations;  // by chain; with the last name
  StationNames names;                           // under which rows were written
  std::map<Uuid, std::shared_ptr<const Run>> runs;
  std::map<Uuid, std::shared_ptr<const Image>> images;
  std::map<Uuid, std::shared_ptr<const Recipe>> recipes;
};

void read_stations(SQLite::Database& database, Shared& shared) {
  shared.names = StationNames(database);
  SQLite::Statement query(database,
                          "SELECT chain, installation, (SELECT name FROM station WHERE station.chain = chain.chain "
                          "ORDER BY seq DESC LIMIT 1) FROM chain");
  while (query.executeStep()) {
    RowReader row(query);
    const std::int64_t chain = row.integer();
    Shared::StationRow& station = shared.stations[chain];
    station.installation = row.uuid();
    station.name = row.text();
  }
}

void read_runs(SQLite::Database& database, Shared& shared) {
  SQLite::Statement query(
      database, "SELECT id, at, command, software, host, kernel, libusb, sqlite, operator, recipe_file FROM run");
  while (query.executeStep()) {
    RowReader row(query);
    Run run;
    run.id = row.uuid();
    run.at = row.time();
    for (std::string* text : {&run.command, &run.software, &run.host, &run.kernel, &run.libusb, &run.sqlite,
                              &run.operator_name, &run.recipe_file}) {
      *text = row.text();
    }
    shared.runs[run.id] = std::make_shared<const Run>(run);
  }
}

void read_images(SQLite::Database& database, Shared& shared) {
  SQLite::Statement query(database,
                          "SELECT id, sha256, name, size, kind, platform, function, module_index, module_version, "
                          "start_address, end_address, dependencies FROM image");
  while (query.executeStep()) {
    RowReader row(query);
    const Uuid id = row.uuid();
    Image image;
    image.sha256 = row.sha256();
    image.name = row.text();
    image.size = row.integer();
    image.kind = row.text();
    image.platform = row.text();
    image.function = row.text();
    image.module_index = row.maybe_integer();
    image.module_version = row.maybe_integer();
    image.start_address = row.maybe_integer();
    image.end_address = row.maybe_integer();
    image.dependencies = row.text();
    shared.images[id] = std::make_shared<const Image>(image);
  }
}

void read_recipes(SQLite::Database& database, Shared& shared) {
  SQLite::Statement query(database, "SELECT id, sha256, name, revision, file, text, images FROM recipe");
  while (query.executeStep()) {
    RowReader row(query);
    const Uuid id = row.uuid();
    Recipe recipe;
    recipe.sha256 = row.sha256();
    for (std::string* text : {&recipe.name, &recipe.revision, &recipe.file, &recipe.text}) *text = row.text();
    const SQLite::Column images = query.getColumn(6);
    const auto* bytes = static_cast<const std::uint8_t*>(images.getBlob());
    Uuid image;
    for (int at = 0; at + 16 <= images.getBytes(); at += 16) {
      std::copy_n(bytes + at, image.bytes.size(), image.bytes.begin());
      const auto found = shared.images.find(image);
      if (found != shared.images.end()) recipe.images.push_back(found->second);
    }
    shared.recipes[id] = std::make_shared<const Recipe>(recipe);
  }
}

Shared read_shared(SQLite::Database& database) {
  Shared shared;
  read_stations(database, shared);
  read_runs(database, shared);
  read_images(database, shared);
  read_recipes(database, shared);
  return shared;
}

// A record that was tampered with may name rows that are gone; a report shows the rest, verify says what is missing.
template <typename Value>
std::shared_ptr<const Value> find_or_empty(const std::map<Uuid, std::shared_ptr<const Value>>& values, const Uuid& id) {
  const auto found = values.find(id);
  return found == values.end() ? std::make_shared<const Value>() : found->second;
}

std::optional<std::vector<Uuid>> recipes_for(const Filter& filter, const Shared& shared) {
  if (!filter.recipe && !filter.image) return std::nullopt;
  std::vector<Uuid> ids;
  for (const auto& [id, recipe] : shared.recipes) {
    const bool right_recipe = !filter.recipe || names(*filter.recipe, recipe->name, recipe->sha256);
    const bool right_image = !filter.image || std::ranges::any_of(recipe->images, [&](const auto& image) {
      return names(*filter.image, image->name, image->sha256);
    });
    if (right_recipe && right_image) ids.push_back(id);
  }
  return ids;
}

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
  StepStream(SQLite::Database& database, const Condition& condition, const Shared& shared)
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
  Step read_step(RowReader& row) const {
    Step step;
    step.name = row.text();
    step.image = find_or_empty(shared_.images, row.uuid());
    step.address = row.integer();
    step.bytes = row.integer();
    step.written_bytes = row.integer();
    step.unchanged_bytes = row.integer();
    step.erased_sectors = row.integer();
    step.duration = milliseconds(row.integer());
    step.readback = row.maybe_sha256();
    return step;
  }

  const Shared& shared_;
  SQLite::Statement query_;
  bool there_ = false;
};

// Jobs, events and the like came with schema 2; an older database that nobody has written since has none.
bool has_second_tables(SQLite::Database& database) {
  return chained_tables(database).size() == kChainedTables.size();
}

std::string public_key(SQLite::Database& database, std::int64_t chain) {
  if (!has_second_tables(database)) return {};
  SQLite::Statement query(database, "SELECT public_key FROM station_key WHERE chain = ? ORDER BY seq DESC LIMIT 1");
  query.bind(1, chain);
  return query.executeStep() ? query.getColumn(0).getString() : std::string();
}

std::optional<Time> maybe_time(RowReader& row) {
  const auto value = row.maybe_integer();
  return value ? std::optional(Time(milliseconds(*value))) : std::nullopt;
}

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

void count_units(SQLite::Database& database, std::int64_t chain, Job& job) {
  SQLite::Statement query(database, kUnitsOfJob);
  query.bind(1, chain);
  query.bind(2, job.opened.order);
  while (query.executeStep()) {
    const Outcome outcome = parse_outcome(query.getColumn(0).getString()).value_or(Outcome::error);
    job.units[outcome] += query.getColumn(1).getInt64();
  }
  job.made = job.units[Outcome::passed] + (job.opened.count_already ? job.units[Outcome::already] : 0);
}

enum class Whose { own, all };

std::vector<Job> read_jobs(SQLite::Database& database, Whose whose, const std::optional<std::string>& order) {
  std::vector<Job> jobs;
  if (!has_second_tables(database)) return jobs;
  Shared shared;
  read_stations(database, shared);
  SQLite::Statement query(
      database,
      "SELECT chain, seq, hash, at, order_number, product, lot, recipe_name, recipe_sha256, quantity, count_already,"
      " until, operator FROM job r WHERE (?1 IS NULL OR chain = ?1) AND (?2 IS NULL OR order_number = ?2)" +
          std::string(kInOrder));
  whose == Whose::own ? query.bind(1, kOwnChain) : query.bind(1);
  order ? query.bind(2, *order) : query.bind(2);
  while (query.executeStep()) {
    RowReader row(query);
    Job job;
    const std::int64_t chain = row.integer();
    job.own = chain == kOwnChain;
    job.row.seq = row.integer();
    job.station = shared.names.at(chain, job.row.seq);
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

std::optional<Uuid> maybe_uuid(RowReader& row) {
  if (!row.is_null()) return row.uuid();
  row.skip(1);
  return std::nullopt;
}

std::vector<Event> read_events(SQLite::Database& database, const std::optional<Uuid>& attempt) {
  std::vector<Event> events;
  if (!has_second_tables(database)) return events;
  SQLite::Statement query(database, std::string("SELECT at, kind, attempt, about, text, facts FROM event r") +
                                        (attempt ? " WHERE attempt = ?" : "") + kInOrder);
  if (attempt) query.bind(1, attempt->bytes.data(), static_cast<int>(attempt->bytes.size()));
  while (query.executeStep()) {
    RowReader row(query);
    Event event;
    event.at = row.time();
    event.kind = row.text();
    event.attempt = maybe_uuid(row);
    event.about = row.text();
    event.text = row.text();
    event.facts = row.text();
    events.push_back(std::move(event));
  }
  return events;
}

std::int64_t count_events_of(SQLite::Database& database, const std::string& kind, Time since) {
  if (!has_second_tables(database)) return 0;
  SQLite::Statement query(database, "SELECT count(*) FROM event WHERE chain = ? AND kind = ? AND at >= ?");
  query.bind(1, kOwnChain);
  query.bind(2, kind);
  query.bind(3, static_cast<std::int64_t>(since.time_since_epoch().count()));
  query.executeStep();
  return query.getColumn(0).getInt64();
}

std::vector<Disposition> read_dispositions(SQLite::Database& database, const Uuid& attempt, const std::string& unit) {
  std::vector<Disposition> all;
  if (!has_second_tables(database)) return all;
  SQLite::Statement query(database,
                          "SELECT at, attempt, unit, verdict, author, reason FROM disposition r "
                          "WHERE attempt = ?1 OR (?2 <> '' AND unit = ?2)" +
                              std::string(kInOrder));
  query.bind(1, attempt.bytes.data(), static_cast<int>(attempt.bytes.size()));
  query.bind(2, unit);
  while (query.executeStep()) {
    RowReader row(query);
    Disposition one;
    one.at = row.time();
    one.attempt = maybe_uuid(row);
    one.unit = row.text();
    one.verdict = parse_verdict(row.text()).value_or(Verdict::comment);
    one.author = row.text();
    one.reason = row.text();
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace

class Reader::Impl {
 public:
  explicit Impl(const std::string& path) : path_(canonical_path(path)), database_(open_for_reading(path_)) {}

  void attempts(const Filter& filter, const std::function<bool(const Attempt&)>& visit) {
    translated(path_, [&] {
      const Snapshot snapshot(*this);
      const Shared shared = read_shared(database_);
      const bool labels = has_second_tables(database_);
      const Condition condition(filter, recipes_for(filter, shared), labels);
      const char* identity = has_identity(database_) ? kIdentityColumn : kNoIdentityColumn;
      SQLite::Statement query(database_, std::string(kAttemptColumns) + identity +
                                             (labels ? kLabelColumn : std::string()) + kAttemptTables +
                                             condition.sql() + " ORDER BY s.id");
      condition.bind(query);
      std::optional<StepStream> steps;
      if (filter.steps) steps.emplace(database_, condition, shared);
      while (query.executeStep()) {
        Attempt attempt = read_attempt(query, shared, snapshot);
        if (labels) attempt.label = query.getColumn(kColumnOfLabel).getString();
        if (filter.outcome && attempt.finished.outcome != *filter.outcome) continue;
        if (steps) steps->take(attempt.started.attempt, attempt.finished.steps);
        if (!visit(attempt)) return;
      }
    });
  }

  // Two tables from front to back and put together here, which takes a tenth of the time of a join of all rows; where
  // the filter leaves few, the join.
  void outlines(const Filter& filter, const std::function<bool(const Outline&)>& visit) {
    translated(path_, [&] {
      const Snapshot snapshot(*this);
      const bool narrow = filter.job || filter.lot || filter.unit || filter.slot || filter.attempt || filter.visit;
      const Condition condition(without_outcome(filter), recipes_for(filter, read_shared(database_)),
                                has_second_tables(database_));
      std::vector<Outline> begun = read_begun(condition, narrow);
      std::vector<Ending> verdicts = read_verdicts(narrow ? &condition : nullptr);
      auto verdict = verdicts.begin();
      for (Outline& outline : begun) {
        while (verdict != verdicts.end() && verdict->attempt < outline.attempt) ++verdict;
        if (verdict != verdicts.end() && verdict->attempt == outline.attempt) {
          outline.ended = verdict->at;
          outline.outcome = verdict->outcome;
          outline.unit = std::move(verdict->unit);
        } else {
          outline.ended = outline.started;
          outline.outcome = snapshot.open_outcome(run_of(outline.visit));
        }
        if (filter.outcome && outline.outcome != *filter.outcome) continue;
        if (!visit(outline)) return;
      }
    });
  }

  Counts counts(const Filter& filter) {
    return translated(path_, [&] {
      const Snapshot snapshot(*this);
      const Condition condition(filter, recipes_for(filter, read_shared(database_)), has_second_tables(database_));
      SQLite::Statement query(database_, "SELECT f.outcome, CASE WHEN f.attempt IS NULL THEN v.run END, count(*)" +
                                             std::string(kAttemptTables) + condition.sql() + " GROUP BY 1, 2");
      condition.bind(query);
      Counts counts;
      while (query.executeStep()) {
        RowReader row(query);
        const std::string stored = row.text();
        const Uuid run = row.uuid();
        const auto count = static_cast<std::uint64_t>(row.integer());
        const Outcome outcome =
            stored.empty() ? snapshot.open_outcome(run) : parse_outcome(stored).value_or(Outcome::error);
        if (filter.outcome && outcome != *filter.outcome) continue;
        counts.by_outcome[static_cast<std::size_t>(outcome)] += count;
        counts.attempts += count;
      }
      return counts;
    });
  }

  std::vector<StationInfo> stations() {
    return translated(path_, [&] {
      const Snapshot snapshot(*this);
      Shared shared;
      read_stations(database_, shared);
      std::vector<StationInfo> stations;
      bool own = false;
      for (const auto& [chain, station] : shared.stations) {
        own = own || chain == kOwnChain;
        stations.push_back(
            {station.installation, station.name, last_row(database_, chain).head, public_key(database_, chain)});
      }
      // Merged stations stand in an order that does not depend on which came first.
      std::sort(stations.begin() + (own ? 1 : 0), stations.end(),
                [](const StationInfo& a, const StationInfo& b) { return a.installation < b.installation; });
      return stations;
    });
  }

  std::vector<Job> jobs(Whose whose, const std::optional<std::string>& order) {
    return translated(path_, [&] {
      const Snapshot snapshot(*this);
      return read_jobs(database_, whose, order);
    });
  }

  std::vector<Event> events(const std::optional<Uuid>& attempt) {
    return translated(path_, [&] { return read_events(database_, attempt); });
  }

  std::int64_t count_events(const std::string& kind, Time since) {
    return translated(path_, [&] { return count_events_of(database_, kind, since); });
  }

  std::vector<Disposition> dispositions(const Uuid& attempt, const std::string& unit) {
    return translated(path_, [&] { return read_dispositions(database_, attempt, unit); });
  }

 private:
  // One state of the record for the length of a call. Who writes is asked before and after it is taken, so that an
  // attempt that is closed, or begun, in between is not taken for one that a crash left open.
  class Snapshot {
   public:
    explicit Snapshot(Impl& reader) : before_(run_of_live_writer(reader.path_)), transaction_(reader.database_) {
      reader.database_.execAndGet("SELECT count(*) FROM chain");  // the first read takes the snapshot
      after_ = run_of_live_writer(reader.path_);
    }

    Outcome open_outcome(const Uuid& run) const {
      return run == before_ || run == after_ ? Outcome::running : Outcome::interrupted;
    }

   private:
    std::optional<Uuid> before_;
    std::optional<Uuid> after_;
    SQLite::Transaction transaction_;  // rolled back: nothing was written
  };

  struct Ending {
    Uuid attempt;
    Time at;
    Outcome outcome = Outcome::error;
    std::string unit;
  };

  static Filter without_outcome(Filter filter) {
    filter.outcome.reset();
    return filter;
  }

  std::vector<Outline> read_begun(const Condition& condition, bool narrow) {
    SQLite::Statement query(database_, "SELECT s.id, s.visit, s.at" +
                                           std::string(narrow ? kAttemptTables : " FROM attempt_started s") +
                                           condition.sql());
    condition.bind(query);
    std::vector<Outline> begun;
    while (query.executeStep()) {
      RowReader row(query);
      Outline outline;
      outline.attempt = row.uuid();
      outline.visit = row.uuid();
      outline.started = row.time();
      begun.push_back(std::move(outline));
    }
    // Rows stand in the order of their chain, which is nearly this.
    if (!std::ranges::is_sorted(begun, {}, &Outline::attempt)) std::ranges::sort(begun, {}, &Outline::attempt);
    return begun;
  }

  std::vector<Ending> read_verdicts(const Condition* condition) {
    std::string sql = "SELECT f.attempt, f.at, f.outcome, f.unit";
    sql += condition ? kAttemptTables + condition->sql() + (condition->sql().empty() ? " WHERE" : " AND") +
                           " f.attempt IS NOT NULL"
                     : std::string(" FROM attempt_finished f");
    SQLite::Statement query(database_, sql);
    if (condition) condition->bind(query);
    std::vector<Ending> verdicts;
    while (query.executeStep()) {
      RowReader row(query);
      Ending verdict;
      verdict.attempt = row.uuid();
      verdict.at = row.time();
      verdict.outcome = parse_outcome(row.text()).value_or(Outcome::error);
      verdict.unit = row.text();
      verdicts.push_back(std::move(verdict));
    }
    if (!std::ranges::is_sorted(verdicts, {}, &Ending::attempt)) std::ranges::sort(verdicts, {}, &Ending::attempt);
    return verdicts;
  }

  Uuid run_of(const Uuid& visit) {
    SQLite::Statement query(database_, "SELECT run FROM visit WHERE id = ?");
    query.bind(1, visit.bytes.data(), static_cast<int>(visit.bytes.size()));
    if (!query.executeStep()) return {};
    RowReader row(query);
    return row.uuid();
  }

  static Attempt read_attempt(SQLite::Statement& query, const Shared& shared, const Snapshot& snapshot) {
    RowReader row(query);
    Attempt attempt;
    const std::int64_t chain = row.integer();
    const auto station = shared.stations.find(chain);
    if (station != shared.stations.end()) attempt.installation = station->second.installation;
    attempt.station = shared.names.at(chain, row.integer());
    const Uuid run = row.uuid();
    attempt.run = find_or_empty(shared.runs, run);
    attempt.started.recipe = find_or_empty(shared.recipes, row.uuid());
    attempt.visit.visit = row.uuid();
    attempt.visit.at = row.time();
    attempt.visit.port = row.text();
    attempt.visit.slot = row.text();
    read_started(row, attempt.started);
    attempt.started.visit = attempt.visit.visit;
    attempt.open = row.is_null();
    if (attempt.open) {
      attempt.finished.at = attempt.started.at;
      attempt.finished.outcome = snapshot.open_outcome(run);
      if (attempt.finished.outcome == Outcome::interrupted) attempt.finished.fault = interrupted_fault();
    } else {
      read_finished(row, attempt.finished);
    }
    attempt.finished.attempt = attempt.started.attempt;
    return attempt;
  }

  std::string path_;
  SQLite::Database database_;
};

Reader::Reader(const std::string& path) : impl_(std::make_unique<Impl>(path)) {}
Reader::~Reader() = default;

void Reader::attempts(const Filter& filter, const std::function<bool(const Attempt&)>& visit) {
  impl_->attempts(filter, visit);
}

std::vector<Attempt> Reader::attempts(const Filter& filter) {
  std::vector<Attempt> all;
  impl_->attempts(filter, [&](const Attempt& attempt) {
    all.push_back(attempt);
    return true;
  });
  return all;
}

void Reader::outlines(const Filter& filter, const std::function<bool(const Outline&)>& visit) {
  impl_->outlines(filter, visit);
}

Counts Reader::counts(const Filter& filter) {
  return impl_->counts(filter);
}
std::vector<StationInfo> Reader::stations() {
  return impl_->stations();
}
std::vector<Job> Reader::jobs() {
  return impl_->jobs(Whose::own, std::nullopt);
}
std::vector<Job> Reader::jobs_of_all(const std::optional<std::string>& order) {
  return impl_->jobs(Whose::all, order);
}
std::optional<Job> Reader::job(const std::string& order) {
  std::vector<Job> found = impl_->jobs(Whose::own, order);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}
std::vector<Event> Reader::events(const std::optional<Uuid>& attempt) {
  return impl_->events(attempt);
}
std::int64_t Reader::count_events(const std::string& kind, Time since) {
  return impl_->count_events(kind, since);
}
std::vector<Disposition> Reader::dispositions(const Uuid& attempt, const std::string& unit) {
  return impl_->dispositions(attempt, unit);
}

}  // namespace db
