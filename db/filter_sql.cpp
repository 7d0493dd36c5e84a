#include "db/filter_sql.h"

#include "db/label_sql.h"
#include "db/text_list.h"

namespace db {

Condition::Condition(const Filter& filter, const std::optional<std::vector<Uuid>>& recipes, bool labels) {
  if (filter.attempt) require("s.id = ?", {*filter.attempt});
  if (filter.visit) require("s.visit = ?", {*filter.visit});
  if (filter.job) require("s.job = ?", {*filter.job});
  if (filter.lot) require("s.lot = ?", {*filter.lot});
  if (filter.operator_name) require("s.operator = ?", {*filter.operator_name});
  if (filter.since) require("s.at >= ?", {filter.since->time_since_epoch().count()});
  if (filter.until) require("s.at < ?", {filter.until->time_since_epoch().count()});
  if (filter.slot) require("(v.slot = ? OR v.port = ?)", {*filter.slot, *filter.slot});
  if (filter.unit) {
    // One pass over the narrow tables instead of one over their join. instr finds the candidates cheaply; json_each
    // says whether it is one whole serial.
    std::string of_unit =
        "SELECT attempt FROM attempt_finished WHERE unit = ? OR (instr(serials, ?) > 0 AND "
        "EXISTS (SELECT 1 FROM json_each(serials) WHERE value = ?)) "
        "UNION SELECT id FROM attempt_started WHERE serial = ?";
    std::vector<Value> values{*filter.unit, encode_text(*filter.unit), *filter.unit, *filter.unit};
    if (labels) {
      // What is labelled is the unit: whatever happened to it, in whichever visit.
      const std::string labelled = " FROM label l WHERE l.label = ? AND " + label_holds();
      of_unit += " UNION SELECT id FROM attempt_started WHERE visit IN (SELECT l.visit" + labelled +
                 ") UNION SELECT attempt FROM attempt_finished WHERE unit IN (SELECT " + unit_of_visit("l.visit") +
                 labelled + ")";
      values.insert(values.end(), 2, *filter.unit);
    }
    require("s.id IN (" + of_unit + ")", std::move(values));
  }
  // Whether an open attempt is running or interrupted is not in the tables: the Reader sorts those out.
  if (filter.outcome == Outcome::running) {
    require("f.attempt IS NULL", {});
  } else if (filter.outcome == Outcome::interrupted) {
    require("(f.attempt IS NULL OR f.outcome = ?)", {std::string(to_string(*filter.outcome))});
  } else if (filter.outcome) {
    require("f.outcome = ?", {std::string(to_string(*filter.outcome))});
  }
  if (recipes) {
    std::string marks;
    std::vector<Value> ids;
    for (const Uuid& recipe : *recipes) {
      marks += marks.empty() ? "?" : ",?";
      ids.emplace_back(recipe);
    }
    require("s.recipe IN (" + marks + ")", std::move(ids));
  }
}

bool leaves_most(SQLite::Database& database, const Filter& filter, const std::optional<std::vector<Uuid>>& recipes) {
  if (filter.job || filter.lot || filter.unit || filter.slot || filter.attempt || filter.visit) return false;
  if (!filter.since && !filter.until && !filter.operator_name && !recipes) return true;
  Filter of_start = filter;
  of_start.outcome.reset();
  const Condition condition(of_start, recipes, false);
  SQLite::Statement left(database, "SELECT count(*) FROM attempt_started s" + condition.sql());
  condition.bind(left);
  left.executeStep();
  return 4 * left.getColumn(0).getInt64() >= database.execAndGet("SELECT count(*) FROM attempt_started").getInt64();
}

void Condition::bind(SQLite::Statement& statement) const {
  int position = 0;
  for (const Value& value : values_) {
    ++position;
    if (const auto* number = std::get_if<std::int64_t>(&value)) statement.bind(position, *number);
    if (const auto* text = std::get_if<std::string>(&value)) statement.bind(position, *text);
    if (const auto* uuid = std::get_if<Uuid>(&value)) {
      statement.bind(position, uuid->bytes.data(), static_cast<int>(uuid->bytes.size()));
    }
  }
}

void Condition::require(const std::string& sql, std::vector<Value> values) {
  sql_ += (sql_.empty() ? " WHERE " : " AND ") + sql;
  values_.insert(values_.end(), values.begin(), values.end());
}

}  // namespace db
