#include <QJsonArray>
#include <QJsonObject>
#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "reports/json_text.h"
#include "station/cli/command.h"
#include "station/cli/enumerate_units.h"
#include "station/cli/options.h"
#include "station/live/line_view.h"
#include "station/output/output.h"
#include "station/record/image_json.h"
#include "station/run/inputs.h"
#include "station/run/open_line.h"
#include "station/text.h"

namespace station {

namespace {

struct SlotsShowOptions : LineOptions {
  std::string station;
  bool json = false;
};

// A slot of the station file as it is on this line.
struct SlotRow {
  config::SlotConfig slot;
  std::string port;  // by bus number; empty: its controller is not on this line
  bool missing = false;
  const UnitView* unit = nullptr;
};

std::vector<SlotRow> rows_of(const LineView& line, const config::StationConfig& station) {
  std::vector<SlotRow> rows;
  for (const config::SlotConfig& slot : station.slots) {
    SlotRow row{slot, "", std::ranges::count(line.missing, slot.label, &config::SlotConfig::label) > 0};
    if (const auto port = station.port_of(slot.port, line.topology.controllers)) row.port = port->text;
    const auto unit =
        std::ranges::find_if(line.units, [&](const UnitView& each) { return each.info.port.text == row.port; });
    if (unit != line.units.end()) row.unit = &*unit;
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string now_at(const SlotRow& row) {
  if (row.missing) return "MISSING: this line has no such port";
  if (!row.unit) return "empty";
  return fmt::format("{}, {}{}", dfu::to_string(row.unit->info.id), to_string(row.unit->mode),
                     row.unit->foreign() ? ", not ours" : ", " + row.unit->profile);
}

std::string as_text(const std::vector<SlotRow>& rows) {
  std::size_t width = 4;
  for (const SlotRow& row : rows) width = std::max(width, row.slot.label.size());
  std::string text =
      fmt::format("{:<{}}  {:<14}  {:<12}  {:<37}  {}\n", "slot", width, "port", "bus port", "now", "recipe");
  for (const SlotRow& row : rows) {
    text +=
        fmt::format("{:<{}}  {:<14}  {:<12}  {:<37}  {}\n", row.slot.label, width, row.slot.port,
                    row.port.empty() ? "-" : row.port, now_at(row), row.slot.recipe.empty() ? "-" : row.slot.recipe);
  }
  const auto missing = static_cast<std::uint64_t>(std::ranges::count_if(rows, &SlotRow::missing));
  return text + fmt::format("\n{}, {} missing\n", counted(rows.size(), "slot"), missing);
}

std::string as_json(const std::vector<SlotRow>& rows) {
  using reports::text_or_null;
  QJsonArray array;
  for (const SlotRow& row : rows) {
    array.append(QJsonObject{{"slot", text_or_null(row.slot.label)},
                             {"named", text_or_null(row.slot.port)},
                             {"port", text_or_null(row.port)},
                             {"missing", row.missing},
                             {"recipe", text_or_null(row.slot.recipe)},
                             {"usb", row.unit ? text_or_null(dfu::to_string(row.unit->info.id)) : QJsonValue()},
                             {"mode", row.unit ? text_or_null(to_string(row.unit->mode)) : QJsonValue()}});
  }
  return compact(QJsonObject{{"slots", array}}) + "\n";
}

ExitStatus slots_show(const SlotsShowOptions& options) {
  const auto station = read_station(options.station);
  if (const auto* status = std::get_if<ExitStatus>(&station)) return *status;
  const auto opened = open_line(options, LineUse::look);
  if (const auto* status = std::get_if<ExitStatus>(&opened)) return *status;
  const OpenedLine& line = std::get<OpenedLine>(opened);
  const auto units = enumerate_units(*line.bus);
  if (!units) return complain_of_listing();
  const LineView view = line_view(line.hubs->topology(), *units, *std::get<0>(station), dfu::all_profiles());
  const std::vector<SlotRow> rows = rows_of(view, *std::get<0>(station));
  const bool printed = options.json ? print(as_json(rows)) : print_folded(as_text(rows));
  if (!printed) return ExitStatus::cannot_create;
  return view.missing.empty() ? ExitStatus::passed : ExitStatus::not_passed;
}

Action declare(Arguments& arguments) {
  const auto options = std::make_shared<SlotsShowOptions>();
  arguments.add("--station", options->station, "Station file with the slots").required().type("FILE");
  add_line_options(arguments, *options);
  arguments.flag("--json", options->json, "One JSON object on standard output");
  return action(options, slots_show, [&arguments, options] { return contradiction(arguments, *options); });
}

// `slots learn` is the other one.
const Registered slots({.place = 60, .words = "slots", .what = "The sockets of the fixture and their labels"});
const Registered command({.place = 61,
                          .words = "slots show",
                          .what = "Each slot of the station file, its port, and what is there",
                          .example = "flashline slots show --station line-3.toml",
                          .declare = declare});

}  // namespace

}  // namespace station
