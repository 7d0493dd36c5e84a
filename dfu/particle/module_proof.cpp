#include "dfu/particle/module_proof.h"

#include <algorithm>

namespace dfu::particle {

namespace {

// From 0.7.0 on the system tests all its modules, the bootloader too, and enters safe mode over them. Early bootloaders
// do not even match their own headers (docs/devices.md, "Module suffix and checksums", "Boot of a Photon", "Bootloader
// updates").
constexpr std::uint16_t tests_everything = 200;

Fault fault(FaultCode code, std::string step, std::string text) {
  return {code, std::move(step), OperationKind::proof, {}, {}, std::move(text)};
}

std::string name_of(Function function, std::uint8_t index) {
  return std::string(to_string(function)) + " " + std::to_string(index);
}
std::string name_of(const ReportedModule& module) {
  return name_of(module.function, module.index);
}

// "needs system-part 2 version 6 or later, and has version 3".
std::string unmet(const ReportedModule& module, const ModuleReport& report) {
  for (const Dependency& need : module.dependencies) {
    const ReportedModule* found = report.find(need.function, need.index);
    if (found && found->intact && found->version >= need.version) continue;
    const std::string there = !found          ? "there is none"
                              : found->intact ? "there is version " + std::to_string(found->version)
                                              : "the one that is there is damaged";
    return name_of(module) + " needs " + describe(need) + ", and " + there;
  }
  return name_of(module) + " needs something that is not there";
}

// What the unit itself found wrong; nothing if it found all well.
std::optional<Fault> found_wrong(const ModuleReport& report) {
  const ReportedModule* system = report.find(Function::system_part, 2);
  const bool old = system && system->version < tests_everything;
  for (const ReportedModule& module : report.modules) {
    if (module.factory || (module.function == Function::bootloader && old)) continue;
    std::string cause;
    if (!module.intact) cause = name_of(module) + " is damaged";
    if (cause.empty() && !module.well_placed) cause = name_of(module) + " is not for this unit, or not in its place";
    if (cause.empty() && !module.dependencies_met) cause = unmet(module, report);
    if (cause.empty()) continue;
    // An old system looks at its user part only, and runs it whatever is wrong with the other modules.
    if (old && module.function != Function::user_part) {
      return fault(FaultCode::wrong_firmware, {}, "The unit runs firmware that does not fit together: " + cause + ".");
    }
    return fault(FaultCode::safe_mode, {}, "The unit is in safe mode: " + cause + ".");
  }
  return {};
}

bool has_user_part(const ModuleReport& report) {
  return std::ranges::any_of(
      report.modules, [](const ReportedModule& one) { return !one.factory && one.function == Function::user_part; });
}

std::optional<Fault> judge_step(const ModuleReport& report, const Step& step, const Module& module) {
  const ReportedModule* found = report.find(module.function, module.index);
  const std::string name = name_of(module.function, module.index);
  if (!found) {
    return fault(FaultCode::safe_mode, step.name,
                 "The unit is in safe mode: it finds no module for itself in the place of " + name + ".");
  }
  if (found->version != module.version) {
    return fault(FaultCode::wrong_firmware, step.name,
                 "The unit runs " + name + " version " + std::to_string(found->version) + " instead of version " +
                     std::to_string(module.version) + ".");
  }
  if (!found->hash || !module.hash || *found->hash == *module.hash) return {};
  const bool from_factory = std::ranges::any_of(
      report.modules, [&](const ReportedModule& one) { return one.factory && one.hash == found->hash; });
  if (from_factory) {
    return fault(FaultCode::factory_fallback, step.name,
                 "The unit restored its factory firmware over " + step.name + " and runs that.");
  }
  return fault(FaultCode::wrong_firmware, step.name, "The unit runs another build of " + name + " than was written.");
}

// The unit has told which build of this module it runs, or need not: nothing but the user part is ever replaced.
bool said_enough(const ModuleReport& report, const Module& module) {
  if (module.function != Function::user_part) return true;
  return module.hash && report.find(module.function, module.index)->hash;
}

}  // namespace

std::variant<Proven, NotSaid, Fault> judge_modules(const ModuleReport& report, const Layout& layout,
                                                   Platform platform) {
  if (report.platform && *report.platform != static_cast<std::uint16_t>(platform)) {
    return fault(FaultCode::wrong_firmware, {},
                 "The unit says that it is platform " + std::to_string(*report.platform) + " and not a " +
                     std::string(to_string(platform)) + ".");
  }
  if (auto wrong = found_wrong(report)) return *wrong;
  if (platform != Platform::core && !has_user_part(report)) {
    return fault(FaultCode::safe_mode, {}, "The unit is in safe mode: it has no user part.");
  }
  bool enough = true;
  for (const Step& step : layout.steps) {
    // Erased sectors and settings are not modules, so the unit does not list them.
    if (step.does == Step::Does::erase || step.does == Step::Does::patch) continue;
    const auto& module = step.image->facts.module;
    if (!module || module->platform != platform) {
      enough = false;  // nothing that a unit would list
      continue;
    }
    // A bootloader that waits in the update area, or a factory image: it does not run now.
    if (module->function == Function::bootloader || step.address != module->start) continue;
    // No source says what a Core lists, so a module that is missing from its list proves nothing.
    if (platform == Platform::core && !report.find(module->function, module->index)) {
      enough = false;
      continue;
    }
    if (auto wrong = judge_step(report, step, *module)) return *wrong;
    enough = enough && said_enough(report, *module);
  }
  if (enough) return Proven{};
  return NotSaid{};
}

}  // namespace dfu::particle
