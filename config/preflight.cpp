#include "config/preflight.h"

#include <algorithm>
#include <filesystem>

#include "config/files.h"
#include "config/image_fit.h"
#include "config/placed.h"
#include "config/program_places.h"
#include "config/sector_remarks.h"
#include "dfu/particle/beside.h"
#include "dfu/particle/boot_prediction.h"
#include "dfu/particle/store.h"

namespace config {

namespace {

using dfu::particle::Dependency;
using dfu::particle::Function;

// The largest flash of the families in sight has 16 MiB; beyond this a file is something else.
constexpr std::size_t most_image_bytes = 64 << 20;

// Option bytes, one-time programmable bytes and the ROM itself, on every STM32 (docs/devices.md, "Read protection"): a
// slip there makes a unit that nobody can flash again.
constexpr dfu::Range system_memory = {0x1FFE0000, 0x20000000};

// Flash memory is written in words: one that begins between two words is refused by the chip (errPROG), unit after
// unit. 4 bytes on STM32F1 to F4 by the ROM and on Particle's bootloaders (docs/devices.md, "DfuSe blocks and
// addresses", "STM32 flash times").
constexpr std::uint32_t flash_word = 4;

class Preflight : private StepReport {
 public:
  Preflight(const std::optional<dfu::Profile>& profile, const Policy& policy, Report& report)
      : StepReport(report), profile_(profile), policy_(policy), report_(report) {
    if (profile_) memories_.emplace(*profile_);
  }

  PreflightResult run(const std::vector<StepDraft>& drafts) {
    std::vector<Placed> placed;
    std::size_t known = 0;
    for (const StepDraft& draft : drafts) {
      const std::size_t before = placed.size(), required = result_.requirements.size();
      place_step(draft, placed);
      known += placed.size() > before || result_.requirements.size() > required || draft.rest;
    }
    place_rests(drafts, placed);
    check_order(drafts);
    check_dependencies(placed, known == drafts.size());
    check_bootloader_update(placed);
    check_slots(placed);
    check_plain(placed);
    check_targets(placed, report_);
    if (profile_) check_programs(placed, *profile_, memories_->maps(), known == drafts.size(), report_);
    check_only_requirements(drafts, placed);
    if (profile_) lay_out(std::move(placed));
    if (memories_) result_.memories = memories_->used();
    return std::move(result_);
  }

 private:
  // Beside the file of the step, then in each of its folders.
  std::variant<dfu::Bytes, Unreadable> read_image(const StepDraft& draft) {
    auto first = read_file(beside(draft.file, draft.image->value), most_image_bytes);
    if (std::holds_alternative<dfu::Bytes>(first)) return first;
    for (const std::string& folder : draft.folders) {
      auto read = read_file(beside(folder + "/", draft.image->value), most_image_bytes);
      if (std::holds_alternative<dfu::Bytes>(read)) return read;
    }
    return first;
  }

  std::shared_ptr<const dfu::Image> load(const StepDraft& draft) {
    const Given<std::string>& named = *draft.image;
    auto read = read_image(draft);
    if (const auto* unreadable = std::get_if<Unreadable>(&read)) {
      result_.input_missing = result_.input_missing || unreadable->missing;
      std::string where = beside(draft.file, named.value);
      for (const std::string& folder : draft.folders) where += ", " + beside(folder + "/", named.value);
      error(draft, named, "the image '" + named.value + "' " + unreadable->problem,
            "Images are looked for beside the recipe: " + where);
      return {};
    }
    auto image =
        dfu::make_image(std::filesystem::path(named.value).filename().string(), std::move(std::get<dfu::Bytes>(read)));
    if (draft.pin && draft.pin->value != image->sha256) {
      error(draft, *draft.pin,
            "'" + named.value + "' is not the pinned file: its SHA-256 is " + dfu::to_hex(image->sha256) +
                ", the recipe wants " + dfu::to_hex(draft.pin->value),
            "Fetch the file that was released, or pin this one if it is right.");
    }
    if (taken_as_it_is(draft, *image)) return as_raw(draft, *image);
    if (const auto bad = unsound(*image, may_be_raw(draft))) {
      unfit(draft, *bad);
      return {};
    }
    return draft.omit.empty() || !image->facts.targets.empty() ? image : without_omitted(draft, *image);
  }

  // The main flash of Particle units takes modules only. Their other memories take any file.
  bool may_be_raw(const StepDraft& draft) const { return draft.alternate || !profile_ || !profile_->platform; }

  // format = "raw". For plain DFU the SHA-256 is enough: only the unit knows the format of its file.
  bool taken_as_it_is(const StepDraft& draft, const dfu::Image& image) const {
    if (draft.format) return draft.format->value == Format::raw;
    const bool plain = profile_ && profile_->dialect == dfu::Dialect::dfu11;
    return plain && draft.pin && draft.pin->value == image.sha256 && may_be_taken(image);
  }

  std::shared_ptr<const dfu::Image> as_raw(const StepDraft& draft, const dfu::Image& image) {
    if (image.file.empty()) {
      unfit(draft, *unsound(image, false));
      return {};
    }
    if (!draft.pin && policy_.unpinned == Unpinned::refuse) {
      error(
          draft, *draft.image,
          "'" + draft.image->value + "' is flashed without a check of its content, so the recipe must name its SHA-256",
          "Add to this step: sha256 = \"" + dfu::to_hex(image.sha256) +
              "\"; or, where the file changes often, unpinned = \"allow\" in [policy]");
      return {};
    }
    if (!draft.omit.empty()) return without_omitted(draft, *dfu::as_raw(image));
    return dfu::as_raw(image);
  }

  std::shared_ptr<const dfu::Image> without_omitted(const StepDraft& draft, const dfu::Image& image) {
    const std::string file = "'" + draft.image->value + "' ";
    std::vector<dfu::Range> omitted;
    for (const Given<dfu::Range>& one : draft.omit) {
      if (image.content.empty()) {
        error(draft, one, file + "does not say where its bytes go, so that no part of it can be left out",
              "'omit' is for .hex, .srec and DfuSe files. Remove the line.");
        return {};
      }
      if (std::ranges::none_of(image.facts.ranges, [&](dfu::Range range) { return range.overlaps(one.value); })) {
        error(draft, one, file + "has nothing there to leave out",
              "It has: " + listed(spans(image.facts.ranges)) + ".");
        return {};
      }
      omitted.push_back(one.value);
    }
    auto rest = dfu::without(image, omitted);
    if (!rest) error(draft, draft.omit.front(), "nothing of " + file + "is left", "Leave the step out instead.");
    return rest;
  }

  static std::vector<std::string> spans(const std::vector<dfu::Range>& ranges) {
    std::vector<std::string> out;
    out.reserve(ranges.size());
    for (const dfu::Range& one : ranges) out.push_back(hex(one.begin) + " to " + hex(one.end));
    return out;
  }

  // Nothing for a file that does not say where its bytes go.
  static std::string how_to_omit(const dfu::Image& image, dfu::Range range) {
    if (image.facts.ranges.size() < 2) return {};
    std::string all;  // the line takes the place of the one that is there
    for (const dfu::Range& one : image.omitted) all += written(one) + ", ";
    return "To leave this part of the file out: omit = [" + all + written(range) + "]";
  }

  static std::string written(dfu::Range range) {
    return '"' + hex(range.begin) + "+" + std::to_string(range.size()) + '"';
  }

  void place_step(const StepDraft& draft, std::vector<Placed>& placed) {
    if (draft.image_is_wrong) return;
    switch (draft.kind) {
      case StepKind::image:
        return place_image(draft, dfu::Step::Does::write, placed);
      case StepKind::holds:
        if (draft.module) return require_module(draft);
        return place_image(draft, dfu::Step::Does::hold, placed);
      case StepKind::factory:
        return place_factory(draft, placed);
      case StepKind::erase:
        return place_erase(draft, placed);
      case StepKind::setting:
        return place_setting(draft, placed);
      case StepKind::bootloader:
        return place_bootloader(draft, placed);
    }
  }

  void add(const StepDraft& draft, std::shared_ptr<const dfu::Image> image, const Placement& where,
           dfu::Step::Does does, std::vector<Placed>& placed, std::size_t memory = 0) {
    dfu::Step step{draft.name ? draft.name->value : std::string(), std::move(image), where.address, where.header_offset,
                   does};
    step.memory = memory;
    if (where.slot && profile_->platform) step.place = where.slot->range;
    if (profile_->dialect == dfu::Dialect::dfuse && does == dfu::Step::Does::write) {
      step.neighbours = draft.neighbours ? draft.neighbours->value : dfu::Step::Neighbours::keep;
    }
    placed.push_back({&draft, std::move(step), where.slot});
  }

  // The part for the step's memory, of a file that has parts for several.
  std::shared_ptr<const dfu::Image> target_of(const StepDraft& draft, const dfu::Image& image, std::size_t memory) {
    const bool by_name = memory != 0 && !memories_->used()[memory - 1].alternate;
    const std::uint8_t alternate = memories_->profile_of(memory).alternate;
    auto target = by_name ? nullptr : dfu::of_target(image, alternate);
    if (target) return draft.omit.empty() ? target : without_omitted(draft, *target);
    const std::string first = std::to_string(image.facts.targets.front());
    if (by_name) {
      error(draft, *draft.alternate, "'" + draft.image->value + "' names its memories by their numbers",
            "Name the memory by its number, here and in [[device.memory]]: alt = " + first);
    } else {
      unfit(draft, {"has nothing for alternate setting " + std::to_string(alternate) + ": it is " + image.facts.what,
                    "Add to this step: alt = " + first});
    }
    return {};
  }

  void place_image(const StepDraft& draft, dfu::Step::Does does, std::vector<Placed>& placed) {
    if (!draft.image) return;
    auto image = load(draft);
    if (!image || !profile_ || draft.place_is_wrong) return;
    if (draft.neighbours && profile_->dialect == dfu::Dialect::dfu11) {
      return error(draft, *draft.neighbours, "units of plain DFU have no sectors, and so no neighbours in them",
                   "Remove the line.");
    }
    const auto memory = memory_of(draft);
    if (!memory) return;
    if (!image->facts.targets.empty()) image = target_of(draft, *image, *memory);
    if (!image) return;
    const auto address = draft.address ? std::optional(draft.address->value) : std::nullopt;
    auto where = place(*image, memories_->profile_of(*memory), address);
    if (const auto* bad = std::get_if<Unfit>(&where)) return unfit(draft, *bad);
    const dfu::Step step{{}, image, std::get<Placement>(where).address, {}, does};
    for (const dfu::Range& range : step.ranges()) {
      const std::string other_way = how_to_omit(*image, range);
      if (draft.address ? forbidden(draft, *draft.address, range, *memory, other_way)
                        : forbidden(draft, *draft.image, range, *memory, other_way)) {
        return;
      }
      if (between_words(draft, range, *memory)) return;
    }
    add(draft, std::move(image), std::get<Placement>(where), does, placed, *memory);
  }

  // An application in the place that the unit copies it from: its header names the other one.
  void place_factory(const StepDraft& draft, std::vector<Placed>& placed) {
    if (!draft.image) return;
    auto image = load(draft);
    if (!image || !profile_) return;
    const auto slot = profile_->platform ? dfu::particle::factory_slot(*profile_->platform) : std::nullopt;
    if (!slot) return error(draft, *draft.image, profile_->name + " units have no factory image in their flash");
    auto where = place(*image, *profile_, {});
    if (const auto* bad = std::get_if<Unfit>(&where)) return unfit(draft, *bad);
    if (image->facts.module->function != Function::user_part) {
      return unfit(draft, {"is " + describe(*image->facts.module) + ", and the factory image is an application",
                           "Use a user part."});
    }
    const dfu::particle::Slot factory{"factory image", Function::user_part, 1, *slot};
    add(draft, std::move(image), {slot->begin, {}, factory}, dfu::Step::Does::write, placed);
  }

  void place_erase(const StepDraft& draft, std::vector<Placed>& placed) {
    if (!draft.address || !draft.bytes || !profile_ || draft.place_is_wrong) return;
    if (profile_->dialect == dfu::Dialect::dfu11) {
      return error(draft, *draft.address, "units of plain DFU have no addresses, so nothing can be erased by address");
    }
    const std::uint32_t begin = draft.address->value;
    const auto bytes = static_cast<std::uint32_t>(draft.bytes->value);
    if (bytes > 0xFFFFFFFFu - begin) return error(draft, *draft.bytes, "'bytes' reaches past the last address");
    const auto memory = memory_of(draft);
    if (!memory || forbidden(draft, *draft.address, {begin, begin + bytes}, *memory)) return;
    add(draft, dfu::make_image("(blank)", dfu::Bytes(bytes, 0xFF)), {begin, {}, {}}, dfu::Step::Does::erase, placed,
        *memory);
  }

  // Erasing all that is not written is asked for by name, and knows what to leave only when all other steps are known.
  void place_rests(const std::vector<StepDraft>& drafts, std::vector<Placed>& placed) {
    for (const StepDraft& draft : drafts) {
      if (draft.kind != StepKind::erase || !draft.rest || !profile_) continue;
      if (!draft.rest->value) {
        error(draft, *draft.rest, "'rest' can only be true", "Name the sectors instead: address and bytes.");
      } else if (profile_->dialect == dfu::Dialect::dfu11) {
        error(draft, *draft.rest, "units of plain DFU have no addresses, so nothing can be erased by address");
      } else {
        place_rest(draft, placed);
      }
    }
  }

  void place_rest(const StepDraft& draft, std::vector<Placed>& placed) {
    const auto map = dfu::parse_memory_map(profile_->map);
    if (!map) return;  // the recipe has its diagnostic already
    std::vector<dfu::Range> rest;
    for (const dfu::Sector& sector : map->sectors) {
      if (!sector.writable || !sector.erasable || untouchable(sector.range) || taken(sector.range, placed)) continue;
      rest.push_back(sector.range);
    }
    if (rest.empty()) return error(draft, *draft.rest, "the other steps leave no sector to erase", "Remove the step.");
    add(draft, dfu::blank_image(rest), {rest.front().begin, {}, {}}, dfu::Step::Does::erase, placed);
    // In the order of the recipe, as all the others.
    std::ranges::stable_sort(placed, {}, &Placed::draft);
  }

  bool untouchable(dfu::Range range) const {
    const dfu::Range kept = profile_->platform ? dfu::particle::protected_range(*profile_->platform) : dfu::Range{};
    return range.overlaps(kept) || range.overlaps(system_memory);
  }

  static bool taken(dfu::Range sector, const std::vector<Placed>& placed) {
    return std::ranges::any_of(placed, [&](const Placed& one) {
      if (one.step.does == dfu::Step::Does::patch) return false;
      return std::ranges::any_of(one.step.ranges(), [&](dfu::Range range) { return range.overlaps(sector); });
    });
  }

  void place_setting(const StepDraft& draft, std::vector<Placed>& placed) {
    if (!draft.setting || !draft.value || !profile_) return;
    const auto names = dfu::particle::setting_names();
    if (std::ranges::find(names, draft.setting->value) == names.end()) {
      return error(draft, *draft.setting,
                   "'setting' must be one of " + listed(names) + ", not \"" + draft.setting->value + "\"",
                   "No recipe may write keys, secrets or data that the system keeps for itself.");
    }
    if (profile_->store_map.empty()) {
      return error(draft, *draft.setting, profile_->name + " units have no configuration store that is known here");
    }
    auto made = dfu::particle::setting(draft.setting->value, draft.value->value);
    if (const auto* bad = std::get_if<std::string>(&made)) {
      return error(draft, *draft.value, "'value' of " + draft.setting->value + " " + *bad);
    }
    const auto& [offset, written] = std::get<dfu::particle::Setting>(made);
    add(draft, dfu::make_image(draft.setting->value, written), {offset, {}, {}}, dfu::Step::Does::patch, placed);
  }

  // Two steps: the bootloader where the system looks for one, then the flag that makes it look.
  void place_bootloader(const StepDraft& draft, std::vector<Placed>& placed) {
    if (!draft.image) return;
    auto image = load(draft);
    if (!image || !profile_) return;
    const auto area = profile_->platform ? dfu::particle::update_area(*profile_->platform) : std::nullopt;
    if (!area) return error(draft, *draft.image, "no recipe can change the bootloader of " + profile_->name + " units");
    const auto& module = image->facts.module;
    if (!module || module->function != Function::bootloader || module->platform != *profile_->platform) {
      return unfit(draft, {"is not a bootloader for " + profile_->name + (module ? " (" + describe(*module) + ")" : ""),
                           "Use the bootloader .bin of the Device OS release that this recipe installs."});
    }
    if (image->payload().size() > area->size()) return unfit(draft, {"is too large for a bootloader", {}});
    // The rest of the area is scratch, where the system puts what it downloads (docs/devices.md, "Flash maps of Gen
    // 2").
    const dfu::particle::Slot waiting{"update area", Function::bootloader, 0,
                                      *dfu::particle::scratch(*profile_->platform)};
    add(draft, std::move(image), {area->begin, {}, waiting}, dfu::Step::Does::write, placed);
    const dfu::particle::Setting flag = dfu::particle::bootloader_waits();
    add(draft, dfu::make_image("update flag", flag.bytes), {flag.offset, {}, {}}, dfu::Step::Does::patch, placed);
    placed.back().step.name += " (flag)";
  }

  void require_module(const StepDraft& draft) {
    if (!draft.version || !profile_) return;
    static const std::vector<dfu::particle::ModulePlace> none;
    const auto& places = profile_->platform ? dfu::particle::places(*profile_->platform) : none;
    std::vector<std::string> names;
    names.reserve(places.size());
    for (const dfu::particle::ModulePlace& place : places) names.push_back(place.name);
    const auto found = std::ranges::find(names, draft.module->value);
    if (found == names.end()) {
      return error(draft, *draft.module,
                   names.empty()
                       ? "what modules " + profile_->name + " units hold cannot be read"
                       : "'module' must be one of " + listed(names) + ", not \"" + draft.module->value + "\"");
    }
    const dfu::particle::ModulePlace& place = places[static_cast<std::size_t>(found - names.begin())];
    result_.requirements.push_back({draft.name ? draft.name->value : std::string(),
                                    place.name,
                                    {place.function, place.index, static_cast<std::uint16_t>(draft.version->value)}});
  }

  // What no recipe may touch, whatever the unit says of its memory.
  template <class T>
  bool forbidden(const StepDraft& draft, const Given<T>& about, dfu::Range range, std::size_t memory,
                 const std::string& other_way = {}) {
    if (memory != 0 && forbidden_beside(draft, about, range, memory)) return true;
    const dfu::Range kept =
        memory == 0 && profile_->platform ? dfu::particle::protected_range(*profile_->platform) : dfu::Range{};
    if (range.overlaps(kept)) {
      error(draft, about,
            dfu::hex_address(kept.begin) + " to " + dfu::hex_address(kept.end) +
                " hold the bootloader and the unit's keys and settings, which no recipe may touch",
            "Settings have steps of their own: kind = \"setting\". A bootloader has too: kind = \"bootloader\".");
      return true;
    }
    if (!range.overlaps(system_memory)) return false;
    error(draft, about,
          dfu::hex_address(system_memory.begin) + " to " + dfu::hex_address(system_memory.end) +
              " hold option bytes and one-time programmable bytes, which no recipe may touch",
          "A wrong option byte can make a unit unusable." + (other_way.empty() ? "" : " " + other_way));
    return true;
  }

  template <class T>
  bool forbidden_beside(const StepDraft& draft, const Given<T>& about, dfu::Range range, std::size_t memory) {
    constexpr dfu::Range all{0, 0xFFFFFFFF};
    const bool plain = profile_->dialect == dfu::Dialect::dfu11;  // the unit alone knows where its image goes
    const auto alternate = memories_->used()[memory - 1].alternate;
    const auto why = dfu::particle::untouchable_beside(profile_->dfu, alternate, plain ? all : range);
    if (why) error(draft, about, "this step would touch what no recipe may touch", *why);
    return why.has_value();
  }

  // Which memory the step goes into, as Step::memory; nothing: none that is known, and that is reported.
  std::optional<std::size_t> memory_of(const StepDraft& draft) {
    if (!draft.alternate) return 0;
    auto found = memories_->find(draft.alternate->value);
    if (const auto* memory = std::get_if<std::size_t>(&found)) return *memory;
    const Unfit& bad = std::get<Unfit>(found);
    error(draft, *draft.alternate, "this step " + bad.problem, bad.hint);
    return {};
  }

  // Plain DFU has no addresses, and a store of settings no words.
  bool between_words(const StepDraft& draft, dfu::Range range, std::size_t memory) {
    const auto map = dfu::parse_memory_map(memories_->profile_of(memory).map);
    if (map && map->is_store()) return false;
    if (profile_->dialect == dfu::Dialect::dfu11 || range.begin % flash_word == 0) return false;
    const std::string words = "flash memory is written in words of " + std::to_string(flash_word) + " bytes";
    const std::uint32_t fits = range.begin - range.begin % flash_word;
    if (draft.address && range.begin == draft.address->value) {
      const std::string next = fits > 0xFFFFFFFFu - flash_word ? "" : " or " + dfu::hex_address(fits + flash_word);
      error(draft, *draft.address, "'address' " + dfu::hex_address(range.begin) + " lies between two words: " + words,
            "The addresses beside it that fit are " + dfu::hex_address(fits) + next + ".");
    } else {
      error(draft, *draft.image,
            "'" + draft.image->value + "' has bytes that begin at " + dfu::hex_address(range.begin) +
                ", between two words: " + words,
            "Fill the gap from " + dfu::hex_address(fits) +
                " when the file is made, for instance with objcopy --gap-fill 0xff.");
    }
    return true;
  }

  // The code that reaches the store lies in the system parts, on newer bootloaders (docs/devices.md, "Order of the
  // steps", "Configuration store").
  void check_order(const std::vector<StepDraft>& drafts) {
    const StepDraft* writer = nullptr;
    for (const StepDraft& draft : drafts) {
      const bool early = draft.kind == StepKind::setting || draft.kind == StepKind::bootloader;
      if (!early && draft.kind != StepKind::holds && !writer) writer = &draft;
      if (!early || !writer) continue;
      const std::string what = draft.kind == StepKind::setting ? "a setting" : "a bootloader";
      const Given<std::string> about = draft.name.value_or(Given<std::string>{{}, draft.place, {}});
      error(draft, about,
            what + " comes after the step " + (writer->name ? "'" + writer->name->value + "' " : "") + "(line " +
                std::to_string(writer->place.line) + "), which changes the flash",
            "Put it before: a bootloader may need the old system parts to reach the settings.");
    }
  }

  // It is the system that puts the new bootloader in place (docs/devices.md, "Bootloader updates").
  void check_bootloader_update(const std::vector<Placed>& placed) {
    constexpr std::uint16_t since = 1213;
    for (const Placed& one : placed) {
      if (one.draft->kind != StepKind::bootloader || !one.is_image()) continue;
      const auto part2 = std::ranges::find_if(placed, [](const Placed& other) {
        return other.is_image() && other.module() && other.module()->function == Function::system_part &&
               other.module()->index == 2;
      });
      if (part2 == placed.end() || part2->module()->version >= since) continue;
      error(*one.draft, *one.draft->image,
            "'" + one.file() + "' would never be installed: '" + part2->file() + "' (" + describe(*part2->module()) +
                ") does not install a waiting bootloader",
            "That needs system parts of Device OS 1.2.1 (version " + std::to_string(since) + ") or later.");
    }
  }

  void check_only_requirements(const std::vector<StepDraft>& drafts, const std::vector<Placed>& placed) {
    const auto holds = [](const StepDraft& draft) { return draft.kind == StepKind::holds; };
    if (drafts.empty() || !placed.empty() || !std::ranges::all_of(drafts, holds)) return;
    if (result_.requirements.empty()) return;
    error(drafts.front(), drafts.front().name.value_or(Given<std::string>{{}, drafts.front().place, {}}),
          "no step names an image: there is nothing to flash, and nothing to compare", "Add a [[step]] with an image.");
  }

  // Two images for one slot cannot both stay. The first keeps its place, so that the layout can go on.
  void check_slots(std::vector<Placed>& placed) {
    for (std::size_t i = 0; i < placed.size(); ++i) {
      const auto same =
          std::find_if(placed.begin(), placed.begin() + static_cast<std::ptrdiff_t>(i), [&](const Placed& earlier) {
            return earlier.slot && placed[i].slot && earlier.slot->name == placed[i].slot->name;
          });
      if (same == placed.begin() + static_cast<std::ptrdiff_t>(i)) continue;
      error(*placed[i].draft, *placed[i].draft->image,
            "'" + placed[i].file() + "' goes into the " + placed[i].slot->name + ", and so does '" + same->file() +
                "' (line " + std::to_string(same->draft->image->place.line) + ")",
            "Keep one of the two steps.");
      placed.erase(placed.begin() + static_cast<std::ptrdiff_t>(i--));
    }
  }

  void check_plain(std::vector<Placed>& placed) {
    if (!profile_ || profile_->dialect != dfu::Dialect::dfu11) return;
    for (; placed.size() > 1; placed.pop_back()) {
      error(*placed.back().draft, *placed.back().draft->image,
            "units of plain DFU take one image, and this is another one",
            "Keep one [[step]]: make one file of the images if the unit needs them all.");
    }
  }

  static std::string hex(std::uint32_t address) { return dfu::hex_address(address); }

  // Versions decide, not the order of the steps: from 0.8 on the parts depend on each other in a circle
  // (docs/devices.md, "Bootloader updates").
  void check_dependencies(const std::vector<Placed>& placed, bool all_known) {
    for (const Placed& one : placed) {
      if (!one.is_image() || !one.module()) continue;
      for (const Dependency& needs : one.module()->dependencies) check_dependency(one, needs, placed, all_known);
    }
  }

  void check_dependency(const Placed& one, const Dependency& needs, const std::vector<Placed>& placed, bool all_known) {
    const Given<std::string>& image = *one.draft->image;
    const std::string who = "'" + one.file() + "' (" + describe(*one.module()) + ") needs " + describe(needs);
    const auto found = std::ranges::find_if(placed, [&](const Placed& other) {
      return other.is_image() && other.module() && other.module()->function == needs.function &&
             other.module()->index == needs.index;
    });
    if (found == placed.end()) {
      // A step that is wrong in itself may be the one that is needed.
      if (!all_known || is_required(needs)) return;
      const bool bootloader = needs.function == Function::bootloader;
      warning(*one.draft, image, who + ", which is not in this recipe: it must already be on the unit",
              bootloader ? "Units with an older one would end in safe mode and are refused; a step of kind = "
                           "\"bootloader\" brings one."
                         : "Add a step for it, unless every unit has it.");
      return;
    }
    if (found->module()->version >= needs.version) return;
    error(*one.draft, image,
          who + ", but this recipe flashes version " + std::to_string(found->module()->version) + " ('" +
              found->file() + "'): the unit would end in safe mode",
          "Use a newer '" + found->file() + "', or a '" + one.file() + "' that was built for the older one.");
  }

  // Another step makes sure that the unit has it.
  bool is_required(const Dependency& needs) const {
    return std::ranges::any_of(result_.requirements, [&](const Requirement& one) {
      return one.module.function == needs.function && one.module.index == needs.index &&
             one.module.version >= needs.version;
    });
  }

  // Every misfit is reported: a step that does not fit is taken out and the rest is tried again.
  void lay_out(std::vector<Placed> placed) {
    const auto map = dfu::parse_memory_map(profile_->map);
    if (!map) return;  // the recipe has its diagnostic already
    const dfu::MemoryMap store = dfu::parse_memory_map(profile_->store_map).value_or(dfu::MemoryMap{});
    while (!placed.empty()) {
      std::vector<dfu::Step> steps;
      steps.reserve(placed.size());
      for (const Placed& one : placed) steps.push_back(one.step);
      auto laid = dfu::lay_out(std::move(steps), *map, store, memories_->maps());
      if (auto* layout = std::get_if<dfu::Layout>(&laid)) {
        result_.layout = std::move(*layout);
        if (profile_->dialect == dfu::Dialect::dfu11) {  // one place for an image: it has no sectors to share
          result_.layout.kept.clear();
          result_.layout.given_up.clear();
          result_.layout.shared.clear();
        }
        return check_sectors(result_.layout, placed, report_);
      }
      const auto& misfit = std::get<dfu::Misfit>(laid);
      tell_misfit(placed[misfit.step], misfit);
      placed.erase(placed.begin() + static_cast<std::ptrdiff_t>(misfit.step));
    }
  }

  void tell_misfit(const Placed& one, const dfu::Misfit& misfit) {
    const StepDraft& draft = *one.draft;
    std::string hint;
    for (const dfu::Range& range : one.step.ranges()) {
      if (range.contains(misfit.address)) hint = how_to_omit(*one.step.image, range);
    }
    if (draft.address) return error(draft, *draft.address, misfit.text, hint);
    if (draft.image) return error(draft, *draft.image, misfit.text, hint);
    error(draft, draft.name.value_or(Given<std::string>{{}, draft.place, {}}), misfit.text);
  }

  const std::optional<dfu::Profile>& profile_;
  const Policy& policy_;
  Report& report_;
  std::optional<Memories> memories_;
  PreflightResult result_;
};

}  // namespace

PreflightResult preflight(const std::vector<StepDraft>& drafts, const std::optional<dfu::Profile>& profile,
                          const Policy& policy, Report& report) {
  return Preflight(profile, policy, report).run(drafts);
}

}  // namespace config
