// The reading end of the record: values, not SQL. Read-only; any number of readers while a writer runs, each used by
// one thread. A call sees the record as it was when the call began. Errors: db::Error.
//
// An attempt without a verdict is `running` while the program that started it holds the database, else `interrupted`.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "db/chain.h"
#include "db/values.h"

namespace db {

// What is on record about one attempt.
struct Attempt {
  std::string station;  // name under which it was started
  Uuid installation;
  std::shared_ptr<const Run> run;
  VisitStarted visit;
  AttemptStarted started;
  // When `open`, no verdict is on record: `finished` then has outcome running, or interrupted with its fault, and
  // nothing else (its `at` is that of the start).
  bool open = false;
  AttemptFinished finished;
  std::string label;  // that was scanned for it last
};

// All that are set must hold.
struct Filter {
  std::optional<std::string> job{};
  std::optional<std::string> lot{};
  std::optional<std::string> recipe{};  // name, or the first digits (4 or more) of its SHA-256
  std::optional<std::string> image{};   // likewise; attempts whose recipe asked for it, whatever came of them
  std::optional<std::string> unit{};    // chip or device id, a serial that was shown, or its printed label
  std::optional<std::string> slot{};    // label or port path
  std::optional<std::string> operator_name{};
  std::optional<Outcome> outcome{};
  std::optional<Time> since{};  // of the start, inclusive
  std::optional<Time> until{};  // of the start, exclusive
  std::optional<Uuid> attempt{};
  std::optional<Uuid> visit{};
  bool steps = true;  // false: the attempts come without theirs, in much less time
};

// What sums need of an attempt, at a fraction of the cost.
struct Outline {
  Uuid attempt, visit;
  Time started, ended;  // `ended` is the start where no verdict is on record
  Outcome outcome = Outcome::error;
  std::string unit{};
  // Where it was made and by which recipe; only where groups or contents are asked for.
  std::string station{}, port{}, slot{};
  std::shared_ptr<const Recipe> recipe{};
  // For whom; only where groups are asked for.
  std::string job{}, lot{}, operator_name{};
  // What it did to the unit; only where contents are asked for.
  std::string label{};
  std::vector<Step> steps{};
};
enum class Outlined { sums, groups, contents };  // contents: REQUIRES an empty filter

// Attempts that may have left their unit half-written, and nothing since says that it is whole: the same unit, by its
// id, was verified later; where no id is known, something was begun on the same port in another visit.
struct PartialFlashes {
  std::vector<Attempt> attempts;  // the last one of each unit; in the order in which they were started, without steps
  Uuid last_run{};                // of the last attempt on record
};

struct Counts {
  std::array<std::uint64_t, 7> by_outcome{};  // index: Outcome
  std::uint64_t attempts = 0;

  std::uint64_t of(Outcome outcome) const { return by_outcome[static_cast<std::size_t>(outcome)]; }
};

struct StationInfo {
  Uuid installation;
  std::string name;  // the last one
  Head head;
  std::string public_key{};  // as minisign writes it; empty where none is on record
};

struct WorkOrder {
  JobOpened opened;
  std::optional<JobClosed> closed;
  std::map<Outcome, std::int64_t> units;  // by the last attempt of each visit
  std::int64_t made = 0;                  // that count towards the quantity
  Head row;                               // with which it was opened
  std::string station;                    // name under which it was opened
  bool own = true;                        // else of a station whose rows were merged or imported
};

class Reader {
 public:
  // A record of so many rows or more is read by several threads where all of it is asked for.
  explicit Reader(const std::string& path, std::int64_t rows_worth_threads = 100'000);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // In the order in which they were started, with their steps. `visit` returns false to stop. Holds one attempt in
  // memory at a time; the reference is good only during the call.
  void attempts(const Filter& filter, const std::function<bool(const Attempt&)>& visit);
  std::vector<Attempt> attempts(const Filter& filter = {});
  // The same attempts in the same order.
  void outlines(const Filter& filter, Outlined outlined, const std::function<bool(const Outline&)>& visit);
  Counts counts(const Filter& filter = {});
  // Of this database's own station. Takes as long for a record of years as for one of a day.
  PartialFlashes partial_flashes();
  // The station of this database first, then those whose rows were merged into it.
  std::vector<StationInfo> stations();
  // Of the file's tables.
  int schema_version();
  // In the order in which they were opened; only this station's own.
  std::vector<WorkOrder> jobs();
  std::optional<WorkOrder> job(const std::string& order);
  // Also those of other stations, after its own; all of them, or each with that number.
  std::vector<WorkOrder> jobs_of_all(const std::optional<std::string>& order = std::nullopt);
  // In the order in which they came; of one attempt if `attempt` is given.
  std::vector<Event> events(const std::optional<Uuid>& attempt = std::nullopt);
  // Of this kind, since then; only this station's own.
  std::int64_t count_events(const std::string& kind, Time since);
  // Of the attempt, or of the unit with this id.
  std::vector<Disposition> dispositions(const Uuid& attempt, const std::string& unit);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace db
