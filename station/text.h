// How things are called on the screen and in the log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/recipe.h"
#include "dfu/bus.h"
#include "dfu/fault.h"
#include "scheduler/record.h"

namespace station {

// "A2 (1-1.2)", or "1-1.2" for a port without a label.
std::string place(const dfu::PortPath& port, const std::string& slot);
// "verify-mismatch, step system-part2, read at 0x08061000, block 3: ..."
std::string sentence(const dfu::Fault& fault);
// "PASS", "FAIL", "ERROR", "STOPPED": what a person must see.
std::string_view word(scheduler::Outcome outcome);
// "verified, booted": what a good verdict rests on.
std::string proof(scheduler::Outcome outcome, std::optional<bool> verified, std::optional<bool> booted);
// "photon-example revision A: 3 steps, 486,116 bytes". Null: each slot has its own.
std::string described(const config::Recipe* recipe);
// "yes", "no", "not asked".
std::string yes_no(std::optional<bool> value);
// "248,732"
std::string grouped(std::uint64_t number);
// What others wrote, as one line that steers no terminal (reports/printable.h).
std::string printable(std::string_view text);
// "1 unit", "8 units"
std::string counted(std::uint64_t number, const std::string& noun);

}  // namespace station
