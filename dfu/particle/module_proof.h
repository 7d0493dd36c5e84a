// Whether what a unit says it runs is what the recipe put there. Source: docs/devices.md, "Boot of a Photon", "Asking a
// running system". Pure; any thread.
#pragma once

#include <optional>
#include <variant>

#include "dfu/fault.h"
#include "dfu/layout.h"
#include "dfu/particle/module_report.h"

namespace dfu::particle {

struct Proven {};
// Nothing speaks against it, but its user part may be another build of the same version: the unit does not say which.
struct NotSaid {};

// Fault: safe_mode with its cause, factory_fallback, or wrong_firmware.
std::variant<Proven, NotSaid, Fault> judge_modules(const ModuleReport& report, const Layout& layout, Platform platform);

}  // namespace dfu::particle
