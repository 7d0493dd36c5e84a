// Into which memory of a unit a step goes: an alternate setting, by its number or by its name. One visit may have steps
// for several. Used by one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/image_fit.h"
#include "dfu/memory_map.h"
#include "dfu/profile.h"

namespace config {

using Alternate = std::variant<std::uint8_t, std::string>;
// "alternate setting 1", "alternate setting \"External Flash\"".
std::string to_string(const Alternate& alternate);

class Memories {
 public:
  // `profile` with the memories that its recipe describes; outlives this.
  explicit Memories(const dfu::Profile& profile);

  // As Step::memory; a memory that is found is in use from then on.
  std::variant<Unfit, std::size_t> find(const Alternate& wanted);

  // Those in use, as dfu::Profile::memories.
  const std::vector<dfu::Profile::Memory>& used() const { return used_; }
  std::vector<dfu::MemoryMap> maps() const;
  // The profile as if this were its only memory. The rules of the unit's own memory do not apply to another one.
  dfu::Profile profile_of(std::size_t memory) const;

 private:
  Unfit unknown(const Alternate& wanted) const;

  const dfu::Profile& profile_;
  std::vector<dfu::Profile::Memory> known_;
  std::vector<dfu::Profile::Memory> used_;
};

}  // namespace config
