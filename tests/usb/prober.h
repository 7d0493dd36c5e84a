// tests/usb/probe.cpp as a child of the mock kernel, spoken to a line at a time. One thread.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "tests/usb/mock_kernel.h"

namespace usb_mock {

// What the kernel says that a process has.
struct Holdings {
  int threads = 0;
  int files = 0;  // descriptors but for sockets

  bool operator==(const Holdings&) const = default;
  std::string text() const;
};

class Prober {
 public:
  explicit Prober(const MockKernel& kernel);
  ~Prober();  // kills it if nobody ended it
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  void tell(const std::string& command) const;
  // The next line that begins so; lines before it are kept for others. Empty, after ten seconds or at the end.
  std::string hear(const std::string& begin);
  std::string ask(const std::string& command, const std::string& begin);
  // All lines so far that begin so, not taken away.
  std::vector<std::string> heard(const std::string& begin);
  // Tells it to quit; what it says of its questions. `status`: its exit status.
  std::string end();

  Holdings holdings() const;
  // Has no more than this; false after ten seconds.
  bool settles_to(const Holdings& holdings) const;

  int status = -1;

 private:
  bool read_more(int milliseconds);

  int process_ = -1;
  int in_ = -1, out_ = -1;
  std::string rest_;
  std::deque<std::string> lines_;
};

}  // namespace usb_mock
