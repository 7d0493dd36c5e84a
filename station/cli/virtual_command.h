// The options of `virtual`, as tests look at them.
#pragma once

#include <cstdint>
#include <string>

#include "station/run/line_options.h"

namespace station {

struct VirtualOptions : LineOptions {
  std::string host;  // to listen on
  std::uint16_t tcp_port = 0;
  bool verbose = false;
};

}  // namespace station
