#include "station/cli/doctor_command.h"

#include <QJsonArray>
#include <QJsonObject>
#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "db/store.h"
#include "reports/json_text.h"
#include "station/cli/command.h"
#include "station/cli/enumerate_units.h"
#include "station/cli/options.h"
#include "station/diagnostics/doctor.h"
#include "station/diagnostics/gather_host.h"
#include "station/output/output.h"
#include "station/record/image_json.h"
#include "station/run/clock_question.h"
#include "station/run/inputs.h"
#include "station/run/open_line.h"
#include "station/version.h"

namespace station {

namespace {

std::vector<dfu::PortPath> named_hubs(const config::StationConfig& station, const dfu::Topology& topology) {
  std::vector<dfu::PortPath> hubs;
  const auto add = [&](const std::optional<dfu::PortPath>& port) {
    if (port && std::ranges::find(hubs, *port) == hubs.end()) hubs.push_back(*port);
  };
  for (const config::HubLimits& hub : station.hubs) add(station.port_of(hub.port, topology.controllers));
  for (const config::SlotConfig& slot : station.slots) {
    if (const auto port = station.port_of(slot.port, topology.controllers)) add(hub_of(*port));
  }
  return hubs;
}

std::variant<HostFacts, ExitStatus> gather(const DoctorOptions& options) {
  const auto station = read_station(options.station);
  if (const auto* status = std::get_if<ExitStatus>(&station)) return *status;
  const auto database = find_database(options.db, *std::get<0>(station));
  if (const auto* status = std::get_if<ExitStatus>(&database)) return *status;
  const auto profiles = wanted_profiles(options.recipe);
  if (const auto* status = std::get_if<ExitStatus>(&profiles)) return *status;
  const auto opened = open_line(options, LineUse::look);
  HostFacts facts;
  if (const auto* line = std::get_if<OpenedLine>(&opened)) {
    facts.topology = line->hubs->topology();
    facts.named_hubs = named_hubs(*std::get<0>(station), *facts.topology);
    const auto units = enumerate_units(*line->bus);
    if (!units) return complain_of_listing();
    facts.units = line_view(*facts.topology, *units, *std::get<0>(station), std::get<0>(profiles)).units;
  } else if (options.line != "usb") {
    return std::get<ExitStatus>(opened);
  }
  if (options.line == "usb") facts.usb = gather_usb("");
  facts.kernel = kernel();
  facts.cap = std::get<0>(station)->cap;
  facts.descriptors = open_files_limit();
  facts.priority = may_go_first();
  facts.database = gather_database(std::get<std::string>(database));
  facts.database.broken = db::why_not_begun(std::get<std::string>(database));
  if (facts.database.broken.empty()) facts.database.warning = db::warning_of_start(std::get<std::string>(database));
  facts.clock = gather_clock();
  facts.clock.doubt = clock_doubt(std::get<std::string>(database), db::now(), std::get<0>(station)->clock_gap);
  return facts;
}

bool is_problem(const Finding& finding) {
  return finding.level == Level::problem;
}

std::string as_text(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& each : findings) {
    text += fmt::format("{:<8} {:<13} {}\n", to_string(each.level), each.check, each.text);
    std::istringstream remedy(each.remedy);
    for (std::string line; std::getline(remedy, line);) text += fmt::format("{:<22} {}\n", "", line);
  }
  const auto problems = std::ranges::count_if(findings, is_problem);
  const auto warnings = std::ranges::count(findings, Level::warn, &Finding::level);
  return text +
         fmt::format("\n{} of {} checks found a problem, {} a reason to warn\n", problems, findings.size(), warnings);
}

std::string as_json(const std::vector<Finding>& findings) {
  using reports::text;
  QJsonArray array;
  for (const Finding& each : findings) {
    array.append(QJsonObject{{"check", text(each.check)},
                             {"level", text(to_string(each.level))},
                             {"text", text(each.text)},
                             {"remedy", reports::text_or_null(each.remedy)}});
  }
  return compact(QJsonObject{{"ok", std::ranges::none_of(findings, is_problem)}, {"findings", array}}) + "\n";
}

ExitStatus doctor(const DoctorOptions& options) {
  const auto facts = gather(options);
  if (const auto* status = std::get_if<ExitStatus>(&facts)) return *status;
  const std::vector<Finding> findings = examine(std::get<HostFacts>(facts));
  const bool printed = options.json ? print(as_json(findings)) : print_folded(as_text(findings));
  if (!printed) return ExitStatus::cannot_create;
  return std::ranges::any_of(findings, is_problem) ? ExitStatus::not_passed : ExitStatus::passed;
}

Action declare(Arguments& arguments) {
  const auto options = std::make_shared<DoctorOptions>();
  add_record_options(arguments, options->station, options->db);
  add_line_options(arguments, *options);
  arguments.add("--recipe", options->recipe, "Judge the units by this recipe").type("FILE");
  arguments.flag("--json", options->json, "One JSON object on standard output");
  return action(options, doctor, [&arguments, options] { return contradiction(arguments, *options); });
}

const Registered command({.place = 70,
                          .words = "doctor",
                          .what = "Check this host: permissions, hubs, limits, database, clock",
                          .example = "flashline doctor --station line-3.toml",
                          .declare = declare});

}  // namespace

std::variant<std::string, ExitStatus> doctor_text(const DoctorOptions& options) {
  const auto facts = gather(options);
  if (const auto* status = std::get_if<ExitStatus>(&facts)) return *status;
  return as_text(examine(std::get<HostFacts>(facts)));
}

}  // namespace station
