#include "dfu/particle/module.h"

#include <algorithm>
#include <array>
#include <utility>

#include "dfu/particle/extensions.h"
#include "dfu/particle/kinds.h"
#include "dfu/particle/packed.h"

namespace dfu::particle {
namespace {

using PlatformName = std::pair<Platform, std::string_view>;
constexpr std::array platform_names = {
    PlatformName{Platform::core, "core"},       PlatformName{Platform::photon, "photon"},
    PlatformName{Platform::p1, "p1"},           PlatformName{Platform::electron, "electron"},
    PlatformName{Platform::argon, "argon"},     PlatformName{Platform::boron, "boron"},
    PlatformName{Platform::xenon, "xenon"},     PlatformName{Platform::esomx, "esomx"},
    PlatformName{Platform::asom, "asom"},       PlatformName{Platform::bsom, "bsom"},
    PlatformName{Platform::xsom, "xsom"},       PlatformName{Platform::b5som, "b5som"},
    PlatformName{Platform::tracker, "tracker"}, PlatformName{Platform::trackerm, "trackerm"},
    PlatformName{Platform::p2, "p2"},           PlatformName{Platform::msom, "msom"},
};

// Ids that other platforms have (docs/devices.md, "Particle USB ids"); this program does not handle their modules.
struct ForeignPlatform {
  std::uint16_t id;
  std::string_view name;
};
constexpr std::array foreign_platforms = {
    ForeignPlatform{3, "gcc"},        ForeignPlatform{9, "ethernet"},   ForeignPlatform{11, "esp32"},
    ForeignPlatform{31, "raspberry"}, ForeignPlatform{37, "electron2"}, ForeignPlatform{88, "RedBear Duo"},
    ForeignPlatform{103, "Bluz"},
};

constexpr std::uint8_t all_flags = 0x1F;

constexpr std::uint32_t crc_size = 4;
// What the linker leaves for the CRC, until the build puts it in.
constexpr std::uint32_t crc_placeholder = 0x78563412;

// Behind a vector table; and, for a compressed module, in front of what was packed (docs/devices.md, "Where the header
// is", "Module flags and extensions").
bool may_stand_at(std::uint32_t offset, const Module& module) {
  return module.has(flag::compressed) ? offset == 0 : may_keep_header_at(offset, module);
}

// False for four bytes that are neither a dependency nor empty.
bool read_dependency(ByteView field, std::vector<Dependency>& dependencies) {
  if (le32(field, 0) == 0) return true;
  const auto function = function_from(field[0]);
  if (!function) return false;
  dependencies.push_back({*function, field[1], le16(field, 2)});
  return true;
}

// Every field, as far as it can be judged without its addresses and its place in the file.
std::optional<Module> read_fields(ByteView header) {
  const auto platform = platform_from(le16(header, 12));
  const auto function = function_from(header[14]);
  if (!platform || !function) return std::nullopt;
  Module module;
  module.start = le32(header, 0);
  module.end = le32(header, 4);
  module.flags = header[9];
  module.version = le16(header, 10);
  module.platform = *platform;
  module.function = *function;
  module.index = header[15];
  if (!read_dependency(header.subspan(16, 4), module.dependencies)) return std::nullopt;
  if (!read_dependency(header.subspan(20, 4), module.dependencies)) return std::nullopt;
  const Mcu mcu = mcu_of(module.platform);
  const bool has_mcu_target = mcu == Mcu::nrf52840 || mcu == Mcu::rtl872x;  // byte 8, zero before them
  if (header[8] != 0 && !has_mcu_target && module.function != Function::asset) return std::nullopt;
  if ((module.flags & ~all_flags) != 0) return std::nullopt;
  return module;
}

std::optional<Module> read_header(ByteView header) {
  if (header.size() < header_size) return std::nullopt;
  auto module = read_fields(header);
  if (!module || !possible_addresses(*module)) return std::nullopt;
  return module;
}

std::optional<Module> read_header_at(ByteView file, std::uint32_t offset) {
  if (file.size() < offset + header_size) return std::nullopt;
  // A vector table begins with a stack pointer into RAM; a device looks for that too (docs/devices.md, "Where the
  // header is").
  const bool behind_vectors = offset == 0x10C || offset == 0x184 || offset == 0x200;
  if (behind_vectors && (le32(file, 0) & 0x2FF00000) != 0x20000000) return std::nullopt;
  auto module = read_header(file.subspan(offset, header_size));
  if (!module || !may_stand_at(offset, *module)) return std::nullopt;
  module->header_offset = offset;
  if (module->end - module->start < offset + header_size) return std::nullopt;
  // Without an address that speaks for it, a header must at least know how long its file is.
  if (!placed_by_the_unit(module->function)) return module;
  const std::size_t size = module->stored_size();
  if (module->has(flag::combined) ? file.size() <= size : file.size() != size) return std::nullopt;
  return module;
}

// What early makers and tools did to whole files (docs/devices.md, "Module suffix and checksums"), as far as this one
// shows it.
std::string known_reason(ByteView file, const Module& module) {
  const std::size_t stored = module.stored_size();
  if (file.size() < stored) return {};
  const std::uint32_t crc_at_end = be32(file, file.size() - crc_size);
  if (module.function == Function::bootloader && crc_at_end == crc32(file.first(file.size() - crc_size))) {
    return ". The CRC-32 at its end is right: it is one of the early bootloaders, whose headers are wrong";
  }
  const bool whole = be32(file, stored - crc_size) == crc32(file.first(stored - crc_size));
  if (whole && file.size() == stored + 1 && file.back() == 0) {
    return ". particle-cli up to 1.27 appends such a zero to a file of odd size: take the original";
  }
  if (whole) return ". Up to that size it is intact: bytes were appended to it";
  const bool filled = std::ranges::all_of(file.subspan(stored), [](std::uint8_t byte) { return byte == 0xFF; });
  if (filled && be32(file, stored - crc_size) == crc_placeholder) {
    return ". It is filled up with 0xFF and its CRC-32 was never put in, as in some early bootloaders";
  }
  return {};
}

std::string length_problem(ByteView file, const Module& module) {
  const std::size_t is = file.size();
  const std::size_t should = module.stored_size();
  const std::size_t difference = is < should ? should - is : is - should;
  return "is " + std::to_string(difference) + (difference == 1 ? " byte " : " bytes ") +
         (is < should ? "shorter" : "longer") + " than its header says: it has " + std::to_string(is) +
         " bytes and should have " + std::to_string(should) + known_reason(file, module);
}

// Why this module is damaged; empty if it is not. `file` begins with it and, unless others follow in it, ends with it.
std::string problem_of(ByteView file, const Module& module) {
  const std::size_t stored_size = module.stored_size();
  const bool fits = module.has(flag::combined) ? file.size() > stored_size : file.size() == stored_size;
  if (!fits && module.has(flag::combined) && file.size() == stored_size) {
    return "ends where another module should follow (combined): it is cut off";
  }
  if (!fits) return length_problem(file, module);
  file = file.first(stored_size);
  const std::uint32_t stored = be32(file, stored_size - crc_size);
  const std::uint32_t computed = crc32(file.first(stored_size - crc_size));
  if (stored == crc_placeholder && stored != computed) {
    return "has no CRC-32: the build was not finished. Use the final file of the build";
  }
  if (stored != computed) {
    return "is damaged: the CRC-32 of its bytes is " + hex_address(computed) + " but should be " + hex_address(stored);
  }
  return {};
}

// The first header that stands where its kind keeps it and whose module is whole; else the first that stands there.
ModuleResult parse_single(ByteView file) {
  std::optional<DamagedModule> damaged;
  for (const std::uint32_t offset : header_offsets) {
    auto module = read_header_at(file, offset);
    if (!module) continue;
    const std::size_t stored = module->stored_size();
    if (file.size() >= stored) read_tail(file.first(stored - crc_size), *module);
    std::string problem = problem_of(file, *module);
    if (problem.empty() && module->has(flag::compressed)) problem = unpack(file.first(stored - crc_size), *module);
    if (problem.empty()) return *std::move(module);
    if (!damaged) damaged = DamagedModule{*std::move(module), std::move(problem)};
  }
  if (damaged) return *std::move(damaged);
  return NotAModule{};
}

// No update that is known has more than this many modules in one file.
constexpr std::size_t most_combined = 16;

// The modules that follow the first one of a combined file, one behind the other (docs/devices.md, "Module flags and
// extensions").
ModuleResult with_following(ByteView file, Module first) {
  const auto damaged = [&first](std::string problem) { return DamagedModule{std::move(first), std::move(problem)}; };
  ByteView rest = file.subspan(first.stored_size());
  for (bool more = true; more;) {
    const std::string which = "holds several modules in one (combined), and number " +
                              std::to_string(first.following.size() + 2) + " of them ";
    if (first.following.size() + 1 == most_combined) return damaged(which + "is one too many");
    ModuleResult next = parse_single(rest);
    if (auto* bad = std::get_if<DamagedModule>(&next)) return damaged(which + bad->problem);
    auto* module = std::get_if<Module>(&next);
    if (!module) return damaged(which + "is not a module");
    more = module->has(flag::combined);
    rest = rest.subspan(module->stored_size());
    first.following.push_back(std::move(*module));
  }
  return first;
}

bool has_crc(ByteView file) {
  return file.size() > header_size + base_suffix_size + crc_size &&
         be32(file, file.size() - crc_size) == crc32(file.first(file.size() - crc_size));
}

// A module of a platform that is none of ours: its header has to say the file's length and its CRC to be right.
std::string foreign_module(ByteView file) {
  constexpr std::uint32_t bluz_offset = 0xC0;  // docs/devices.md, "Where the header is"
  constexpr std::uint32_t offsets[] = {0, bluz_offset, 0x10C, 0x184, 0x200};
  for (const std::uint32_t offset : offsets) {
    if (file.size() < offset + header_size + base_suffix_size + crc_size) continue;
    const ByteView header = file.subspan(offset, header_size);
    const std::uint16_t id = le16(header, 12);
    const std::uint32_t length = le32(header, 4) - le32(header, 0);
    if (length + crc_size != file.size() || platform_from(id) || !function_from(header[14]) || !has_crc(file)) continue;
    const auto known = std::ranges::find(foreign_platforms, id, &ForeignPlatform::id);
    const std::string name = known == foreign_platforms.end() ? "" : " (" + std::string(known->name) + ")";
    return "is a module for platform " + std::to_string(id) + name + ", which this program does not know";
  }
  return {};
}

std::string named(std::string_view function, std::uint8_t index) {
  std::string text(function);
  if (index != 0) text += ' ' + std::to_string(index);
  return text;
}

}  // namespace

std::optional<Platform> platform_from(std::uint16_t id) {
  const auto found = std::ranges::find(platform_names, static_cast<Platform>(id), &PlatformName::first);
  if (found == platform_names.end()) return std::nullopt;
  return found->first;
}

std::optional<Function> function_from(std::uint8_t id) {
  if (id < static_cast<std::uint8_t>(Function::resource) || id > static_cast<std::uint8_t>(Function::asset)) {
    return std::nullopt;
  }
  return static_cast<Function>(id);
}

std::string_view to_string(Platform platform) {
  const auto found = std::ranges::find(platform_names, platform, &PlatformName::first);
  return found == platform_names.end() ? "unknown" : found->second;
}

std::string_view to_string(Function function) {
  switch (function) {
    case Function::resource:
      return "resource";
    case Function::bootloader:
      return "bootloader";
    case Function::monolithic:
      return "monolithic";
    case Function::system_part:
      return "system-part";
    case Function::user_part:
      return "user-part";
    case Function::settings:
      return "settings";
    case Function::ncp_firmware:
      return "ncp-firmware";
    case Function::radio_stack:
      return "radio-stack";
    case Function::asset:
      return "asset";
  }
  return "unknown";
}

ModuleResult parse_module(ByteView file) {
  ModuleResult result = parse_single(file);
  auto* module = std::get_if<Module>(&result);
  if (!module || !module->has(flag::combined)) return result;
  return with_following(file, std::move(*module));
}

std::string resemblance(ByteView file) {
  if (std::string foreign = foreign_module(file); !foreign.empty()) return foreign;
  constexpr const char* damaged =
      "looks like a Particle module, but its header is damaged or of a kind that is not known";
  for (const std::uint32_t offset : header_offsets) {
    if (file.size() < offset + header_size + base_suffix_size + crc_size) continue;
    const ByteView header = file.subspan(offset, header_size);
    const std::uint32_t start = le32(header, 0);
    const std::uint32_t end = le32(header, 4);
    if (end > start && end - start + crc_size == file.size()) return damaged;
    const auto module = read_fields(header);
    if (module && may_keep_header_at(offset, *module)) return damaged;
  }
  return has_crc(file) ? damaged : "";
}

std::string only_over_the_air(const Module& module) {
  if (module.has(flag::combined)) {
    return "holds several modules in one (combined), which only an update over the air can take apart";
  }
  if (module.has(flag::compressed)) return "is compressed, which only an update over the air can unpack";
  if (module.has(flag::drop_header)) return "has a header that only an update over the air takes off";
  return {};
}

std::optional<Module> parse_header(ByteView header) {
  auto module = read_header(header);
  if (!module) return std::nullopt;
  module->header_offset = header_offset(module->platform, module->function, module->index);
  return module;
}

std::string describe(const Module& module) {
  if (!module.name.empty()) return named(to_string(module.function), module.index) + " \"" + module.name + '"';
  if (module.for_any_platform()) return named(to_string(module.function), module.index);
  return std::string(to_string(module.platform)) + ' ' + named(to_string(module.function), module.index) + " version " +
         std::to_string(module.version);
}

std::string describe(const Dependency& dependency) {
  return named(to_string(dependency.function), dependency.index) + " version " + std::to_string(dependency.version) +
         " or later";
}

}  // namespace dfu::particle
