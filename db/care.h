// Care of the data: backup while a line runs, merging of stations, one order for somebody else, and closing a database
// for a new one. Each leaves what was there as it was until the new is complete on disk. Errors: db::Error.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "db/chain.h"
#include "db/record_clock.h"
#include "db/signature.h"
#include "db/values.h"
#include "db/verify.h"

namespace db {

// Of the station whose record a backup is, for the anchor that is signed with it.
struct BackedUp {
  Uuid installation;
  std::string station;  // name
  Head head;
  std::string public_key;  // as minisign writes it
};

// One state of the record, whole, in a new file; other programs may read and write meanwhile. Refuses a file that
// exists. Returns nothing for a record without rows of a station of its own.
std::optional<BackedUp> back_up(const std::string& path, const std::string& to);

struct MergedChain {
  std::string station;
  Uuid installation;
  std::int64_t added = 0;             // rows that were not there yet
  std::vector<std::string> orders{};  // that came as excerpts
};

// Takes over the rows of `sources` that `path` does not hold; each station keeps its own chain, and rows are never
// counted twice: merging again adds nothing. Rows of the station that writes `path` are not taken over: they come from
// its writer, or by restore(). A source that has more of them than `path` is refused. A source that does not verify, or
// whose chain is another one than the rows that are there already, is refused before anything of it is written; so is
// the other part of an archived record. Creates `path` if it is missing.
std::vector<MergedChain> merge(const std::string& path, const std::vector<std::string>& sources, UuidGenerator& uuids);

struct ExportedJob {
  std::int64_t rows = 0, of_rows = 0;  // of this station's
  std::int64_t attempts = 0;
  std::int64_t open = 0;  // of these, without a verdict yet
};

// All that this station's record has about one order, in a new file: a database like any other that holds another
// station's rows, with an excerpt (db/excerpt.h) in the place of those between. Also while a line runs. `key` must be
// one that the record names. Refuses a file that exists, and rows that are not as they were written.
ExportedJob export_job(const std::string& path, const std::string& order, const std::string& to, const StationKey& key);

// Takes such a file over, as merge() does; refuses any other, and one with a row that the station did not sign. The
// later of two exports of an order stands in the place of the earlier one, and the whole record of the station in that
// of both, whichever comes first.
std::vector<MergedChain> import_job(const std::string& path, const std::string& source, UuidGenerator& uuids);
// The same; `problem_of` sees what was verified, which is what is taken over, before anything is. What it says is given
// back in the place of the rows, unless it is empty.
using ProblemOf = std::function<std::string(const Verification&)>;
std::variant<std::vector<MergedChain>, std::string> import_job(const std::string& path, const std::string& source,
                                                               UuidGenerator& uuids, const ProblemOf& problem_of);

// Closes the record: its file becomes `to`, and `path` a new one whose chain goes on where the old one ends. `run` is
// recorded as the first in the new file. Refuses while an order is open, or somebody reads.
// Without a name the station keeps the last one on record.
struct Archived {
  Head end;                           // of the closed file
  std::optional<Time> earlier_key{};  // when the key of the closed file came on record, if the new one begins another
};
Archived archive(const std::string& path, const std::string& to, const std::optional<std::string>& station, Run run,
                 UuidGenerator& uuids, const ClockRules& clock = {});

struct Rebuilt {
  std::int64_t unsettled = 0;  // rows of the table of unsettled attempts that were not as they follow
  Head end;                    // of the chain, with the rows that say so
};

// Makes again what follows from the rows and is no evidence: the indexes, and the table of unsettled attempts. The rows
// stay as they are, and must be sound at their end, as for any writer. `run` and an event `rebuilt` are recorded.
Rebuilt rebuild(const std::string& path, Run run, UuidGenerator& uuids, const ClockRules& clock = {});

}  // namespace db
