#include "config/preflight.h"

#include <algorithm>
#include <filesystem>

#include "config/files.h"
#include "config/image_fit.h"

namespace config {

namespace {

using dfu::particle::Dependency;
using dfu::particle::Function;
using dfu::particle::Module;

// The largest flash of the families in sight has 16 MiB; beyond this a file is something else.
constexpr std::size_t most_image_bytes = 64 << 20;

// A step whose image may go to the unit.
struct Placed {
  const StepDraft* draft = nullptr;
  dfu::Step step;
  std::optional<dfu::particle::Slot> slot;

  const std::optional<Module>& module() const { return step.image->facts.module; }
  const std::string& file() const { return draft->image->value; }
};

class Preflight {
 public:
  Preflight(const std::optional<dfu::Profile>& profile, Report& report) : profile_(profile), report_(report) {}

  PreflightResult run(const std::vector<StepDraft>& drafts) {
    std::vector<Placed> placed;
    for (const StepDraft& draft : drafts) {
      if (!draft.image) continue;
      if (auto one = place_step(draft)) placed.push_back(std::move(*one));
    }
    check_dependencies(placed, placed.size() == drafts.size());
    check_slots(placed);
    check_plain(placed);
    if (profile_) lay_out(std::move(placed));
    return std::move(result_);
  }

 private:
  std::shared_ptr<const dfu::Image> load(const StepDraft& draft) {
    const Given<std::string>& named = *draft.image;
    auto read = read_file(beside(report_.file(), named.value), most_image_bytes);
    if (const auto* unreadable = std::get_if<Unreadable>(&read)) {
      result_.input_missing = result_.input_missing || unreadable->missing;
      report_.error(named.place, named.written, "the image '" + named.value + "' " + unreadable->problem,
                    "Images are looked for beside the recipe: " + beside(report_.file(), named.value));
      return {};
    }
    return dfu::make_image(std::filesystem::path(named.value).filename().string(),
                           std::move(std::get<dfu::Bytes>(read)));
  }

  std::optional<Placed> place_step(const StepDraft& draft) {
    const auto image = load(draft);
    if (!image) return {};
    if (draft.pin && draft.pin->value != image->sha256) {
      report_.error(draft.pin->place, draft.pin->written,
                    "'" + draft.image->value + "' is not the pinned file: its SHA-256 is " +
                        dfu::to_hex(image->sha256) + ", the recipe wants " + dfu::to_hex(draft.pin->value),
                    "Fetch the file that was released, or pin this one if it is right.");
    }
    if (const auto bad = unsound(*image)) {
      unfit(draft, *bad);
      return {};
    }
    if (!profile_) return {};
    const auto address = draft.address ? std::optional(draft.address->value) : std::nullopt;
    auto where = place(*image, *profile_, address);
    if (const auto* bad = std::get_if<Unfit>(&where)) {
      unfit(draft, *bad);
      return {};
    }
    const auto& placement = std::get<Placement>(where);
    const std::string name = draft.name ? draft.name->value : std::string();
    return Placed{&draft, {name, image, placement.address, placement.header_offset}, placement.slot};
  }

  void unfit(const StepDraft& draft, const Unfit& bad) {
    const bool at_address = bad.about_address && draft.address;
    const Place place = at_address ? draft.address->place : draft.image->place;
    report_.error(place, at_address ? draft.address->written : draft.image->written,
                  "'" + draft.image->value + "' " + bad.problem, bad.hint);
  }

  // Two images for one slot cannot both stay. The first keeps its place, so that the layout can go on.
  void check_slots(std::vector<Placed>& placed) {
    for (std::size_t i = 0; i < placed.size(); ++i) {
      const auto same =
          std::find_if(placed.begin(), placed.begin() + static_cast<std::ptrdiff_t>(i), [&](const Placed& earlier) {
            return earlier.slot && placed[i].slot && earlier.slot->name == placed[i].slot->name;
          });
      if (same == placed.begin() + static_cast<std::ptrdiff_t>(i)) continue;
      report_.error(placed[i].draft->image->place, placed[i].draft->image->written,
                    "'" + placed[i].file() + "' goes into the " + placed[i].slot->name + ", and so does '" +
                        same->file() + "' (line " + std::to_string(same->draft->image->place.line) + ")",
                    "Keep one of the two steps.");
      placed.erase(placed.begin() + static_cast<std::ptrdiff_t>(i--));
    }
  }

  void check_plain(std::vector<Placed>& placed) {
    if (!profile_ || profile_->dialect != dfu::Dialect::dfu11) return;
    for (; placed.size() > 1; placed.pop_back()) {
      const Given<std::string>& image = *placed.back().draft->image;
      report_.error(image.place, image.written, "units of plain DFU take one image, and this is another one",
                    "Keep one [[step]]: make one file of the images if the unit needs them all.");
    }
  }

  // Versions decide, not the order of the steps: from 0.8 on the parts depend on each other in a circle
  // (facts/particle.md 5.4).
  void check_dependencies(const std::vector<Placed>& placed, bool all_known) {
    for (const Placed& one : placed) {
      if (!one.module()) continue;
      for (const Dependency& needs : one.module()->dependencies) check_dependency(one, needs, placed, all_known);
    }
  }

  void check_dependency(const Placed& one, const Dependency& needs, const std::vector<Placed>& placed, bool all_known) {
    const Given<std::string>& image = *one.draft->image;
    const std::string who = "'" + one.file() + "' (" + describe(*one.module()) + ") needs " + describe(needs);
    const auto found = std::ranges::find_if(placed, [&](const Placed& other) {
      return other.module() && other.module()->function == needs.function && other.module()->index == needs.index;
    });
    if (found == placed.end()) {
      // A step that is wrong in itself may be the one that is needed.
      if (!all_known) return;
      const bool bootloader = needs.function == Function::bootloader;
      report_.warning(image.place, image.written, who + ", which is not in this recipe: it must already be on the unit",
                      bootloader ? "A unit with an older bootloader would end in safe mode."
                                 : "Add a step for it, unless every unit has it.");
      return;
    }
    if (found->module()->version >= needs.version) return;
    report_.error(image.place, image.written,
                  who + ", but this recipe flashes version " + std::to_string(found->module()->version) + " ('" +
                      found->file() + "'): the unit would end in safe mode",
                  "Use a newer '" + found->file() + "', or a '" + one.file() + "' that was built for the older one.");
  }

  // Every misfit is told: a step that does not fit is taken out and the rest is tried again.
  void lay_out(std::vector<Placed> placed) {
    const auto map = dfu::parse_memory_map(profile_->map);
    if (!map) return;  // the recipe has its diagnostic already
    while (!placed.empty()) {
      std::vector<dfu::Step> steps;
      for (const Placed& one : placed) steps.push_back(one.step);
      auto laid = dfu::lay_out(std::move(steps), *map);
      if (auto* layout = std::get_if<dfu::Layout>(&laid)) {
        result_.layout = std::move(*layout);
        return;
      }
      const auto& misfit = std::get<dfu::Misfit>(laid);
      const StepDraft& draft = *placed[misfit.step].draft;
      const bool at_address = draft.address.has_value();
      report_.error(at_address ? draft.address->place : draft.image->place,
                    at_address ? draft.address->written : draft.image->written, misfit.text);
      placed.erase(placed.begin() + static_cast<std::ptrdiff_t>(misfit.step));
    }
  }

  const std::optional<dfu::Profile>& profile_;
  Report& report_;
  PreflightResult result_;
};

}  // namespace

PreflightResult preflight(const std::vector<StepDraft>& drafts, const std::optional<dfu::Profile>& profile,
                          Report& report) {
  return Preflight(profile, report).run(drafts);
}

}  // namespace config
