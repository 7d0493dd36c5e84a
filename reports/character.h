// One character of a UTF-8 text, and whether it may be shown as it is. Pure; any thread. What a station shows and what
// it writes decide by the same rule.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace reports {

struct Character {
  std::size_t bytes = 0;  // 0: the first byte is part of no character
  std::uint32_t code = 0;
};

// As the Unicode standard has it: no longer form than needed, no half of a pair, nothing beyond U+10FFFF.
// REQUIRES: the text is not empty.
Character first_character(std::string_view text);

// Control characters, marks that turn the direction of a line, separators of lines, U+FFFE and U+FFFF.
bool steers_terminal(std::uint32_t code);

}  // namespace reports
