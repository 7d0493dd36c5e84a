// The labels of many visits, asked for in the order of the visits or nearly so (db/front_to_back.h). What holds is as
// db/label_sql.h says; that costs several look-ups a label, and is only asked where a label or a visit comes twice.
// Inside db only; one thread.
#pragma once

#include <set>
#include <string>

#include "db/front_to_back.h"

namespace db {

class LabelsInOrder {
 public:
  LabelsInOrder(SQLite::Database& database, const OneState& state);

  // Empty: none holds.
  std::string of(const Uuid& visit);

 private:
  RowsById<std::string> labels_;
  std::set<std::string> labels_given_twice_;
  std::set<Uuid> visits_labelled_twice_;
  SQLite::Statement exact_;
};

}  // namespace db
