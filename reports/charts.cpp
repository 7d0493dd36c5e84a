#include "reports/charts.h"

#include <QDateTime>
#include <QString>
#include <algorithm>
#include <cmath>

#include "reports/attempt_json.h"

namespace reports {

namespace {

constexpr double width = 720, wide = 1440, left = 56, right = 12, top = 12, bottom = 30;
constexpr std::size_t shown_faults = 10;

std::string number(double value, int digits = 1) {
  return QString::number(value, 'f', digits).toStdString();
}

std::string nothing(const std::string& what) {
  return "<p class=none>" + what + "</p>\n";
}

// A drawing under construction: shapes go in with plain coordinates.
class Drawing {
 public:
  Drawing(double height, const std::string& title, double across = width) : height_(height) {
    out_ = "<svg viewBox='0 0 " + number(across, 0) + " " + number(height, 0) + "' role=img aria-label='" +
           escaped(title) + "'>\n";
  }
  void rect(double x, double y, double w, double h, const std::string& kind, const std::string& tip = {}) {
    out_ += "<rect x='" + number(x) + "' y='" + number(y) + "' width='" + number(std::max(w, 0.5)) + "' height='" +
            number(std::max(h, 0.0)) + "' class='" + kind + "'>" + title(tip) + "</rect>\n";
  }
  void line(double x1, double y1, double x2, double y2, const std::string& kind, const std::string& tip = {}) {
    out_ += "<line x1='" + number(x1) + "' y1='" + number(y1) + "' x2='" + number(x2) + "' y2='" + number(y2) +
            "' class='" + kind + "'>" + title(tip) + "</line>\n";
  }
  void dot(double x, double y, const std::string& kind, const std::string& tip) {
    out_ += "<circle cx='" + number(x) + "' cy='" + number(y) + "' r='4' class='" + kind + "'>" + title(tip) +
            "</circle>\n";
  }
  void text(double x, double y, const std::string& words, const std::string& kind = "label") {
    out_ += "<text x='" + number(x) + "' y='" + number(y) + "' class='" + kind + "'>" + escaped(words) + "</text>\n";
  }
  std::string done() && { return std::move(out_) + "</svg>\n"; }
  double height() const { return height_; }

 private:
  static std::string title(const std::string& tip) {
    return tip.empty() ? std::string() : "<title>" + escaped(tip) + "</title>";
  }

  double height_;
  std::string out_;
};

// A value axis from 0 (or `from`) with a few round marks; returns where a value stands.
struct Axis {
  double from, to, low, high;  // values; and where they are drawn
  double at(double value) const { return low + (value - from) / (to - from) * (high - low); }
};

double round_step(double span, int marks) {
  const double raw = span / marks, scale = std::pow(10, std::floor(std::log10(raw)));
  for (const double step : {1.0, 2.0, 5.0}) {
    if (step * scale >= raw) return step * scale;
  }
  return 10 * scale;
}

Axis vertical_axis(Drawing& drawing, double from, double to, const std::string& unit, int digits = 0) {
  const Axis axis{from, to, drawing.height() - bottom, top};
  const double step = round_step(to - from, 4);
  for (double mark = std::ceil(from / step) * step; mark <= to + step / 1000; mark += step) {
    drawing.line(left, axis.at(mark), width - right, axis.at(mark), "grid");
    drawing.text(left - 6, axis.at(mark) + 4, number(mark, step < 1 ? std::max(digits, 1) : digits) + unit,
                 "label end");
  }
  return axis;
}

double slot_width(std::size_t count) {
  return (width - left - right) / static_cast<double>(std::max<std::size_t>(count, 1));
}

// Dates below a chart whose columns are periods.
void period_labels(Drawing& drawing, const Statistics& statistics) {
  const std::size_t count = statistics.periods.size();
  const std::size_t every = (count + 5) / 6;
  for (std::size_t i = 0; i < count; i += every) {
    const double x = left + slot_width(count) * (static_cast<double>(i) + 0.5);
    const std::string at = minute(statistics.periods[i].begin);
    drawing.text(x, drawing.height() - 10, statistics.period < std::chrono::hours(24) ? at.substr(5) : at.substr(0, 10),
                 "label middle");
  }
}

std::string of(const Share& share) {
  const auto [low, high] = share.bounds();
  return percent(share.value()) + " (" + std::to_string(share.part) + " of " + std::to_string(share.whole) +
         "; 95 %: " + percent(low) + " to " + percent(high) + ")";
}

// "A" of "A12", "1-1" of "1-1.4": what stands together on the fixture.
std::string group_of(const std::string& place) {
  if (const auto dot = place.rfind('.'); dot != std::string::npos) return place.substr(0, dot);
  const auto digits = place.find_last_not_of("0123456789");
  return digits == std::string::npos ? std::string() : place.substr(0, digits + 1);
}

const char* segment_kind(db::Outcome outcome) {
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

}  // namespace

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

std::string minute(db::Time time) {
  return rfc3339(time).left(16).replace('T', ' ').toStdString();
}

std::string percent(double value) {
  return number(value * 100) + " %";
}

std::string yield_chart(const Statistics& statistics) {
  if (statistics.periods.empty()) return nothing("No unit has a verdict.");
  double lowest = 1;
  for (const Period& period : statistics.periods) {
    if (period.good.whole > 0) lowest = std::min(lowest, period.first_pass.bounds().first);
  }
  Drawing drawing(240, "Yield and first-pass yield over time, with 95 % bounds");
  const Axis axis = vertical_axis(drawing, std::floor(lowest * 10) * 10, 100, " %");
  const double step = slot_width(statistics.periods.size());
  for (std::size_t i = 0; i < statistics.periods.size(); ++i) {
    const Period& period = statistics.periods[i];
    if (period.good.whole == 0) continue;
    const double x = left + step * (static_cast<double>(i) + 0.5);
    const auto draw = [&](const Share& share, double at, const char* kind, const char* name) {
      const auto [low, high] = share.bounds();
      const std::string tip = minute(period.begin) + ", " + name + " " + of(share);
      drawing.line(at, axis.at(low * 100), at, axis.at(high * 100), std::string("whisker ") + kind, tip);
      drawing.dot(at, axis.at(share.value() * 100), kind, tip);
    };
    draw(period.first_pass, x + std::min(step / 5, 8.0), "second", "first-pass yield");
    draw(period.good, x - std::min(step / 5, 8.0), "first", "yield");
  }
  period_labels(drawing, statistics);
  return std::move(drawing).done();
}

std::string output_chart(const Statistics& statistics) {
  if (statistics.periods.empty()) return nothing("No unit has a verdict.");
  const double hours = std::chrono::duration<double, std::ratio<3600>>(statistics.period).count();
  double most = 1;
  for (const Period& period : statistics.periods) most = std::max(most, static_cast<double>(period.good.part) / hours);
  Drawing drawing(180, "Good units per hour");
  const Axis axis = vertical_axis(drawing, 0, most, "");
  const double step = slot_width(statistics.periods.size());
  for (std::size_t i = 0; i < statistics.periods.size(); ++i) {
    const Period& period = statistics.periods[i];
    const double rate = static_cast<double>(period.good.part) / hours;
    drawing.rect(left + step * (static_cast<double>(i) + 0.15), axis.at(rate), step * 0.7, axis.low - axis.at(rate),
                 "good", minute(period.begin) + ": " + number(rate) + " good units per hour");
  }
  period_labels(drawing, statistics);
  return std::move(drawing).done();
}

std::string fault_chart(const Statistics& statistics) {
  if (statistics.faults.empty()) return nothing("No attempt had a fault.");
  const std::size_t shown = std::min(statistics.faults.size(), shown_faults);
  std::uint64_t all = 0;
  for (const FaultCount& fault : statistics.faults) all += fault.attempts;
  const double row = 24, names = 190, room = width - names - 110;
  Drawing drawing(static_cast<double>(shown) * row + 8, "Faults by how often they came");
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < shown; ++i) {
    const FaultCount& fault = statistics.faults[i];
    sum += fault.attempts;
    const double y = 4 + row * static_cast<double>(i);
    const double length =
        room * static_cast<double>(fault.attempts) / static_cast<double>(statistics.faults.front().attempts);
    drawing.text(names - 8, y + 16, fault.code + " (" + fault.about + ")", "label end");
    drawing.rect(names, y + 3, length, row - 6, "bad", fault.code + ": " + std::to_string(fault.attempts));
    drawing.text(names + length + 6, y + 16,
                 std::to_string(fault.attempts) + ", " + percent(static_cast<double>(sum) / static_cast<double>(all)) +
                     " so far");
  }
  std::string out = std::move(drawing).done();
  if (shown < statistics.faults.size()) {
    out += nothing(std::to_string(statistics.faults.size() - shown) + " rarer codes are not shown.");
  }
  return out;
}

std::string fixture_chart(const Statistics& statistics) {
  if (statistics.places.empty()) return nothing("No unit has a verdict.");
  std::string out = "<div class=fixture>\n";
  std::string group;
  bool open = false;
  for (const PlaceYield& place : statistics.places) {
    if (!open || group_of(place.place) != group) {
      if (open) out += "</div>\n";
      group = group_of(place.place);
      out += "<div class=hub>";
      open = true;
    }
    const auto [low, high] = place.good.bounds();
    // Worse than all of them together, beyond what chance explains.
    const bool worse = statistics.summary.yield() && high < *statistics.summary.yield();
    out += std::string("<div class='slot") + (worse ? " worse" : "") + "' title='" +
           escaped(place.place + ": " + of(place.good)) + "'><b>" + escaped(place.place) + "</b><span>" +
           percent(place.good.value()) + "</span><small>" + std::to_string(place.good.part) + " of " +
           std::to_string(place.good.whole) + (worse ? " &#9660; below the line" : "") + "</small></div>\n";
  }
  return out + "</div></div>\n";
}

std::string cycle_chart(const Statistics& statistics) {
  const CycleTimes& cycles = statistics.cycles;
  if (cycles.bins.empty()) return nothing("No attempt passed.");
  const double most = static_cast<double>(*std::ranges::max_element(cycles.bins));
  Drawing drawing(200, "Cycle times of passed attempts");
  const Axis axis = vertical_axis(drawing, 0, most, "");
  const Axis along{0, cycles.bin_seconds * static_cast<double>(cycles.bins.size()), left, width - right};
  const double step = slot_width(cycles.bins.size());
  const std::size_t every = (cycles.bins.size() + 9) / 10;
  const int digits = cycles.bin_seconds < 1 ? 1 : 0;
  for (std::size_t i = 0; i < cycles.bins.size(); ++i) {
    const double from = cycles.bin_seconds * static_cast<double>(i);
    const double height = axis.low - axis.at(static_cast<double>(cycles.bins[i]));
    const bool last = i + 1 == cycles.bins.size();
    drawing.rect(along.at(from) + 1, axis.low - height, step - 2, height, "good",
                 number(from, 2) + (last ? " s and more: " : " s: ") + std::to_string(cycles.bins[i]));
    if (i % every == 0)
      drawing.text(along.at(from), drawing.height() - 12, number(from, digits) + " s", "label middle");
  }
  if (cycles.floor && *cycles.floor < along.to) {
    drawing.line(along.at(*cycles.floor), top, along.at(*cycles.floor), axis.low, "floor");
    drawing.text(along.at(*cycles.floor) + 4, top + 10, "floor " + number(*cycles.floor, 2) + " s", "label strong");
  }
  return std::move(drawing).done();
}

std::string tries_chart(const Statistics& statistics) {
  if (statistics.tries.empty()) return nothing("No units.");
  std::string out = "<table class=small><thead><tr><th>Attempts</th><th>Units</th></tr></thead><tbody>\n";
  for (std::size_t i = 0; i < statistics.tries.size(); ++i) {
    if (statistics.tries[i] == 0) continue;
    out += "<tr><td>" + std::to_string(i + 1) + "</td><td>" + std::to_string(statistics.tries[i]) + "</td></tr>\n";
  }
  return out + "</tbody></table>\n";
}

std::string timeline_chart(const Statistics& statistics) {
  if (statistics.timeline.empty()) return nothing("No attempt has ended.");
  std::vector<std::string> places;
  db::Time begin = db::Time::max(), end = db::Time::min();
  for (const Segment& segment : statistics.timeline) {
    places.push_back(segment.place);
    begin = std::min(begin, segment.begin);
    end = std::max(end, segment.end);
  }
  std::ranges::sort(places, by_number);
  places.erase(std::unique(places.begin(), places.end()), places.end());
  const double row = 16;
  Drawing drawing(top + row * static_cast<double>(places.size()) + bottom, "What each slot did, over time", wide);
  const auto span = std::max<double>(1, static_cast<double>((end - begin).count()));
  const auto at = [&](db::Time time) {
    return left + (wide - left - right) * static_cast<double>((time - begin).count()) / span;
  };
  for (std::size_t i = 0; i < places.size(); ++i) {
    const double y = top + row * static_cast<double>(i);
    drawing.text(left - 6, y + 12, places[i], "label end");
    drawing.line(left, y + row, wide - right, y + row, "grid");
  }
  for (const Segment& segment : statistics.timeline) {
    const auto place = std::ranges::lower_bound(places, segment.place, by_number);
    const double y = top + row * static_cast<double>(place - places.begin());
    drawing.rect(at(segment.begin), y + 2, at(segment.end) - at(segment.begin), row - 4, segment_kind(segment.outcome),
                 segment.place + ", " + minute(segment.begin) + ": " + std::string(to_string(segment.outcome)));
  }
  drawing.text(left, drawing.height() - 10, minute(begin));
  drawing.text(wide - right, drawing.height() - 10, minute(end), "label end");
  std::string out = std::move(drawing).done();
  if (statistics.timeline_cut) {
    out += nothing("The last " + std::to_string(statistics.timeline.size()) + " attempts only.");
  }
  return out;
}

}  // namespace reports
