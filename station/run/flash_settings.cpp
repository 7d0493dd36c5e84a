#include "station/run/flash_settings.h"

#include <algorithm>

#include "station/run/inputs.h"

namespace station {

namespace {

std::string labels_of(const config::StationConfig& station) {
  std::string labels;
  for (const config::SlotConfig& slot : station.slots) labels += (labels.empty() ? "" : ", ") + slot.label;
  return labels.empty() ? "The station file names no slot" : "The station file names " + labels;
}

}  // namespace

std::variant<FileSettings, ExitStatus> read_settings(const FlashOptions& options) {
  FileSettings files;
  const auto station = read_station(options.station);
  if (const auto* status = std::get_if<ExitStatus>(&station)) return *status;
  files.station = std::get<0>(station);
  if (!options.recipe.empty()) {
    const auto recipe = read_recipe(options.recipe);
    if (const auto* status = std::get_if<ExitStatus>(&recipe)) return *status;
    files.recipe = std::get<0>(recipe);
  }
  for (const config::SlotConfig& slot : files.station->slots) {
    if (!options.stay || slot.recipe.empty()) continue;
    const auto recipe = read_recipe(slot.recipe);
    if (const auto* status = std::get_if<ExitStatus>(&recipe)) return *status;
    files.slot_recipes[slot.port] = std::get<0>(recipe);
  }
  if (!files.recipe && files.slot_recipes.empty()) {
    return complain(ExitStatus::usage,
                    "there is nothing to flash: name a recipe, or give slots of the station file one.");
  }
  return files;
}

std::vector<std::shared_ptr<const config::Recipe>> recipes_of(const FileSettings& files) {
  std::vector<std::shared_ptr<const config::Recipe>> recipes{files.recipe};
  for (const auto& [port, recipe] : files.slot_recipes) recipes.push_back(recipe);
  return recipes;
}

scheduler::LineSettings line_settings(const FileSettings& files, const dfu::Topology& topology) {
  scheduler::LineSettings settings{files.recipe, {}, files.station};
  for (const auto& [name, recipe] : files.slot_recipes) {
    if (const auto port = files.station->port_of(name, topology.controllers)) settings.own_recipes[*port] = recipe;
  }
  return settings;
}

std::variant<std::vector<dfu::PortPath>, ExitStatus> chosen_ports(const FlashOptions& options,
                                                                  const config::StationConfig& station,
                                                                  const dfu::Topology& topology) {
  std::vector<std::string> named = options.ports;
  for (const std::string& label : options.slots) {
    const auto slot = std::ranges::find(station.slots, label, &config::SlotConfig::label);
    if (slot == station.slots.end()) {
      return complain(ExitStatus::usage, "there is no slot '" + label + "'. " + labels_of(station) + ".");
    }
    named.push_back(slot->port);
  }
  std::vector<dfu::PortPath> ports;
  for (const std::string& name : named) {
    const auto port = station.port_of(name, topology.controllers);
    if (!port)
      return complain(ExitStatus::no_unit, "port " + name + " is on a controller that this line does not have.");
    ports.push_back(*port);
  }
  return ports;
}

std::string board_place(const FlashOptions& options, const config::StationConfig& station) {
  const std::string& listen = options.board.empty() ? station.board_listen : options.board;
  return options.stay && listen != "off" ? listen : "";
}

}  // namespace station
