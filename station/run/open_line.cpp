#include "station/run/open_line.h"

#include <filesystem>
#include <optional>
#include <stdexcept>

#include <fmt/format.h>
#include <unistd.h>

#include "config/line_file.h"
#include "dfu/usb/usb_line.h"
#include "dfu/virtual/line.h"
#include "station/run/inputs.h"
#include "station/text.h"

namespace station {

namespace {

// Units whose flash has a file of its own in the line file keep it there.
bool keep_flash_in(const std::string& folder, dfu::virt::LineSpec& line) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (access(folder.c_str(), W_OK | X_OK) != 0 || !std::filesystem::is_directory(folder)) return false;
  for (dfu::virt::UnitSpec& unit : line.units) {
    if (unit.flash_file.empty()) unit.flash_file = folder + "/" + unit.port.text + ".bin";
    for (dfu::virt::MemorySpec& one : unit.beside) {
      if (!one.flash_file.empty()) continue;
      one.flash_file = folder + "/" + unit.port.text + ".alt" + std::to_string(one.alternate) + ".bin";
    }
  }
  return true;
}

std::variant<dfu::virt::LineSpec, ExitStatus> read_virtual_line(const LineOptions& options) {
  dfu::virt::LineSpec line;
  if (options.line == "virtual") {
    line = dfu::virt::photon_line(options.units, options.generation);
  } else {
    const config::LineResult result = config::load_line(options.line);
    print_diagnostics(result.diagnostics);
    if (!result.line) return ExitStatus::bad_configuration;
    line = *result.line;
  }
  if (options.speed) line.speed = *options.speed;
  if (!options.keep.empty() && !keep_flash_in(options.keep, line)) {
    return complain(
        ExitStatus::cannot_create,
        "the folder '" + options.keep + "' for the units' flash cannot be made. Name another one with --keep.");
  }
  return line;
}

std::variant<OpenedLine, ExitStatus> open_virtual_line(const LineOptions& options, LineUse use) {
  const auto read = read_virtual_line(options);
  if (const auto* status = std::get_if<ExitStatus>(&read)) return *status;
  const dfu::virt::LineSpec& spec = std::get<dfu::virt::LineSpec>(read);
  OpenedLine opened;
  opened.description = fmt::format("virtual, {} behind {}, speed {}", counted(spec.units.size(), "unit"),
                                   counted(spec.hubs.size(), "hub"), spec.speed);
  opened.speed = spec.speed;
  for (const dfu::virt::UnitSpec& unit : spec.units) opened.ports.push_back(unit.port);
  opened.clock = std::make_unique<scheduler::RealClock>(spec.speed);
  try {
    auto line = std::make_unique<dfu::virt::VirtualLine>(spec, *opened.clock);
    if (use != LineUse::look && !spec.control.empty()) {
      opened.control = std::make_unique<dfu::virt::ControlSocket>(spec.control, *line);
    }
    opened.hubs = line.get();
    opened.save = [line = line.get()] { return line->save(); };
    opened.bus = std::move(line);
  } catch (const std::runtime_error& error) {
    return complain(ExitStatus::bad_configuration, error.what());
  }
  return opened;
}

std::variant<OpenedLine, ExitStatus> open_usb_line() {
  OpenedLine opened;
  opened.description = "USB, " + dfu::usb::library_version();
  opened.clock = std::make_unique<scheduler::RealClock>();
  opened.save = [] { return std::vector<std::string>(); };
  try {
    auto line = std::make_unique<dfu::usb::UsbLine>(dfu::usb::UsbLimits{},
                                                    [clock = opened.clock.get()] { return clock->late(); });
    opened.hubs = line.get();
    opened.bus = std::move(line);
  } catch (const std::runtime_error& error) {
    return complain(ExitStatus::no_unit, std::string(error.what()) + ". To try without boards, use --line virtual.");
  }
  return opened;
}

// The folder whose lock stands for the line; empty: no other program can use this line.
std::string home_of(const LineOptions& options) {
  return options.line == "usb" ? "/sys/bus/usb" : options.keep;
}

std::optional<LineLock> lock_for(const LineOptions& options, LineUse use) {
  const std::string home = home_of(options);
  if (use == LineUse::look || home.empty()) return LineLock();
  const bool usb = options.line == "usb";
  std::error_code error;
  if (!usb) std::filesystem::create_directories(home, error);  // open_virtual_line() reports a failure
  // A virtual line is locked as a whole, even if only some ports are used.
  return LineLock::take(home, usb && use == LineUse::part ? LineLock::Share::part : LineLock::Share::whole);
}

}  // namespace

std::variant<OpenedLine, ExitStatus> open_line(const LineOptions& options, LineUse use) {
  std::optional<LineLock> lock = lock_for(options, use);
  if (!lock) {
    return complain(ExitStatus::no_unit,
                    "another program works on this line (" + home_of(options) +
                        "). Stop it, or give each of the two ports of its own with --port or --slot.");
  }
  auto opened = options.line == "usb" ? open_usb_line() : open_virtual_line(options, use);
  if (auto* line = std::get_if<OpenedLine>(&opened)) line->lock = *std::move(lock);
  return opened;
}

}  // namespace station
