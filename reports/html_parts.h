// What the pages of the reports share. Inside reports only. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "db/reader.h"
#include "reports/summary.h"

namespace reports {

std::string or_dash(const std::string& text);  // escaped
std::string address(std::int64_t value);       // "0x08020000"
std::string seconds(const std::optional<db::milliseconds>& duration);

// An outcome as class, character and word: never colour alone.
struct Sign {
  const char *kind, *sign, *word;
};
Sign sign_of(db::Outcome outcome);

// "verified, not booted"
std::string proof_of(const db::AttemptFinished& finished);
std::string serials_of(const db::AttemptFinished& finished);

// From the first byte of the page to the line below its heading; and to its last.
void put_head(const std::string& title, const std::vector<db::StationInfo>& stations, const Summary& summary,
              std::ostream& out);
void put_foot(std::ostream& out);

}  // namespace reports
