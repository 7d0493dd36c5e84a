#include "dfu/particle/identity.h"

#include <algorithm>
#include <cctype>

namespace dfu::particle {

std::optional<std::string> device_id(const UnitInfo& unit) {
  constexpr std::size_t digits = 24;  // of the 96-bit unique id
  std::string id = unit.serial;
  const auto is_hex = [](unsigned char c) { return std::isxdigit(c) != 0; };
  if (id.size() != digits || !std::all_of(id.begin(), id.end(), is_hex)) return {};
  std::transform(id.begin(), id.end(), id.begin(), [](unsigned char c) { return std::tolower(c); });
  return id;
}

}  // namespace dfu::particle
