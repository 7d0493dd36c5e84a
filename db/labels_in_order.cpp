#include "db/labels_in_order.h"

#include "db/label_sql.h"
#include "db/row_values.h"

namespace db {

LabelsInOrder::LabelsInOrder(SQLite::Database& database, const OneState& state)
    : labels_(database, state,
              {"label", "visit", "label", "SELECT visit FROM label GROUP BY visit HAVING count(*) = 1 ORDER BY visit"},
              [](StreamReader& row) { return row.text(); }),
      exact_(database, "SELECT l.label FROM label l WHERE l.visit = ? AND " + label_holds()) {
  RowStream labels(database, "SELECT label FROM label GROUP BY label HAVING count(*) > 1");
  while (labels.next()) labels_given_twice_.insert(StreamReader(labels).text());
  RowStream visits(database, "SELECT visit FROM label GROUP BY visit HAVING count(*) > 1");
  while (visits.next()) visits_labelled_twice_.insert(StreamReader(visits).uuid());
}

std::string LabelsInOrder::of(const Uuid& visit) {
  if (!visits_labelled_twice_.contains(visit)) {
    const auto* found = labels_.find(visit);
    if (!found) return {};
    if (!labels_given_twice_.contains(found->row)) return found->row;
  }
  exact_.reset();
  bind(exact_, 1, visit);
  return exact_.executeStep() ? exact_.getColumn(0).getString() : std::string();
}

}  // namespace db
