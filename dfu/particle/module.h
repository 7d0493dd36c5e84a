// Particle firmware modules: header, tail, CRC and hash, at fixed offsets per platform, never by a scan that would
// invent headers. Source: docs/devices.md, "Module header", "Particle USB ids". Pure; any thread; any bytes are safe
// input.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dfu/bytes.h"
#include "dfu/hash.h"

namespace dfu::particle {

// Platform ids as the module header carries them.
enum class Platform : std::uint16_t {
  core = 0,
  photon = 6,
  p1 = 8,
  electron = 10,
  argon = 12,
  boron = 13,
  xenon = 14,
  esomx = 15,
  asom = 22,
  bsom = 23,
  xsom = 24,
  b5som = 25,
  tracker = 26,
  trackerm = 28,
  p2 = 32,
  msom = 35,
};

enum class Function : std::uint8_t {
  resource = 1,
  bootloader = 2,
  monolithic = 3,
  system_part = 4,
  user_part = 5,
  settings = 6,
  ncp_firmware = 7,
  radio_stack = 8,
  asset = 9,
};

std::optional<Platform> platform_from(std::uint16_t id);
std::optional<Function> function_from(std::uint8_t id);
std::string_view to_string(Platform platform);  // "photon"
std::string_view to_string(Function function);  // "system-part"

// Where a module of this kind keeps its header: behind the vector table if it begins with one.
std::uint32_t header_offset(Platform platform, Function function, std::uint8_t index);

struct Dependency {
  Function function = Function::system_part;
  std::uint8_t index = 0;
  std::uint16_t version = 0;  // at least
  bool operator==(const Dependency&) const = default;
};

// Bits of Module::flags (docs/devices.md, "Module flags and extensions").
namespace flag {
inline constexpr std::uint8_t drop_header = 0x01;  // the header is taken off before the module goes to its place
inline constexpr std::uint8_t compressed = 0x02;
inline constexpr std::uint8_t combined = 0x04;  // another module follows in the same file
inline constexpr std::uint8_t encrypted = 0x08;
inline constexpr std::uint8_t extended = 0x10;  // records follow the header
}  // namespace flag

// A file that an application wants beside itself.
struct AssetNeed {
  std::string name;
  Sha256 sha256{};
  bool operator==(const AssetNeed&) const = default;
};

struct Module {
  std::uint32_t header_offset = 0;  // of the 24 header bytes in the file
  std::uint32_t start = 0;          // first address
  std::uint32_t end = 0;            // one past the last byte; the CRC follows there
  std::uint8_t flags = 0;
  std::uint16_t version = 0;
  Platform platform = Platform::photon;
  Function function = Function::user_part;
  std::uint8_t index = 0;
  std::vector<Dependency> dependencies;
  // From the tail; absent where the suffix is too short to hold them, or says "none" (0xFFFF).
  std::optional<std::uint16_t> product_id;
  std::optional<std::uint16_t> product_version;
  std::optional<Sha256> hash;  // SHA-256 field of the tail: the "u" value a unit reports for its user part
  // From the extension records, if there are any.
  std::string name;  // of an asset
  std::vector<AssetNeed> assets;
  std::uint32_t unpacked_size = 0;  // of a compressed module: what comes out
  std::vector<Module> following{};  // of a combined file: the other modules in it

  Range range() const { return {start, end}; }
  // Bytes in flash: the module and its CRC.
  std::uint32_t stored_size() const { return end - start + 4; }
  bool has(std::uint8_t bit) const { return (flags & bit) != 0; }
  // An asset is for any platform; the id that it carries, 0, is the Core's as well (docs/devices.md, "Module
  // functions").
  bool for_any_platform() const { return function == Function::asset && platform == Platform::core; }
};

struct NotAModule {};

// The file has a module header, but must not be flashed.
struct DamagedModule {
  Module module;
  std::string
      problem;  // what the file is or has, to follow its name: "is 1000 bytes shorter than its header says: ..."
};

using ModuleResult = std::variant<NotAModule, DamagedModule, Module>;

// What the bytes of a file are, as a Particle module. A file that is longer or shorter than its header says, or whose
// CRC is wrong, is damaged; so is a compressed module that does not unpack to what it says. A hash that differs is no
// damage: old softdevices carry another one (docs/devices.md, "Module suffix and checksums").
ModuleResult parse_module(ByteView file);

// What a file looks like that has no header by parse_module, but most of one: one with a damaged header field, or of a
// platform that is not known. Such a file must never be taken for a raw program. Empty for all others.
std::string resemblance(ByteView file);

// Why these bytes must not be written to flash as they are, although the module is sound; empty if they may be.
std::string only_over_the_air(const Module& module);

// Only the 24 header bytes; nothing if they are no plausible header. For headers read from a unit: header_offset is
// where this kind of module keeps it.
std::optional<Module> parse_header(ByteView header);

// "photon system-part 1 version 3": how a module is named to people.
std::string describe(const Module& module);
std::string describe(const Dependency& dependency);  // "system-part 2 version 6 or later"

}  // namespace dfu::particle
