// Which units the record says were left half-written, and have not been made whole since (db::Reader::partial_flashes),
// in the words of the scheduler. Errors: db::Error from the record itself.
#pragma once

#include <string>
#include <vector>

#include "db/reader.h"
#include "scheduler/partial_flash.h"

namespace station {

std::vector<scheduler::PartialFlash> units_of(const db::PartialFlashes& left);

// Of this database's own station.
std::vector<scheduler::PartialFlash> partial_flashes_at_start(const std::string& database);

}  // namespace station
