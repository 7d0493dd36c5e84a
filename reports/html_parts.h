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

// To the first byte of its body, whose class is `kind`; and from the end of that.
void put_page_begin(const std::string& title, const char* kind, std::ostream& out);
void put_page_end(std::ostream& out);
// When the report was made, and whether the record was verified for it.
void put_made(const std::optional<db::Time>& made, const std::string& verified, std::ostream& out);
// A table of figures with a row for each group; `most` rows at the most.
void put_groups(const std::vector<std::pair<std::string, Summary>>& groups, const std::string& title, std::size_t most,
                std::ostream& out);
// From the first byte of the page to the line below its heading; and to its last.
void put_head(const std::string& title, const std::vector<db::StationInfo>& stations, const Summary& summary,
              std::ostream& out, const char* kind = "report");
void put_foot(std::ostream& out);

}  // namespace reports
