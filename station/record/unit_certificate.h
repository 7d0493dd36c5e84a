// The text that says of one unit what was programmed into it and proven, and where the record stood then. It is an
// anchor too: `audit verify --against` takes it. Pure.
#pragma once

#include <string>
#include <variant>

#include "db/values.h"
#include "reports/unit.h"
#include "station/record/entry.h"

namespace station {

// Lines of "key: value" in a fixed order. Refused where the record does not prove that this one unit is good now.
std::variant<std::string, Refused> unit_certificate(const reports::UnitHistory& unit, const std::string& public_key,
                                                    db::Time now);

}  // namespace station
