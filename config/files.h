// Reading whole files that a person named: bounded, and with a reason when it fails. Values; any thread; blocks on the
// disk.
#pragma once

#include <cstddef>
#include <string>
#include <variant>

#include "dfu/bytes.h"

namespace config {

struct Unreadable {
  std::string problem;   // what follows the file's name: "does not exist"
  bool missing = false;  // not there, or not to be read, rather than unusable
};

// A folder, a pipe or a device is refused, never waited for.
std::variant<dfu::Bytes, Unreadable> read_file(const std::string& path, std::size_t most_bytes);

// What `named` means inside `file`: relative to the folder of `file`, without detours.
std::string beside(const std::string& file, const std::string& named);

}  // namespace config
