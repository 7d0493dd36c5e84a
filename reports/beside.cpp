#include "reports/beside.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>
#include <utility>

namespace reports {

namespace {

bool is_by_time_only(const db::Filter& filter) {
  return !filter.job && !filter.lot && !filter.recipe && !filter.image && !filter.unit && !filter.slot &&
         !filter.operator_name && !filter.outcome && !filter.attempt && !filter.visit;
}

std::string operator_of(const db::Event& event) {
  const auto facts = QJsonDocument::fromJson(QByteArray::fromStdString(event.facts)).object();
  return facts.value("operator").toString().toStdString();
}

}  // namespace

Selection::Selection(db::Filter filter)
    : filter_(std::move(filter)),
      by_time_only_(is_by_time_only(filter_)),
      everything_(by_time_only_ && !filter_.since && !filter_.until) {}

void Selection::add(const db::Attempt& attempt) {
  if (everything_) return;
  first_ = std::min(first_.value_or(attempt.started.at), attempt.started.at);
  last_ = std::max(last_.value_or(attempt.finished.at), attempt.finished.at);
  attempts_.insert(attempt.started.attempt);
  if (attempt.run) runs_.insert(attempt.run->id);
  if (!attempt.finished.unit.empty()) units_.insert(attempt.finished.unit);
}

bool Selection::in_time(db::Time at) const {
  return (!filter_.since || *filter_.since <= at) && (!filter_.until || at < *filter_.until);
}

bool Selection::asks_for(const db::Event& event) const {
  if (filter_.job && event.about == *filter_.job) return true;
  if (filter_.slot && event.about == *filter_.slot) return true;
  if (filter_.unit && (event.about == *filter_.unit || units_.contains(event.about))) return true;
  return filter_.operator_name && operator_of(event) == *filter_.operator_name;
}

bool Selection::meanwhile(const db::Event& event, const db::Source& source) const {
  const bool of_line =
      event.about.empty() || event.about == "line" || event.about == source.station || event.kind.starts_with("clock");
  return of_line && !event.attempt && first_ && *first_ <= event.at && event.at <= *last_;
}

bool Selection::has(const db::Event& event, const db::Source& source) const {
  if (everything_ || (event.attempt && attempts_.contains(*event.attempt))) return true;
  if (!in_time(event.at)) return false;
  return by_time_only_ || asks_for(event) || meanwhile(event, source);
}

bool Selection::has(const db::Disposition& decision) const {
  if (everything_ || (by_time_only_ && in_time(decision.at))) return true;
  return decision.attempt ? attempts_.contains(*decision.attempt) : units_.contains(decision.unit);
}

bool Selection::has(const db::Run& run) const {
  return everything_ || runs_.contains(run.id) || (by_time_only_ && in_time(run.at));
}

}  // namespace reports
