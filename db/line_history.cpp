#include "db/line_history.h"

#include <map>

#include "db/connection.h"
#include "db/row_reader.h"
#include "db/schema.h"
#include "db/station_names.h"

namespace db {

namespace {

static_assert(kOwnChain == 1);
constexpr const char* kInOrder =
    " ORDER BY r.chain <> 1, (SELECT c.installation FROM chain c WHERE c.chain = r.chain), r.seq";

std::optional<Uuid> maybe_uuid(RowReader& row) {
  if (!row.is_null()) return row.uuid();
  row.skip(1);
  return std::nullopt;
}

Run run_of(RowReader& row) {
  Run run;
  run.id = row.uuid();
  run.at = row.time();
  for (std::string* text : {&run.command, &run.software, &run.host, &run.kernel, &run.libusb, &run.sqlite,
                            &run.operator_name, &run.recipe_file}) {
    *text = row.text();
  }
  return run;
}

Event event_of(RowReader& row) {
  Event event;
  event.at = row.time();
  event.kind = row.text();
  event.attempt = maybe_uuid(row);
  event.about = row.text();
  event.text = row.text();
  event.facts = row.text();
  return event;
}

Disposition disposition_of(RowReader& row) {
  Disposition one;
  one.at = row.time();
  one.attempt = maybe_uuid(row);
  one.unit = row.text();
  one.verdict = parse_verdict(row.text()).value_or(Verdict::comment);
  one.author = row.text();
  one.reason = row.text();
  return one;
}

}  // namespace

class LineHistory::Impl {
 public:
  explicit Impl(const std::string& path) : path_(canonical_path(path)), database_(open_for_reading(path_)) {}

  template <typename Row>
  void each(const std::string& sql, Row (*row_of)(RowReader&), const Visitor<Row>& visit) {
    translated(path_, [&] {
      std::map<std::int64_t, Source> sources = read_sources();
      const StationNames names(database_);
      SQLite::Statement query(database_, sql + kInOrder);
      while (query.executeStep()) {
        RowReader row(query);
        const std::int64_t chain = row.integer();
        Source& source = sources[chain];
        source.station = names.at(chain, row.integer());
        if (!visit(row_of(row), source)) return;
      }
    });
  }

  // A record of the first schema has runs and attempts only.
  bool has_events() {
    return translated(path_, [&] { return chained_tables(database_).size() == kChainedTables.size(); });
  }

 private:
  std::map<std::int64_t, Source> read_sources() {
    std::map<std::int64_t, Source> sources;
    SQLite::Statement query(database_, "SELECT chain, installation FROM chain");
    while (query.executeStep()) {
      RowReader row(query);
      const std::int64_t chain = row.integer();
      Source& source = sources[chain];
      source.installation = row.uuid();
      source.own = chain == kOwnChain;
    }
    return sources;
  }

  const std::string path_;
  SQLite::Database database_;
};

LineHistory::LineHistory(const std::string& path) {
  impl_ = translated(path, [&] { return std::make_unique<Impl>(path); });
}

LineHistory::~LineHistory() = default;

void LineHistory::runs(const Visitor<Run>& visit) {
  impl_->each<Run>(
      "SELECT r.chain, r.seq, r.id, r.at, r.command, r.software, r.host, r.kernel, r.libusb, r.sqlite, r.operator, "
      "r.recipe_file FROM run r",
      run_of, visit);
}

void LineHistory::events(const Visitor<Event>& visit) {
  if (!impl_->has_events()) return;
  impl_->each<Event>("SELECT r.chain, r.seq, r.at, r.kind, r.attempt, r.about, r.text, r.facts FROM event r", event_of,
                     visit);
}

void LineHistory::dispositions(const Visitor<Disposition>& visit) {
  if (!impl_->has_events()) return;
  impl_->each<Disposition>(
      "SELECT r.chain, r.seq, r.at, r.attempt, r.unit, r.verdict, r.author, r.reason FROM disposition r",
      disposition_of, visit);
}

}  // namespace db
