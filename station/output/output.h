// Standard output, twice: at once for commands that print and end, and behind a thread for a line that runs, because
// the line must not wait for the reader. And standard error. All text but `write_all` and `raw` is made
// printable here (reports/printable.h): a line and a sentence stay one line, a text keeps its line breaks.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace station {

// All of it, or false: disk full, reader gone. Blocks.
bool write_all(int descriptor, std::string_view text);
// For commands whose output is their purpose; the sentence goes to stderr. False: exit status cannot_create.
bool print(std::string_view text);
// The same for a text that a person reads: as wide as the screen is (fold.h).
bool print_folded(std::string_view text);
// A sentence on stderr, on a line of its own after "flashline: ".
void say_error(std::string_view sentence);
// Text on stderr as it is laid out.
void print_error(std::string_view text);

// Lines in the order in which they were given, each written at once. Any thread; never blocks the caller. When the
// reader has gone, lines are dropped: a closed pipe stops no run.
class LineWriter {
 public:
  explicit LineWriter(int descriptor);
  ~LineWriter();  // waits until all is written or the reader has gone

  void line(std::string text);
  // For what is soon outdated, such as progress: dropped while the reader is far behind.
  void line_unless_behind(std::string text);
  // As it is, in order with the lines.
  void raw(std::string text);
  // Nothing waits to be written, nor is being written: what is drawn now will be seen now.
  bool idle() const;

 private:
  void run(std::stop_token stop);

  const int descriptor_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::string> waiting_;  // guarded by mutex_
  bool writing_ = false;             // guarded by mutex_
  std::jthread thread_;
};

}  // namespace station
