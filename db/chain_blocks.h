// Proves a chain in blocks, on all cores: each link is checked against the hash that the row before it has in the file,
// so that no block waits for another one. Says only whether all links hold; where one does not, walk_chain() says which
// and why. Inside db only.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/chain.h"

namespace db {

// Opens the record once more, for another thread. What it sees may be newer: rows never change, and those behind the
// last one that is asked for are not read.
using OpenAnother = std::function<SQLite::Database()>;

struct ChainOfLinks {
  std::int64_t chain = 0;
  Head start;  // before the first row
  Head last;   // of the last row that is to be proven
};

// The hashes of the rows in `wanted`, by seq; nothing: some link does not hold, or cannot be read.
std::optional<std::map<std::int64_t, Sha256>> prove_in_blocks(const ChainOfLinks& links, const OpenAnother& open,
                                                              const std::set<std::int64_t>& wanted);

}  // namespace db
