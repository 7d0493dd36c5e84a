#include "reports/character.h"

#include <unistr.h>

namespace reports {

Character first_character(std::string_view text) {
  ucs4_t code = 0;
  const int bytes = u8_mbtoucr(&code, reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  if (bytes <= 0) return {};
  return {static_cast<std::size_t>(bytes), code};
}

bool steers_terminal(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x061C || code == 0x200E || code == 0x200F ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) || code == 0xFFFE || code == 0xFFFF;
}

}  // namespace reports
