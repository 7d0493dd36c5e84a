#include "dfu/particle/boot_prediction.h"

#include <algorithm>

namespace dfu::particle {
namespace {

constexpr std::uint32_t flash_end = 0x08100000;
constexpr std::uint32_t bootloader_start = 0x08000000;
constexpr std::uint32_t behind_vectors = 0x184;

// Module versions of system part 2 (docs/devices.md, "Module versions", "Flash maps of Gen 2", "Boot of a Photon",
// "Bootloader updates"). From 0.7.0 on both dependencies are tested, and those of the system too; its release
// candidates are below its 207.
constexpr std::uint16_t tests_all_since = 200;
constexpr std::uint16_t electron_part3_since = 102;
constexpr std::uint16_t updates_bootloader_since = 1213;  // 1.2.1

const std::vector<ModulePlace> photon_places = {
    {"bootloader", Function::bootloader, 0, bootloader_start}, {"system-part 1", Function::system_part, 1, 0x08020000},
    {"system-part 2", Function::system_part, 2, 0x08060000},   {"user-part 1", Function::user_part, 1, 0x080A0000},
    {"factory image", Function::user_part, 1, 0x080E0000},
};

const std::vector<ModulePlace> electron_places = {
    {"bootloader", Function::bootloader, 0, bootloader_start}, {"system-part 1", Function::system_part, 1, 0x08020000},
    {"system-part 2", Function::system_part, 2, 0x08040000},   {"system-part 3", Function::system_part, 3, 0x08060000},
    {"user-part 1", Function::user_part, 1, 0x08080000},       {"factory image", Function::user_part, 1, 0x080A0000},
};

const std::vector<ModulePlace> no_places;

class Forecast {
 public:
  Forecast(Platform platform, const Contents& contents)
      : platform_(platform), places_(places(platform)), contents_(contents) {}

  BootPrediction run() const {
    if (!whole(Function::system_part, 1)) return without_part1();
    if (!whole(Function::system_part, 2)) return {Start::crash, "system-part 2 is missing", {}};
    if (platform_ == Platform::electron && system() >= electron_part3_since && !whole(Function::system_part, 3)) {
      return {Start::crash, "system-part 3 is missing", {}};
    }
    if (tests_all()) {
      if (auto unmet = unmet_of_parts()) return {Start::safe_mode, "a system part lacks what it needs", unmet};
    }
    return user();
  }

 private:
  std::size_t at(Function function, std::uint8_t index) const {
    const auto found = std::ranges::find_if(
        places_, [&](const ModulePlace& place) { return place.function == function && place.index == index; });
    return static_cast<std::size_t>(found - places_.begin());  // the factory image comes after the user part
  }

  const std::optional<Head>& head(std::size_t place) const { return contents_.heads[place]; }

  // The test that bootloader and system make before they use a module. A module that was not read counts as accepted.
  bool accepted(std::size_t place, std::uint32_t start) const {
    const std::optional<Head>& one = head(place);
    if (!one) return true;
    return one->start == start && one->end <= flash_end && one->platform == static_cast<std::uint16_t>(platform_);
  }

  bool has_length(std::size_t place) const { return !head(place) || head(place)->end > head(place)->start; }
  bool whole(std::size_t place) const { return accepted(place, places_[place].address) && has_length(place); }
  bool whole(Function function, std::uint8_t index) const {
    const std::size_t place = at(function, index);
    return place < places_.size() && whole(place);
  }

  std::uint16_t system() const {
    const auto& part2 = head(at(Function::system_part, 2));
    return part2 ? part2->version : std::uint16_t{0};
  }
  bool tests_all() const { return system() >= tests_all_since; }

  bool updates_bootloader() const { return contents_.bootloader_update && system() >= updates_bootloader_since; }

  // The bootloader of a unit is only held against it if its header is one: those of the first units are odd, and the
  // unit talks to us through it (docs/devices.md, "Module suffix and checksums").
  std::optional<std::uint16_t> bootloader() const {
    if (updates_bootloader()) return contents_.bootloader_update->version;
    if (!head(0) || !whole(std::size_t{0})) return std::nullopt;
    return head(0)->version;
  }

  std::optional<Unmet> unmet(std::size_t who, const Head& one, const Dependency& needs) const {
    const Unmet missing{places_[who].name + " version " + std::to_string(one.version), places_[who].name, needs, {}};
    if (needs.function == Function::bootloader) {
      // The Electron does not look at it (docs/devices.md, "Boot of a Photon").
      const auto version = platform_ == Platform::electron ? std::nullopt : bootloader();
      if (!version || *version >= needs.version) return std::nullopt;
      return with_version(missing, *version);
    }
    const std::size_t place = at(needs.function, needs.index);
    if (place >= places_.size()) return missing;
    if (!head(place)) return std::nullopt;
    if (!whole(place)) return missing;
    if (head(place)->version >= needs.version) return std::nullopt;
    return with_version(missing, head(place)->version);
  }

  static Unmet with_version(Unmet unmet, std::uint16_t version) {
    unmet.found = version;
    return unmet;
  }

  std::optional<Unmet> unmet_of(std::size_t who, std::size_t most_needs) const {
    const std::optional<Head>& one = head(who);
    if (!one) return std::nullopt;
    for (std::size_t i = 0; i < std::min(most_needs, one->needs.size()); ++i) {
      if (auto found = unmet(who, *one, one->needs[i])) return found;
    }
    return std::nullopt;
  }

  std::optional<Unmet> unmet_of_parts() const {
    for (const std::uint8_t index : {2, 1, 3}) {
      const std::size_t place = at(Function::system_part, index);
      if (place >= places_.size()) continue;
      if (auto found = unmet_of(place, 2)) return found;
    }
    return std::nullopt;
  }

  BootPrediction without_part1() const {
    const std::size_t factory = places_.size() - 1;
    const std::string missing = "system-part 1 is missing";
    if (head(factory) && accepted(factory, user_address()) && has_length(factory)) {
      return {Start::reset_loop, missing + ", and the bootloader keeps restoring the factory image", {}};
    }
    return {Start::dfu, missing, {}};
  }

  std::uint32_t user_address() const { return places_[at(Function::user_part, 1)].address; }

  // The unit takes the second dependency into account from 0.7.0 on.
  BootPrediction application(std::size_t place, Start start, std::string reason) const {
    const std::size_t tested = tests_all() ? 2 : 1;
    if (auto found = unmet_of(place, tested)) return {Start::safe_mode, "the application lacks what it needs", found};
    // Old systems do not test this, run the application, and may crash in it.
    auto untested = unmet_of(place, 2);
    if (!untested) untested = unmet_of_parts();
    return {start, std::move(reason), std::move(untested)};
  }

  BootPrediction user() const {
    const std::size_t slot = at(Function::user_part, 1);
    const std::size_t factory = places_.size() - 1;
    if (accepted(slot, user_address())) {
      if (!has_length(slot)) return {Start::safe_mode, "the application is damaged", {}};
      return application(slot, Start::application, "the application runs");
    }
    if (head(factory) && accepted(factory, user_address())) {
      if (!has_length(factory)) return {Start::reset_loop, "the system asks for a factory image that is damaged", {}};
      return application(factory, Start::factory_fallback,
                         "the place of the application holds none for this unit, and the factory image does");
    }
    return {Start::safe_mode, "the place of the application holds none for this unit", {}};
  }

  Platform platform_;
  const std::vector<ModulePlace>& places_;
  const Contents& contents_;
};

}  // namespace

const std::vector<ModulePlace>& places(Platform platform) {
  if (platform == Platform::photon || platform == Platform::p1) return photon_places;
  return platform == Platform::electron ? electron_places : no_places;
}

Head read_head(ByteView beginning) {
  constexpr std::uint32_t header_bytes = 24;
  if (beginning.size() < header_bytes) return {};
  const bool vectors = (le32(beginning, 0) & 0x2FF10000) == 0x20000000;
  const std::size_t at = vectors ? behind_vectors : 0;
  if (beginning.size() < at + header_bytes) return {};
  const ByteView raw = beginning.subspan(at, header_bytes);
  Head head{le32(raw, 0), le32(raw, 4), le16(raw, 10), le16(raw, 12), {}};
  for (const std::size_t field : {16u, 20u}) {
    if (raw[field] != 0)
      head.needs.push_back({static_cast<Function>(raw[field]), raw[field + 1], le16(raw, field + 2)});
  }
  return head;
}

std::string_view to_string(Start start) {
  switch (start) {
    case Start::application:
      return "application";
    case Start::safe_mode:
      return "safe-mode";
    case Start::factory_fallback:
      return "factory-fallback";
    case Start::dfu:
      return "dfu";
    case Start::reset_loop:
      return "reset-loop";
    case Start::crash:
      return "crash";
  }
  return {};
}

BootPrediction predict_boot(Platform platform, const Contents& contents) {
  return Forecast(platform, contents).run();
}

}  // namespace dfu::particle
