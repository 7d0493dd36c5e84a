// A run on a terminal: one row per slot that is painted over as things change, ten times a second at most. Before and
// after, the terminal holds the same lines as ProgressLines leaves in a file: what is run, and at the end the table and
// the summary. A terminal that is slow or stopped misses frames; the run does not wait for it before the run has ended.
// Events from any thread as Observer says; everything else in the main thread, whose event loop paints.
#pragma once

#include <QTimer>
#include <optional>
#include <vector>

#include "station/live/live_line.h"
#include "station/output/console_screen.h"
#include "station/output/output.h"
#include "station/output/progress_lines.h"
#include "station/output/run_facts.h"
#include "station/output/terminal.h"

namespace station {

class Console : public RunOutput {
 public:
  // The caller sends the events to `live`; it is read until `ended`.
  Console(LineWriter& out, const LiveLine& live, bool colour);

  void started(const RunFacts& facts) override;
  void stopping(scheduler::StopKind kind) override;
  void ended(const RunEnd& end) override;
  void on(const scheduler::Event& event, scheduler::WallTime at) override { lines_.on(event, at); }

 private:
  void paint();

  LineWriter& out_;
  const LiveLine& live_;
  const bool colour_;
  ProgressLines lines_;
  ScreenFacts facts_;
  std::optional<Terminal> terminal_;
  QTimer timer_;
  ScreenSize painted_size_{};
  std::vector<std::string> painted_;  // rows; empty: nothing is known to be on the screen
  int frames_ = 0;
};

}  // namespace station
