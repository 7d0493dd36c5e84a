// The station file with sockets as they were learned, as text: each port is written where its slot stands, new slots
// come at the end, and everything else stays as it was written, comments too. Pure.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "config/station_config.h"
#include "dfu/hubs.h"
#include "station/commissioning/guided_lesson.h"

namespace station {

struct NotWritable {
  std::string sentence;
};

// `station`: what `text` says. A slot that is not among `learned` keeps its port, unless another one has that now: then
// it goes. The loader decides whether the result is a good station file.
std::variant<std::string, NotWritable> with_slots(const std::string& text, const config::StationConfig& station,
                                                  const dfu::Topology& topology,
                                                  const std::vector<NamedSocket>& learned);

}  // namespace station
