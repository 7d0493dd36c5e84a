#include "db/chain_blocks.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <vector>

#include <oneapi/tbb/enumerable_thread_specific.h>
#include <oneapi/tbb/parallel_for.h>

#include "db/schema.h"
#include "db/stored_row.h"

namespace db {

namespace {

// Some 10 ms of work, against which the queries of a block cost little; a core that is late keeps the others waiting no
// longer than that.
constexpr std::int64_t rows_of_block = 4096;

// The rows of all tables, in the order of the chain.
class RowsInOrder {
 public:
  RowsInOrder(SQLite::Database& database, std::int64_t chain, const StoredRows::Between& between) {
    for (const std::string_view table : chained_tables(database)) {
      tables_.push_back({StoredRows(database, table, chain, between)});
      advance(tables_.back());
    }
  }

  // Null: there are no more. Of two rows with one number it is either.
  StoredRows* next() {
    if (current_) advance(*current_);
    current_ = &*std::ranges::min_element(tables_, {}, &Table::seq);
    return current_->seq == behind_the_last ? nullptr : &current_->rows;
  }

 private:
  static constexpr std::int64_t behind_the_last = INT64_MAX;

  struct Table {
    StoredRows rows;
    std::int64_t seq = 0;  // of its row
  };
  static void advance(Table& table) { table.seq = table.rows.next() ? table.rows.seq() : behind_the_last; }

  std::vector<Table> tables_;
  Table* current_ = nullptr;
};

class Proof {
 public:
  Proof(const ChainOfLinks& links, const OpenAnother& open, const std::set<std::int64_t>& wanted)
      : links_(links), wanted_(wanted), connections_(open) {}

  std::optional<std::map<std::int64_t, Sha256>> run() {
    const std::int64_t rows = links_.last.seq - links_.start.seq;
    const std::int64_t blocks = (rows + rows_of_block - 1) / rows_of_block;
    tbb::parallel_for(std::int64_t{0}, blocks, [this](std::int64_t block) {
      if (holds_ && !block_holds(block)) holds_ = false;
    });
    if (!holds_) return std::nullopt;
    return std::move(hashes_);
  }

 private:
  // The walk that follows reports what goes wrong.
  bool block_holds(std::int64_t block) {
    try {
      SQLite::Database& database = connections_.local();
      const std::int64_t before = links_.start.seq + block * rows_of_block;
      const std::int64_t last = std::min(before + rows_of_block, links_.last.seq);
      const std::optional<Sha256> hash = hash_of(database, before);
      return hash && links_hold(database, {before, *hash}, last);
    } catch (const std::exception&) {
      return false;
    }
  }

  std::optional<Sha256> hash_of(SQLite::Database& database, std::int64_t seq) const {
    if (seq == links_.start.seq) return links_.start.hash;
    const std::optional<LastRow> row = find_row(database, links_.chain, seq);
    return row ? std::optional(row->head.hash) : std::nullopt;
  }

  bool links_hold(SQLite::Database& database, Head head, std::int64_t last) {
    RowHasher hasher;
    RowsInOrder rows(database, links_.chain, {head.seq, last});
    while (const StoredRows* row = rows.next()) {
      if (row->seq() != head.seq + 1) return false;
      const Sha256 hash = row->stored_hash();
      if (row->computed_hash(hasher, head.hash, row->seq()) != hash) return false;
      head = {row->seq(), hash};
      if (wanted_.contains(head.seq)) keep(head);
    }
    return head.seq == last && (last != links_.last.seq || head.hash == links_.last.hash);
  }

  void keep(const Head& head) {
    const std::lock_guard lock(mutex_);
    hashes_[head.seq] = head.hash;
  }

  const ChainOfLinks& links_;
  const std::set<std::int64_t>& wanted_;
  tbb::enumerable_thread_specific<SQLite::Database> connections_;
  std::atomic<bool> holds_ = true;
  std::mutex mutex_;
  std::map<std::int64_t, Sha256> hashes_;  // guarded by mutex_
};

}  // namespace

std::optional<std::map<std::int64_t, Sha256>> prove_in_blocks(const ChainOfLinks& links, const OpenAnother& open,
                                                              const std::set<std::int64_t>& wanted) {
  return Proof(links, open, wanted).run();
}

}  // namespace db
