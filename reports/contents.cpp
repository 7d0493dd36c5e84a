#include "reports/contents.h"

#include <algorithm>

namespace reports {

namespace {

// Of one that a crash ended, and of one that is running, no step is on record: it may have written anywhere.
bool may_have_written_anywhere(const Proof& proof) {
  return (proof.outcome == db::Outcome::interrupted || proof.outcome == db::Outcome::running) && proof.steps.empty();
}

}  // namespace

void Contents::add(const Proof& proof, const std::function<bool(const db::Image&)>& wanted) {
  if (may_have_written_anywhere(proof)) {
    held_.clear();
    lost_ = true;
    return;
  }
  for (const db::Step& step : proof.steps) {
    if (!step.readback && step.written_bytes == 0 && step.erased_sectors == 0) continue;  // not come so far
    forget(step.address, step.bytes);
    if (!step.readback) continue;
    lost_ = false;
    if (!wanted(*step.image)) continue;
    const auto place = std::ranges::upper_bound(held_, step.address, {}, &Held::address);
    held_.insert(place, {step.address, step.bytes, step.name, step.image, *step.readback, proof.at, proof.attempt});
  }
}

// What overlaps is not what it was.
void Contents::forget(std::int64_t address, std::int64_t bytes) {
  std::erase_if(
      held_, [&](const Held& held) { return held.address < address + bytes && address < held.address + held.bytes; });
}

}  // namespace reports
