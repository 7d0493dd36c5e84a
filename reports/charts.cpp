#include "reports/charts.h"

#include <QString>
#include <algorithm>
#include <cmath>

#include "reports/attempt_json.h"
#include "reports/drawing.h"

namespace reports {

namespace {

constexpr std::size_t shown_faults = 8;
constexpr double chart_height = 220;

// Of what is begun in them, from the first to beyond the last.
TimeAxis axis_of_periods(Drawing& drawing, const Statistics& statistics) {
  return time_axis(drawing, statistics.periods.front().begin, statistics.periods.back().begin + statistics.period,
                   top_margin, drawing.height() - bottom_margin);
}

double period_width(const Statistics& statistics) {
  return (half_width - left_margin - right_margin) / static_cast<double>(statistics.periods.size());
}

// One series of the yields: a line through the shares, and the bounds of each. Where nothing was made it is broken.
void draw_shares(Drawing& drawing, const Statistics& statistics, const Axis& axis, const TimeAxis& time,
                 Share Period::*share, const char* name, const char* kind, double aside) {
  std::string line;
  std::vector<std::pair<double, const Period*>> dots;
  bool open = false;
  for (const Period& period : statistics.periods) {
    const Share& here = period.*share;
    const double x = time.at(period.begin + statistics.period / 2) + aside;
    if (here.whole > 0) {
      line += (open ? " L" : " M") + number(x) + " " + number(axis.at(here.value() * 100));
      dots.emplace_back(x, &period);
    }
    open = here.whole > 0;
  }
  drawing.path(line, std::string("course ") + kind);
  for (const auto& [x, period] : dots) {
    const Share& here = period->*share;
    const auto [low, high] = here.bounds();
    const std::string tip = minute(period->begin) + ", " + name + " " + share_text(here);
    drawing.line(x, axis.at(low * 100), x, axis.at(high * 100), std::string("whisker ") + kind, tip);
    drawing.dot(x, axis.at(here.value() * 100), kind, tip);
  }
}

// One bar a row with its name before and its figures behind.
struct Bar {
  std::string name;
  std::uint64_t count = 0;
  std::string kind, behind;
};

std::string bar_chart(const std::string& title, const std::vector<Bar>& bars, double names) {
  constexpr double row = 26, figures = 130;
  const double room = half_width - names - figures;
  std::uint64_t most = 1;
  for (const Bar& bar : bars) most = std::max(most, bar.count);
  Drawing drawing(row * static_cast<double>(bars.size()) + 6, title);
  double y = 3;
  for (const Bar& bar : bars) {
    const double length = room * static_cast<double>(bar.count) / static_cast<double>(most);
    drawing.text(names - 8, y + 17, bar.name, "label end");
    drawing.rect(names, y + 3, length, row - 7, bar.kind, bar.name + ": " + bar.behind);
    drawing.text(names + length + 7, y + 17, bar.behind, "label strong");
    y += row;
  }
  return std::move(drawing).done();
}

std::string count_and_share(std::uint64_t count, std::uint64_t all) {
  return std::to_string(count) + ", " + percent(Share{count, all}.value());
}

}  // namespace

const char* outcome_kind(db::Outcome outcome) {
  switch (outcome) {
    case db::Outcome::passed:
    case db::Outcome::already:
      return "good";
    case db::Outcome::failed:
      return "bad";
    case db::Outcome::error:
    case db::Outcome::interrupted:
      return "odd";
    case db::Outcome::cancelled:
    case db::Outcome::running:
      return "idle";
  }
  return "idle";
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
    }
  }
  return out;
}

std::string escaped_lines(const std::string& text) {
  std::string out;
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    out += escaped(text.substr(begin, end - begin)) + "\n";
    begin = end + 1;
  }
  return out + escaped(text.substr(begin));
}

std::string second(db::Time time) {
  return rfc3339(time).left(19).replace('T', ' ').toStdString();
}

std::string minute(db::Time time) {
  return second(time).substr(0, 16);
}

std::string percent(double value) {
  return number(value * 100) + " %";
}

std::string share_text(const Share& share) {
  const auto [low, high] = share.bounds();
  return percent(share.value()) + " (" + std::to_string(share.part) + " of " + std::to_string(share.whole) +
         "; 95 %: " + percent(low) + " to " + percent(high) + ")";
}

std::string yield_chart(const Statistics& statistics) {
  if (statistics.periods.empty()) return nothing("No unit has a verdict.");
  double lowest = 1;
  for (const Period& period : statistics.periods) {
    if (period.good.whole > 0) lowest = std::min(lowest, period.first_pass.bounds().first);
  }
  Drawing drawing(chart_height, "Yield and first-pass yield over time, with 95 % bounds");
  const Axis axis = vertical_axis(drawing, std::min(std::floor(lowest * 20) * 5, 90.0), 100, " %");
  const TimeAxis time = axis_of_periods(drawing, statistics);
  const double aside = std::min(period_width(statistics) / 6, 6.0);
  draw_shares(drawing, statistics, axis, time, &Period::first_pass, "first-pass yield", "second", aside);
  draw_shares(drawing, statistics, axis, time, &Period::good, "yield", "first", -aside);
  return std::move(drawing).done();
}

std::string output_chart(const Statistics& statistics) {
  if (statistics.periods.empty()) return nothing("No unit has a verdict.");
  const double hours = std::chrono::duration<double, std::ratio<3600>>(statistics.period).count();
  double most = 1;
  for (const Period& period : statistics.periods) most = std::max(most, static_cast<double>(period.good.part) / hours);
  Drawing drawing(chart_height, "Good units per hour");
  const Axis axis = vertical_axis(drawing, 0, most, "");
  const TimeAxis time = axis_of_periods(drawing, statistics);
  const double step = period_width(statistics);
  for (const Period& period : statistics.periods) {
    const double rate = static_cast<double>(period.good.part) / hours;
    if (period.good.part == 0) continue;
    drawing.rect(
        time.at(period.begin) + step * 0.12, axis.at(rate), step * 0.76, axis.low - axis.at(rate), "good",
        minute(period.begin) + ": " + std::to_string(period.good.part) + " good units, " + number(rate) + " per hour");
  }
  return std::move(drawing).done();
}

std::string fault_chart(const Statistics& statistics) {
  if (statistics.faults.empty()) return nothing("No attempt had a fault.");
  std::uint64_t all = 0, sum = 0;
  for (const FaultCount& fault : statistics.faults) all += fault.attempts;
  std::vector<Bar> bars;
  for (const FaultCount& fault : statistics.faults) {
    if (bars.size() == shown_faults) break;
    sum += fault.attempts;
    bars.push_back({fault.code + " (" + fault.about + ")", fault.attempts, "bad",
                    std::to_string(fault.attempts) + ", \u2211 " + percent(Share{sum, all}.value())});
  }
  std::string out = bar_chart("Attempts by fault, most frequent first", bars, 200);
  if (bars.size() < statistics.faults.size()) {
    out += nothing(std::to_string(statistics.faults.size() - bars.size()) + " rarer codes are not shown.");
  }
  return out;
}

std::string outcome_chart(const Statistics& statistics) {
  std::vector<Bar> bars;
  for (std::size_t i = 0; i < statistics.attempts_by_outcome.size(); ++i) {
    const std::uint64_t count = statistics.attempts_by_outcome[i];
    const auto outcome = static_cast<db::Outcome>(i);
    if (count == 0) continue;
    bars.push_back({std::string(to_string(outcome)), count, outcome_kind(outcome),
                    count_and_share(count, statistics.summary.attempts)});
  }
  return bars.empty() ? nothing("No attempts.") : bar_chart("Attempts by outcome", bars, 90);
}

std::string cycle_chart(const Statistics& statistics) {
  const CycleTimes& cycles = statistics.cycles;
  if (cycles.bins.empty()) return nothing("No attempt passed.");
  const double most = static_cast<double>(*std::ranges::max_element(cycles.bins));
  Drawing drawing(chart_height, "Cycle times of passed attempts");
  const Axis axis = vertical_axis(drawing, 0, most, "");
  const double end = cycles.begin + cycles.bin_seconds * static_cast<double>(cycles.bins.size());
  const Axis along{cycles.begin, end, left_margin, half_width - right_margin};
  const double step = along.at(cycles.begin + cycles.bin_seconds) - along.low;
  const std::size_t every = (cycles.bins.size() + 7) / 8;
  for (std::size_t i = 0; i < cycles.bins.size(); ++i) {
    const double from = cycles.begin + cycles.bin_seconds * static_cast<double>(i);
    const double height = axis.low - axis.at(static_cast<double>(cycles.bins[i]));
    const bool last = i + 1 == cycles.bins.size();
    if (cycles.bins[i] > 0) {
      drawing.rect(along.at(from) + 1, axis.low - height, step - 2, height, "good",
                   number(from, 2) + (last ? " s and more: " : " s: ") + std::to_string(cycles.bins[i]));
    }
    if (i % every == 0) {
      drawing.text(along.at(from), axis.low + 18, number(from, cycles.bin_seconds < 0.1 ? 2 : 1) + " s",
                   "label middle");
    }
  }
  if (cycles.device_time && *cycles.device_time >= cycles.begin && *cycles.device_time < end) {
    const double x = along.at(*cycles.device_time);
    drawing.line(x, top_margin, x, axis.low, "floor");
    drawing.text(x + 5, top_margin + 12, "device time " + number(*cycles.device_time, 2) + " s", "label strong");
  }
  return std::move(drawing).done();
}

std::string tries_chart(const Statistics& statistics) {
  if (statistics.tries.empty()) return nothing("No units.");
  std::vector<Bar> bars;
  std::uint64_t again = 0;
  for (std::size_t i = 0; i < statistics.tries.size(); ++i) {
    const std::uint64_t units = statistics.tries[i];
    if (units == 0) continue;
    if (i > 0) again += units;
    bars.push_back({std::to_string(i + 1) + (i == 0 ? " attempt" : " attempts"), units, i == 0 ? "good" : "odd",
                    count_and_share(units, statistics.summary.units)});
  }
  std::string out = bar_chart("Units by how many attempts they had", bars, 90);
  out += "<p class=key>" + std::to_string(again) + " of " + std::to_string(statistics.summary.units) +
         " units had more than one attempt; " + std::to_string(statistics.recovered) +
         " of them are good in the end.</p>\n";
  return out;
}

}  // namespace reports
