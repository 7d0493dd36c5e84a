// The steps of attempts that are asked for one after the other, in the order of the ids or nearly so: steps stand right
// before the verdict of their attempt. Inside db only; one thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/one_state.h"
#include "db/read_ahead.h"
#include "db/row_stream.h"
#include "db/shared_rows.h"

namespace db {

// A step as it stands in its row; its image is not looked up yet.
struct StepRow {
  std::int64_t seq = 0;
  Uuid attempt, image;
  Step step;
};

// Those of one chain.
class StepRows {
 public:
  using Item = StepRow;

  StepRows(SQLite::Database& database, std::int64_t chain);
  std::optional<StepRow> next();

 private:
  RowStream rows_;
};

class StepsInOrder {
 public:
  StepsInOrder(SQLite::Database& database, const OneState& state, SharedRows& shared);

  // To be called for every attempt with a verdict, also for those that nobody wants. `verdict`: its row in the chain.
  std::vector<Step> take(const Uuid& attempt, std::int64_t chain, std::int64_t verdict);

 private:
  struct OfChain {
    std::unique_ptr<ReadAhead<StepRows>> ahead{};  // one of
    std::unique_ptr<StepRows> here{};              // these two
    std::optional<StepRow> first{};                // that nobody has taken

    void advance() { first = ahead ? ahead->next() : here->next(); }
  };

  SharedRows& shared_;
  std::map<std::int64_t, OfChain> by_chain_;
  std::map<Uuid, std::vector<Step>> waiting_;
};

}  // namespace db
