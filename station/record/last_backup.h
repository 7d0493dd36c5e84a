// When the record was last backed up. It stands in a file beside it, `<database>.last-backup`, and not in it: a backup
// may be made while a line writes the record, and only who writes it can add to it. Any thread.
#pragma once

#include <optional>
#include <string>

#include "db/values.h"

namespace station {

// `to`: the file that holds it. False: the note cannot be written; the backup itself is good.
bool remember_backup(const std::string& database, const std::string& to, db::Time at);
// Nothing: none was made, or it is not known.
std::optional<db::Time> last_backup(const std::string& database);

}  // namespace station
