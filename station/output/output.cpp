#include "station/output/output.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <poll.h>
#include <unistd.h>

#include "reports/printable.h"
#include "station/output/fold.h"

namespace station {

namespace {

// Ten seconds of progress from a full line: a reader that is further behind wants the newest, not all of it.
constexpr std::size_t far_behind = 1000;

void tell_of_loss(int error) {
  say_error(std::string("standard output accepts no more data: ") + std::strerror(error) +
            ". What is missing there is in the record: flashline report.");
}

}  // namespace

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      // Somebody made the descriptor non-blocking and shares it with us.
      pollfd writable{descriptor, POLLOUT, 0};
      poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

bool print(std::string_view text) {
  if (write_all(STDOUT_FILENO, reports::printable(text, reports::Breaks::kept))) return true;
  say_error(std::string("cannot write to standard output: ") + std::strerror(errno) + ".");
  return false;
}

bool print_folded(std::string_view text) {
  return print(folded(reports::printable(text, reports::Breaks::kept), width_of_output()));
}

void say_error(std::string_view sentence) {
  print_error("flashline: " + reports::printable(sentence) + "\n");
}

void print_error(std::string_view text) {
  write_all(STDERR_FILENO, reports::printable(text, reports::Breaks::kept));
}

LineWriter::LineWriter(int descriptor)
    : descriptor_(descriptor), thread_([this](std::stop_token stop) { run(stop); }) {}

LineWriter::~LineWriter() = default;

void LineWriter::line(std::string text) {
  raw(reports::printable(text) + "\n");
}

void LineWriter::raw(std::string text) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(text));
  }
  changed_.notify_one();
}

bool LineWriter::idle() const {
  const std::lock_guard lock(mutex_);
  return waiting_.empty() && !writing_;
}

void LineWriter::line_unless_behind(std::string text) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= far_behind) return;
  }
  line(std::move(text));
}

void LineWriter::run(std::stop_token stop) {
  bool broken = false;
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !waiting_.empty(); })) {
    const std::string text = std::move(waiting_.front());
    waiting_.pop_front();
    writing_ = true;
    lock.unlock();
    if (!broken && !write_all(descriptor_, text)) {
      broken = true;
      if (errno != EPIPE) tell_of_loss(errno);  // a reader that has gone wants no more
    }
    lock.lock();
    writing_ = false;
  }
}

}  // namespace station
