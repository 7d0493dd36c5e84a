// What happened where: the fixture as it is plugged, and each slot over time.
#include <algorithm>
#include <map>

#include "reports/charts.h"
#include "reports/drawing.h"

namespace reports {

namespace {

constexpr std::size_t columns = 150;  // of a timeline too long to show each attempt
constexpr double narrowest = 4;       // that can be seen

// "1-1" of "1-1.4"; "1" of "1-4", a port of the host itself.
std::string hub_of(const std::string& port) {
  const auto dot = port.rfind('.');
  return port.substr(0, dot != std::string::npos ? dot : port.rfind('-'));
}

std::string hub_name(const SlotKey& place, bool name_station) {
  const std::string hub = hub_of(place.port);
  const std::string own = hub.find('-') == std::string::npos ? "controller " + hub : "hub " + hub;
  return (name_station ? place.station + ", " : "") + own;
}

bool several_stations(const Statistics& statistics) {
  return std::ranges::any_of(statistics.places, [&](const PlaceYield& place) {
    return place.place.station != statistics.places.front().place.station;
  });
}

std::string slot_cell(const PlaceYield& place) {
  const std::string& slot = place.place.slot;
  const bool worse = place.suspect;
  std::string out = std::string("<div class='slot") + (worse ? " worse" : "") + "' title='" +
                    escaped(place.place.name() + ", port " + place.place.port + ": yield " + share_text(place.good) +
                            ", first-pass yield " + share_text(place.first_pass)) +
                    "'><b>" + escaped(place.place.name()) + "</b>";
  if (!slot.empty()) out += "<small>" + escaped(place.place.port) + "</small>";
  const auto figure = [](const Share& share) {
    if (share.whole == 0) return std::string("-");
    return share.part == share.whole ? "100 %" : percent(share.value());
  };
  out += "<span>" + figure(place.good) + "</span><i style='width:" + number(place.first_pass.value() * 100) +
         "%'></i><small>1st " + figure(place.first_pass) + "</small><small>" + std::to_string(place.good.whole) +
         (place.good.whole == 1     ? " unit"
          : place.good.whole < 1000 ? " units"
                                    : "") +
         (worse ? " &#9660;" : "") + "</small></div>\n";
  return out;
}

// What a cell of a crowded timeline stands for.
struct Cell {
  std::uint64_t attempts = 0, bad = 0, odd = 0;
};

const char* kind_of(const Cell& cell) {
  if (cell.bad > 0) return "bad";
  return cell.odd > 0 ? "odd" : "good";
}

struct Timeline {
  const Statistics& statistics;
  Drawing& drawing;
  TimeAxis time;
  double row;

  double y(std::uint32_t place) const { return top_margin + row * place; }
  std::string name(std::uint32_t place) const { return statistics.places[place].place.name(); }
};

// What did not end well stands higher, and above the others.
void draw_each(const Timeline& on) {
  for (const bool good : {true, false}) {
    for (const Segment& segment : on.statistics.timeline) {
      const std::string_view kind = outcome_kind(segment.outcome);
      if ((kind == "good") != good) continue;
      const double x = on.time.at(segment.begin), inset = good ? 2.5 : 0.5;
      on.drawing.rect(
          x, on.y(segment.place) + inset, std::max(on.time.at(segment.end) - x, good ? narrowest : narrowest + 2),
          on.row - 2 * inset, std::string(kind),
          on.name(segment.place) + ", " + second(segment.begin) + ": " + std::string(to_string(segment.outcome)));
    }
  }
}

void draw_cells(const Timeline& on) {
  const double width = (on.time.right - on.time.left) / static_cast<double>(columns);
  std::map<std::pair<std::uint32_t, std::size_t>, Cell> cells;
  for (const Segment& segment : on.statistics.timeline) {
    const auto column = static_cast<std::size_t>((on.time.at(segment.begin) - on.time.left) / width);
    Cell& cell = cells[{segment.place, std::min(column, columns - 1)}];
    ++cell.attempts;
    const std::string_view kind = outcome_kind(segment.outcome);
    if (kind == "bad") ++cell.bad;
    if (kind == "odd") ++cell.odd;
  }
  // What is good needs no words of its own: one path of all. What is not takes its share of the cell's height.
  std::string good;
  for (const auto& [where, cell] : cells) {
    const double x = on.time.left + width * static_cast<double>(where.second), y = on.y(where.first) + 1;
    const double room = on.row - 2, across = width - 0.7;
    const std::uint64_t wrong = cell.bad + cell.odd;
    const double low = wrong == 0 ? 0 : std::max(room * Share{wrong, cell.attempts}.value(), room / 5);
    if (low < room) {
      good += "M" + number(x) + " " + number(y) + "h" + number(across) + "v" + number(room - low) + "h-" +
              number(across) + "z";
    }
    if (wrong == 0) continue;
    on.drawing.rect(x, y + room - low, across, low, kind_of(cell),
                    on.name(where.first) + ": " + std::to_string(wrong) + " of " + std::to_string(cell.attempts) +
                        " attempts did not end well");
  }
  on.drawing.path(good, "good");
}

// Whether attempts stand apart when each is drawn where it was.
bool is_crowded(const Statistics& statistics, const TimeAxis& time) {
  std::map<std::uint32_t, std::size_t> per_row;
  std::size_t most = 0;
  for (const Segment& segment : statistics.timeline) most = std::max(most, ++per_row[segment.place]);
  return static_cast<double>(most) * (narrowest + 1) > (time.right - time.left) / 2;
}

}  // namespace

std::string fixture_chart(const Statistics& statistics) {
  if (statistics.places.empty()) return nothing("No unit has a verdict.");
  const bool name_station = several_stations(statistics);
  std::string out = "<div class=fixture>\n", hub;
  for (const PlaceYield& place : statistics.places) {
    const std::string here = hub_name(place.place, name_station);
    if (here != hub) {
      out += std::string(hub.empty() ? "" : "</div></div>\n") + "<div class=hub><small>" + escaped(here) +
             "</small><div class=ports>\n";
      hub = here;
    }
    out += slot_cell(place);
  }
  return out + "</div></div></div>\n";
}

std::string timeline_chart(const Statistics& statistics) {
  if (statistics.timeline.empty()) return nothing("No attempt has ended.");
  db::Time begin = db::Time::max(), end = db::Time::min();
  for (const Segment& segment : statistics.timeline) {
    begin = std::min(begin, segment.begin);
    end = std::max(end, segment.end);
  }
  const bool many = statistics.places.size() > 24;
  const double row = many ? 12 : 18, bottom = top_margin + row * static_cast<double>(statistics.places.size());
  Drawing drawing(bottom + 26, "What each slot did, over time", full_width);
  const TimeAxis time = time_axis(drawing, begin, std::max(end, begin + db::milliseconds(1)), top_margin, bottom);
  const Timeline on{statistics, drawing, time, row};
  for (std::uint32_t i = 0; i < statistics.places.size(); ++i) {
    drawing.text(left_margin - 6, on.y(i) + row - (many ? 2.5 : 5), on.name(i), many ? "label end tiny" : "label end");
    drawing.line(left_margin, on.y(i) + row, drawing.width() - right_margin, on.y(i) + row, "grid");
  }
  const bool crowded = is_crowded(statistics, time);
  crowded ? draw_cells(on) : draw_each(on);
  std::string out = std::move(drawing).done();
  if (crowded) out += nothing("Each cell stands for some time; as much of it is marked as attempts did not end well.");
  return out;
}

}  // namespace reports
