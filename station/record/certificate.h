// The text that closes a production order: what was made, by which recipe, and where the record stood then.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "db/reader.h"
#include "db/store.h"

namespace station {

// Lines of "key: value" in a fixed order, then one line per unit. `database` is the one that `store` writes.
// Errors: db::Error.
db::JobClosed closing_of(const db::WorkOrder& job, const std::string& database, const db::Store& store,
                         const std::string& operator_name, const std::string& reason);

// The certificates that a page holds to be saved; of any other file, its own text.
std::vector<std::string> certificates_in(const std::string& file);

// Empty, or in a sentence why `text` is not the certificate that the record in `database` holds for its order. Empty
// also for a text that is no certificate, as an anchor or a report. Errors: db::Error.
std::string why_not_on_record(const std::string& text, const std::string& database);
// Its order; nothing where the text is no certificate, changed or not. Empty: it names none.
std::optional<std::string> order_of_certificate(const std::string& text);

}  // namespace station
