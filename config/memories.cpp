#include "config/memories.h"

#include <algorithm>

#include "config/table_reader.h"
#include "dfu/particle/beside.h"

namespace config {

namespace {

std::string name_of_map(const std::string& map) {
  const auto read = dfu::parse_memory_map(map);
  return read ? read->name : std::string();
}

bool is(const dfu::Profile::Memory& memory, const Alternate& wanted) {
  if (const auto* number = std::get_if<std::uint8_t>(&wanted)) return memory.alternate == *number;
  return memory.name == std::get<std::string>(wanted);
}

}  // namespace

std::string to_string(const Alternate& alternate) {
  const auto* number = std::get_if<std::uint8_t>(&alternate);
  return "alternate setting " + (number ? std::to_string(*number) : '"' + std::get<std::string>(alternate) + '"');
}

Memories::Memories(const dfu::Profile& profile) : profile_(profile), known_(profile.memories) {
  const auto beside = profile.platform ? dfu::particle::memory_beside(*profile.platform) : std::nullopt;
  if (!beside) return;
  const bool described = std::ranges::any_of(known_, [&](const auto& one) { return is(one, beside->alternate); });
  if (!described) known_.push_back({beside->alternate, name_of_map(beside->map), beside->map});
}

std::variant<Unfit, std::size_t> Memories::find(const Alternate& wanted) {
  const bool plain = profile_.dialect == dfu::Dialect::dfu11;
  const auto* number = std::get_if<std::uint8_t>(&wanted);
  if (number ? *number == profile_.alternate : !plain && name_of_map(profile_.map) == std::get<std::string>(wanted)) {
    return std::size_t{0};
  }
  for (std::size_t i = 0; i < used_.size(); ++i) {
    if (is(used_[i], wanted)) return i + 1;
  }
  const auto found = std::ranges::find_if(known_, [&](const auto& one) { return is(one, wanted); });
  if (found != known_.end()) {
    used_.push_back(*found);
  } else if (plain) {
    const bool named = number == nullptr;
    used_.push_back(
        {named ? std::nullopt : std::optional(*number), named ? std::get<std::string>(wanted) : "", profile_.map});
  } else {
    return unknown(wanted);
  }
  return used_.size();
}

Unfit Memories::unknown(const Alternate& wanted) const {
  if (profile_.platform) {
    return {"goes to " + to_string(wanted) + ", and no recipe may touch that of " + profile_.name + " units",
            "Remove 'alt' from this step. Settings have steps of their own: kind = \"setting\".", true};
  }
  const auto* number = std::get_if<std::uint8_t>(&wanted);
  const std::string alt = number ? "alt = " + std::to_string(*number) + ", " : "";
  const std::string name = number ? "External Flash" : std::get<std::string>(wanted);
  std::vector<std::string> names{name_of_map(profile_.map)};
  for (const dfu::Profile::Memory& one : known_) names.push_back(one.name);
  const std::string meant = number ? "" : nearest(name, names);
  return {"goes to " + to_string(wanted) + ", and the recipe does not say what is there",
          (meant.empty() ? "" : "Did you mean '" + meant + "'? If not: ") + "Describe it: [[device.memory]] with " +
              alt + "map = \"@" + name + "  /0x90000000/...\", as the unit names that alternate setting.",
          true};
}

std::vector<dfu::MemoryMap> Memories::maps() const {
  std::vector<dfu::MemoryMap> maps;
  for (const dfu::Profile::Memory& one : used_) {
    maps.push_back(dfu::parse_memory_map(one.map).value_or(dfu::MemoryMap{}));
  }
  return maps;
}

dfu::Profile Memories::profile_of(std::size_t memory) const {
  dfu::Profile profile = profile_;
  if (memory == 0) return profile;
  const dfu::Profile::Memory& other = used_.at(memory - 1);
  profile.platform.reset();
  profile.alternate = other.alternate.value_or(profile.alternate);
  profile.map = other.map;
  profile.store_map.clear();
  return profile;
}

}  // namespace config
