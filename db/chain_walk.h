// Reads one chain from front to back, as a merge of its tables by seq, and says where it does not hold. Inside db only.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/chain_blocks.h"
#include "db/verify.h"

namespace db {

using AnchorChecks = std::vector<std::pair<Anchor, AnchorCheck>>;

// `open`: for other threads, which prove a whole chain in blocks (db/chain_blocks.h); what is found is the same
// without. Answers those of `anchors` that it comes by. `after`: only the rows behind that one, which is believed; rows
// with an older number are not seen.
ChainVerification walk_chain(SQLite::Database& database, std::int64_t chain, const Uuid& installation,
                             AnchorChecks& anchors, const std::optional<Head>& after = std::nullopt,
                             const OpenAnother& open = {});

}  // namespace db
