#include "db/line_history.h"

#include <map>

#include "db/connection.h"
#include "db/row_values.h"
#include "db/schema.h"
#include "db/station_names.h"

namespace db {

class LineHistory::Impl {
 public:
  explicit Impl(const std::string& path) : path_(canonical_path(path)), database_(open_for_reading(path_)) {}

  template <typename Row>
  void each(const std::string& sql, Row (*row_of)(RowReader&), const Visitor<Row>& visit) {
    translated(path_, [&] {
      std::map<std::int64_t, Source> sources = read_sources();
      const StationNames names(database_);
      SQLite::Statement query(database_, "SELECT r.chain, r.seq, " + sql + " r" + kOwnRowsFirst);
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
    return translated(path_, [&] { return has_second_tables(database_); });
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
  impl_->each<Run>(std::string(kRunColumns) + " FROM run", run_of, visit);
}

void LineHistory::events(const Visitor<Event>& visit) {
  if (!impl_->has_events()) return;
  impl_->each<Event>(std::string(kEventColumns) + " FROM event", event_of, visit);
}

void LineHistory::dispositions(const Visitor<Disposition>& visit) {
  if (!impl_->has_events()) return;
  impl_->each<Disposition>(std::string(kDispositionColumns) + " FROM disposition", disposition_of, visit);
}

}  // namespace db
