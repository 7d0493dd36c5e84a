#include "station/record/run_row.h"

#include "station/version.h"

namespace station {

std::optional<std::string> given_name(const config::StationConfig& station) {
  return station.has_name ? std::optional(station.name) : std::nullopt;
}

db::Run run_of_command(const std::string& command, const std::string& operator_name, db::UuidGenerator& uuids) {
  db::Run run;
  run.at = db::now();
  run.id = uuids.next(run.at);
  run.command = command;
  run.software = version();
  run.host = host_name();
  run.kernel = kernel();
  run.operator_name = operator_name;
  return run;
}

}  // namespace station
