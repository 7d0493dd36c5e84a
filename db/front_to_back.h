// A table read once from front to back by a caller that asks for its rows by an id, in the order of the ids or nearly
// so. Rows stand in the order of their chain; attempts and visits began in nearly the same order. So each row is read
// where it stands, an index says only which one comes next, and what is read too early waits in memory: as many rows as
// a line has units in work. To look a row up by its id takes ten times as long. Inside db only; one thread.
#pragma once

#include <algorithm>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "db/row_stream.h"
#include "db/stored_row.h"

namespace db {

template <typename Row>
struct RowOfId {
  Uuid id;
  std::int64_t chain = 0, seq = 0;
  Row row{};
};

// What is asked of a table, and by which of its columns.
struct TableQuestion {
  std::string table, id, columns;
  std::string ids_in_order{};  // a query; empty: all of them
};

// REQUIRES: no id is there twice, unless `ids_in_order` leaves it out.
template <typename Row>
class RowsById {
 public:
  using Found = RowOfId<Row>;
  using Read = Row (*)(StreamReader&);

  RowsById(SQLite::Database& database, const TableQuestion& question, Read read)
      : database_(database), question_(question), read_(read), ids_(database, ids_in_order(question)) {
    for (const std::int64_t chain : chains_in(database, question.table)) {
      streams_.emplace_back(database, question, chain);
      advance(streams_.back());
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

  struct Stream {
    Stream(SQLite::Database& database, const TableQuestion& question, std::int64_t of_chain)
        : chain(of_chain),
          rows(database,
               "SELECT seq, " + question.id + ", " + question.columns + " FROM " + question.table +
                   " WHERE chain = ? ORDER BY seq",
               of_chain) {}

    std::int64_t chain;
    RowStream rows;
    std::optional<Uuid> id{};  // of its row; nothing after the last
  };
  struct ByItsEnd {
    std::size_t operator()(const Uuid& uuid) const {  // the last bytes of a UUIDv7 are random
      std::size_t hash = 0;
      std::copy_n(uuid.bytes.end() - sizeof hash, sizeof hash, reinterpret_cast<std::uint8_t*>(&hash));
      return hash;
    }
  };

  static std::string ids_in_order(const TableQuestion& question) {
    if (!question.ids_in_order.empty()) return question.ids_in_order;
    return "SELECT " + question.id + " FROM " + question.table + " ORDER BY " + question.id;
  }

  static void advance(Stream& stream) {
    stream.id.reset();
    if (!stream.rows.next()) return;
    StreamReader row(stream.rows);
    row.skip(1);
    stream.id = row.uuid();
  }

  bool keep_next() {
    while (ids_.next()) {
      std::optional<Found> found = take(StreamReader(ids_).uuid());
      if (!found) continue;  // the index knows a row that the table does not have
      kept_.push_back(std::move(*found));
      if (kept_.size() > most_kept) kept_.pop_front(), dropped_ = true;
      return true;
    }
    return false;
  }

  std::optional<Found> take(const Uuid& id) {
    if (auto waiting = waiting_.extract(id)) return std::move(waiting.mapped());
    while (Stream* stream = first()) {
      Found found = found_in(*stream);
      advance(*stream);
      if (found.id == id) return found;
      waiting_.emplace(found.id, std::move(found));
    }
    return std::nullopt;
  }

  // Of several chains, the one whose row is the oldest.
  Stream* first() {
    Stream* first = nullptr;
    for (Stream& stream : streams_) {
      if (stream.id && (!first || *stream.id < *first->id)) first = &stream;
    }
    return first;
  }

  Found found_in(const Stream& stream) const {
    StreamReader row(stream.rows);
    Found found;
    found.chain = stream.chain;
    found.seq = row.integer();
    found.id = row.uuid();
    found.row = read_(row);
    return found;
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
  RowStream ids_;
  std::list<Stream> streams_;
  std::unordered_map<Uuid, Found, ByItsEnd> waiting_;  // read, and not asked for yet
  std::deque<Found> kept_;                             // by id
  bool dropped_ = false;
  std::optional<RowStream> query_;
  Found looked_up_;
};

}  // namespace db
