#include "reports/summary.h"

#include <algorithm>
#include <cstring>

#include "db/outcome.h"

namespace reports {

namespace {

std::optional<double> ratio(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::optional<double> Summary::yield() const {
  return ratio(good(), with_verdict());
}
std::optional<double> Summary::first_pass_yield() const {
  return ratio(first_pass, with_verdict());
}
std::optional<double> Summary::attempts_per_unit() const {
  return ratio(attempts, units);
}

std::size_t Summarizer::root(std::size_t unit) const {
  while (units_[unit].same_as != unit) unit = units_[unit].same_as;
  return unit;
}

// The last bytes of a UUIDv7 are random.
std::size_t UuidHash::operator()(const db::Uuid& uuid) const {
  std::size_t hash = 0;
  std::memcpy(&hash, uuid.bytes.data() + uuid.bytes.size() - sizeof hash, sizeof hash);
  return hash;
}

std::string_view Summarizer::kept(const std::string& id) {
  char* copy = std::pmr::polymorphic_allocator<char>(&memory_).allocate(id.size());
  return {copy, id.copy(copy, id.size())};
}

std::size_t Summarizer::unit_of(const db::Outline& attempt, std::uint32_t place) {
  const auto [visit, new_visit] = by_visit_.try_emplace(attempt.visit, units_.size());
  auto same_id = by_id_.end();
  bool new_id = true;
  if (!attempt.unit.empty()) {
    same_id = by_id_.find(attempt.unit);
    new_id = same_id == by_id_.end();
    if (new_id) same_id = by_id_.emplace(kept(attempt.unit), units_.size()).first;
  }
  std::size_t unit = units_.size();
  if (!new_visit && !new_id) {
    const auto [earlier, later] = std::minmax({root(visit->second), root(same_id->second)});
    if (later != earlier) units_[earlier].seen.attempts += units_[later].seen.attempts;
    units_[later].same_as = earlier;
    unit = earlier;
  } else if (!new_visit || !new_id) {
    unit = root(new_visit ? same_id->second : visit->second);
  } else {
    units_.push_back({unit, {attempt.outcome, attempt.outcome, attempt.started, place, place, 0}});
  }
  visit->second = unit;
  if (same_id != by_id_.end()) same_id->second = unit;
  return unit;
}

std::uint32_t Summarizer::place_of(const db::Attempt& attempt) {
  const auto [found, added] =
      by_place_.try_emplace({attempt.station, attempt.visit.port, attempt.visit.slot}, places_.size());
  if (added) places_.push_back(found->first);
  return found->second;
}

std::uint32_t Summarizer::add(const db::Attempt& attempt) {
  const std::uint32_t place = place_of(attempt);
  const db::AttemptFinished& finished = attempt.finished;
  add({attempt.started.attempt, attempt.visit.visit, attempt.started.at, finished.at, finished.outcome, finished.unit},
      place);
  return place;
}

void Summarizer::add(const db::Outline& attempt) {
  add(attempt, 0);
}

void Summarizer::add(const db::Outline& attempt, std::uint32_t place) {
  UnitSeen& unit = units_[unit_of(attempt, place)].seen;
  unit.last = attempt.outcome;
  unit.last_place = place;
  ++unit.attempts;
  ++counts_.attempts;
  if (!counts_.first || attempt.started < *counts_.first) counts_.first = attempt.started;
  if (!counts_.last || attempt.ended > *counts_.last) counts_.last = attempt.ended;
}

std::vector<UnitSeen> Summarizer::units() const {
  std::vector<UnitSeen> all;
  for (std::size_t i = 0; i < units_.size(); ++i) {
    if (units_[i].same_as == i) all.push_back(units_[i].seen);
  }
  return all;
}

Summary Summarizer::summary() const {
  Summary summary = counts_;
  for (std::size_t i = 0; i < units_.size(); ++i) {
    if (units_[i].same_as != i) continue;
    ++summary.units;
    ++summary.units_by_outcome[static_cast<std::size_t>(units_[i].seen.last)];
    if (is_good(units_[i].seen.first)) ++summary.first_pass;
  }
  return summary;
}

}  // namespace reports
