// Certificates as pages, made from the record and signed with the station's key where that is at hand. Each call opens
// the record for itself. Errors: db::Error.
#pragma once

#include <string>
#include <variant>

#include "station/record/entry.h"

namespace station {

// HTML; of a closed order, and of a unit by its id, serial or label.
std::variant<std::string, Refused> order_certificate_page(const std::string& database, const std::string& order);
std::variant<std::string, Refused> unit_certificate_page(const std::string& database, const std::string& unit);

// A sentence: a small record is verified here and now, of a large one it is said that it was not. `database` is read.
std::string word_of_record(const std::string& database);

}  // namespace station
