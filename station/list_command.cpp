#include "station/commands.h"
#include "station/inputs.h"
#include "station/line_view.h"
#include "station/open_line.h"
#include "station/output.h"
#include "station/units_now.h"

namespace station {

ExitStatus list(const ListOptions& options) {
  const auto station = read_station(options.station);
  if (const auto* status = std::get_if<ExitStatus>(&station)) return *status;
  const auto profiles = wanted_profiles(options.recipe);
  if (const auto* status = std::get_if<ExitStatus>(&profiles)) return *status;
  const auto opened = open_line(options, LineUse::look);
  if (const auto* status = std::get_if<ExitStatus>(&opened)) return *status;
  const OpenedLine& line = std::get<OpenedLine>(opened);
  const auto units = units_now(*line.bus);
  if (!units) return complain_of_listing();
  const config::StationConfig& names = *std::get<0>(station);
  const LineView view = line_view(line.hubs->topology(), *units, names, std::get<0>(profiles));
  return print(options.json ? as_json(view, names) : as_text(view, names)) ? ExitStatus::passed
                                                                           : ExitStatus::cannot_create;
}

}  // namespace station
