// How things are called on the screen and in the log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dfu/bus.h"
#include "dfu/fault.h"

namespace station {

// "A2 (1-1.2)", or "1-1.2" for a port without a label.
std::string place(const dfu::PortPath& port, const std::string& slot);
// "verify-mismatch, step system-part2, read at 0x08061000, block 3: ..."
std::string sentence(const dfu::Fault& fault);
// "yes", "no", "not asked".
std::string yes_no(std::optional<bool> value);
// "248,732"
std::string grouped(std::uint64_t number);
// What others wrote, UTF-8, for a terminal: a '?' for each control character.
std::string printable(std::string_view text);
// "1 unit", "8 units"
std::string counted(std::uint64_t number, const std::string& noun);

}  // namespace station
