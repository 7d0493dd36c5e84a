#include "db/chain_walk.h"

#include <algorithm>
#include <map>
#include <set>

#include "db/schema.h"
#include "db/stored_row.h"

namespace db {

namespace {

std::string row_name(std::int64_t seq, std::string_view table) {
  return "row " + std::to_string(seq) + " (table " + std::string(table) + ")";
}

// Where a row stands that belongs at another place.
struct Displaced {
  std::string_view table;
  std::int64_t seq = 0;
  Sha256 hash{};
};

// One chain, read as a merge of its tables by seq.
class Walk {
 public:
  // `anchors` are answered as the walk comes by them; those that it never reaches stay as they are.
  Walk(SQLite::Database& database, std::int64_t chain, const Uuid& installation, AnchorChecks& anchors,
       const std::optional<Head>& after)
      : database_(database), chain_(chain), after_(after) {
    for (auto& [anchor, check] : anchors) {
      if (anchor.installation == installation) anchors_.emplace(anchor.head.seq, std::pair(anchor.head.hash, &check));
    }
    result_.installation = installation;
    result_.start = result_.proven = after ? *after : start_of(database, chain, installation);
    if (const auto [first, last] = anchors_.equal_range(result_.start.seq); result_.start.seq > 0) {
      for (auto anchor = first; anchor != last; ++anchor) answer(*anchor, result_.start);
    }
    for (auto anchor = anchors_.begin(); anchor != anchors_.lower_bound(result_.start.seq); ++anchor) {
      *anchor->second.second = AnchorCheck::archived;
    }
    if (!after) promise(excerpts_of(database, chain));
  }

  ChainVerification run(const OpenAnother& open) {
    try {
      if (open && is_proven_in_blocks(open)) return std::move(result_);
      for (const std::string_view table : chained_tables(database_)) {
        tables_.push_back({rows_of(table, after_)});
        advance(tables_.back());
      }
      while (Table* table = first_table()) {
        ++result_.rows;
        result_.last = {table->seq, table->rows.stored_hash()};
        if (!result_.problem) check(*table);
        advance(*table);
      }
      if (!result_.problem) check_end();
      if (result_.rows == 0) report(Damage::missing, result_.start.seq + 1, {}, "the rows of this station are gone");
      answer_those_behind();
    } catch (const SQLite::Exception& exception) {
      report(Damage::changed, result_.proven.seq + 1, {}, std::string("it cannot be read: ") + exception.what());
    }
    return std::move(result_);
  }

 private:
  using Anchors = std::multimap<std::int64_t, std::pair<Sha256, AnchorCheck*>>;  // by seq

  static void answer(Anchors::value_type& anchor, const Head& here) {
    *anchor.second.second = anchor.second.first == here.hash ? AnchorCheck::holds : AnchorCheck::differs;
  }

  void answer_those_behind() {
    for (auto anchor = anchors_.upper_bound(result_.proven.seq); anchor != anchors_.end(); ++anchor) {
      *anchor->second.second = result_.problem     ? AnchorCheck::unproven
                               : promised_.empty() ? AnchorCheck::cut_off
                                                   : AnchorCheck::left_out;
    }
  }

  // A chain without gaps, all of whose links hold. Else nothing is known, and the walk says what is wrong where.
  bool is_proven_in_blocks(const OpenAnother& open) try {
    if (after_ || !excerpts_of(database_, chain_).empty() || has_rows_before(result_.start.seq + 1)) return false;
    const Head last = last_row(database_, chain_).head;
    if (last.seq <= result_.start.seq) return false;
    std::set<std::int64_t> wanted;
    for (const auto& [seq, anchor] : anchors_) wanted.insert(seq);
    const auto hashes = prove_in_blocks({chain_, result_.start, last}, open, wanted);
    if (!hashes) return false;
    for (auto& anchor : anchors_) {
      const auto hash = hashes->find(anchor.first);
      if (hash != hashes->end()) answer(anchor, {hash->first, hash->second});
    }
    result_.rows = last.seq - result_.start.seq;
    result_.last = result_.proven = last;
    result_.whole = last.seq;
    answer_those_behind();
    return true;
  } catch (const SQLite::Exception&) {
    return false;
  }

  bool has_rows_before(std::int64_t seq) {
    return std::ranges::any_of(chained_tables(database_), [&](std::string_view table) {
      SQLite::Statement query(database_,
                              "SELECT 1 FROM " + std::string(table) + " WHERE chain = ? AND seq < ? LIMIT 1");
      query.bind(1, chain_);
      query.bind(2, seq);
      return query.executeStep();
    });
  }

  // What excerpts promise: which rows are there, and what some of them are.
  void promise(const std::vector<SignedExcerpt>& excerpts) {
    std::vector<Excerpt> readable;
    for (const SignedExcerpt& excerpt : excerpts) {
      if (!excerpt.says) continue;
      readable.push_back(*excerpt.says);
      result_.excerpts.push_back({*excerpt.says, excerpt.statement, excerpt.signature});
      for (const RowRange& range : excerpt.says->ranges) {
        known_.emplace(range.before.seq, range.before.hash);
        known_.emplace(range.last.seq, range.last.hash);
      }
    }
    promised_ = united(readable);
    if (!promised_.empty()) arrive(result_.start, {});
  }

  // The range with this row; end() if it is in none.
  std::vector<RowRange>::const_iterator range_of(std::int64_t seq) const {
    const auto range = std::ranges::lower_bound(promised_, seq, {}, [](const RowRange& one) { return one.last.seq; });
    return range != promised_.end() && range->before.seq < seq ? range : promised_.end();
  }

  // Over what was left out, to the next range that begins before row `seq`. False if there is none.
  bool leap(std::int64_t seq) {
    const std::int64_t expected = result_.proven.seq + 1;
    if (range_of(expected) != promised_.end()) return false;  // that row should be here
    const auto next =
        std::ranges::lower_bound(promised_, expected, {}, [](const RowRange& one) { return one.before.seq; });
    if (next == promised_.end() || next->before.seq >= seq) return false;
    for (auto anchor = anchors_.lower_bound(expected); anchor != anchors_.lower_bound(next->before.seq); ++anchor) {
      *anchor->second.second = AnchorCheck::left_out;
    }
    result_.left_out += next->before.seq - result_.proven.seq;
    arrive(next->before, {});
    return true;
  }

  // The chain is believed up to `head`, unless an excerpt knows better.
  void arrive(const Head& head, std::string_view table) {
    const auto [known, end] = known_.equal_range(head.seq);
    if (std::any_of(known, end, [&](const auto& one) { return one.second != head.hash; })) {
      return report(Damage::changed, head.seq, table,
                    "row " + std::to_string(head.seq) + " is another one than the station signed in an excerpt");
    }
    result_.proven = head;
    const auto [first, last] = anchors_.equal_range(head.seq);
    for (auto anchor = first; anchor != last; ++anchor) answer(*anchor, head);
  }

  // Rows behind the last one that is here, which excerpts promise.
  void check_end() {
    if (range_of(result_.proven.seq + 1) == promised_.end()) leap(INT64_MAX);
    if (result_.problem) return;
    const auto promised = range_of(result_.proven.seq + 1);
    if (promised != promised_.end()) diagnose_gap(result_.proven.seq + 1, promised->last.seq);
  }

  struct Table {
    StoredRows rows;
    bool there = false;
    std::int64_t seq = 0;  // of its row, if one is there
  };

  // Of a whole chain, also those with a number that no row can have.
  StoredRows rows_of(std::string_view table, const std::optional<Head>& after) {
    return after ? StoredRows(database_, table, chain_, StoredRows::After{after->seq})
                 : StoredRows(database_, table, chain_);
  }

  static void advance(Table& table) {
    table.there = table.rows.next();
    if (table.there) table.seq = table.rows.seq();
  }

  // The table whose row comes next; of two rows with one seq, the first that the chain accepts.
  Table* first_table() {
    Table* first = nullptr;
    for (Table& table : tables_) {
      if (!table.there || (first != nullptr && table.seq > first->seq)) continue;
      if (first == nullptr || table.seq < first->seq || (!fits(*first) && fits(table))) first = &table;
    }
    return first;
  }

  bool fits(const Table& table) {
    const std::int64_t expected = result_.proven.seq + 1;
    return table.rows.seq() == expected &&
           table.rows.computed_hash(hasher_, result_.proven.hash, expected) == table.rows.stored_hash();
  }

  void check(const Table& table) {
    const std::int64_t expected = result_.proven.seq + 1;
    const std::int64_t seq = table.rows.seq();
    if (seq < expected) {
      report(Damage::inserted, seq, table.rows.table(), row_name(seq, table.rows.table()) + " does not belong there");
    } else if (seq > expected) {
      if (!leap(seq)) return diagnose_leap(table, expected);
      if (!result_.problem) check(table);
    } else if (const Sha256 hash = table.rows.stored_hash();
               table.rows.computed_hash(hasher_, result_.proven.hash, seq) == hash) {
      arrive({seq, hash}, table.rows.table());
      if (range_of(seq) == promised_.end()) result_.whole = seq;
    } else {
      diagnose_mismatch(table);
    }
  }

  // A row, and before it one that is not there and that no excerpt leaves out.
  void diagnose_leap(const Table& table, std::int64_t expected) {
    const std::int64_t seq = table.rows.seq();
    const auto promised = range_of(expected);
    if (promised != promised_.end()) return diagnose_gap(expected, std::min(seq - 1, promised->last.seq));
    if (promised_.empty()) return diagnose_gap(expected, seq - 1);
    report(Damage::inserted, seq, table.rows.table(), row_name(seq, table.rows.table()) + " is of no excerpt");
  }

  void diagnose_gap(std::int64_t from, std::int64_t to) {
    if (const std::optional<Displaced> displaced = find_displaced(from, result_.proven.hash)) {
      report(Damage::out_of_order, from, displaced->table,
             row_name(from, displaced->table) + " now stands at " + std::to_string(displaced->seq));
    } else if (from == to) {
      report(Damage::missing, from, {}, "row " + std::to_string(from) + " is gone");
    } else {
      report(Damage::missing, from, {}, "rows " + std::to_string(from) + " to " + std::to_string(to) + " are gone");
    }
  }

  void diagnose_mismatch(const Table& table) {
    const std::int64_t seq = table.rows.seq();
    const std::string_view name = table.rows.table();
    const std::optional<Displaced> displaced = find_displaced(seq, result_.proven.hash);
    if (!displaced) {
      report(Damage::changed, seq, name, row_name(seq, name) + " is not as it was written");
    } else if (belongs_elsewhere(table, *displaced)) {
      report(Damage::out_of_order, seq, displaced->table,
             "the row that belongs at " + std::to_string(seq) + " (table " + std::string(displaced->table) +
                 ") now stands at " + std::to_string(displaced->seq));
    } else {
      report(Damage::inserted, seq, name, row_name(seq, name) + " does not belong there");
    }
  }

  // Exchanged with the displaced row, or moved up by one because that was taken away.
  bool belongs_elsewhere(const Table& table, const Displaced& displaced) {
    const Sha256 stored = table.rows.stored_hash();
    const std::int64_t seq = table.rows.seq();
    if (table.rows.computed_hash(hasher_, displaced.hash, seq + 1) == stored) return true;
    if (displaced.seq == seq + 1) return false;
    const std::optional<LastRow> before = find_row(database_, chain_, displaced.seq - 1);
    return before && table.rows.computed_hash(hasher_, before->head.hash, displaced.seq) == stored;
  }

  // A second pass, made once: the row, wherever it stands, whose hash follows from `previous` as row `seq`.
  std::optional<Displaced> find_displaced(std::int64_t seq, const Sha256& previous) {
    for (const std::string_view table : chained_tables(database_)) {
      StoredRows rows = rows_of(table, {});
      while (rows.next()) {
        if (rows.computed_hash(hasher_, previous, seq) == rows.stored_hash()) {
          return Displaced{table, rows.seq(), rows.stored_hash()};
        }
      }
    }
    return std::nullopt;
  }

  void report(Damage damage, std::int64_t seq, std::string_view table, std::string text) {
    const std::int64_t proven = result_.proven.seq;
    text.front() = static_cast<char>(text.front() >= 'a' && text.front() <= 'z' ? text.front() - 32 : text.front());
    text += proven == 0         ? ". Nothing is proven."
            : promised_.empty() ? ". Rows 1 to " + std::to_string(proven) + " are proven."
                                : ". Of rows 1 to " + std::to_string(proven) + ", those that are here are proven.";
    result_.problem = ChainProblem{damage, seq, std::string(table), std::move(text)};
  }

  SQLite::Database& database_;
  std::int64_t chain_;
  std::optional<Head> after_;
  ChainVerification result_;
  Anchors anchors_;
  std::vector<RowRange> promised_;             // by excerpts; empty where the whole chain is here
  std::multimap<std::int64_t, Sha256> known_;  // hashes that excerpts name, by seq
  std::vector<Table> tables_;
  RowHasher hasher_;
};

}  // namespace

ChainVerification walk_chain(SQLite::Database& database, std::int64_t chain, const Uuid& installation,
                             AnchorChecks& anchors, const std::optional<Head>& after, const OpenAnother& open) {
  return Walk(database, chain, installation, anchors, after).run(open);
}

}  // namespace db
