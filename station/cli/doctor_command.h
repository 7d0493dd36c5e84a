// What `doctor` says, for those who want it in another form than on the screen.
#pragma once

#include <string>
#include <variant>

#include "station/cli/options.h"
#include "station/exit_status.h"

namespace station {

struct DoctorOptions : LineOptions {
  std::string station;
  std::string recipe;  // empty: the units of every profile are ours
  std::string db;
  bool json = false;
};

// The findings as a person reads them. A status: it has been said on stderr why there are none.
std::variant<std::string, ExitStatus> doctor_text(const DoctorOptions& options);

}  // namespace station
