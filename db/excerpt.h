// What a station vouches for when the rows of one order leave it without the rows between them. Those rows stay links
// of the station's chain: for each range of them the text below has the hash before its first row and that of its last,
// and the station signs it. It goes with the rows, in the table `excerpt`, into every file that takes them over.
//
//   flashline excerpt 1
//   order: 4711
//   installation: 0193...      these three lines are an anchor: where the chain ended when the excerpt was made
//   row: 5230
//   hash: <64 digits>
//   time: 2026-11-22T06:00:00Z
//   start: 0 <64 digits>       before the first row of the chain: 0, or where an archived record ended
//   rows: 17 20 <hash of row 16> <hash of row 20>       one line a range, ascending
//   public_key: RW...
//
// Values; any thread. A text that is not of this form is none: nothing is guessed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/chain.h"

namespace db {

// Rows before.seq + 1 to last.seq.
struct RowRange {
  Head before;
  Head last;

  bool operator==(const RowRange&) const = default;
};

struct Excerpt {
  std::string order;
  Uuid installation;
  Head head;
  Time at;
  Head start;
  std::vector<RowRange> ranges;
  std::string public_key;
};

std::string to_text(const Excerpt& excerpt);
std::optional<Excerpt> parse_excerpt(std::string_view text);

// The rows that several excerpts promise, as ranges that neither meet nor overlap, ascending.
std::vector<RowRange> united(const std::vector<Excerpt>& excerpts);
// Every row that `smaller` promises is promised by `larger`.
bool covers(const Excerpt& larger, const Excerpt& smaller);

}  // namespace db
