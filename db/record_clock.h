// The clock of the station against the times on its record. A clock without a battery says 1970; a clock that was set
// wrongly says 2035. Rows keep their order whatever the clock says (db/chain.h), but orders end by time, and a reader
// believes what a row says.
//
// The record's time is the latest time that its rows prove. A program that begins before it, or long after it,
// begins with a clock in doubt: the writer records that as an event in the same transaction as the run. A time in doubt
// does not become the record's time. When a person confirms the clock, the record's time begins again from there.
//
// Events: "clock-step" (the clock went back), "clock-in-doubt" (it is far ahead), "clock-confirmed".
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "db/values.h"

namespace db {

// A PC's clock that nothing corrects drifts by up to 2 s a day: a time server may set it back by this much after a
// month, and that is no reason to ask a person.
inline constexpr milliseconds clock_tolerance = std::chrono::seconds(60);
// Longer than a works holiday. A station that stands still for longer is asked once when it begins again.
inline constexpr milliseconds default_clock_gap = std::chrono::days(30);

// How a program that opens the record judges its clock.
struct ClockRules {
  milliseconds gap = default_clock_gap;  // the clock may be this much later than the record
  bool confirmed = false;                // a person said that the clock is right
};

struct ClockDoubt {
  enum class Kind { behind, ahead } kind = Kind::behind;
  Time record;  // the record's time
  Time clock;

  bool operator==(const ClockDoubt&) const = default;
};

// Nothing: the clock agrees with the record, or there is no record yet.
std::optional<ClockDoubt> doubt_of(const std::optional<Time>& record, Time clock, milliseconds gap);

// One sentence for a person.
std::string sentence_of(const ClockDoubt& doubt);
// What is recorded of it; `confirmed` by a person.
Event event_of(const ClockDoubt& doubt, bool confirmed);
bool is_about_the_clock(std::string_view event_kind);

// Orders count by the later of clock and record: a clock that was set back does not bring an order back.
Time later_of(const std::optional<Time>& record, Time clock);

// The record's time of this station. Nothing: the file does not exist or has no run in it yet. Reads a few rows.
// Errors: db::Error.
std::optional<Time> record_time(const std::string& path);

}  // namespace db
