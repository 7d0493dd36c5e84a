#include "config/program_places.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "dfu/image/linked.h"
#include "dfu/image/mcuboot.h"

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
  std::ranges::sort(starts);
  return starts;
}

// What a step puts into one part of the memory; gaps are erased flash.
struct Part {
  dfu::Range place;
  dfu::Bytes bytes;
  std::vector<std::uint32_t> begins;  // of what the file has there
};

// Linkers leave gaps behind a vector table, for option words or for sectors that hold settings.
std::vector<Part> parts_of(const dfu::Step& step) {
  constexpr std::uint32_t widest_gap = 256 * 1024;
  std::vector<Part> parts;
  for (const dfu::Range& range : step.ranges()) {
    if (parts.empty() || range.begin - parts.back().place.end > widest_gap) parts.push_back({range, {}, {}});
    Part& part = parts.back();
    part.place.end = range.end;
    part.begins.push_back(range.begin);
    part.bytes.resize(range.begin - part.place.begin, 0xFF);
    const dfu::ByteView bytes = step.payload(range);
    part.bytes.insert(part.bytes.end(), bytes.begin(), bytes.end());
  }
  return parts;
}

// A program in a file.
struct Program {
  dfu::Range place;  // from its vector table to the end of what may belong to it
  dfu::ByteView bytes;
  dfu::Range handlers;
  bool first = true;         // of its file
  std::uint32_t header = 0;  // of an MCUboot image, before its place
};

class Programs : private StepReport {
 public:
  Programs(const std::vector<Placed>& placed, std::vector<std::uint32_t> starts, bool all_known, Report& report)
      : StepReport(report), placed_(placed), starts_(std::move(starts)), all_known_(all_known) {}

  void check() {
    for (const Placed& one : placed_) {
      if (!one.is_image() || one.module() || one.step.does != dfu::Step::Does::write) continue;
      if (one.step.image->facts.as_is) continue;
      bool first = true;
      for (Part& each : parts_of(one.step)) {
        const Part& part = parts_.emplace_back(std::move(each));
        for (const std::uint32_t begin : part.begins) {
          if (const auto program = program_at(part, begin, std::exchange(first, false))) {
            found_.push_back({&one, *program});
          }
        }
      }
    }
    for (const Found& each : found_) check_one(*each.placed, each.program);
  }

 private:
  struct Found {
    const Placed* placed;
    Program program;
  };

  static std::optional<Program> program_at(const Part& part, std::uint32_t begin, bool first) {
    dfu::ByteView bytes = dfu::ByteView(part.bytes).subspan(begin - part.place.begin);
    const auto header = static_cast<std::uint32_t>(dfu::program_in_mcuboot(bytes).value_or(0));
    bytes = bytes.subspan(header);
    const auto handlers = dfu::handlers_of(bytes);
    if (!handlers) return std::nullopt;
    return Program{{begin + header, part.place.end}, bytes, *handlers, first, header};
  }

  void check_one(const Placed& one, const Program& program) {
    if (program.header != 0) return check_mcuboot(one, program);
    const dfu::Range place = program.place, handlers = program.handlers;
    const bool here = is_here(program);
    constexpr dfu::Range ram{0x20000000, 0x40000000};
    if (!here && ram.contains(handlers.begin)) {
      warning(*one.draft, *one.draft->image,
              "'" + one.draft->image->value + "' was linked for RAM at " + hex(handlers.begin) + ", not for " +
                  hex(place.begin),
              "It runs only if something copies it there.");
    } else if (const auto lost = here ? std::nullopt : leads_nowhere(program)) {
      wrong_place(one, program, "its vectors point to " + hex(*lost) + " and above, where no step puts anything",
                  dfu::link_address(program.bytes, starts_));
    } else if (const Found* other = here ? nullptr : exchanged_with(program)) {
      wrong_place(one, program,
                  "its vectors point to " + hex(handlers.begin) + " and above, into '" + other->placed->file() +
                      "', whose own vectors point elsewhere too: are the two exchanged?",
                  dfu::link_address(program.bytes, starts_));
    } else if (const auto start = here ? dfu::linked_elsewhere(program.bytes, place.begin, starts_) : std::nullopt) {
      wrong_place(one, program, "its pointers show that it was linked for another place", start);
    } else if (place.begin % dfu::vector_alignment != 0) {
      const std::uint32_t fits = place.begin - place.begin % dfu::vector_alignment;
      at_address(one, "begins with a vector table, and no processor finds one at " + hex(place.begin),
                 "It must be at a multiple of " + std::to_string(dfu::vector_alignment) + ": " + hex(fits) + " or " +
                     hex(fits + dfu::vector_alignment) + ".");
    }
  }

  // MCUboot moves the image of a second slot to the first one, so that another place is no mistake in itself.
  void check_mcuboot(const Placed& one, const Program& program) {
    std::vector<std::uint32_t> starts = starts_;
    for (std::uint32_t& start : starts) start += program.header;
    const bool here = is_here(program);
    if (here && !dfu::linked_elsewhere(program.bytes, program.place.begin, starts)) return;
    if (!here && !leads_nowhere(program)) return;
    const auto start = dfu::link_address(program.bytes, starts);
    const std::string slot = start ? hex(*start - program.header) : "";
    warning(*one.draft, *one.draft->image,
            "'" + one.file() + "' holds a program that cannot run at " + hex(program.place.begin) +
                (start ? ": it was linked for the slot at " + slot
                       : ": its vectors point to " + hex(program.handlers.begin) + " and above"),
            "It runs only if MCUboot moves it there, as it does with the image of a second slot." +
                (start ? " Else: address = " + slot : ""));
  }

  static bool is_here(const Program& program) {
    return dfu::reaches(program.handlers.begin, program.place) && dfu::reaches(program.handlers.end - 2, program.place);
  }

  // A table of vectors may be a step of its own, and point into the step behind it. What it points into is then no
  // program that is in a wrong place itself.
  const Found* exchanged_with(const Program& program) const {
    const auto found = std::ranges::find_if(found_, [&](const Found& other) {
      return other.program.header == 0 && !is_here(other.program) && other.program.place.begin != program.place.begin &&
             dfu::reaches(program.handlers.begin, other.program.place);
    });
    return found == found_.end() ? nullptr : &*found;
  }

  // All handlers that are judged, or the one that starts the program: a part of them may be in its own bytes by chance.
  std::optional<std::uint32_t> leads_nowhere(const Program& program) const {
    if (!any_reaches(program.handlers)) return program.handlers.begin;
    const std::uint32_t start = dfu::le32(program.bytes, 4) & ~1u;
    return any_reaches({start, start + 2}) ? std::nullopt : std::optional(start);
  }

  bool any_reaches(dfu::Range handlers) const {
    if (!all_known_) return true;
    return std::ranges::any_of(placed_, [&](const Placed& one) {
      if (one.step.does != dfu::Step::Does::write && one.step.does != dfu::Step::Does::hold) return false;
      return std::ranges::any_of(one.step.ranges(), [&](dfu::Range range) {
        return dfu::reaches(handlers.begin, range) || dfu::reaches(handlers.end - 2, range);
      });
    });
  }

  void wrong_place(const Placed& one, const Program& program, const std::string& why,
                   std::optional<std::uint32_t> linked_for) {
    const std::string place = hex(program.place.begin);
    const bool aligned = program.place.begin % dfu::vector_alignment == 0;
    const bool fixed = !one.step.image->facts.ranges.empty();  // the file says where it goes
    const std::string copied =
        fixed ? "If the unit copies it there itself, make a .bin of it, and add to its step: format = \"raw\""
              : "If the unit copies it there itself, add to this step: format = \"raw\" and sha256 = \"" +
                    dfu::to_hex(one.step.image->sha256) + "\"";
    at_address(one, (program.first ? "is" : "has") + std::string(" a program that cannot run at ") + place + ": " + why,
               fixed        ? "Build the file again, for the place that the program was linked for. " + copied
               : linked_for ? "It looks like one that was linked for " + hex(*linked_for) + ": address = " +
                                  hex(*linked_for) + (aligned ? ", or link it for " + place : "") + ". " + copied
                            : "Link it for " + place + ", or name the address that it was linked for. " + copied);
  }

  void at_address(const Placed& one, const std::string& problem, const std::string& hint) {
    unfit(*one.draft, {problem, hint, true});
  }

  const std::vector<Placed>& placed_;
  std::deque<Part> parts_;  // hold the bytes of what was found
  std::vector<Found> found_;
  const std::vector<std::uint32_t> starts_;
  const bool all_known_;
};

}  // namespace

void check_programs(const std::vector<Placed>& placed, const dfu::Profile& profile,
                    const std::vector<dfu::MemoryMap>& beside, bool all_known, Report& report) {
  if (profile.platform || profile.dialect != dfu::Dialect::dfuse) return;
  Programs(placed, sector_starts(profile, beside), all_known, report).check();
}

}  // namespace config
