#include "dfu/virtual/particle_boot.h"

#include <algorithm>

#include "dfu/hash.h"

namespace dfu::virt {

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t bootloader_at = 0x08000000;
constexpr std::uint32_t user_slot = 0x20000;
// System part 2 tests both dependencies, and the bootloader, from 0.7.0 on (docs/devices.md, "Boot of a Photon",
// "Bootloader updates"). The last 0.6 module is below 200, 0.7.0 is 207.
constexpr std::uint16_t tests_everything = 200;

// From 1.2.1 on the system looks for a bootloader in the update area at its start, if the configuration store says so
// (docs/devices.md, "Bootloader updates", "Configuration store").
constexpr std::uint16_t takes_bootloader = 1213;
constexpr std::uint32_t update_area = 0x080C0000;
constexpr std::uint32_t update_flag = 1753;
constexpr std::uint8_t update_waits = 0xA5;

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
  std::uint8_t function = 0;
  std::uint8_t index = 0;
  Need first{}, second{};
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
          .function = raw[14],
          .index = raw[15],
          .first = need(raw.subspan(16)),
          .second = need(raw.subspan(20))};
}

// One board's modules, as its own code looks at them.
class Modules {
 public:
  Modules(const Flash& flash, const ParticleBoard& board) : board_(board), held_(flash) {}

  bool header_good(const Header& header, std::uint32_t start) const;
  bool checksum_good(const Header& header, std::uint32_t at) const;
  bool sound(std::uint32_t at) const;
  std::optional<std::uint16_t> version_of(std::uint8_t function, std::uint8_t index) const;
  std::optional<MissingModule> unmet(const Need& need) const;

 protected:
  const ParticleBoard& board_;

 private:
  const Flash& held_;
};

class Boot : public Modules {
 public:
  Boot(Flash& flash, const ParticleBoard& board) : Modules(flash, board), flash_(flash) {}

  BootResult run();
  BootResult run_as(StartAs as);

 private:
  bool restore_factory();
  Duration restore_time() const;
  BootResult by_vector_table() const;
  BootResult without_part1();
  std::optional<BootResult> check_system(std::uint16_t system) const;
  BootResult run_user(std::uint16_t system) const;
  BootResult without_user(std::uint16_t system);
  void update_bootloader(std::uint16_t system);

  Flash& flash_;
};

bool Modules::header_good(const Header& header, std::uint32_t start) const {
  return header.start == start && header.end <= held_.range().end && header.platform == board_.platform;
}

// The checksum behind the module, for one that lies at `at` and may be made for another address (the factory image).
bool Modules::checksum_good(const Header& header, std::uint32_t at) const {
  if (header.end <= header.start) return false;
  const std::uint32_t size = header.end - header.start, room = held_.range().end - at;
  if (size > room || room - size < 4) return false;
  return crc32(held_.view({at, at + size})) == be32(held_.view({at + size, at + size + 4}), 0);
}

bool Modules::sound(std::uint32_t at) const {
  const Header header = header_at(held_, at);
  return header_good(header, at) && checksum_good(header, at);
}

std::optional<std::uint16_t> Modules::version_of(std::uint8_t function, std::uint8_t index) const {
  std::uint32_t at = 0;
  if (function == 2 && index == 0) at = bootloader_at;
  if (function == 4 && index == 1) at = board_.part1;
  if (function == 4 && index == 2) at = board_.part2;
  if (function == 4 && index == 3) at = board_.part3;
  if (function == 5 && index == 1) at = board_.user;
  if (at == 0 || !sound(at)) return {};
  return header_at(held_, at).version;
}

std::optional<MissingModule> Modules::unmet(const Need& need) const {
  if (need.function == 0 || (need.function == 2 && !board_.tests_bootloader)) return {};
  const auto found = version_of(need.function, need.index);
  if (found && *found >= need.version) return {};
  return MissingModule{need.function, need.index, need.version, found};
}

// Copies the factory image over the user slot, as the bootloader does; false if it refuses.
bool Boot::restore_factory() {
  const Header factory = header_at(flash_, board_.factory);
  if (!header_good(factory, board_.user) || !checksum_good(factory, board_.factory)) return false;
  const ByteView image = flash_.view({board_.factory, board_.factory + user_slot});
  const Bytes copy(image.begin(), image.end());
  flash_.erase({board_.user, board_.user + user_slot});
  for (std::uint32_t at = 0; at < user_slot; at += 4) flash_.program(board_.user + at, le32(copy, at));
  return true;
}

Duration Boot::restore_time() const {
  return 1s + user_slot / 4 * flash_.geometry().program_word;
}

BootResult Boot::without_part1() {
  if (!restore_factory()) {
    return {.outcome = BootOutcome::dfu,
            .reason = "no system part 1 for this board, and no sound factory image: the bootloader stays in DFU mode",
            .takes = bootloader_start};
  }
  return {
      .outcome = BootOutcome::reset_loop,
      .reason = "no system part 1 for this board: the bootloader restores the factory image and resets, without end",
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
std::optional<BootResult> Boot::check_system(std::uint16_t system) const {
  if (system < tests_everything) return {};
  if (board_.tests_bootloader && !version_of(2, 0)) return safe_mode(system, "the bootloader's checksum is wrong");
  for (const std::uint32_t part : {board_.part2, board_.part1, board_.part3}) {
    if (part == 0) continue;
    const Header header = header_at(flash_, part);
    for (const Need& one : {header.first, header.second}) {
      if (auto missing = unmet(one)) {
        return safe_mode(system, "a dependency of the system parts is missing or too old", missing);
      }
    }
  }
  return {};
}

// Copied over the old one if it is a whole bootloader for this board; the flag is taken back in any case.
void Boot::update_bootloader(std::uint16_t system) {
  const std::uint32_t flag = board_.dct_at + update_flag;
  if (system < takes_bootloader || flash_.at(flag) != update_waits) return;
  const Header update = header_at(flash_, update_area);
  const Range sector = *flash_.geometry().sector(bootloader_at);
  if (header_good(update, bootloader_at) && checksum_good(update, update_area) &&
      update.end - update.start + 4 <= sector.size()) {
    const ByteView image = flash_.view({update_area, update_area + update.end - update.start + 4});
    const Bytes copy(image.begin(), image.end());
    flash_.erase(sector);
    flash_.place(bootloader_at, copy);
  }
  const std::uint8_t done = 0xFF;
  flash_.place(flag, {&done, 1});
}

BootResult Boot::run_user(std::uint16_t system) const {
  const Header user = header_at(flash_, board_.user);
  if (!checksum_good(user, board_.user)) return safe_mode(system, "the user module's checksum is wrong");
  if (auto missing = unmet(user.first)) {
    return safe_mode(system, "a dependency of the user module is missing or too old", missing);
  }
  if (system >= tests_everything) {
    if (auto missing = unmet(user.second)) {
      return safe_mode(system, "the second dependency of the user module is missing or too old", missing);
    }
  }
  return {.outcome = BootOutcome::application,
          .reason = "the user module runs",
          .system_version = system,
          .takes = bootloader_start + system_start};
}

BootResult Boot::without_user(std::uint16_t system) {
  if (!header_good(header_at(flash_, board_.factory), board_.user)) {
    return safe_mode(system, "the user slot holds no module for this board, and neither does the factory slot");
  }
  if (!restore_factory()) {
    return {.outcome = BootOutcome::reset_loop,
            .reason =
                "the user slot holds no module for this board and the factory image is damaged: the system asks "
                "for a restore, the bootloader refuses it, without end"};
  }
  BootResult result = run_user(system);
  if (result.outcome == BootOutcome::application) {
    result.outcome = BootOutcome::factory_fallback;
    result.reason = "the user slot held no module for this board: the factory image was copied over it and runs";
  }
  result.factory_copied = true;
  result.takes += bootloader_start + system_start + restore_time();  // the first start, and the copy
  return result;
}

// The Core: its bootloader jumps if the first word looks like a RAM address, whatever follows. An image may have a
// header behind its vector table and then a checksum, which nobody tests; here it tells whether the code can run.
BootResult Boot::by_vector_table() const {
  constexpr std::uint32_t header_offset = 0x10C;
  const std::uint32_t at = board_.user;
  if ((flash_.word(at) & 0x2FFE0000) != 0x20000000) {
    return {.outcome = BootOutcome::dfu,
            .reason = "the application does not begin with a stack pointer: the bootloader stays in DFU mode",
            .takes = bootloader_start};
  }
  const std::uint32_t start = flash_.word(at + 4);
  if (start % 2 == 0 || start < at || start >= flash_.range().end) {
    return crash("the application's reset vector points out of the flash");
  }
  const ByteView raw = flash_.view({at + header_offset, at + header_offset + 24});
  const Header header{.start = le32(raw, 0), .end = le32(raw, 4), .version = le16(raw, 10), .platform = le16(raw, 12)};
  if (header_good(header, at) && !checksum_good(header, at)) return crash("the application is damaged");
  return {.outcome = BootOutcome::application,
          .reason = "the application runs",
          .system_version = header_good(header, at) ? header.version : std::uint16_t{0},
          .takes = bootloader_start + system_start};
}

BootResult Boot::run() {
  if (board_.part1 == 0) return by_vector_table();
  const Header part1 = header_at(flash_, board_.part1);
  if (!header_good(part1, board_.part1)) return without_part1();
  // The bootloader looks at the header alone and jumps (docs/devices.md, "Boot of a Photon").
  if (!checksum_good(part1, board_.part1)) return crash("system part 1 is damaged behind a good header");
  if (!sound(board_.part2)) return crash("system part 1 runs into a system part 2 that is missing or damaged");
  const std::uint16_t system = header_at(flash_, board_.part2).version;
  if (board_.part3 != 0 && system >= board_.part3_since && !sound(board_.part3)) {
    return crash("the system parts run into a system part 3 that is missing or damaged");
  }
  update_bootloader(system);
  if (auto found = check_system(system)) return *found;
  if (!header_good(header_at(flash_, board_.user), board_.user)) return without_user(system);
  return run_user(system);
}

// A factory reset is the bootloader's work, safe mode that of system part 2; a board without them starts as ever.
BootResult Boot::run_as(StartAs as) {
  const bool restored = as == StartAs::factory_reset && board_.factory != 0 && restore_factory();
  BootResult result = run();
  result.factory_copied = result.factory_copied || restored;
  if (result.outcome != BootOutcome::application) return result;
  if (restored) {
    result.outcome = BootOutcome::factory_fallback;
    result.reason = "the bootloader was asked for the factory image: it was copied over the user slot and runs";
    result.overruled = true;
    result.takes += restore_time();
  } else if (as == StartAs::safe_mode && board_.part2 != 0) {
    result.outcome = BootOutcome::safe_mode;
    result.reason = "the system was asked for safe mode";
    result.overruled = true;
  }
  return result;
}

}  // namespace

BootResult particle_boot(Flash& flash, const ParticleBoard& board, StartAs as) {
  return Boot(flash, board).run_as(as);
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

namespace {

// The hash that the build left in front of the checksum, behind a suffix long enough to hold it.
std::optional<Bytes> suffix_sha(const Flash& flash, std::uint32_t end_of_module) {
  constexpr std::uint32_t shortest = 36;
  const ByteView size = flash.view({end_of_module - 2, end_of_module});
  if (le16(size, 0) < shortest) return {};
  const ByteView sha = flash.view({end_of_module - 34, end_of_module - 2});
  return Bytes(sha.begin(), sha.end());
}

ModuleListing listing(const Flash& flash, const ParticleBoard& board, std::uint32_t at, std::uint32_t room,
                      bool second_dependency) {
  constexpr std::uint8_t integrity = 2, dependencies = 4, range = 8, platform = 16;
  const Modules modules(flash, board);
  const bool factory = at == board.factory && at != 0;
  const std::uint32_t start = factory ? board.user : at;
  ModuleListing out{.room = room, .factory = factory, .held = {}};
  const Header header = header_at(flash, at);
  if (!modules.header_good(header, start)) return out;
  ModuleListing::Held held{header.function, header.index, header.version, {}, {}};
  bool met = true;
  for (const Need& one : {header.first, second_dependency ? header.second : Need{}}) {
    if (one.function == 0) continue;
    held.needs.push_back({one.function, one.index, one.version, modules.version_of(one.function, one.index)});
    met = met && !modules.unmet(one);
  }
  const std::uint32_t size = header.end - header.start;
  out.good = static_cast<std::uint8_t>(platform | (size + 4 <= room ? range : 0) | (met ? dependencies : 0) |
                                       (modules.checksum_good(header, at) ? integrity : 0));
  constexpr std::uint8_t user_part = 5;
  if (header.function == user_part && size >= 64 && size <= room) held.sha = suffix_sha(flash, at + size);
  out.held = std::move(held);
  return out;
}

}  // namespace

std::vector<ModuleListing> list_modules(const Flash& flash, const ParticleBoard& board, std::uint16_t system_version) {
  const bool second = system_version >= tests_everything;
  std::vector<ModuleListing> all;
  const auto list = [&](std::uint32_t at, std::uint32_t room) {
    if (at != 0) all.push_back(listing(flash, board, at, room, second));
  };
  if (board.has_generations) list(bootloader_at, 0x4000);
  const std::uint32_t part_room = board.part3 == 0 ? 0x40000 : 0x20000;
  for (const std::uint32_t part : {board.part1, board.part2, board.part3}) list(part, part_room);
  list(board.user, user_slot);
  list(board.factory, user_slot);
  return all;
}

Bytes synthetic_bootloader(std::uint16_t module_version, const ParticleBoard& board) {
  constexpr std::uint32_t size = 0x3B10;
  Bytes image;
  append_le32(image, 0x20020000);  // a stack pointer in RAM
  while (image.size() < 0x184) append_le32(image, bootloader_at + 0x201);
  append_le32(image, bootloader_at);
  append_le32(image, bootloader_at + size);
  append_le16(image, 0);
  append_le16(image, module_version);
  append_le16(image, board.platform);
  append_le16(image, 2);  // function: bootloader; index 0
  image.resize(image.size() + 8, 0);
  constexpr std::uint32_t suffix = 36;  // reserved, SHA-256, size (docs/devices.md, "Module suffix and checksums")
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

std::optional<std::uint16_t> system_version(const Flash& flash, const ParticleBoard& board) {
  return Modules(flash, board).version_of(4, 2);
}

std::optional<std::uint16_t> bootloader_version(const Flash& flash, const ParticleBoard& board) {
  const Header header = header_at(flash, bootloader_at);
  if (!Modules(flash, board).header_good(header, bootloader_at)) return {};
  return header.version;
}

}  // namespace dfu::virt
