#include "station/record/clock_watch.h"

#include <cstdlib>
#include <ctime>

#include <fmt/format.h>

#include "station/record/anchor_text.h"

namespace station {

namespace {

bool is_step(std::chrono::milliseconds by) {
  return by > least_clock_step || by < -least_clock_step;
}

}  // namespace

ClockReading read_clocks() {
  timespec boot{};
  clock_gettime(CLOCK_BOOTTIME, &boot);
  return {db::now(), std::chrono::seconds(boot.tv_sec) +
                         std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::nanoseconds(boot.tv_nsec))};
}

std::optional<ClockStep> ClockWatch::look(ClockReading now) {
  const db::Time expected = last_.wall + (now.since_boot - last_.since_boot);
  const std::chrono::milliseconds by = now.wall - expected;
  if (!is_step(by)) return std::nullopt;
  last_ = now;
  return ClockStep{expected, by};
}

std::optional<ClockStep> step_back_since(std::optional<db::Time> latest_on_record, db::Time now) {
  if (!latest_on_record || !is_step(*latest_on_record - now) || *latest_on_record < now) return std::nullopt;
  return ClockStep{*latest_on_record, now - *latest_on_record};
}

db::Event event_of(const ClockStep& step) {
  db::Event event;
  event.kind = "clock-step";
  const double seconds = static_cast<double>(step.by.count()) / 1000;
  event.text = fmt::format("The clock of this station was set {} by {:.1f} s: it should have said {}.",
                           step.by.count() < 0 ? "back" : "ahead", std::abs(seconds), utc(step.from));
  event.facts = fmt::format(R"({{"seconds":{:.3f},"from":"{}"}})", seconds, utc(step.from));
  return event;
}

}  // namespace station
