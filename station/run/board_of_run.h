// The board of a run: what it shows and what it may do, which happens in the event loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "station/board/board.h"
#include "station/diagnostics/logging.h"
#include "station/live/live_line.h"
#include "station/run/flash_run.h"
#include "station/run/flash_settings.h"

namespace station {

// What the board gets beside the live line.
struct BoardParts {
  board::SlotTimelines timelines;
  board::PrometheusExporter exporter;
  Commissioning commissioning;
};

struct BoardRequest {
  const FlashOptions& options;
  const config::StationConfig& station;
  const std::string& database;
  BoardParts& parts;
  const LiveLine& live;
  Log& log;
  std::function<bool()> reload;  // from the event loop
};

// Null: no board is configured. Destroy it before the run. Errors have been printed on stderr.
std::variant<std::unique_ptr<board::Board>, ExitStatus> open_board(const BoardRequest& request, FlashRun& run);

}  // namespace station
