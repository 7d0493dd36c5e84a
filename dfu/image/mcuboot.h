// Images for MCUboot, as imgtool signs them: header, program, then tags with hash and signature. Source: MCUboot's
// design document; docs/devices.md, "Zephyr, MCUboot and TinyUSB". Pure; any thread; any bytes are safe input.
#pragma once

#include <optional>
#include <string>

#include "dfu/bytes.h"

namespace dfu {

struct McubootImage {
  std::string version;    // "1.2.3+4"
  std::string signature;  // "ECDSA P-256"; empty: not signed
  bool encrypted = false;
  std::string problem;   // to follow the file's name; empty: whole, and its hash is right where that can be known
  std::string remark{};  // as well: what lies behind it, if that is no trailer as imgtool makes it
};

// Nothing for a file that does not begin with the header's magic.
std::optional<McubootImage> parse_mcuboot(ByteView file);

// Where the program begins behind the header. Nothing if it cannot be read there, or is copied to RAM before it runs.
std::optional<std::size_t> program_in_mcuboot(ByteView file);

// A program that was built for MCUboot and not signed: empty bytes where the header goes, then a vector table. How many
// bytes; nothing for all others.
std::optional<std::size_t> unsigned_for_mcuboot(ByteView file);

}  // namespace dfu
