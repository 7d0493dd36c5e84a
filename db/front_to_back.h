// A table read once from front to back by a caller that asks for its rows by an id, in the order of the ids or nearly
// so. A large record is read ahead on another thread, where its state can be opened once more. Inside db only; one
// thread.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "db/one_state.h"
#include "db/read_ahead.h"
#include "db/rows_in_order.h"

namespace db {

// REQUIRES: no id is there twice, unless the question's `ids_in_order` leaves it out.
template <typename Row>
class RowsById {
 public:
  using Found = RowOfId<Row>;
  using Read = typename RowsInOrder<Row>::Read;

  RowsById(SQLite::Database& database, const OneState& state, const TableQuestion& question, Read read)
      : database_(database), question_(question), read_(read) {
    if (auto another = state.open_another()) {
      ahead_ = std::make_unique<ReadAhead<RowsInOrder<Row>>>(std::move(*another), question, read);
    } else {
      here_ = std::make_unique<RowsInOrder<Row>>(database, question, read);
    }
  }

  // The next one by the order of the ids; null after the last. Good until the next call; the caller may empty its row.
  Found* next() { return keep_next() ? &kept_.back() : nullptr; }

  // Null: there is none with this id. Valid until the next call; a caller that asks once may move its row out.
  Found* find(const Uuid& id) {
    while ((kept_.empty() || kept_.back().id < id) && keep_next()) {
    }
    const auto found = std::ranges::lower_bound(kept_, id, {}, &Found::id);
    if (found != kept_.end() && found->id == id) return &*found;
    return dropped_ && id < kept_.front().id ? look_up(id) : nullptr;
  }

 private:
  // An id comes back soon, as that of a visit with its next attempt, or it is looked up.
  static constexpr std::size_t most_kept = 512;

  bool keep_next() {
    std::optional<Found> found = ahead_ ? ahead_->next() : here_->next();
    if (!found) return false;
    kept_.push_back(std::move(*found));
    if (kept_.size() > most_kept) kept_.pop_front(), dropped_ = true;
    return true;
  }

  Found* look_up(const Uuid& id) {
    if (!query_) {
      query_.emplace(database_, "SELECT chain, seq, " + question_.columns + " FROM " + question_.table + " WHERE " +
                                    question_.id + " = ?");
    }
    if (!query_->find(id)) return nullptr;
    StreamReader row(*query_);
    looked_up_.id = id;
    looked_up_.chain = row.integer();
    looked_up_.seq = row.integer();
    looked_up_.row = read_(row);
    return &looked_up_;
  }

  SQLite::Database& database_;
  TableQuestion question_;
  Read read_;
  std::unique_ptr<ReadAhead<RowsInOrder<Row>>> ahead_;  // one of
  std::unique_ptr<RowsInOrder<Row>> here_;              // these two
  std::deque<Found> kept_;                              // by id
  bool dropped_ = false;
  std::optional<RowStream> query_;
  Found looked_up_;
};

}  // namespace db
