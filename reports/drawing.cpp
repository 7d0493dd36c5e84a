#include "reports/drawing.h"

#include <QString>
#include <algorithm>
#include <array>
#include <cmath>

#include "reports/charts.h"

namespace reports {

namespace {

std::string title_of(const std::string& tip) {
  return tip.empty() ? std::string() : "<title>" + escaped(tip) + "</title>";
}

double round_step(double span, int marks) {
  const double raw = span / marks, scale = std::pow(10, std::floor(std::log10(raw)));
  for (const double step : {1.0, 2.0, 5.0}) {
    if (step * scale >= raw) return step * scale;
  }
  return 10 * scale;
}

db::milliseconds time_step(db::milliseconds span, int marks) {
  using namespace std::chrono_literals;
  constexpr std::array<db::milliseconds, 17> steps{1s,       5s,       15s,       1min,       5min,      15min,
                                                   1h,       4h,       12h,       24h,        2 * 24h,   7 * 24h,
                                                   28 * 24h, 91 * 24h, 364 * 24h, 1820 * 24h, 9100 * 24h};
  for (const db::milliseconds step : steps) {
    if (span / step <= marks) return step;
  }
  return steps.back();
}

bool is_midnight(db::Time time) {
  return time.time_since_epoch() % std::chrono::hours(24) == db::milliseconds(0);
}

// As much of a time as tells it from the mark before.
std::string mark_text(db::Time time, db::milliseconds step) {
  const std::string all = second(time);  // 2026-11-22 06:00:00
  if (is_midnight(time)) return all.substr(0, 10);
  return step < std::chrono::minutes(1) ? all.substr(11) : all.substr(11, 5);
}

}  // namespace

std::string number(double value, int digits) {
  return QString::number(value, 'f', digits).toStdString();
}

std::string nothing(const std::string& what) {
  return "<p class=none>" + what + "</p>\n";
}

Drawing::Drawing(double height, const std::string& title, double width) : height_(height), width_(width) {
  out_ = "<svg viewBox='0 0 " + number(width, 0) + " " + number(height, 0) + "' role=img aria-label='" +
         escaped(title) + "'" + (width > half_width ? " class=wide" : "") + ">\n";
}

void Drawing::rect(double x, double y, double w, double h, const std::string& kind, const std::string& tip) {
  out_ += "<rect x='" + number(x) + "' y='" + number(y) + "' width='" + number(std::max(w, 0.5)) + "' height='" +
          number(std::max(h, 0.0)) + "' class='" + kind + "'>" + title_of(tip) + "</rect>\n";
}

void Drawing::line(double x1, double y1, double x2, double y2, const std::string& kind, const std::string& tip) {
  out_ += "<line x1='" + number(x1) + "' y1='" + number(y1) + "' x2='" + number(x2) + "' y2='" + number(y2) +
          "' class='" + kind + "'>" + title_of(tip) + "</line>\n";
}

void Drawing::dot(double x, double y, const std::string& kind, const std::string& tip) {
  out_ += "<circle cx='" + number(x) + "' cy='" + number(y) + "' r='4.5' class='" + kind + "'>" + title_of(tip) +
          "</circle>\n";
}

void Drawing::text(double x, double y, const std::string& words, const std::string& kind) {
  out_ += "<text x='" + number(x) + "' y='" + number(y) + "' class='" + kind + "'>" + escaped(words) + "</text>\n";
}

void Drawing::path(const std::string& shape, const std::string& kind) {
  if (!shape.empty()) out_ += "<path d='" + shape + "' class='" + kind + "'/>\n";
}

std::string Drawing::done() && {
  return "<div class=drawing>" + std::move(out_) + "</svg></div>\n";
}

Axis vertical_axis(Drawing& drawing, double from, double to, const std::string& unit) {
  const Axis axis{from, to, drawing.height() - bottom_margin, top_margin};
  const double step = round_step(to - from, 4);
  for (double mark = std::ceil(from / step) * step; mark <= to + step / 1000; mark += step) {
    drawing.line(left_margin, axis.at(mark), drawing.width() - right_margin, axis.at(mark), "grid");
    drawing.text(left_margin - 6, axis.at(mark) + 4, number(mark, step < 1 ? 1 : 0) + unit, "label end");
  }
  return axis;
}

TimeAxis time_axis(Drawing& drawing, db::Time from, db::Time to, double top, double bottom) {
  const TimeAxis axis{from, to, left_margin, drawing.width() - right_margin};
  const db::milliseconds step = time_step(to - from, static_cast<int>(drawing.width() / 110));
  const db::milliseconds into = from.time_since_epoch() % step;
  const db::Time first = into == db::milliseconds(0) ? from : from - into + step;
  for (db::Time mark = first; mark <= to; mark += step) {
    const double x = axis.at(mark), half = mark == first ? 48 : 30;
    drawing.line(x, top, x, bottom + 4, "grid");
    drawing.text(std::clamp(x, half, drawing.width() - half), bottom + 18,
                 mark == first && !is_midnight(mark) ? second(mark).substr(0, 16) : mark_text(mark, step),
                 "label middle");
  }
  return axis;
}

}  // namespace reports
