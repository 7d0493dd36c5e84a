// Which attempts of this station are not settled: those without a verdict, and those that may have left their unit
// half-written, as long as no later verdict says that the unit is whole. Later is what stands later in the chain: of
// two boards with one id, the one that was whole first does not hide what the other one ended as. A start asks for
// both, and must not read every attempt that there ever was. Inside db only.
//
// The table `unsettled` has one row for each. The writer keeps it in the transaction of the rows that it follows from.
// It is no link of a chain and no evidence: a reader confirms each row by rows of the chain, and `audit verify`
// derives all of it again and compares.
//
// Units are told apart by their ids. What was left half-written by a unit whose id nobody knows is over when another
// visit begins on its port: that is found by the port, and is not in the table once it has its verdict.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/values.h"

namespace db {

struct Unsettled {
  std::string unit{};  // id; empty: not known
  bool open = true;    // without a verdict

  bool operator==(const Unsettled&) const = default;
};
using UnsettledAttempts = std::map<Uuid, Unsettled>;

// The id that a unit shows as its serial before it is opened: 24 hexadecimal digits. Empty: that is none.
std::string id_in_serial(std::string_view serial);
// Whose an attempt is that a crash ended, or that runs: no verdict says so, the serial number at its start may. Empty
// for every other outcome.
std::string unit_of_cut_off(Outcome outcome, std::string_view serial);

// What the rule needs of a verdict.
struct Settling {
  Uuid attempt;
  Outcome outcome = Outcome::error;
  std::optional<bool> verified;
  std::string operation;  // of its fault
  std::string unit;       // as it was read
};
// The attempt was interrupted, or failed at or after its first write without having verified every byte.
bool may_be_partial(Outcome outcome, std::optional<bool> verified, std::string_view operation);
// It verified every byte; or passed by a recipe without read-back.
bool has_made_whole(Outcome outcome, std::optional<bool> verified);

// ---- the rule, over rows in the order of the chain

void note_begun(UnsettledAttempts& all, const Uuid& attempt, const std::string& serial);
void note_ended(UnsettledAttempts& all, const Settling& verdict);

// ---- the table

// From the rows of this station's chain. Holds no more in memory than the result.
UnsettledAttempts derive_unsettled(SQLite::Database& database);
// Of a record of an older schema, which has no such table: derived.
UnsettledAttempts read_unsettled(SQLite::Database& database);
void fill_unsettled(SQLite::Database& database);

// Used by the writer's thread.
class UnsettledTable {
 public:
  explicit UnsettledTable(SQLite::Database& database);

  void begin(const AttemptStarted& attempt);
  void end(const AttemptFinished& attempt);

 private:
  std::string known_unit(const Uuid& attempt);

  SQLite::Statement begin_, find_, keep_, drop_, settle_;
};

}  // namespace db
