// What people add to the record beside the attempts: labels, decisions, orders, events. Requests as values, and the one
// place that checks a request against the record and writes it. Nothing here changes a row: everything is a further
// one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "db/store.h"
#include "db/values.h"

namespace station {

struct ThisVisit {
  db::Uuid visit;
};
struct ThisAttempt {
  db::Uuid attempt;
};
struct ThisUnit {
  std::string unit;  // chip or device id, or the label that it bears
};
struct LastIn {
  std::string slot;  // its label or port
};
using Subject = std::variant<ThisVisit, ThisAttempt, ThisUnit, LastIn>;

// A scanned label for the unit of a visit. A label is paired once, and so is a visit. The same pair again is fine and
// writes nothing; a later visit in which the same id was read may have the label too. `again`: the new pair stands in
// the place of what either had before.
struct PairLabel {
  std::string label;
  Subject subject;
  std::string author{};
  bool again = false;
  std::string pattern{};  // a regular expression that the whole label must match; empty: any label is good
};

// Rework, scrap, waiver, comment: about the unit where its id is known, else about the visit's last attempt.
struct Decide {
  Subject subject;
  db::Verdict verdict = db::Verdict::comment;
  std::string author;
  std::string reason;
};

struct OpenOrder {
  db::JobOpened job;  // `at` is filled in
};

struct CloseOrder {
  std::string order;
  std::string operator_name;
  std::string reason;
};

// Something an operator did or saw: "slot-disabled", "signed-in". `at` is filled in.
struct EventEntry {
  db::Event event;
};

using Entry = std::variant<PairLabel, Decide, OpenOrder, CloseOrder, EventEntry>;

struct OnRecord {
  db::Record row;
  bool was_there = false;   // before, exactly so; nothing was written
  std::string signature{};  // of JobClosed::certificate, the text of a .minisig file
};
struct Refused {
  std::string sentence;        // what is wrong and what to do; the same for every way to ask
  std::string at_the_shell{};  // how that is done on the command line: a sentence, or empty
};
// Both, for who asked by the command line.
inline std::string at_the_shell(const Refused& refused) {
  return refused.at_the_shell.empty() ? refused.sentence : refused.sentence + " " + refused.at_the_shell;
}
using EntryResult = std::variant<OnRecord, Refused>;

// By the thread that owns `store`; when it returns OnRecord, the row is on disk. A refusal has written nothing.
// Errors: db::Error.
EntryResult put_on_record(const Entry& entry, db::Store& store);

// How others than the recorder, such as the board, add to the record while a line runs.
class RecordService {
 public:
  virtual ~RecordService() = default;
  // Any thread, also from inside `done`. Entries and the attempts' records come on record in the order in which they
  // were given, and are checked against what was given before them. `done` is called exactly once, on the recorder's
  // thread, which must not be held up: OnRecord after the commit. A refusal harms neither the line nor other entries.
  virtual void enter(Entry entry, std::function<void(EntryResult)> done) = 0;
};

// Waits for the commit, which takes milliseconds. Not from inside a `done`.
EntryResult enter_and_wait(RecordService& service, Entry entry);

}  // namespace station
