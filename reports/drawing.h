// An SVG drawing under construction: shapes go in with plain coordinates, classes instead of colours, so that the
// page's style decides for light, dark and print. Inside reports only. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "reports/statistics.h"

namespace reports {

// A page shows two drawings of `half_width` side by side, or one of `full_width`, at about their size.
inline constexpr double half_width = 560, full_width = 1200;
inline constexpr double left_margin = 58, right_margin = 10, top_margin = 12, bottom_margin = 32;

std::string number(double value, int digits = 1);
// A sentence in place of a drawing.
std::string nothing(const std::string& what);

class Drawing {
 public:
  Drawing(double height, const std::string& title, double width = half_width);

  void rect(double x, double y, double w, double h, const std::string& kind, const std::string& tip = {});
  void line(double x1, double y1, double x2, double y2, const std::string& kind, const std::string& tip = {});
  void dot(double x, double y, const std::string& kind, const std::string& tip);
  void text(double x, double y, const std::string& words, const std::string& kind = "label");
  // "M 1 2 L 3 4" and the like.
  void path(const std::string& shape, const std::string& kind);
  std::string done() &&;

  double height() const { return height_; }
  double width() const { return width_; }

 private:
  double height_, width_;
  std::string out_;
};

// Where a value stands.
struct Axis {
  double from, to, low, high;  // values; and where they are drawn
  double at(double value) const { return low + (value - from) / (to - from) * (high - low); }
};

// With a few round marks, from below to above.
Axis vertical_axis(Drawing& drawing, double from, double to, const std::string& unit);

struct TimeAxis {
  db::Time from, to;
  double left, right;
  double at(db::Time time) const {
    return left +
           (right - left) * static_cast<double>((time - from).count()) / static_cast<double>((to - from).count());
  }
};

// With a mark at each full minute, hour, day..., drawn from `top` to `bottom`, and words below.
// REQUIRES: from < to
TimeAxis time_axis(Drawing& drawing, db::Time from, db::Time to, double top, double bottom);

}  // namespace reports
