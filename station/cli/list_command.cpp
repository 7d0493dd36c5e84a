#include "station/cli/command.h"
#include "station/cli/enumerate_units.h"
#include "station/cli/options.h"
#include "station/live/line_view.h"
#include "station/output/output.h"
#include "station/run/inputs.h"
#include "station/run/open_line.h"

namespace station {

namespace {

struct ListOptions : LineOptions {
  std::string station;
  std::string recipe;  // empty: the units of every profile are ours
  bool json = false;
};

ExitStatus list(const ListOptions& options) {
  const auto station = read_station(options.station);
  if (const auto* status = std::get_if<ExitStatus>(&station)) return *status;
  const auto profiles = wanted_profiles(options.recipe);
  if (const auto* status = std::get_if<ExitStatus>(&profiles)) return *status;
  const auto opened = open_line(options, LineUse::look);
  if (const auto* status = std::get_if<ExitStatus>(&opened)) return *status;
  const OpenedLine& line = std::get<OpenedLine>(opened);
  const auto units = enumerate_units(*line.bus);
  if (!units) return complain_of_listing();
  const config::StationConfig& names = *std::get<0>(station);
  const LineView view = line_view(line.hubs->topology(), *units, names, std::get<0>(profiles));
  const bool printed = options.json ? print(as_json(view, names)) : print_folded(as_text(view, names));
  return printed ? ExitStatus::passed : ExitStatus::cannot_create;
}

Action declare(Arguments& arguments) {
  const auto options = std::make_shared<ListOptions>();
  add_station_option(arguments, options->station);
  add_line_options(arguments, *options);
  arguments.add("--recipe", options->recipe, "Only units that this recipe is for count as ours").type("FILE");
  arguments.flag("--json", options->json, "One JSON object on standard output");
  return action(options, list, [&arguments, options] { return contradiction(arguments, *options); });
}

const Registered command({.place = 50,
                          .words = "list",
                          .what = "Show controllers, hubs, ports, slots and units; opens no unit",
                          .example = "flashline list --recipe photon.toml",
                          .declare = declare});

}  // namespace

}  // namespace station
