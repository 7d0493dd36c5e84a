// A report: which stations it speaks of, and the attempts, handed out one by one so that a million of them need no
// memory. Writers put it on a stream as they go; whether the stream took it is for the caller to see.
// Not for sharing between threads.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "db/line_history.h"
#include "db/reader.h"
#include "reports/slot_test.h"

namespace reports {

struct Report {
  using Visitor = std::function<bool(const db::Attempt&)>;  // false: enough

  std::vector<db::StationInfo> stations;         // with the head of each chain when the report was begun
  std::function<void(const Visitor&)> attempts;  // in the order in which they were started
  std::string selection{};                       // "job 4711, slot A2"; empty: everything
  // Of the same attempts.
  std::function<void(db::Outlined, const std::function<bool(const db::Outline&)>&)> outlines{};
  std::vector<db::WorkOrder> jobs{};  // the order that was asked for, on each station where it was opened
  std::function<std::vector<db::WorkOrder>()> all_jobs{};  // every order on record, likewise
  db::Filter filter{};                                     // by which the attempts were selected
  db::LineHistory* history = nullptr;                      // what happened beside them; null: nothing is shown of it
  // When it was made, and a sentence: whether the record was verified for it. Nothing: neither is said.
  std::optional<db::Time> made{};
  std::string verified{};
  MakeSlotTest make_slot_test{};  // for the page and the workbook; nothing: no slot is marked
};

// `reader` and `history` must outlive the report. Errors: db::Error, also from `attempts`.
Report make_report(db::Reader& reader, const db::Filter& filter, db::LineHistory* history = nullptr);

// For a person at a terminal, at most 100 columns wide.
void write_text(const Report& report, std::ostream& out);
// What it comes to, without the attempts.
void write_summary(const Report& report, std::ostream& out);
// The same on one page for a manager: faults, slots, operators, decisions, alarms.
void write_summary_html(const Report& report, std::ostream& out);
// One object: attempts, jobs, stations, summary, events, dispositions, runs.
void write_json(const Report& report, std::ostream& out);
// One attempt a line.
void write_json_lines(const Report& report, std::ostream& out);
// One row per attempt, for spreadsheets. Goes through the attempts twice: the columns depend on the number of steps.
void write_csv(const Report& report, std::ostream& out);
// One page that loads nothing: figures, drawings, and a table that can be searched and sorted.
void write_html(const Report& report, std::ostream& out);
// A workbook at `path`, which is written over. Throws std::runtime_error with the reason when it cannot be written.
// `rows_per_sheet` is what the format allows, below the heading; what is more goes on on further sheets.
void write_xlsx(const Report& report, const std::string& path, std::uint32_t rows_per_sheet = 1'048'575);

}  // namespace reports
