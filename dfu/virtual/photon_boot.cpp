#include "dfu/virtual/photon_boot.h"

#include <algorithm>

#include "dfu/hash.h"

namespace dfu::virt {

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t bootloader_at = 0x08000000;
constexpr std::uint32_t part1_at = 0x08020000;
constexpr std::uint32_t part2_at = 0x08060000;
constexpr std::uint32_t user_at = 0x080A0000;
constexpr std::uint32_t factory_at = 0x080E0000;
constexpr std::uint32_t user_slot = 0x20000;
constexpr std::uint16_t photon = 6;
// System part 2 tests both dependencies, and the bootloader, from 0.7.0 on (facts/particle.md 5.2, 5.4). The last 0.6
// module is below 200, 0.7.0 is 207.
constexpr std::uint16_t tests_everything = 200;

constexpr Duration bootloader_start = 300ms;
constexpr Duration system_start = 1s;

struct Need {
  std::uint8_t function = 0;
  std::uint8_t index = 0;
  std::uint16_t version = 0;
};

struct Header {
  std::uint32_t start = 0;
  std::uint32_t end = 0;
  std::uint16_t version = 0;
  std::uint16_t platform = 0;
  Need first, second;
};

Need need(ByteView at) {
  return {at[0], at[1], le16(at, 2)};
}

// The device's own rule: behind the vector table if the first word looks like a stack pointer, else in front.
Header header_at(const Flash& flash, std::uint32_t module) {
  const bool vectors = (flash.word(module) & 0x2FF10000) == 0x20000000;
  const std::uint32_t at = module + (vectors ? 0x184 : 0);
  const ByteView raw = flash.view({at, at + 24});
  return {.start = le32(raw, 0),
          .end = le32(raw, 4),
          .version = le16(raw, 10),
          .platform = le16(raw, 12),
          .first = need(raw.subspan(16)),
          .second = need(raw.subspan(20))};
}

bool header_good(const Header& header, std::uint32_t start) {
  return header.start == start && header.end <= Flash::range.end && header.platform == photon;
}

// The checksum behind the module, for one that lies at `at` and may be made for another address (the factory image).
bool checksum_good(const Flash& flash, const Header& header, std::uint32_t at) {
  if (header.end <= header.start) return false;
  const std::uint32_t size = header.end - header.start;
  if (size > Flash::range.end - at || Flash::range.end - at - size < 4) return false;
  return crc32(flash.view({at, at + size})) == be32(flash.view({at + size, at + size + 4}), 0);
}

bool sound(const Flash& flash, std::uint32_t at) {
  const Header header = header_at(flash, at);
  return header_good(header, at) && checksum_good(flash, header, at);
}

std::optional<std::uint16_t> version_of(const Flash& flash, std::uint8_t function, std::uint8_t index) {
  std::uint32_t at = 0;
  if (function == 2 && index == 0) at = bootloader_at;
  if (function == 4 && index == 1) at = part1_at;
  if (function == 4 && index == 2) at = part2_at;
  if (function == 5 && index == 1) at = user_at;
  if (at == 0 || !sound(flash, at)) return {};
  return header_at(flash, at).version;
}

std::optional<MissingModule> unmet(const Flash& flash, const Need& need) {
  if (need.function == 0) return {};
  const auto found = version_of(flash, need.function, need.index);
  if (found && *found >= need.version) return {};
  return MissingModule{need.function, need.index, need.version, found};
}

// Copies the factory image over the user slot, as the bootloader does; false if it refuses.
bool restore_factory(Flash& flash) {
  const Header factory = header_at(flash, factory_at);
  if (!header_good(factory, user_at) || !checksum_good(flash, factory, factory_at)) return false;
  const ByteView image = flash.view({factory_at, factory_at + user_slot});
  const Bytes copy(image.begin(), image.end());
  flash.erase({user_at, user_at + user_slot});
  for (std::uint32_t at = 0; at < user_slot; at += 4) flash.program(user_at + at, le32(copy, at));
  return true;
}

constexpr Duration restore_time = 1s + user_slot / 4 * Flash::program_word;

BootResult without_part1(Flash& flash) {
  if (!restore_factory(flash)) {
    return {.outcome = BootOutcome::dfu,
            .reason = "no system part 1 for this board, and no sound factory image: the bootloader stays in DFU mode",
            .takes = bootloader_start};
  }
  return {.outcome = BootOutcome::reset_loop,
          .reason = "no system part 1 for this board: the bootloader restores the factory image and resets, for ever",
          .factory_copied = true};
}

BootResult crash(std::string reason) {
  return {.outcome = BootOutcome::crash, .reason = std::move(reason)};
}

BootResult safe_mode(std::uint16_t system, std::string reason, std::optional<MissingModule> missing = {}) {
  return {.outcome = BootOutcome::safe_mode,
          .reason = std::move(reason),
          .missing = missing,
          .system_version = system,
          .takes = bootloader_start + system_start};
}

// What system part 2 finds about the modules other than the user's; nothing if it is content.
std::optional<BootResult> check_system(const Flash& flash, const Header& part1, const Header& part2) {
  if (part2.version < tests_everything) return {};
  if (!version_of(flash, 2, 0)) return safe_mode(part2.version, "the bootloader's checksum is wrong");
  for (const Need& one : {part2.first, part2.second, part1.first, part1.second}) {
    if (auto missing = unmet(flash, one)) {
      return safe_mode(part2.version, "a dependency of the system parts is missing or too old", missing);
    }
  }
  return {};
}

BootResult run_user(Flash& flash, std::uint16_t system) {
  const Header user = header_at(flash, user_at);
  if (!checksum_good(flash, user, user_at)) return safe_mode(system, "the user module's checksum is wrong");
  if (auto missing = unmet(flash, user.first)) {
    return safe_mode(system, "a dependency of the user module is missing or too old", missing);
  }
  if (system >= tests_everything) {
    if (auto missing = unmet(flash, user.second)) {
      return safe_mode(system, "the second dependency of the user module is missing or too old", missing);
    }
  }
  return {.outcome = BootOutcome::application,
          .reason = "the user module runs",
          .system_version = system,
          .takes = bootloader_start + system_start};
}

BootResult without_user(Flash& flash, std::uint16_t system) {
  if (!header_good(header_at(flash, factory_at), user_at)) {
    return safe_mode(system, "the user slot holds no module for this board, and neither does the factory slot");
  }
  if (!restore_factory(flash)) {
    return {.outcome = BootOutcome::reset_loop,
            .reason =
                "the user slot holds no module for this board and the factory image is damaged: the system asks "
                "for a restore, the bootloader refuses it, for ever"};
  }
  BootResult result = run_user(flash, system);
  if (result.outcome == BootOutcome::application) {
    result.outcome = BootOutcome::factory_fallback;
    result.reason = "the user slot held no module for this board: the factory image was copied over it and runs";
  }
  result.factory_copied = true;
  result.takes += bootloader_start + system_start + restore_time;  // the first start, and the copy
  return result;
}

}  // namespace

BootResult photon_boot(Flash& flash) {
  const Header part1 = header_at(flash, part1_at);
  if (!header_good(part1, part1_at)) return without_part1(flash);
  // The bootloader looks at the header alone and jumps (facts/particle.md 5.1).
  if (!checksum_good(flash, part1, part1_at)) return crash("system part 1 is damaged behind a good header");
  if (!sound(flash, part2_at)) return crash("system part 1 runs into a system part 2 that is missing or damaged");
  const Header part2 = header_at(flash, part2_at);
  if (auto found = check_system(flash, part1, part2)) return *found;
  if (!header_good(header_at(flash, user_at), user_at)) return without_user(flash, part2.version);
  return run_user(flash, part2.version);
}

std::string_view to_string(BootOutcome outcome) {
  switch (outcome) {
    case BootOutcome::application:
      return "application";
    case BootOutcome::safe_mode:
      return "safe-mode";
    case BootOutcome::factory_fallback:
      return "factory-fallback";
    case BootOutcome::dfu:
      return "dfu";
    case BootOutcome::reset_loop:
      return "reset-loop";
    case BootOutcome::crash:
      return "crash";
  }
  return {};
}

Bytes synthetic_bootloader(std::uint16_t module_version) {
  constexpr std::uint32_t size = 0x3B10;
  Bytes image;
  append_le32(image, 0x20020000);  // a stack pointer in RAM
  while (image.size() < 0x184) append_le32(image, bootloader_at + 0x201);
  append_le32(image, bootloader_at);
  append_le32(image, bootloader_at + size);
  append_le16(image, 0);
  append_le16(image, module_version);
  append_le16(image, photon);
  append_le16(image, 2);  // function: bootloader; index 0
  image.resize(image.size() + 8, 0);
  constexpr std::uint32_t suffix = 36;  // reserved, SHA-256, size (facts/particle.md 3.4)
  for (std::uint32_t seed = module_version; image.size() < size - suffix;) {
    seed = seed * 1664525 + 1013904223;
    append_le32(image, seed);
  }
  append_le16(image, 0xFFFF);
  const Sha256 digest = sha256(image);
  image.insert(image.end(), digest.begin(), digest.end());
  append_le16(image, suffix);
  const std::uint32_t crc = crc32(image);
  for (const int shift : {24, 16, 8, 0}) image.push_back(static_cast<std::uint8_t>(crc >> shift));
  return image;
}

std::optional<std::uint16_t> system_version(const Flash& flash) {
  return version_of(flash, 4, 2);
}

std::optional<std::uint16_t> bootloader_version(const Flash& flash) {
  const Header header = header_at(flash, bootloader_at);
  if (!header_good(header, bootloader_at)) return {};
  return header.version;
}

}  // namespace dfu::virt
