#include "db/lookup.h"

#include "db/connection.h"
#include "db/label_sql.h"
#include "db/row_reader.h"
#include "db/schema.h"

namespace db {

namespace {

void bind(SQLite::Statement& query, int position, const Uuid& uuid) {
  query.bind(position, uuid.bytes.data(), static_cast<int>(uuid.bytes.size()));
}

std::optional<Uuid> first_uuid(SQLite::Statement& query) {
  if (!query.executeStep()) return std::nullopt;
  return RowReader(query).uuid();
}

}  // namespace

class Lookup::Impl {
 public:
  explicit Impl(const std::string& path) : path_(canonical_path(path)), database_(open_for_reading(path_)) {
    translated(path_, [&] { labels_ = has_second_tables(database_); });
  }

  template <typename Find>
  auto in_one_state(Find find) {
    return translated(path_, [&] {
      const SQLite::Transaction one_state(database_);
      return find();
    });
  }

  std::optional<KnownVisit> visit(const std::optional<Uuid>& id) {
    if (!id) return std::nullopt;
    SQLite::Statement query(
        database_,
        "SELECT v.id, v.at, v.port, v.slot, " + unit_of_visit("v.id") +
            (labels_ ? ", (SELECT l.label FROM label l WHERE l.visit = v.id AND " + label_holds() + ")" : ", NULL") +
            " FROM visit v WHERE v.id = ? AND v.chain = ?");
    bind(query, 1, *id);
    query.bind(2, kOwnChain);
    if (!query.executeStep()) return std::nullopt;
    RowReader row(query);
    KnownVisit known;
    known.visit.visit = row.uuid();
    known.visit.at = row.time();
    known.visit.port = row.text();
    known.visit.slot = row.text();
    known.unit = row.text();
    known.label = row.text();
    SQLite::Statement last(database_, "SELECT id FROM attempt_started WHERE visit = ? ORDER BY number DESC LIMIT 1");
    bind(last, 1, *id);
    known.attempt = first_uuid(last);
    return known;
  }

  std::optional<Uuid> visit_of(const Uuid& attempt) {
    SQLite::Statement query(database_, "SELECT visit FROM attempt_started WHERE id = ?");
    bind(query, 1, attempt);
    return first_uuid(query);
  }

  std::optional<Uuid> last_in(const std::string& place) {
    SQLite::Statement query(
        database_,
        "SELECT id FROM (SELECT * FROM (SELECT id, seq FROM visit WHERE slot = ?1 AND chain = ?2 ORDER BY seq DESC "
        "LIMIT 1)"
        " UNION ALL SELECT * FROM (SELECT id, seq FROM visit WHERE port = ?1 AND chain = ?2 ORDER BY seq DESC LIMIT 1))"
        " ORDER BY seq DESC LIMIT 1");
    query.bind(1, place);
    query.bind(2, kOwnChain);
    return first_uuid(query);
  }

  std::optional<Uuid> last_of(const std::string& unit) {
    SQLite::Statement query(
        database_, "SELECT attempt FROM attempt_finished WHERE unit = ? AND chain = ? ORDER BY seq DESC LIMIT 1");
    query.bind(1, unit);
    query.bind(2, kOwnChain);
    const std::optional<Uuid> attempt = first_uuid(query);
    return attempt ? visit_of(*attempt) : std::nullopt;
  }

  std::vector<KnownVisit> labelled(const std::string& label) {
    std::vector<KnownVisit> all;
    if (!labels_) return all;
    SQLite::Statement query(database_, "SELECT l.visit FROM label l WHERE l.label = ? AND l.chain = ? AND " +
                                           label_holds() + " ORDER BY l.seq DESC");
    query.bind(1, label);
    query.bind(2, kOwnChain);
    while (query.executeStep()) {
      if (const auto known = visit(RowReader(query).uuid())) all.push_back(*known);
    }
    return all;
  }

 private:
  std::string path_;
  SQLite::Database database_;
  bool labels_ = false;  // an older database that nobody has written since has none
};

Lookup::Lookup(const std::string& path) : impl_(std::make_unique<Impl>(path)) {}
Lookup::~Lookup() = default;

std::optional<KnownVisit> Lookup::visit(const Uuid& visit) {
  return impl_->in_one_state([&] { return impl_->visit(visit); });
}
std::optional<KnownVisit> Lookup::visit_of(const Uuid& attempt) {
  return impl_->in_one_state([&] { return impl_->visit(impl_->visit_of(attempt)); });
}
std::optional<KnownVisit> Lookup::last_in(const std::string& slot_or_port) {
  return impl_->in_one_state([&] { return impl_->visit(impl_->last_in(slot_or_port)); });
}
std::optional<KnownVisit> Lookup::last_of(const std::string& unit) {
  return impl_->in_one_state([&] { return impl_->visit(impl_->last_of(unit)); });
}
std::vector<KnownVisit> Lookup::labelled(const std::string& label) {
  return impl_->in_one_state([&] { return impl_->labelled(label); });
}

}  // namespace db
