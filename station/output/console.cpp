#include "station/output/console.h"

#include <chrono>

#include <fmt/format.h>

#include "station/version.h"

namespace station {

namespace {

constexpr std::chrono::milliseconds between_frames{100};
// So often everything is painted again, in case another program wrote on the screen.
constexpr int whole_frame_every = 50;

}  // namespace

Console::Console(LineWriter& out, const LiveLine& live, bool colour)
    : out_(out), live_(live), colour_(colour), lines_(out, ProgressLines::Only::first_and_last) {
  QObject::connect(&timer_, &QTimer::timeout, [this] { paint(); });
}

void Console::started(const RunFacts& facts) {
  lines_.started(facts);
  facts_ = {.program = "flashline " + std::string(version()),
            .station = facts.station,
            .record = facts.database,
            .job = facts.job,
            .board = facts.board.value_or("")};
  terminal_.emplace(out_);
  paint();
  timer_.start(between_frames);
}

void Console::stopping(scheduler::StopKind) {
  paint();  // the live state says it
}

void Console::ended(const RunEnd& end) {
  timer_.stop();
  terminal_.reset();
  lines_.ended(end);
}

// Only rows that have changed are sent.
void Console::paint() {
  if (!out_.idle()) return;
  const ScreenSize size = terminal_->size();
  if (size != painted_size_ || frames_++ % whole_frame_every == 0) painted_.clear();
  const bool whole = painted_.empty();
  std::string frame = size != painted_size_ ? "\x1b[2J" : "";
  painted_size_ = size;
  const std::vector<Row> rows = draw(live_.now(), facts_, terminal_->messages(), size);
  painted_.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::string row = terminal_text(rows[i], colour_);
    if (!whole && row == painted_[i]) continue;
    // Cleared first: a full row leaves the cursor on its last column, where clearing would take a character.
    frame += fmt::format("\x1b[{};1H\x1b[0K", i + 1) + row;
    painted_[i] = std::move(row);
  }
  if (!frame.empty()) out_.raw(std::move(frame));
}

}  // namespace station
