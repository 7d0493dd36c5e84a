// Care of the data: backup while a line runs, merging of stations, and closing a database for a new one. Each leaves
// what was there as it was until the new is complete on disk. Errors: db::Error.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "db/chain.h"
#include "db/values.h"

namespace db {

// One state of the record, whole, in a new file; other programs may read and write meanwhile. Refuses a file that
// exists.
void back_up(const std::string& path, const std::string& to);

struct MergedChain {
  std::string station;
  Uuid installation;
  std::int64_t added = 0;  // rows that were not there yet
};

// Takes over the rows of `sources` that `path` does not hold; each station keeps its own chain, and rows are never
// counted twice: merging again adds nothing. A source that does not verify, or whose chain is another one than the
// rows that are there already, is refused before anything of it is written; so is the other part of an archived record.
// Creates `path` if it is missing.
std::vector<MergedChain> merge(const std::string& path, const std::vector<std::string>& sources, UuidGenerator& uuids);

// Closes the record: its file becomes `to`, and `path` a new one whose chain goes on where the old one ends. `run` is
// recorded as the first in the new file. Refuses while an order is open, or somebody reads.
Head archive(const std::string& path, const std::string& to, const std::string& station, Run run, UuidGenerator& uuids);

}  // namespace db
