#include "config/recipe_reader.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <variant>

#include "config/files.h"
#include "dfu/particle/beside.h"

namespace config {

namespace {

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

// REQUIRES: hexadecimal digits only, at most 8.
std::uint32_t from_hex(std::string_view text) {
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

using Neighbours = dfu::Step::Neighbours;

class RecipeReader {
 public:
  RecipeReader(RecipeDraft& draft, Report& report) : draft_(draft), report_(report) {}

  void read(const TomlNode& root) {
    TableReader file(root, "this file", report_);
    bool base = draft_.extended;
    if (auto table = file.table("recipe", Need::required)) {
      base = base || table->has("extends");  // one that cannot be read is said once, where it is named
      heading(*table);
    }
    if (auto table = file.table("device", base ? Need::optional : Need::required)) {
      draft_.profile = device(*table);
    }
    std::vector<TableReader> steps = file.tables("step", base ? Need::optional : Need::required);
    for (TableReader& table : steps) put(step(table));
    if (auto table = file.table("policy")) policy(*table);
    file.finish();
    if (confirm_ && draft_.profile) check_proof(*draft_.profile);
  }

 private:
  void heading(TableReader& table) {
    if (const auto name = table.text("name", Need::required)) draft_.name = name->value;
    if (const auto revision = table.text("revision")) draft_.revision = revision->value;
    for (const Given<std::string>& folder : table.texts("images")) {
      folders_.push_back(beside(report_.file(), folder.value));
    }
    table.text("extends");  // followed before this file was read
    table.finish();
  }

  // A step takes the place of the one with the same name in the recipe that is extended.
  void put(StepDraft draft) {
    const auto same = std::ranges::find_if(draft_.steps, [&](const StepDraft& earlier) {
      return draft.name && earlier.name && earlier.file != draft.file && earlier.name->value == draft.name->value;
    });
    if (same == draft_.steps.end()) {
      draft_.steps.push_back(std::move(draft));
    } else {
      *same = std::move(draft);
    }
  }

  std::optional<dfu::Profile> device(TableReader& table) {
    const auto named = table.text("profile");
    const auto usb = table.text("usb");
    const auto alt = table.integer("alt", {0, 255});
    const auto interface = table.integer("interface", {0, 255});
    const auto transfer_size = table.integer("transfer_size", {1, 65535});
    const auto map = table.text("map");
    map_is_wrong_ = table.has("map") && !map;
    const auto dialect =
        table.word<dfu::Dialect>("dialect", {{"dfuse", dfu::Dialect::dfuse}, {"dfu11", dfu::Dialect::dfu11}});
    if (const auto enter = table.boolean("enter_dfu")) draft_.enter_dfu = enter->value;
    std::vector<TableReader> memories = table.tables("memory");
    const std::vector<std::string> misspelt = table.finish();
    const auto is_meant = [&](const char* key) { return table.has(key) || std::ranges::count(misspelt, key) != 0; };
    if (!is_meant("profile") && !is_meant("usb")) {
      report_.error(table.place(), {}, table.title() + " has no 'profile'", "Add: profile = \"...\"");
    }
    if (named && usb) {
      report_.error(usb->place, usb->written, "[device] has both 'profile' and 'usb'",
                    "Keep 'profile', which knows the USB id, or spell out 'usb' and 'alt' alone.");
      return {};
    }
    if (named) {
      if (alt) alternate_of(*named, *alt);
      if (map) only_with_usb("map", map->place, map->written);
      if (dialect) only_with_usb("dialect", dialect->place, dialect->written);
      return with_memories(described(known_profile(table, *named), interface, transfer_size), memories);
    }
    const bool plain = dialect && dialect->value == dfu::Dialect::dfu11;
    if (plain && map) {
      report_.error(map->place, map->written, "units of plain DFU have no memory map", "Remove the line.");
    }
    if (!usb || (table.has("alt") && !alt)) return {};
    return with_memories(described(spelled_out(*usb, static_cast<std::uint8_t>(alt ? alt->value : 0), plain, map),
                                   interface, transfer_size),
                         memories);
  }

  // Nothing if one of them is wrong: what a step there may do cannot be judged.
  std::optional<dfu::Profile> with_memories(std::optional<dfu::Profile> profile, std::vector<TableReader>& tables) {
    bool all_good = true;
    for (TableReader& table : tables) {
      const auto memory = read_memory(table, profile);
      if (profile && memory) profile->memories.push_back(*memory);
      all_good = all_good && memory;
    }
    return all_good ? profile : std::nullopt;
  }

  // [[device.memory]]: what lies behind another alternate setting. Without its number it is found by its name.
  std::optional<dfu::Profile::Memory> read_memory(TableReader& table, const std::optional<dfu::Profile>& profile) {
    const auto alt = table.integer("alt", {0, 255});
    const auto map = table.text("map", Need::required);
    table.finish();
    if (!map || !profile) return {};
    dfu::Profile::Memory memory;
    if (alt) memory.alternate = static_cast<std::uint8_t>(alt->value);
    if (table.has("alt") && !alt) return {};
    if (profile->dialect == dfu::Dialect::dfu11) {
      report_.error(map->place, map->written, "units of plain DFU have no memory maps",
                    "Remove this table: 'alt' in a step is enough.");
      return {};
    }
    std::string problem;
    const auto read = dfu::parse_memory_map(map->value, &problem);
    if (!read) {
      report_.error(map->place, map->written, "'map' is no DfuSe memory layout: " + problem,
                    "Copy the name of the alternate setting, as the unit shows it.");
      return {};
    }
    const bool again = std::ranges::any_of(profile->memories, [&](const dfu::Profile::Memory& one) {
      return memory.alternate ? one.alternate == memory.alternate : one.name == read->name;
    });
    if (again || memory.alternate == profile->alternate) {
      report_.error(table.place(), map->written, "this memory is described already",
                    "Each [[device.memory]] has another 'alt' than the others and [device].");
      return {};
    }
    for (const std::string& part : read->ignored) {
      report_.warning(map->place, map->written, "'map' has a part that cannot be understood and is ignored: " + part,
                      "No step can use this part of the memory. If the unit shows the map like this, keep it.");
    }
    memory.name = read->name;
    memory.map = map->value;
    return memory;
  }

  // What a unit's descriptors leave open.
  static std::optional<dfu::Profile> described(std::optional<dfu::Profile> profile,
                                               const std::optional<Given<std::int64_t>>& interface,
                                               const std::optional<Given<std::int64_t>>& transfer_size) {
    if (profile && interface) profile->only_interface = static_cast<std::uint8_t>(interface->value);
    if (profile && transfer_size) {
      profile->assumed_transfer_size = static_cast<std::uint16_t>(transfer_size->value);
      profile->transfer_size = profile->assumed_transfer_size;
    }
    return profile;
  }

  // Where a Particle unit has more memories, "remove the line" would flash another one than was meant.
  void alternate_of(const Given<std::string>& named, const Given<std::int64_t>& alt) {
    const auto profile = dfu::find_profile(named.value);
    if (!profile || !profile->platform || alt.value == profile->alternate) {
      return only_with_usb("alt", alt.place, alt.written);
    }
    other_memory("'alt' does not go with 'profile': ", *profile, static_cast<std::uint8_t>(alt.value), alt.place,
                 alt.written, "Remove the line");
  }

  // Alternate setting 1 is the configuration store, 2 on some P1 the serial flash (docs/devices.md, "Flash maps of Gen
  // 2").
  void other_memory(const std::string& first, const dfu::Profile& units, std::uint8_t alt, TextPosition place,
                    const std::string& written, const std::string& way) {
    constexpr std::uint8_t store = 1;
    const auto beside = dfu::particle::memory_beside(*units.platform);
    report_.error(place, written,
                  first + "no recipe may touch alternate setting " + std::to_string(alt) + " of " + units.name +
                      " units as a whole",
                  way + (alt == store ? ". Steps with kind = \"setting\" write settings into it."
                         : beside && beside->alternate == alt
                             ? ", and add to each step that goes into that memory: alt = " + std::to_string(alt)
                             : ", and flash alternate setting 0."));
  }

  void only_with_usb(const std::string& key, TextPosition place, const std::string& written) {
    report_.error(place, written, "'" + key + "' does not go with 'profile', which knows it", "Remove the line.");
  }

  std::optional<dfu::Profile> known_profile(TableReader& table, const Given<std::string>& named) {
    auto profile = dfu::find_profile(named.value);
    if (!profile) table.not_allowed("profile", named, dfu::profile_names());
    return profile;
  }

  std::optional<dfu::Profile> spelled_out(const Given<std::string>& usb, std::uint8_t alt, bool plain,
                                          const std::optional<Given<std::string>>& map) {
    const std::string& text = usb.value;
    if (text.size() != 9 || text[4] != ':' || !is_hex(text.substr(0, 4)) || !is_hex(text.substr(5))) {
      report_.error(usb.place, usb.written, "'" + text + "' is not a USB id",
                    "Write vendor and product as 4 hexadecimal digits each: \"0483:df11\"");
      return {};
    }
    const dfu::UsbId id{static_cast<std::uint16_t>(from_hex(std::string_view(text).substr(0, 4))),
                        static_cast<std::uint16_t>(from_hex(std::string_view(text).substr(5)))};
    // Spelled out, a known unit would pass without the checks that keep it alive.
    for (const std::string& name : dfu::profile_names()) {
      const auto known = dfu::find_profile(name);
      if (known && known->platform && (known->dfu == id || known->application == id)) {
        if (alt != known->alternate) {
          other_memory("", *known, alt, usb.place, usb.written, "Write instead: profile = \"" + name + "\"");
          return {};
        }
        report_.error(usb.place, usb.written, "units with the USB id " + text + " have a profile of their own",
                      "Write instead: profile = \"" + name + "\"");
        return {};
      }
    }
    // Beside the flash of Particle's units lie their private keys (docs/devices.md, "Flash maps of Gen 2",
    // "Configuration store").
    constexpr std::uint16_t particle_vendor = 0x2B04;
    if (id.vendor == particle_vendor && alt != 0) {
      report_.error(
          usb.place, usb.written,
          "no recipe may touch alternate setting " + std::to_string(alt) + " of Particle units: it holds their keys",
          "Flash alternate setting 0.");
      return {};
    }
    if (plain) return dfu::plain_profile(id, alt);
    dfu::Profile profile = dfu::standard_profile(id, alt);
    if (map) profile.map = map->value;
    std::string problem;
    if (const auto read = dfu::parse_memory_map(profile.map, &problem)) {
      for (const std::string& part : map ? read->ignored : std::vector<std::string>()) {
        report_.warning(map->place, map->written, "'map' has a part that cannot be understood and is ignored: " + part,
                        "No step can use this part of the memory. If the unit shows the map like this, keep it.");
      }
      return profile;
    }
    if (map) {
      report_.error(map->place, map->written, "'map' is not a DfuSe memory map: " + problem,
                    "Copy the name of the alternate setting, as the unit shows it.");
    } else if (!map_is_wrong_) {
      report_.error(
          usb.place, usb.written, "the memory map of " + text + " is not known, and without it nothing can be checked",
          "Add the name of the unit's alternate setting: map = \"@Internal Flash  /0x08000000/04*016Kg,...\"");
    }
    return {};
  }

  StepDraft step(TableReader& table) {
    StepDraft draft;
    draft.file = report_.file();
    draft.folders = folders_;
    draft.place = table.place();
    draft.name = table.text("name", Need::required);
    if (const auto kind = table.word<StepKind>("kind", {{"image", StepKind::image},
                                                        {"factory", StepKind::factory},
                                                        {"erase", StepKind::erase},
                                                        {"setting", StepKind::setting},
                                                        {"bootloader", StepKind::bootloader},
                                                        {"holds", StepKind::holds}})) {
      draft.kind = kind->value;
    }
    keys_of(draft, table);
    draft.image_is_wrong = (table.has("sha256") && !draft.pin) || (table.has("format") && !draft.format);
    draft.place_is_wrong =
        (table.has("alt") && !draft.alternate) || (table.has("address") && !draft.address) || omit_is_wrong_;
    for (const std::string& meant : table.finish()) {
      draft.place_is_wrong = draft.place_is_wrong || meant == "alt" || meant == "address" || meant == "omit";
      draft.image_is_wrong = draft.image_is_wrong || meant == "sha256" || meant == "format";
    }
    if (!draft.name) return draft;
    const auto [first, added] = step_names_.emplace(draft.name->value, draft.name->place.line);
    if (!added) {
      report_.error(draft.name->place, draft.name->written,
                    "there is a step '" + draft.name->value + "' on line " + std::to_string(first->second) + " already",
                    "Give each step a name of its own: records and reports use it.");
    }
    return draft;
  }

  // Each kind has keys of its own; those of another kind are unknown to it.
  void keys_of(StepDraft& draft, TableReader& table) {
    constexpr Bounds any_module_version{0, 0xFFFF};
    switch (draft.kind) {
      case StepKind::image:
        image_of(draft, table);
        draft.address = address_of(table, Need::optional);
        draft.alternate = alternate_of(table);
        draft.omit = omitted(table);
        draft.neighbours =
            table.word<Neighbours>("neighbours", {{"keep", Neighbours::keep}, {"erase", Neighbours::erase}});
        return;
      case StepKind::factory:
      case StepKind::bootloader:
        return image_of(draft, table);
      case StepKind::erase:
        if (table.has("rest")) {
          draft.rest = table.boolean("rest");
          return;
        }
        draft.address = address_of(table, Need::required);
        draft.alternate = alternate_of(table);
        draft.bytes = table.integer("bytes", {1, 0xFFFFFFFF}, Need::required);
        return;
      case StepKind::setting:
        draft.setting = table.text("setting", Need::required);
        draft.value = table.text("value", Need::required);
        return;
      case StepKind::holds:
        if (table.has("module")) {
          draft.module = table.text("module", Need::required);
          draft.version = table.integer("version", any_module_version, Need::required);
          return;
        }
        image_of(draft, table);
        draft.address = address_of(table, Need::optional);
        draft.alternate = alternate_of(table);
        draft.omit = omitted(table);
        return;
    }
  }

  // Its number, or its name as the unit has it.
  static std::optional<Given<Alternate>> alternate_of(TableReader& table) {
    if (table.has_text("alt")) {
      const auto name = table.text("alt");
      return name ? std::optional(Given<Alternate>{name->value, name->place, name->written}) : std::nullopt;
    }
    const auto number = table.integer("alt", {0, 255});
    if (!number) return {};
    return Given<Alternate>{static_cast<std::uint8_t>(number->value), number->place, number->written};
  }

  void image_of(StepDraft& draft, TableReader& table) {
    draft.image = table.text("image", Need::required);
    if (const auto pin = table.text("sha256")) draft.pin = read_pin(*pin);
    if (draft.kind == StepKind::image || draft.kind == StepKind::holds) {
      draft.format = table.word<Format>("format", {{"raw", Format::raw}});
    }
  }

  // Bounds that TOML itself has: the message speaks in addresses.
  std::optional<Given<std::uint32_t>> address_of(TableReader& table, Need need) {
    const auto address = table.integer("address", {INT64_MIN, INT64_MAX}, need);
    return address ? read_address(*address) : std::nullopt;
  }

  std::vector<Given<dfu::Range>> omitted(TableReader& table) {
    std::vector<Given<dfu::Range>> out;
    const std::vector<Given<std::string>> texts = table.texts("omit");
    for (const Given<std::string>& text : texts) {
      const auto range = read_range(text.value);
      if (const auto* good = std::get_if<dfu::Range>(&range)) {
        out.push_back({*good, text.place, text.written});
      } else if (std::get<NoRange>(range) == NoRange::too_far) {
        report_.error(text.place, text.written, "'omit' reaches past the last address, 0xffffffff",
                      "Write fewer bytes behind the +.");
      } else {
        report_.error(text.place, text.written,
                      "'omit' must have places like \"0x1ffff800+16\", not \"" + text.value + "\"",
                      "Write the address of the first byte, + and the number of bytes.");
      }
    }
    omit_is_wrong_ = table.has("omit") && (out.empty() || out.size() != texts.size());
    return out;
  }

  enum class NoRange { no_numbers, too_far };
  // ADDRESS+BYTES, each decimal, or hexadecimal after 0x.
  static std::variant<dfu::Range, NoRange> read_range(std::string_view text) {
    const std::size_t plus = text.find('+');
    if (plus == std::string_view::npos) return NoRange::no_numbers;
    const auto begin = whole_number(text.substr(0, plus));
    const auto bytes = whole_number(text.substr(plus + 1));
    if (!begin || !bytes || *bytes == 0) return NoRange::no_numbers;
    constexpr std::uint64_t last = 0xFFFFFFFF;
    if (*begin > last || *bytes > last - *begin) return NoRange::too_far;
    return dfu::Range{static_cast<std::uint32_t>(*begin), static_cast<std::uint32_t>(*begin + *bytes)};
  }

  // As large as a number can be where it is larger than any that this program knows.
  static std::optional<std::uint64_t> whole_number(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    const bool hex = text.starts_with("0x") || text.starts_with("0X");
    if (hex) text.remove_prefix(2);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
    if (text.empty() || end != text.data() + text.size()) return {};
    if (error == std::errc::result_out_of_range) return UINT64_MAX;
    return error == std::errc() ? std::optional(value) : std::nullopt;
  }

  std::optional<Given<dfu::Sha256>> read_pin(const Given<std::string>& pin) {
    Given<dfu::Sha256> out{{}, pin.place, pin.written};
    const std::size_t digits = 2 * out.value.size();
    if (pin.value.size() != digits || !is_hex(pin.value)) {
      report_.error(pin.place, pin.written, "'sha256' must be " + std::to_string(digits) + " hexadecimal digits",
                    pin.value.size() == digits ? "Only 0-9 and a-f are hexadecimal digits."
                                               : "This has " + std::to_string(pin.value.size()) + " characters.");
      return {};
    }
    for (std::size_t i = 0; i < out.value.size(); ++i) {
      out.value[i] = static_cast<std::uint8_t>(from_hex(std::string_view(pin.value).substr(2 * i, 2)));
    }
    return out;
  }

  std::optional<Given<std::uint32_t>> read_address(const Given<std::int64_t>& address) {
    if (address.value < 0 || address.value > 0xFFFFFFFF) {
      report_.error(address.place, address.written, "'address' must be from 0x00000000 to 0xffffffff",
                    "Write it in hexadecimal: 0x080a0000");
      return {};
    }
    return Given<std::uint32_t>{static_cast<std::uint32_t>(address.value), address.place, address.written};
  }

  void policy(TableReader& table) {
    Policy& policy = draft_.policy;
    if (const auto attempts = table.integer("attempts", {1, 10})) policy.attempts = static_cast<int>(attempts->value);
    if (const auto verify = table.word<Verify>("verify", {{"read-back", Verify::read_back}, {"none", Verify::none}})) {
      policy.verify = verify->value;
      if (verify->value == Verify::none) {
        report_.warning(
            verify->place, verify->written, "nothing will be read back: a wrong write can go unnoticed",
            "Each attempt records that verification was waived. Use this only for units that cannot be read.");
      }
    }
    if (const auto unchanged =
            table.word<Unchanged>("unchanged", {{"skip", Unchanged::skip}, {"rewrite", Unchanged::rewrite}})) {
      policy.unchanged = unchanged->value;
    }
    if (const auto unpinned =
            table.word<Unpinned>("unpinned", {{"refuse", Unpinned::refuse}, {"allow", Unpinned::allow}})) {
      policy.unpinned = unpinned->value;
    }
    if (const auto downgrade =
            table.word<Downgrade>("downgrade", {{"refuse", Downgrade::refuse}, {"allow", Downgrade::allow}})) {
      policy.downgrade = downgrade->value;
    }
    if (const auto confirm = table.word<Confirm>("confirm", {{"application", Confirm::application},
                                                             {"none", Confirm::none},
                                                             {"reread", Confirm::reread},
                                                             {"modules", Confirm::modules}})) {
      policy.confirm = confirm->value;
      confirm_ = *confirm;
      if (policy.verify == Verify::none && policy.confirm == Confirm::none) {
        report_.error(confirm->place, confirm->written,
                      "a unit would pass without any proof: nothing is read back, and its start is not awaited",
                      "Ask for one of the two: verify = \"read-back\", or confirm = \"application\".");
      }
    }
    table.finish();
  }

  // A proof that units of this profile cannot give is an error. It is never replaced by a weaker one.
  void check_proof(const dfu::Profile& profile) {
    const bool can_ask = profile.platform.has_value();
    const bool can_return = profile.entry != dfu::Entry::none;
    // In plain DFU the right bytes do not prove that the unit knows the image as complete, so a survey does not read
    // them.
    const bool can_compare = can_return && profile.dialect == dfu::Dialect::dfuse;
    const bool can_do = confirm_->value == Confirm::modules  ? can_ask && can_return
                        : confirm_->value == Confirm::reread ? can_compare
                                                             : true;
    if (can_do) return;
    const std::string why = !can_return                          ? "nothing over USB brings them back into DFU mode"
                            : confirm_->value == Confirm::reread ? "units of plain DFU are not read a second time"
                                                                 : "they do not say what they run";
    report_.error(
        confirm_->place, confirm_->written,
        "units of the profile '" + profile.name + "' cannot give the proof \"" + confirm_->written + "\": " + why,
        can_compare ? "They can give \"reread\", \"application\" or \"none\"."
                    : "They can give \"application\" or \"none\".");
  }

  RecipeDraft& draft_;
  Report& report_;
  std::vector<std::string> folders_;
  std::optional<Given<Confirm>> confirm_;
  bool map_is_wrong_ = false;   // and has its diagnostic
  bool omit_is_wrong_ = false;  // of the step that was read last; as well
  std::map<std::string, int> step_names_;
};

}  // namespace

void read_recipe(const TomlNode& root, RecipeDraft& draft, Report& report) {
  RecipeReader(draft, report).read(root);
}

}  // namespace config
