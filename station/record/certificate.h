// The text that closes a production order: what was made, by which recipe, and where the record stood then.
#pragma once

#include <string>

#include "db/reader.h"
#include "db/store.h"

namespace station {

// Lines of "key: value" in a fixed order, then one line per unit. `database` is the one that `store` writes.
// Errors: db::Error.
db::JobClosed closing_of(const db::WorkOrder& job, const std::string& database, const db::Store& store,
                         const std::string& operator_name, const std::string& reason);

}  // namespace station
