#include "station/record/entry.h"

#include <algorithm>
#include <future>

#include "config/label_pattern.h"
#include "db/lookup.h"
#include "db/reader.h"
#include "reports/printable.h"
#include "station/record/anchor_text.h"
#include "station/record/certificate.h"

namespace station {

namespace {

constexpr const char* kAgainAtTheShell = "Add --again.";
constexpr std::size_t longest_label = 200;  // bytes; what a scanner reads is shorter, a page of text is a mistake

std::string place_of(const db::KnownVisit& known) {
  const db::VisitStarted& visit = known.visit;
  return (visit.slot.empty() ? visit.port : visit.slot) + " at " + utc(visit.at);
}

std::optional<db::KnownVisit> find(const Subject& subject, db::Lookup& lookup) {
  struct Find {
    db::Lookup& lookup;

    std::optional<db::KnownVisit> operator()(const ThisVisit& it) const { return lookup.visit(it.visit); }
    std::optional<db::KnownVisit> operator()(const ThisAttempt& it) const { return lookup.visit_of(it.attempt); }
    std::optional<db::KnownVisit> operator()(const LastIn& it) const { return lookup.last_in(it.slot); }
    std::optional<db::KnownVisit> operator()(const ThisUnit& it) const {
      if (const auto by_id = lookup.last_of(it.unit)) return by_id;
      const auto by_label = lookup.labelled(it.unit);
      return by_label.empty() ? std::nullopt : std::optional(by_label.front());
    }
  };
  return std::visit(Find{lookup}, subject);
}

Refused unknown(const Subject& subject) {
  struct Say {
    std::string operator()(const ThisVisit& it) const { return "visit " + db::to_string(it.visit); }
    std::string operator()(const ThisAttempt& it) const { return "attempt " + db::to_string(it.attempt); }
    std::string operator()(const ThisUnit& it) const { return "unit with the id or label " + it.unit; }
    std::string operator()(const LastIn& it) const { return "unit in a slot or port " + it.slot; }
  };
  return {"this station's record knows no " + std::visit(Say{}, subject) + "."};
}

// What a person reads off a unit or a paper. `what`: "label". Empty: it is good.
std::string bad_text(const std::string& what, const std::string& text) {
  if (text.empty()) return "The " + what + " is empty. Scan or type it.";
  if (text.size() > longest_label) {
    return "The " + what + " is longer than " + std::to_string(longest_label) + " bytes. Give a shorter one.";
  }
  if (reports::printable(text) != text) {
    return "The " + what + " has characters that cannot be shown: " + reports::printable(text) +
           ". Scan or type it again.";
  }
  return {};
}

// It may be one that came with a merge or an import.
Refused unknown_order(const std::string& order, const std::string& database) {
  const std::vector<db::WorkOrder> others = db::Reader(database).jobs_of_all(order);
  if (others.empty()) return {"there is no order " + order + ".", "`flashline job list` names them."};
  return {"order " + order + " belongs to station " + others.front().station +
          ", whose rows were taken over into this record. Only that station can close it."};
}

EntryResult committed(db::Store& store, db::Record row) {
  store.append(row);
  return OnRecord{std::move(row)};
}

bool same_unit(const db::KnownVisit& one, const db::KnownVisit& other) {
  return !one.unit.empty() && one.unit == other.unit;
}

struct Write {
  db::Store& store;

  EntryResult operator()(const PairLabel& entry) const {
    if (const std::string problem = bad_text("label", entry.label); !problem.empty()) return Refused{problem};
    if (!config::matches_label_pattern(entry.label, entry.pattern)) {
      return Refused{"label " + entry.label + " does not match the pattern of this station's labels (" + entry.pattern +
                     "). Scan it again; if the scanner types wrong characters, set its keyboard layout."};
    }
    db::Lookup lookup(store.path());
    const std::optional<db::KnownVisit> known = find(entry.subject, lookup);
    if (!known) return unknown(entry.subject);
    const db::Labelled row{db::now(), known->visit.visit, entry.label, entry.author};
    if (known->label == entry.label) return OnRecord{row, true};
    if (!entry.again) {
      if (!known->label.empty()) {
        return Refused{"the unit in " + place_of(*known) + " has the label " + known->label +
                           " already. If that was a mistake, say that the new label takes its place.",
                       kAgainAtTheShell};
      }
      for (const db::KnownVisit& other : lookup.labelled(entry.label)) {
        if (same_unit(other, *known)) continue;
        return Refused{"label " + entry.label + " was given to the unit in " + place_of(other) +
                           ". If it is the same unit, or that was a mistake, say so.",
                       kAgainAtTheShell};
      }
    }
    return committed(store, row);
  }

  EntryResult operator()(const Decide& entry) const {
    if (entry.author.empty() || entry.reason.empty()) return Refused{"a decision needs its author and its reason."};
    db::Disposition row{db::now(), {}, {}, entry.verdict, entry.author, entry.reason};
    db::Lookup lookup(store.path());
    const std::optional<db::KnownVisit> known = find(entry.subject, lookup);
    if (!known) return unknown(entry.subject);
    const auto* attempt = std::get_if<ThisAttempt>(&entry.subject);
    if (attempt) {
      row.attempt = attempt->attempt;
    } else if (!known->unit.empty()) {
      row.unit = known->unit;
    } else {
      row.attempt = known->attempt;
    }
    if (!row.attempt && row.unit.empty()) return Refused{"the unit in " + place_of(*known) + " was never begun."};
    return committed(store, row);
  }

  EntryResult operator()(const OpenOrder& entry) const {
    if (const std::string problem = bad_text("order number", entry.job.order); !problem.empty()) {
      return Refused{problem};
    }
    if (entry.job.quantity < 1) return Refused{"an order is for one unit or more."};
    if (db::Reader(store.path()).job(entry.job.order)) {
      return Refused{"there is an order " + entry.job.order +
                     " already. An order number is used once; choose another one."};
    }
    db::JobOpened row = entry.job;
    row.at = db::now();
    const db::Time now = db::later_of(store.latest(), row.at);
    if (row.until && *row.until <= now) {
      return Refused{"the order is to end at " + utc(*row.until) + ", and now it is " + utc(now) +
                         (now == row.at ? "" : " (by the record; the clock is behind it)") +
                         ". Give a later time, or set the clock.",
                     "The time is given with --until."};
    }
    return committed(store, row);
  }

  EntryResult operator()(const CloseOrder& entry) const {
    const std::optional<db::WorkOrder> job = db::Reader(store.path()).job(entry.order);
    if (!job) return unknown_order(entry.order, store.path());
    if (job->closed) return Refused{"order " + entry.order + " was closed at " + utc(job->closed->at) + "."};
    const db::JobClosed row = closing_of(*job, store.path(), store, entry.operator_name, entry.reason);
    store.append(row);
    return OnRecord{row, false, store.key().sign(row.certificate, "flashline certificate " + row.order)};
  }

  EntryResult operator()(const EventEntry& entry) const {
    if (entry.event.kind.empty()) return Refused{"an event needs a kind."};
    db::Event row = entry.event;
    row.at = db::now();
    return committed(store, row);
  }
};

}  // namespace

EntryResult put_on_record(const Entry& entry, db::Store& store) {
  return std::visit(Write{store}, entry);
}

EntryResult enter_and_wait(RecordService& service, Entry entry) {
  std::promise<EntryResult> answer;
  service.enter(std::move(entry), [&answer](EntryResult result) { answer.set_value(std::move(result)); });
  return answer.get_future().get();
}

}  // namespace station
