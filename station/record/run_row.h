// The row of one run of the program, as every command that writes the record begins it.
#pragma once

#include <optional>
#include <string>

#include "config/station_config.h"
#include "db/store.h"

namespace station {

// The name that the station file gives; nothing if it gives none.
std::optional<std::string> given_name(const config::StationConfig& station);

// Made now.
db::Run run_of_command(const std::string& command, const std::string& operator_name, db::UuidGenerator& uuids);

// What a person must know when a key took the place of the one on record; empty: none did.
std::string change_of_key(const db::Store& store);
// `since`: of the one on record.
std::string change_of_key(const std::string& database, db::Time since);

}  // namespace station
