#include "reports/summary.h"

#include <algorithm>

namespace reports {

namespace {

std::optional<double> ratio(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

bool is_good(db::Outcome outcome) {
  return outcome == db::Outcome::passed || outcome == db::Outcome::already;
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

std::size_t Summarizer::unit_of(const db::Attempt& attempt, std::uint32_t place) {
  const std::string& id = attempt.finished.unit;
  const auto visit = by_visit_.find(attempt.visit.visit);
  const auto same_id = id.empty() ? by_id_.end() : by_id_.find(id);
  const bool visit_known = visit != by_visit_.end();
  const bool id_known = same_id != by_id_.end();
  std::size_t unit = units_.size();
  if (visit_known && id_known) {
    const auto [earlier, later] = std::minmax({root(visit->second), root(same_id->second)});
    if (later != earlier) units_[earlier].seen.attempts += units_[later].seen.attempts;
    units_[later].same_as = earlier;
    unit = earlier;
  } else if (visit_known || id_known) {
    unit = root(visit_known ? visit->second : same_id->second);
  } else {
    const db::Outcome outcome = attempt.finished.outcome;
    units_.push_back({unit, {outcome, outcome, attempt.started.at, place, place, 0}});
  }
  by_visit_[attempt.visit.visit] = unit;
  if (!id.empty()) by_id_[id] = unit;
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
  UnitSeen& unit = units_[unit_of(attempt, place)].seen;
  unit.last = attempt.finished.outcome;
  unit.last_place = place;
  ++unit.attempts;
  ++counts_.attempts;
  if (!counts_.first || attempt.started.at < *counts_.first) counts_.first = attempt.started.at;
  if (!counts_.last || attempt.finished.at > *counts_.last) counts_.last = attempt.finished.at;
  return place;
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
