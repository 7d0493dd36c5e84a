// A Filter as the condition of a query over `s` (attempt_started), `v` (visit) and `f` (attempt_finished or NULL).
// Values are bound, never pasted. Inside db only.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/reader.h"

namespace db {

// The tables that a Condition refers to.
inline constexpr const char* kAttemptTables =
    " FROM attempt_started s JOIN visit v ON v.id = s.visit LEFT JOIN attempt_finished f ON f.attempt = s.id";

class Condition {
 public:
  // `recipes` are the ids of those that Filter::recipe and Filter::image allow; `labels`: the database knows labels.
  Condition(const Filter& filter, const std::optional<std::vector<Uuid>>& recipes, bool labels);

  const std::string& sql() const { return sql_; }  // " WHERE ...", or empty
  void bind(SQLite::Statement& statement) const;

 private:
  using Value = std::variant<std::int64_t, std::string, Uuid>;

  void require(const std::string& sql, std::vector<Value> values);

  std::string sql_;
  std::vector<Value> values_;
};

// The filter allows so many of all attempts that it is faster to read every table from front to back (`recipes` as for
// a Condition). Those with a condition on the unit or the visit are looked up in any case.
bool leaves_most(SQLite::Database& database, const Filter& filter, const std::optional<std::vector<Uuid>>& recipes);

}  // namespace db
