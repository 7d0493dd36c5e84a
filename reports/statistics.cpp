#include "reports/statistics.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

namespace reports {

namespace {

using namespace std::chrono_literals;
using db::milliseconds;

constexpr std::size_t timeline_limit = 2000;  // more cannot be told apart on a page
constexpr std::size_t cycle_bins = 30;
constexpr std::int64_t most_periods = 40;  // bars that a page can show

bool is_good(db::Outcome outcome) {
  return outcome == db::Outcome::passed || outcome == db::Outcome::already;
}

milliseconds period_for(milliseconds span) {
  constexpr std::array<milliseconds, 12> lengths{1min,    5min,     15min,    1h,        4h,         24h,
                                                 7 * 24h, 28 * 24h, 91 * 24h, 364 * 24h, 1820 * 24h, 9100 * 24h};
  for (const milliseconds length : lengths) {
    if (span / length < most_periods) return length;
  }
  return lengths.back();
}

db::Time floor_to(db::Time time, milliseconds length) {
  return time - time.time_since_epoch() % length;
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

std::vector<PlaceYield> places_of(const std::vector<UnitSeen>& units) {
  std::map<std::string, Share> shares;
  for (const UnitSeen& unit : units) {
    if (unit.last == db::Outcome::running) continue;
    Share& share = shares[unit.place];
    ++share.whole;
    if (is_good(unit.last)) ++share.part;
  }
  std::vector<PlaceYield> places;
  for (const auto& [place, share] : shares) places.push_back({place, share});
  std::ranges::sort(places, by_number, &PlaceYield::place);
  return places;
}

std::optional<double> median(std::vector<float> values) {
  if (values.empty()) return std::nullopt;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

CycleTimes cycles_of(std::vector<float> seconds, const std::vector<float>& floors) {
  CycleTimes out;
  if (seconds.empty()) return out;
  out.median = *median(seconds);
  out.floor = median(floors);
  // Up to the 99th percentile; a single unit that took minutes must not flatten all the others into one bar.
  const auto far = seconds.begin() + static_cast<std::ptrdiff_t>((seconds.size() - 1) * 99 / 100);
  std::ranges::nth_element(seconds, far);
  const double longest = std::max<double>(*far, 0.001);
  const double raw = longest / cycle_bins;
  const double scale = std::pow(10, std::floor(std::log10(raw)));
  out.bin_seconds = scale;
  for (const double step : {2.0, 5.0, 10.0}) {
    if (out.bin_seconds < raw) out.bin_seconds = step * scale;
  }
  out.bins.assign(static_cast<std::size_t>(longest / out.bin_seconds) + 2, 0);
  for (const float one : seconds)
    ++out.bins[std::min(static_cast<std::size_t>(one / out.bin_seconds), out.bins.size() - 1)];
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
  summarizer_.add(attempt);
  const db::AttemptFinished& finished = attempt.finished;
  if (finished.fault) ++faults_[{finished.fault->code, finished.fault->about}];
  if (finished.outcome == db::Outcome::passed && finished.flash) {
    cycles_.push_back(static_cast<float>((*finished.flash + finished.back.value_or(0ms)).count()) / 1000);
    if (finished.floor) floors_.push_back(static_cast<float>(finished.floor->count()) / 1000);
  }
  if (attempt.open) return;
  timeline_.push_back({attempt.visit.slot.empty() ? attempt.visit.port : attempt.visit.slot, attempt.started.at,
                       finished.at, finished.outcome});
  if (timeline_.size() <= timeline_limit) return;
  timeline_.pop_front();
  timeline_cut_ = true;
}

Statistics Statistician::statistics() const {
  const std::vector<UnitSeen> units = summarizer_.units();
  Statistics out;
  out.summary = summarizer_.summary();
  if (out.summary.first) out.period = period_for(*out.summary.last - *out.summary.first);
  out.periods = periods_of(units, out.period);
  for (const auto& [key, count] : faults_) out.faults.push_back({key.first, key.second, count});
  std::ranges::stable_sort(out.faults, std::ranges::greater{}, &FaultCount::attempts);
  out.places = places_of(units);
  out.cycles = cycles_of(cycles_, floors_);
  out.tries = tries_of(units);
  out.timeline.assign(timeline_.begin(), timeline_.end());
  out.timeline_cut = timeline_cut_;
  return out;
}

}  // namespace reports
