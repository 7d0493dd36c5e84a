#include "reports/contents.h"

namespace reports {

namespace {

// Of one that a crash ended, and of one that is running, no step is on record: it may have written anywhere.
bool may_have_written_anywhere(const db::Attempt& attempt) {
  const db::Outcome outcome = attempt.finished.outcome;
  return (outcome == db::Outcome::interrupted || outcome == db::Outcome::running) && attempt.finished.steps.empty();
}

}  // namespace

void Contents::add(const db::Attempt& attempt, const std::function<bool(const db::Image&)>& wanted) {
  if (may_have_written_anywhere(attempt)) {
    held_.clear();
    lost_ = true;
    return;
  }
  for (const db::Step& step : attempt.finished.steps) {
    if (!step.readback && step.written_bytes == 0 && step.erased_sectors == 0) continue;  // not come so far
    forget(step.address, step.bytes);
    if (!step.readback) continue;
    lost_ = false;
    if (!wanted(*step.image)) continue;
    held_[step.address] = {
        step.address, step.bytes, step.name, step.image, *step.readback, attempt.finished.at, attempt.started.attempt};
  }
}

// What overlaps is not what it was.
void Contents::forget(std::int64_t address, std::int64_t bytes) {
  std::erase_if(held_, [&](const auto& entry) {
    const Held& held = entry.second;
    return held.address < address + bytes && address < held.address + held.bytes;
  });
}

std::vector<Held> Contents::now() const {
  std::vector<Held> all;
  for (const auto& [address, held] : held_) all.push_back(held);
  return all;
}

}  // namespace reports
