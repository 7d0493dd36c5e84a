// Which pairing of a printed label with a visit holds, as a condition of a query. Nothing is ever taken back: a later
// row of the same station stands in the place of an earlier one of the same visit, and of one that gave the label to
// another unit. Two visits in which the same id was read are one unit, which may keep its label. Inside db only.
#pragma once

#include <string>

namespace db {

// The id that was last read in a visit; `visit` is a column.
inline std::string unit_of_visit(const std::string& visit) {
  return "(SELECT uf.unit FROM attempt_started us JOIN attempt_finished uf ON uf.attempt = us.id WHERE us.visit = " +
         visit + " AND uf.unit IS NOT NULL ORDER BY us.number DESC LIMIT 1)";
}

// Of the row of `label` that is called `l` in the query.
inline std::string label_holds() {
  return "NOT EXISTS (SELECT 1 FROM label n WHERE n.visit = l.visit AND n.chain = l.chain AND n.seq > l.seq)"
         " AND NOT EXISTS (SELECT 1 FROM label n WHERE n.label = l.label AND n.chain = l.chain AND n.seq > l.seq"
         " AND n.visit <> l.visit AND coalesce(" +
         unit_of_visit("n.visit") + " = " + unit_of_visit("l.visit") + ", 0) = 0)";
}

}  // namespace db
