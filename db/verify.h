// `audit verify`: walks the hash chains of a database, offline, read-only, also on a copy. Streaming: one row per table
// in memory. Errors that keep it from reading at all are db::Error; everything found in the rows is in the result.
//
// Of a station whose rows came as excerpts (db/excerpt.h), the rows that each promises must be there, every one a link;
// what lies between them is left out, and said to be.
//
// By itself it cannot see that rows were cut off at the end, nor that somebody recomputed a whole chain. An anchor,
// kept elsewhere, proves both up to its row.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "db/chain.h"
#include "db/excerpt.h"

namespace db {

enum class Damage {
  changed,       // a row does not have the content that its hash was made over, or the row before it was replaced
  missing,       // rows are gone
  inserted,      // a row that does not belong there
  out_of_order,  // a row stands at another place than the one it was written at
};

std::string_view to_string(Damage damage);  // "out of order"

struct ChainProblem {
  Damage damage = Damage::changed;
  std::int64_t seq = 0;  // the first place in the chain that is wrong
  std::string table;     // of the row concerned; empty where only its absence is known
  std::string text;      // one sentence for a person
};

// What came of one station's rows as the excerpt of an order.
struct ExcerptVerification {
  Excerpt says;
  std::string statement;
  std::string signature;  // good, by the key that the chain's rows name, unless a problem of the file says otherwise
};

struct ChainVerification {
  Uuid installation;
  std::string station;    // name on record
  std::int64_t rows = 0;  // that were read
  Head start;             // before the first row: seq 0, or where an archived record ended
  Head proven;            // rows up to seq are as they were written
  Head last;              // of the last row that is there, proven or not
  std::optional<ChainProblem> problem;
  std::vector<ExcerptVerification> excerpts;
  std::int64_t left_out = 0;  // rows between those that came as excerpts
  // What a reader of the rows should know, though they are sound: that the station's key became another one, the record
  // was restored, or the clock doubtful. The first of them; `more_remarks` counts the others.
  std::vector<Event> remarks{};
  std::int64_t more_remarks = 0;
  std::int64_t whole = 0;  // up to this row all came at once, not as an excerpt; of these no signature stands here
};

// Where a chain once ended, as a certificate, a report or an anchor file says.
struct Anchor {
  Uuid installation;
  Head head;

  bool operator==(const Anchor&) const = default;
};

enum class AnchorCheck {
  holds,     // the row is there, with this hash, and everything before it is proven
  differs,   // there is another row in its place: the chain was made again
  cut_off,   // the chain ends before it
  archived,  // the chain begins after it: the row is in an older, archived database
  left_out,  // only excerpts of the chain are here, and the row is in none of them
  unproven,  // the chain is broken before it
  not_here,  // of a station that this database does not hold
};

struct Verification {
  std::vector<ChainVerification> chains;
  // What is wrong with the file, outside the rows: SQLite's own check, tables or triggers that are not as this program
  // makes them, rows of no known station.
  std::vector<std::string> file_problems;
  std::vector<std::pair<Anchor, AnchorCheck>> anchors;  // those that were given
  bool wal_missing = false;  // the file was copied without its -wal: the latest rows may be in there

  bool sound() const;
};

Verification verify_chain(const std::string& path, const std::vector<Anchor>& anchors = {});

}  // namespace db
