// What a Photon, P1 or Electron will do at its next start, predicted from the headers of what will then be in its
// flash. Source: docs/devices.md, "Boot of a Photon". Checksums are not looked at: a module whose header is good counts
// as whole. Pure; any thread; any bytes are safe input.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dfu/particle/module.h"

namespace dfu::particle {

// Where such a unit looks for modules, and how many bytes from there hold the header, wherever in them it is.
struct ModulePlace {
  std::string name;  // "system-part 1"
  Function function = Function::system_part;
  std::uint8_t index = 0;
  std::uint32_t address = 0;
};
inline constexpr std::uint32_t place_bytes = 0x1A0;

// In the order of their addresses; empty for a platform whose starts are not known here. The last is the factory image.
const std::vector<ModulePlace>& places(Platform platform);

// A header as the unit reads it: it believes whatever stands there.
struct Head {
  std::uint32_t start = 0;
  std::uint32_t end = 0;
  std::uint16_t version = 0;
  std::uint16_t platform = 0;
  std::vector<Dependency> needs;  // functions that are not known count as needed and never there

  bool operator==(const Head&) const = default;
};

// Behind the vectors if the first word looks like a stack pointer, else at the very beginning, as the unit decides.
Head read_head(ByteView beginning);

enum class Start {
  application,
  safe_mode,         // the system runs, the application does not
  factory_fallback,  // the factory image is copied over the application and runs
  dfu,               // the bootloader stays in DFU mode
  reset_loop,
  crash,
};

std::string_view to_string(Start start);  // "safe-mode"

// A module that needs another one which will not be there.
struct Unmet {
  std::string who;   // "user-part 1 version 2"
  std::string name;  // of its place: "user-part 1"
  Dependency needs;
  std::optional<std::uint16_t> found;  // the version that will be there instead; nothing: no such module
};

struct BootPrediction {
  Start start = Start::application;
  std::string reason;          // a clause: "system-part 1 is missing"
  std::optional<Unmet> unmet;  // the cause; with `application`: a need that is not met and that the unit does not test
};

// What lies at the places. A place that was not read counts as holding a good module.
struct Contents {
  std::vector<std::optional<Head>> heads;  // as places()
  // The bootloader that the system will put in place at its start, if it is one that can (docs/devices.md, "Bootloader
  // updates").
  std::optional<Head> bootloader_update;
};

// REQUIRES: as many heads as places(platform), and at least one place.
BootPrediction predict_boot(Platform platform, const Contents& contents);

}  // namespace dfu::particle
