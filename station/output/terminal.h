// A terminal taken over for a screen, and given back as it was, also when the program is killed by a signal that it can
// see or crashes. While it is taken, typed characters are not echoed (a barcode scanner types into any window), Ctrl-Z
// is off (a line in work must not be suspended by mistake), and what is written to stderr comes here if
// that is the same terminal, because it would land between the rows. One at a time; main thread.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "station/output/console_screen.h"
#include "station/output/output.h"

class QSocketNotifier;

namespace station {

class Terminal {
 public:
  // Standard output is a terminal that can show a screen, and ours to write on.
  static bool usable();
  // `when`: "always", "never", or "auto": unless NO_COLOR (no-color.org) is set.
  static bool wants_colour(std::string_view when);

  // What is written goes through `out`, in order with everything else.
  explicit Terminal(LineWriter& out);
  ~Terminal();  // gives it back; what came to stderr meanwhile is written there
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  ScreenSize size() const;
  // What came to stderr in the last minutes, a line each after the time of day, the newest last.
  std::vector<std::string> messages() const;

 private:
  void catch_stderr();
  void release_stderr();
  void take_messages();

  LineWriter& out_;
  int pipe_ = -1;  // where stderr goes, to be read
  std::unique_ptr<QSocketNotifier> notifier_;
  struct Message {
    std::string time;
    std::string text;
    std::chrono::steady_clock::time_point at;
  };
  void keep(std::string text);

  std::string unfinished_;  // a line that has no end yet
  std::deque<Message> messages_;
};

}  // namespace station
