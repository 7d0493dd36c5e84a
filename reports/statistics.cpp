#include "reports/statistics.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <numeric>
#include <set>

#include "db/outcome.h"

namespace reports {

namespace {

using namespace std::chrono_literals;
using db::milliseconds;

constexpr std::size_t cycle_bins = 30;
constexpr std::int64_t most_periods = 32;   // that a chart can show
constexpr std::int64_t least_periods = 4;   // that make a course of time
constexpr std::size_t units_to_judge = 10;  // with fewer in a period, its yield says little

db::Time floor_to(db::Time time, milliseconds length) {
  return time - time.time_since_epoch() % length;
}

std::size_t busy_periods(const std::vector<UnitSeen>& units, milliseconds length) {
  std::set<db::Time> busy;
  db::Time before = db::Time::min();
  for (const UnitSeen& unit : units) {
    const db::Time period = floor_to(unit.at, length);
    if (period != before) busy.insert(period);  // mostly they are in order
    before = period;
  }
  return busy.size();
}

// As short as a chart has room for, and as long as it takes to say something about each.
milliseconds period_for(const std::vector<UnitSeen>& units, milliseconds span) {
  constexpr std::array<milliseconds, 12> lengths{1min,    5min,     15min,    1h,        4h,         24h,
                                                 7 * 24h, 28 * 24h, 91 * 24h, 364 * 24h, 1820 * 24h, 9100 * 24h};
  milliseconds chosen = lengths.back();
  for (auto length = lengths.rbegin(); length != lengths.rend(); ++length) {
    if (span / *length >= most_periods) break;
    const bool few_periods = span / chosen < least_periods;
    if (!few_periods && units.size() < units_to_judge * busy_periods(units, *length)) break;
    chosen = *length;
  }
  return chosen;
}

std::vector<Period> periods_of(const std::vector<UnitSeen>& units, milliseconds length) {
  std::vector<Period> periods;
  if (units.empty()) return periods;
  const auto [first, last] = std::ranges::minmax_element(units, {}, &UnitSeen::at);
  const db::Time begin = floor_to(first->at, length);
  for (db::Time at = begin; at <= last->at; at += length) periods.push_back({at, {}, {}});
  for (const UnitSeen& unit : units) {
    if (unit.last == db::Outcome::running) continue;
    Period& period = periods[static_cast<std::size_t>((unit.at - begin) / length)];
    ++period.good.whole;
    ++period.first_pass.whole;
    if (is_good(unit.last)) ++period.good.part;
    if (is_good(unit.first)) ++period.first_pass.part;
  }
  return periods;
}

// The places in their order on the fixture, and for each index of the summarizer where it is there.
std::pair<std::vector<PlaceYield>, std::vector<std::uint32_t>> places_of(const Summarizer& summarizer,
                                                                         const std::vector<UnitSeen>& units) {
  const std::vector<SlotKey>& seen = summarizer.places();
  std::vector<std::uint32_t> order(seen.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, [&seen](std::uint32_t a, std::uint32_t b) {
    const SlotKey &x = seen[a], &y = seen[b];
    if (x.station != y.station) return x.station < y.station;
    return x.port != y.port ? by_number(x.port, y.port) : by_number(x.slot, y.slot);
  });
  std::vector<PlaceYield> places;
  std::vector<std::uint32_t> at(seen.size());
  for (const std::uint32_t index : order) {
    at[index] = static_cast<std::uint32_t>(places.size());
    places.push_back({seen[index], {}, {}, false});
  }
  for (const UnitSeen& unit : units) {
    if (unit.last == db::Outcome::running) continue;
    Share &good = places[at[unit.last_place]].good, &first = places[at[unit.first_place]].first_pass;
    ++good.whole;
    ++first.whole;
    if (is_good(unit.last)) ++good.part;
    if (is_good(unit.first)) ++first.part;
  }
  return {std::move(places), std::move(at)};
}

std::optional<double> median(std::vector<float> values) {
  if (values.empty()) return std::nullopt;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

CycleTimes cycles_of(std::vector<float> seconds, const std::vector<float>& device_times) {
  CycleTimes out;
  if (seconds.empty()) return out;
  out.median = *median(seconds);
  out.device_time = median(device_times);
  // Up to the 99th percentile; a single unit that took minutes must not flatten all the others into one bar.
  const auto far = seconds.begin() + static_cast<std::ptrdiff_t>((seconds.size() - 1) * 99 / 100);
  std::ranges::nth_element(seconds, far);
  const double longest = std::max<double>(*far, 0.001);
  double shortest = *std::ranges::min_element(seconds);
  if (out.device_time) shortest = std::min(shortest, *out.device_time);
  // From zero, unless all of it would stand at the far end.
  if (shortest < longest / 2) shortest = 0;
  const double raw = (longest - shortest * 0.98) / cycle_bins;
  const double scale = std::pow(10, std::floor(std::log10(raw)));
  out.bin_seconds = scale;
  for (const double step : {2.0, 5.0, 10.0}) {
    if (out.bin_seconds < raw) out.bin_seconds = step * scale;
  }
  out.begin = std::floor(shortest * 0.98 / out.bin_seconds) * out.bin_seconds;
  const auto bin = [&out](double value) { return static_cast<std::size_t>((value - out.begin) / out.bin_seconds); };
  out.bins.assign(bin(longest) + 2, 0);
  for (const float one : seconds) ++out.bins[std::min(bin(one), out.bins.size() - 1)];
  return out;
}

std::vector<std::uint64_t> tries_of(const std::vector<UnitSeen>& units) {
  std::vector<std::uint64_t> tries;
  for (const UnitSeen& unit : units) {
    const auto attempts = static_cast<std::size_t>(std::max(unit.attempts, 1));
    if (tries.size() < attempts) tries.resize(attempts);
    ++tries[attempts - 1];
  }
  return tries;
}

}  // namespace

std::pair<double, double> Share::bounds() const {
  if (whole == 0) return {0, 1};
  constexpr double z = 1.959964;  // 95 %, two-sided
  const double n = static_cast<double>(whole), p = value();
  const double middle = p + z * z / (2 * n);
  const double spread = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  const double scale = 1 + z * z / n;
  return {std::max(0.0, (middle - spread) / scale), std::min(1.0, (middle + spread) / scale)};
}

bool by_number(const std::string& a, const std::string& b) {
  const auto digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (!digit(a[i]) || !digit(b[j])) {
      if (a[i] != b[j]) return a[i] < b[j];
      ++i, ++j;
      continue;
    }
    const auto number = [&digit](const std::string& text, std::size_t& at) {
      while (at + 1 < text.size() && text[at] == '0' && digit(text[at + 1])) ++at;
      const std::size_t begin = at;
      while (at < text.size() && digit(text[at])) ++at;
      return text.substr(begin, at - begin);
    };
    const std::string x = number(a, i), y = number(b, j);
    if (x != y) return x.size() != y.size() ? x.size() < y.size() : x < y;
  }
  return a.size() - i < b.size() - j;
}

void Statistician::add(const db::Attempt& attempt) {
  const std::uint32_t place = summarizer_.add(attempt);
  const db::AttemptFinished& finished = attempt.finished;
  if (finished.fault) ++faults_[{finished.fault->code, finished.fault->about}];
  if (finished.outcome == db::Outcome::passed && finished.flash) {
    cycles_.push_back(static_cast<float>((*finished.flash + finished.back.value_or(0ms)).count()) / 1000);
    if (finished.device_time) device_times_.push_back(static_cast<float>(finished.device_time->count()) / 1000);
  }
  ++by_outcome_[static_cast<std::size_t>(finished.outcome)];
  if (!attempt.open) timeline_.push_back({place, attempt.started.at, finished.at, finished.outcome});
  const Judged judged{attempt.installation, attempt.visit.port, finished.outcome, place};
  if (place == first_at_.size()) first_at_.push_back(judged);
  if (const auto before = visits_.add(attempt, judged)) judge(*before);
}

void Statistician::judge(const Judged& last) {
  if (!make_test_ || !counts_for_slot(last.outcome)) return;
  std::unique_ptr<SlotTest>& test = tests_[last.station];
  if (!test) test = make_test_();
  test->judged(last.port, !is_good(last.outcome));
}

std::vector<bool> Statistician::suspects() {
  for (const Judged& last : visits_.rest()) judge(last);
  std::vector<bool> all;
  for (const Judged& place : first_at_) {
    const auto test = tests_.find(place.station);
    all.push_back(test != tests_.end() && test->second->is_suspect(place.port));
  }
  return all;
}

Statistics Statistician::statistics() {
  const std::vector<UnitSeen> units = summarizer_.units();
  Statistics out;
  out.summary = summarizer_.summary();
  if (out.summary.first) out.period = period_for(units, *out.summary.last - *out.summary.first);
  out.periods = periods_of(units, out.period);
  for (const auto& [key, count] : faults_) out.faults.push_back({key.first, key.second, count});
  std::ranges::stable_sort(out.faults, std::ranges::greater{}, &FaultCount::attempts);
  auto [places, at] = places_of(summarizer_, units);
  out.places = std::move(places);
  const std::vector<bool> suspect = suspects();
  for (std::size_t i = 0; i < suspect.size(); ++i) out.places[at[i]].suspect = suspect[i];
  out.cycles = cycles_of(cycles_, device_times_);
  out.tries = tries_of(units);
  out.recovered = static_cast<std::uint64_t>(
      std::ranges::count_if(units, [](const UnitSeen& unit) { return unit.attempts > 1 && is_good(unit.last); }));
  out.attempts_by_outcome = by_outcome_;
  out.timeline = timeline_;
  for (Segment& segment : out.timeline) segment.place = at[segment.place];
  return out;
}

}  // namespace reports
