// Rows that several readers take apart, as values. Each function takes the columns that its list names, from the
// reader's next one on. Inside db only.
#pragma once

#include <optional>

#include "db/row_reader.h"
#include "db/values.h"

namespace db {

// This station's own rows first; those of others in an order that does not depend on which was merged first. Of a table
// that is called `r`.
inline constexpr const char* kOwnRowsFirst =
    " ORDER BY r.chain <> 1, (SELECT c.installation FROM chain c WHERE c.chain = r.chain), r.seq";

inline constexpr const char* kRunColumns =
    "r.id, r.at, r.command, r.software, r.host, r.kernel, r.libusb, r.sqlite, r.operator, r.recipe_file";
inline constexpr const char* kEventColumns = "r.at, r.kind, r.attempt, r.about, r.text, r.facts";
inline constexpr const char* kDispositionColumns = "r.at, r.attempt, r.unit, r.verdict, r.author, r.reason";

Run run_of(RowReader& row);
Event event_of(RowReader& row);
Disposition disposition_of(RowReader& row);

std::optional<Uuid> maybe_uuid(RowReader& row);
std::optional<Time> maybe_time(RowReader& row);

// Until the value that is bound is used, it must stay where it is.
inline void bind(SQLite::Statement& query, int position, const Uuid& uuid) {
  query.bindNoCopy(position, uuid.bytes.data(), static_cast<int>(uuid.bytes.size()));
}

}  // namespace db
