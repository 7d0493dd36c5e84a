#include "config/image_fit.h"

#include "dfu/image/formats.h"

namespace config {

namespace {

using dfu::ImageKind;
using dfu::particle::Function;
using dfu::particle::Module;

constexpr std::uint16_t any_id = 0xFFFF;
constexpr const char* no_remedy = "Is this the right file? Fetch or build it again.";

std::string hex(std::uint32_t address) {
  return dfu::hex_address(address);
}

// A file made for DFU names the unit it is for (docs/devices.md, "DFU file suffix").
std::optional<Unfit> wrong_suffix(const dfu::DfuSuffix& suffix, const dfu::Profile& profile) {
  const bool vendor = suffix.vendor == any_id || suffix.vendor == profile.dfu.vendor;
  const bool product = suffix.product == any_id || suffix.product == profile.dfu.product;
  if (vendor && product) return {};
  return Unfit{"is marked for units with the USB id " + dfu::hex_id(suffix.vendor, suffix.product) +
                   ", this recipe flashes " + profile.name + " (" + to_string(profile.dfu) + ")",
               "Use the file that was made for " + profile.name + "."};
}

Unfit without_header(ImageKind kind, const std::string& units) {
  const std::string what = kind == ImageKind::legacy_core ? "was built for the Spark Core (no module header)"
                                                          : "has no Particle module header";
  // docs/devices.md, "Boot of a Photon"
  return {what + "; the unit would not run it, and would silently go back to its factory firmware",
          "Use the .bin that was built for " + units + "."};
}

std::optional<Unfit> wrong_module(const Module& module, const dfu::Profile& profile) {
  const std::string& units = profile.name;
  if (module.platform != *profile.platform) {
    if (module.for_any_platform()) {
      return Unfit{"is a file for an application's use (" + describe(module) + "), and DFU cannot store it",
                   "Remove this step: such a file goes to the unit over the air."};
    }
    return Unfit{"was built for " + std::string(to_string(module.platform)) + ", this recipe flashes " + units + " (" +
                     describe(module) + ")",
                 "Use the file that was built for " + units + "."};
  }
  // docs/devices.md, "Bootloader updates"
  if (module.function == Function::bootloader) {
    return Unfit{"is a bootloader (" + describe(module) + "), and the unit refuses to have it written by DFU",
                 "Add to this step: kind = \"bootloader\". The unit's system then installs it at its next start. Or "
                 "remove this step."};
  }
  const auto slot = slot_for(module);
  if (!slot) {
    return Unfit{"is " + describe(module) + ", and " + units + " units have no place for such a module",
                 "Use system parts and a user part."};
  }
  if (module.start != slot->range.begin) {
    return Unfit{"was built to start at " + hex(module.start) + ", but on " + units + " units " + slot->name +
                     " starts at " + hex(slot->range.begin),
                 "Build it for " + units + "."};
  }
  const std::uint64_t stored_end = std::uint64_t{module.start} + module.stored_size();
  if (stored_end > slot->range.end) {
    return Unfit{"is too large: it has " + std::to_string(module.stored_size()) + " bytes, and the place for " +
                     slot->name + " (" + hex(slot->range.begin) + " to " + hex(slot->range.end) + ") holds " +
                     std::to_string(slot->range.size()),
                 "Make the firmware smaller."};
  }
  return {};
}

std::variant<Unfit, Placement> place_module(const Module& module, std::optional<std::uint32_t> address) {
  if (address && *address != module.start) {
    return Unfit{"belongs at " + hex(module.start) + " by its header, but 'address' says " + hex(*address),
                 "Remove the line: the header says where the module goes.", true};
  }
  return Placement{module.start, module.header_offset, slot_for(module)};
}

// Plain DFU has no addresses: the unit knows where its one image goes.
std::variant<Unfit, Placement> place_plain(const dfu::ImageFacts& facts, std::optional<std::uint32_t> address) {
  if (!facts.ranges.empty()) {
    return Unfit{"says where its bytes go, and units of plain DFU have no addresses",
                 "Use the .bin of the same build."};
  }
  if (address && *address != 0) {
    return Unfit{"is for units of plain DFU, which have no addresses", "Remove 'address' from this step.", true};
  }
  return Placement{};
}

// A Core runs programs without a header, from the one place that it has for them (docs/devices.md, "Core").
std::variant<Unfit, Placement> place_legacy_core(std::optional<std::uint32_t> address) {
  const dfu::particle::Slot& slot = dfu::particle::slots(dfu::particle::Platform::core).front();
  if (!address || *address == slot.range.begin) return Placement{slot.range.begin, std::nullopt, slot};
  return Unfit{"belongs at " + hex(slot.range.begin) + " on a Core, but 'address' says " + hex(*address),
               "Remove 'address' from this step.", true};
}

// Where the bytes go is said by the file; the recipe may repeat it.
std::variant<Unfit, Placement> place_ranges(const std::vector<dfu::Range>& ranges,
                                            std::optional<std::uint32_t> address) {
  const std::uint32_t first = ranges.front().begin;
  if (!address || *address == first) return Placement{first, std::nullopt, std::nullopt};
  return Unfit{"says itself that it begins at " + hex(first) + ", not at " + hex(*address),
               "Remove 'address' from this step.", true};
}

}  // namespace

std::string how_to_take(const dfu::Image& image) {
  return "If the unit needs exactly these bytes, add to this step: format = \"raw\" and sha256 = \"" +
         dfu::to_hex(image.sha256) + "\"";
}

bool may_be_taken(const dfu::Image& image) {
  return image.facts.kind == ImageKind::unknown;
}

std::optional<Unfit> unsound(const dfu::Image& image, bool may_be_raw) {
  const dfu::ImageFacts& facts = image.facts;
  switch (facts.kind) {
    case ImageKind::empty:
      return Unfit{"is empty (0 bytes): nothing was downloaded or built", "Fetch the file again."};
    case ImageKind::html:
      return Unfit{"is a web page, not firmware: the download failed",
                   "Fetch the file again, and look at it before you use it."};
    case ImageKind::zip:
      return Unfit{facts.sound ? "is a bundle, which DFU cannot flash as a whole" : "is a zip archive, not firmware",
                   "Unpack it and name the .bin or .hex that is inside."};
    case ImageKind::elf:
      return Unfit{"is an ELF file, as the linker makes it, not what goes into flash",
                   "Use the .bin or .hex that the build makes beside it, or make one: objcopy -O ihex FILE.elf "
                   "FILE.hex"};
    case ImageKind::uf2:
      return Unfit{"is a UF2 file, for boards that show up as a disk", "Use the .bin or .hex of the same build."};
    case ImageKind::mcuboot:
      if (!facts.sound) return Unfit{facts.problem, "Fetch it again, or sign it again with imgtool."};
      return {};
    case ImageKind::intel_hex:
    case ImageKind::s_record:
    case ImageKind::dfuse:
    case ImageKind::particle_module:
    case ImageKind::dfu_suffix:
      if (!facts.sound) return Unfit{facts.problem, "Fetch or build the file again."};
      if (facts.module && !only_over_the_air(*facts.module).empty()) {
        return Unfit{only_over_the_air(*facts.module), "Use the plain module that it was made from."};
      }
      return {};
    case ImageKind::unknown:
      return Unfit{facts.problem,
                   (facts.remedy.empty() ? no_remedy : facts.remedy) + (may_be_raw ? " " + how_to_take(image) : "")};
    case ImageKind::raw:
    case ImageKind::legacy_core:
    case ImageKind::boot_image:
    case ImageKind::bitstream:
    case ImageKind::file_system:
      return {};
  }
  return {};
}

std::variant<Unfit, Placement> place(const dfu::Image& image, const dfu::Profile& profile,
                                     std::optional<std::uint32_t> address) {
  const dfu::ImageFacts& facts = image.facts;
  if (facts.alternate && *facts.alternate != profile.alternate) {
    const std::string its = std::to_string(*facts.alternate);
    return Unfit{"is for alternate setting " + its + ", and this step goes into " + std::to_string(profile.alternate),
                 "Use the file for this memory, or add to this step: alt = " + its};
  }
  if (facts.suffix) {
    if (auto wrong = wrong_suffix(*facts.suffix, profile)) return *wrong;
  }
  if (profile.dialect == dfu::Dialect::dfu11) return place_plain(facts, address);
  if (profile.platform == dfu::particle::Platform::core && !facts.module && dfu::runs_on_core(image.payload())) {
    return place_legacy_core(address);
  }
  if (profile.platform) {
    if (!facts.module) return without_header(facts.kind, profile.name);
    if (auto wrong = wrong_module(*facts.module, profile)) return *wrong;
    return place_module(*facts.module, address);
  }
  if (facts.module) return place_module(*facts.module, address);
  if (!facts.ranges.empty()) return place_ranges(facts.ranges, address);
  if (!address) {
    return Unfit{"is a raw binary: it does not say where it belongs", "Add to this step: address = 0x..."};
  }
  return Placement{*address, std::nullopt, std::nullopt};
}

}  // namespace config
