#include "station/output/progress_lines.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

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
  out_.line(fmt::format("flashline {}, station {}", version(), facts.station));
  out_.line("recipe    " + described(facts.recipe.get()));
  out_.line("line      " + facts.line);
  if (facts.quota) out_.line(fmt::format("order     {}, {} to be made", facts.job, facts.quota->left));
  out_.line("record    " + (facts.dry_run ? "none: this is a dry run, nothing is written" : facts.database));
  if (facts.board) {
    const std::string none = "none: --board 127.0.0.1:8080 shows this line in a browser";
    out_.line("board     " + (facts.board->empty() ? none : *facts.board));
  }
  out_.line("");
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
  out_.line(fmt::format("{:7.1f} s  {:<14}  {}", elapsed, place, text));
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
  for (const auto& [port, shown] : by_port_) width = std::max(width, place(port, shown.slot).size());
  out_.line("");
  out_.line(
      fmt::format("{:<{}}  {:<7}  {:>8}  {:>8}  {:>8}", "port", width, "verdict", "flash s", "device s", "attempts"));
  for (const auto& [port, shown] : by_port_) {
    out_.line(fmt::format("{:<{}}  {:<7}  {:>8.2f}  {:>8.2f}  {:>8}  {}", place(port, shown.slot), width,
                          word(shown.verdict), shown.last.flash_seconds, shown.last.floor_seconds, shown.attempts,
                          shown.remark));
  }
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
  out_.line("");
  out_.line(sum_of(end));
  if (!end.records_problem.empty()) out_.line("RECORDS WERE LOST: " + end.records_problem);
  if (!facts_.dry_run) out_.line("report    flashline report --db " + facts_.database);
  if (!facts_.log.empty()) out_.line("log       " + facts_.log);
}

}  // namespace station
