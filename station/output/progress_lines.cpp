#include "station/output/progress_lines.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "reports/printable.h"
#include "station/text.h"
#include "station/version.h"

namespace station {

namespace {

std::string remark(const scheduler::AttemptFinished& finished) {
  if (finished.fault) return sentence(*finished.fault);
  return proof(finished.outcome, finished.verified, finished.booted);
}

}  // namespace

void ProgressLines::started(const RunFacts& facts) {
  facts_ = facts;
  put(fmt::format("flashline {}, station {}", version(), facts.station));
  put("recipe    " + described(facts.recipe.get()));
  put("line      " + facts.line);
  if (facts.quota) put(fmt::format("order     {}, {} to be made", facts.job, facts.quota->left));
  put("record    " + (facts.dry_run ? "none: this is a dry run, nothing is written" : facts.database));
  if (facts.board) {
    const std::string none = "none: --board 127.0.0.1:8080 shows this line in a browser";
    put("board     " + (facts.board->empty() ? none : *facts.board));
  }
  put("");
}

void ProgressLines::put(const std::string& line) {
  out_.raw(folded(reports::printable(line), width_) + "\n");
}

void ProgressLines::stopping(scheduler::StopKind kind) {
  switch (kind) {
    case scheduler::StopKind::drain:
      return say("", "Stopping: units in work are finished first.");
    case scheduler::StopKind::safe_point:
      return say("", "Stopping: units in work stop at a safe point. Once more stops at once.");
    case scheduler::StopKind::at_once:
      return say("", "Stopping at once.");
  }
}

void ProgressLines::say(const std::string& place, const std::string& text) {
  if (only_ == Only::first_and_last) return;
  const double elapsed = std::chrono::duration<double>(Wall::now() - begin_).count();
  put(fmt::format("{:7.1f} s  {:<14}  {}", elapsed, place, text));
}

void ProgressLines::on(const scheduler::Event& event, scheduler::WallTime) {
  std::visit([this](const auto& each) { on_event(each); }, event);
}

// A unit that comes back in application mode is what everybody waits for and needs no line of its own.
void ProgressLines::on_event(const scheduler::UnitArrived&) {}
void ProgressLines::on_event(const scheduler::UnitLeft&) {}

void ProgressLines::on_event(const scheduler::AttemptBegan& event) {
  const scheduler::AttemptStarted& started = event.started;
  say(place(started.port, started.slot),
      started.number == 1 ? "start" : fmt::format("start, attempt {}", started.number));
}

void ProgressLines::on_event(const scheduler::Progress& event) {
  const int quarter = std::clamp(static_cast<int>(event.fraction * 4), 0, 3);
  int& printed = quarters_[event.attempt];
  if (quarter <= printed) return;
  printed = quarter;
  say(place(event.port, event.slot), fmt::format("{:3} %  {} {}", quarter * 25, to_string(event.phase), event.step));
}

// A unit that an earlier run left half-written is told at the start; that it is flashed again now is seen.
bool ProgressLines::is_told_already(const scheduler::Remark& remark) {
  using scheduler::RemarkCode;
  const auto attempt = std::ranges::find(remark.values, "attempt", [](const auto& value) { return value.first; });
  const auto* id = attempt == remark.values.end() ? nullptr : std::get_if<std::string>(&attempt->second);
  if (!id) return false;
  if (remark.code == RemarkCode::partial_at_start) told_at_start_.insert(*id);
  const bool again = remark.code == RemarkCode::partial_same || remark.code == RemarkCode::partial_same_port;
  return again && told_at_start_.contains(*id);
}

// A pass is shown once, with the verdict; a fault is shown at once.
void ProgressLines::on_event(const scheduler::AttemptEnded& event) {
  const scheduler::AttemptFinished& finished = event.finished;
  const scheduler::AttemptStarted& started = finished.started;
  quarters_.erase(started.attempt);
  Shown& shown = by_port_[started.port];
  shown.last = finished;
  shown.remark = remark(finished);
  if (!finished.fault) return;
  say(place(started.port, started.slot),
      fmt::format("attempt {} {}: {}", started.number, scheduler::to_string(finished.outcome), shown.remark));
}

void ProgressLines::on_event(const scheduler::Judged& event) {
  const std::string at = place(event.unit.port, event.slot);
  if (event.refusal) {
    say(at, "REFUSED    " + sentence(*event.refusal));
  } else {
    say(at,
        fmt::format("OK      would write {} bytes in {:.1f} s", grouped(event.bytes_to_write), event.floor_seconds));
  }
}

void ProgressLines::on_event(const scheduler::VerdictReached& event) {
  if (facts_.dry_run) return;  // what was judged has been said
  Shown& shown = by_port_[event.port];
  shown.slot = event.slot;
  shown.verdict = event.outcome;
  shown.attempts = event.attempts;
  std::string text(word(event.outcome));
  if (event.attempts == 0) {
    shown.remark = "not begun";
  } else {
    text += fmt::format("    {:.1f} s", shown.last.flash_seconds + shown.last.return_seconds);
  }
  // A fault was shown when its attempt ended.
  if (!shown.last.fault) text += "    " + shown.remark;
  say(place(event.port, event.slot), text);
}

void ProgressLines::on_event(const scheduler::Remarked& event) {
  if (is_told_already(event.remark)) return;
  say(event.remark.about, "NOTE    " + english(event.remark));
}

// The end of an order is announced in time to bring the next one.
void ProgressLines::on_event(const scheduler::UnitMade& event) {
  constexpr int near_the_end = 10;
  if (event.left > near_the_end) return;
  say("", event.left == 0
              ? "ORDER " + facts_.job + " IS COMPLETE"
              : fmt::format("order {}: {} left", facts_.job, counted(static_cast<std::uint64_t>(event.left), "unit")));
}

void ProgressLines::on_event(const scheduler::JobTaken& event) {
  facts_.job = event.job ? event.job->order : "";
  if (event.without_order) return say("", "NO ORDER, units are flashed without one");
  say("", event.job ? fmt::format("ORDER   {}, {} to be made", facts_.job, event.left) : "NO ORDER, nothing is begun");
}

void ProgressLines::print_table() {
  std::size_t width = 4;
  const auto place_of = [](const auto& one) { return reports::printable(place(one.first, one.second.slot)); };
  for (const auto& one : by_port_) width = std::max(width, place_of(one).size());
  std::string table = fmt::format("\n{:<{}}  {:<7}  {:>8}  {:>8}  {:>8}\n", "port", width, "verdict", "seconds",
                                  "device s", "attempts");
  for (const auto& one : by_port_) {
    const auto& shown = one.second;
    const double seconds = shown.last.flash_seconds + shown.last.return_seconds;
    table += fmt::format("{:<{}}  {:<7}  {:>8.2f}  {:>8.2f}  {:>8}  {}\n", place_of(one), width, word(shown.verdict),
                         seconds, shown.last.floor_seconds, shown.attempts, reports::printable(shown.remark));
  }
  table +=
      "\nseconds: from the first touch of the unit to its verdict, of the last attempt; device s: what the unit itself "
      "needs\n";
  out_.raw(folded(reports::printable(table, reports::Breaks::kept), width_));
}

std::string ProgressLines::sum_of(const RunEnd& end) const {
  const scheduler::Totals& totals = end.totals;
  const auto count = [](int number) { return static_cast<std::uint64_t>(number); };
  const std::string units = counted(count(totals.units), "unit");
  if (facts_.dry_run) {
    return fmt::format("{}: {} would be written, {} already, {} refused, {} cancelled; in {:.1f} s", units,
                       totals.passed, totals.already, totals.failed + totals.error, totals.cancelled, end.seconds);
  }
  return fmt::format("{}: {} passed, {} already, {} failed, {} error, {} cancelled; {} in {:.1f} s", units,
                     totals.passed, totals.already, totals.failed, totals.error, totals.cancelled,
                     counted(count(totals.attempts), "attempt"), end.seconds);
}

void ProgressLines::ended(const RunEnd& end) {
  if (!by_port_.empty() && !facts_.dry_run) print_table();
  put("");
  put(sum_of(end));
  if (!end.records_problem.empty()) put("RECORDS WERE LOST: " + end.records_problem);
  if (!facts_.dry_run) put("report    flashline report --db " + facts_.database);
  if (!facts_.log.empty()) put("log       " + facts_.log);
}

}  // namespace station
