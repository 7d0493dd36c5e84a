#include "config/program_places.h"

#include <algorithm>

#include "dfu/image/linked.h"

namespace config {

namespace {

std::string hex(std::uint32_t address) {
  return dfu::hex_address(address);
}

// Where a program may begin, in any memory.
std::vector<std::uint32_t> sector_starts(const dfu::Profile& profile, const std::vector<dfu::MemoryMap>& beside) {
  std::vector<dfu::MemoryMap> maps = beside;
  if (auto own = dfu::parse_memory_map(profile.map)) maps.insert(maps.begin(), *std::move(own));
  std::vector<std::uint32_t> starts;
  for (const dfu::MemoryMap& map : maps) {
    for (const dfu::Sector& sector : map.sectors) {
      if (sector.writable) starts.push_back(sector.range.begin);
    }
  }
  return starts;
}

class Programs : private StepReport {
 public:
  Programs(const std::vector<Placed>& placed, std::vector<std::uint32_t> starts, Report& report)
      : StepReport(report), placed_(placed), starts_(std::move(starts)) {}

  void check() {
    for (const Placed& one : placed_) {
      if (!one.is_image() || one.module() || one.step.does != dfu::Step::Does::write) continue;
      if (one.step.image->facts.as_is) continue;
      const dfu::Range first = one.step.ranges().front();
      const dfu::ByteView program = one.step.payload(first);
      if (const auto handlers = dfu::handlers_of(program)) check_program(one, program, first, *handlers);
    }
  }

 private:
  void check_program(const Placed& one, dfu::ByteView program, dfu::Range place, dfu::Range handlers) {
    const bool here = dfu::reaches(handlers.begin, place) && dfu::reaches(handlers.end - 2, place);
    constexpr dfu::Range ram{0x20000000, 0x40000000};
    if (!here && ram.contains(handlers.begin)) {
      warning(*one.draft, *one.draft->image,
              "'" + one.draft->image->value + "' was linked for RAM at " + hex(handlers.begin) + ", not for " +
                  hex(place.begin),
              "It runs only if something copies it there.");
    } else if (!here && !any_reaches(handlers)) {
      wrong_place(one, place, "its vectors point to " + hex(handlers.begin) + " and on, where no step puts anything",
                  dfu::link_address(program, starts_));
    } else if (const auto start = here ? dfu::linked_higher(program, place.begin, starts_) : std::nullopt) {
      wrong_place(one, place, "its pointers lead past its end there", start);
    } else if (place.begin % dfu::vector_alignment != 0) {
      const std::uint32_t fits = place.begin - place.begin % dfu::vector_alignment;
      at_address(one, "begins with a vector table, and no processor finds one at " + hex(place.begin),
                 "It must be at a multiple of " + std::to_string(dfu::vector_alignment) + ": " + hex(fits) + " or " +
                     hex(fits + dfu::vector_alignment) + ".");
    }
  }

  bool any_reaches(dfu::Range handlers) const {
    return std::ranges::any_of(placed_, [&](const Placed& one) {
      if (one.step.does != dfu::Step::Does::write && one.step.does != dfu::Step::Does::hold) return false;
      return std::ranges::any_of(one.step.ranges(), [&](dfu::Range range) {
        return dfu::reaches(handlers.begin, range) || dfu::reaches(handlers.end - 2, range);
      });
    });
  }

  void wrong_place(const Placed& one, dfu::Range place, const std::string& why,
                   std::optional<std::uint32_t> linked_for) {
    const bool fixed = !one.step.image->facts.ranges.empty();  // the file says where it goes
    const std::string copied =
        fixed ? "If the unit copies it there itself, make a .bin of it, and add to its step: format = \"raw\""
              : "If the unit copies it there itself, add to this step: format = \"raw\" and sha256 = \"" +
                    dfu::to_hex(one.step.image->sha256) + "\"";
    at_address(one, "is a program that cannot run at " + hex(place.begin) + ": " + why,
               fixed ? "Build the file again, for the place that the program was linked for. " + copied
               : linked_for
                   ? "It looks like one that was linked for " + hex(*linked_for) + ": address = " + hex(*linked_for) +
                         ", or link it for " + hex(place.begin) + ". " + copied
                   : "Link it for " + hex(place.begin) + ", or name the address that it was linked for. " + copied);
  }

  void at_address(const Placed& one, const std::string& problem, const std::string& hint) {
    unfit(*one.draft, {problem, hint, true});
  }

  const std::vector<Placed>& placed_;
  const std::vector<std::uint32_t> starts_;
};

}  // namespace

void check_programs(const std::vector<Placed>& placed, const dfu::Profile& profile,
                    const std::vector<dfu::MemoryMap>& beside, Report& report) {
  if (profile.platform || profile.dialect != dfu::Dialect::dfuse) return;
  Programs(placed, sector_starts(profile, beside), report).check();
}

}  // namespace config
