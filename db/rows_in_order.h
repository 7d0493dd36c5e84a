// The rows of a table one by one in the order of their ids. Rows stand in the order of their chain; attempts and visits
// began in nearly the same order. So each row is read where it stands, an index says only which one comes next, and
// what is read too early waits in memory: as many rows as a line has units in work. To look a row up by its id takes
// ten times as long. Inside db only; one thread.
#pragma once

#include <algorithm>
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
class RowsInOrder {
 public:
  using Found = RowOfId<Row>;
  using Item = Found;
  using Read = Row (*)(StreamReader&);

  RowsInOrder(SQLite::Database& database, const TableQuestion& question, Read read)
      : read_(read), ids_(database, ids_in_order(question)) {
    for (const std::int64_t chain : chains_in(database, question.table)) {
      streams_.emplace_back(database, question, chain);
      advance(streams_.back());
    }
  }

  // Nothing after the last.
  std::optional<Found> next() {
    while (ids_.next()) {
      // The index of a damaged file may know a row that the table does not have.
      if (std::optional<Found> found = take(StreamReader(ids_).uuid())) return found;
    }
    return std::nullopt;
  }

 private:
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

  Read read_;
  RowStream ids_;
  std::list<Stream> streams_;
  std::unordered_map<Uuid, Found, ByItsEnd> waiting_;  // read, and not asked for yet
};

}  // namespace db
