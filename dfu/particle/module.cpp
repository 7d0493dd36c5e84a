#include "dfu/particle/module.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "dfu/particle/kinds.h"

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

// Flags of header byte 9 (facts/particle.md 3.5).
constexpr std::uint8_t flag_compressed = 0x02;
constexpr std::uint8_t flag_combined = 0x04;
constexpr std::uint8_t all_flags = 0x1F;

constexpr std::uint32_t crc_size = 4;
// Hash, its own size and a reserved field: what every suffix ends in.
constexpr std::uint32_t base_suffix_size = 36;

std::string hex_crc(std::uint32_t crc) {
  return hex_address(crc);
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
  // A vector table begins with a stack pointer into RAM; a device looks for that too (facts/particle.md 3.2).
  const bool behind_vectors = offset == 0x10C || offset == 0x184 || offset == 0x200;
  if (behind_vectors && (le32(file, 0) & 0x2FF00000) != 0x20000000) return std::nullopt;
  auto module = read_header(file.subspan(offset, header_size));
  if (!module || !may_keep_header_at(offset, *module)) return std::nullopt;
  module->header_offset = offset;
  if (module->end - module->start < offset + header_size) return std::nullopt;
  // Without an address that speaks for it, a header must at least know how long its file is.
  if (placed_by_the_unit(module->function) && file.size() != module->stored_size()) return std::nullopt;
  return module;
}

// The fields before the CRC, counted back from there (facts/particle.md 3.4).
void read_suffix(ByteView body, Module& module) {
  if (body.size() < module.header_offset + header_size + base_suffix_size) return;
  const ByteView suffix = body.last(base_suffix_size);
  const std::uint16_t size = le16(suffix, base_suffix_size - 2);
  if (size < base_suffix_size || size > body.size() - module.header_offset - header_size) return;
  module.hash.emplace();
  std::ranges::copy(suffix.subspan(2, module.hash->size()), module.hash->begin());
  // From size 46 on the product is an extension: type 1, 10 bytes long, with the two fields at its end.
  constexpr std::uint32_t extension_size = 10;
  const bool product_fields = size == base_suffix_size + 4 || (size >= base_suffix_size + extension_size &&
                                                               le16(body, body.size() - base_suffix_size - 10) == 1);
  if (!product_fields) return;
  const std::uint16_t id = le16(body, body.size() - base_suffix_size - 4);
  const std::uint16_t version = le16(body, body.size() - base_suffix_size - 2);
  if (id != 0xFFFF) module.product_id = id;
  if (version != 0xFFFF) module.product_version = version;
}

std::string length_problem(std::size_t is, std::size_t should) {
  const std::size_t difference = is < should ? should - is : is - should;
  return "is " + std::to_string(difference) + (difference == 1 ? " byte " : " bytes ") +
         (is < should ? "shorter" : "longer") + " than its header says: it has " + std::to_string(is) +
         " bytes and should have " + std::to_string(should);
}

// Why this file must not be flashed; empty if it may.
std::string problem_of(ByteView file, const Module& module) {
  if (module.flags & flag_combined) {
    return "holds several modules in one (combined), which only an update over the air can take apart; flash the "
           "single "
           "modules";
  }
  const std::size_t stored_size = module.stored_size();
  if (file.size() != stored_size) return length_problem(file.size(), stored_size);
  const std::uint32_t stored = be32(file, stored_size - crc_size);
  const std::uint32_t computed = crc32(file.first(stored_size - crc_size));
  if (stored != computed) {
    return "is damaged: the CRC-32 of its bytes is " + hex_crc(computed) + " but should be " + hex_crc(stored);
  }
  if (module.flags & flag_compressed) {
    return "is compressed, which only an update over the air can unpack; flash the uncompressed module";
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
  std::optional<DamagedModule> damaged;
  for (const std::uint32_t offset : header_offsets) {
    auto module = read_header_at(file, offset);
    if (!module) continue;
    const std::size_t body = std::min<std::size_t>(file.size(), module->end - module->start);
    if (file.size() == module->stored_size()) read_suffix(file.first(body), *module);
    std::string problem = problem_of(file, *module);
    if (problem.empty()) return *std::move(module);
    if (!damaged) damaged = DamagedModule{*std::move(module), std::move(problem)};
  }
  if (damaged) return *std::move(damaged);
  return NotAModule{};
}

bool resembles_module(ByteView file) {
  for (const std::uint32_t offset : header_offsets) {
    if (file.size() < offset + header_size + base_suffix_size + crc_size) continue;
    const ByteView header = file.subspan(offset, header_size);
    const std::uint32_t start = le32(header, 0);
    const std::uint32_t end = le32(header, 4);
    if (end > start && end - start + crc_size == file.size()) return true;
    const auto module = read_fields(header);
    if (module && may_keep_header_at(offset, *module)) return true;
  }
  const bool has_crc = file.size() > header_size + base_suffix_size + crc_size;
  return has_crc && be32(file, file.size() - crc_size) == crc32(file.first(file.size() - crc_size));
}

std::optional<Module> parse_header(ByteView header) {
  auto module = read_header(header);
  if (!module) return std::nullopt;
  module->header_offset = header_offset(module->platform, module->function, module->index);
  return module;
}

std::string describe(const Module& module) {
  return std::string(to_string(module.platform)) + ' ' + named(to_string(module.function), module.index) + " version " +
         std::to_string(module.version);
}

std::string describe(const Dependency& dependency) {
  return named(to_string(dependency.function), dependency.index) + " version " + std::to_string(dependency.version) +
         " or later";
}

}  // namespace dfu::particle
