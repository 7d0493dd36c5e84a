#include "station/board/counted_log.h"

#include <algorithm>

#include <fmt/format.h>

namespace station::board {

namespace {

using namespace std::chrono_literals;

// Between two lines of one cause: short enough to see an attack begin, and no more than 60 lines an hour while it goes
// on.
constexpr std::chrono::seconds shortest_pause = 1s;
constexpr std::chrono::seconds longest_pause = 60s;
constexpr std::size_t most_causes = 32;  // a cause more than the program has is a mistake of ours, not a leak

}  // namespace

std::string Tally::logged(const std::string& name, Cause& cause, Time now) {
  const bool goes_on = cause.pause > 0s && now < cause.next + cause.pause;
  cause.pause = goes_on ? std::min(cause.pause * 2, longest_pause) : shortest_pause;
  cause.next = now + cause.pause;
  const std::uint64_t count = cause.count;
  cause.count = 0;
  return count == 1 ? name + ": " + cause.example : fmt::format("{}, {} times; last: {}", name, count, cause.example);
}

std::optional<std::string> Tally::note(const std::string& cause, const std::string& example, Time now) {
  const bool is_new = !causes_.contains(cause);
  const std::string name = is_new && causes_.size() >= most_causes ? "other" : cause;
  Cause& one = causes_[name];
  ++one.count;
  one.example = example;
  return now < one.next ? std::nullopt : std::optional(logged(name, one, now));
}

std::vector<std::string> Tally::due(Time now) {
  std::vector<std::string> lines;
  for (auto& [name, cause] : causes_) {
    if (cause.count > 0 && now >= cause.next) lines.push_back(logged(name, cause, now));
  }
  return lines;
}

void CountedLog::note(const std::string& cause, const std::string& example) {
  const std::lock_guard lock(mutex_);
  if (const auto line = tally_.note(cause, example, std::chrono::steady_clock::now())) log(*line);
}

void CountedLog::flush() {
  const std::lock_guard lock(mutex_);
  for (const std::string& line : tally_.due(std::chrono::steady_clock::now())) log(line);
}

}  // namespace station::board
