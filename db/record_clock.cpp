#include "db/record_clock.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <filesystem>

#include "db/connection.h"
#include "db/read_record_time.h"
#include "db/row_reader.h"
#include "db/schema.h"

namespace db {

namespace {

constexpr std::string_view kStep = "clock-step", kDoubt = "clock-in-doubt", kConfirmed = "clock-confirmed";

// "2026-11-22T06:00:00Z"
std::string utc_text(Time at) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

// "3 days", "5 hours", "90 seconds": enough for a person to recognise the mistake.
std::string span_text(milliseconds span) {
  const auto count = [](std::int64_t number, const char* unit) { return std::to_string(number) + " " + unit; };
  if (span >= std::chrono::days(2)) return count(std::chrono::floor<std::chrono::days>(span).count(), "days");
  if (span >= std::chrono::hours(2)) return count(std::chrono::floor<std::chrono::hours>(span).count(), "hours");
  if (span >= std::chrono::minutes(2)) return count(std::chrono::floor<std::chrono::minutes>(span).count(), "minutes");
  return count(std::chrono::floor<std::chrono::seconds>(span).count(), "seconds");
}

// The record's time as it follows from the last run and the events about the clock since it began.
class RecordTime {
 public:
  RecordTime(std::int64_t run, Time at) : since_(run), device_time_(at) {}

  // In a run, or at its begin. What a wrong clock recorded until it was set back vouches for nothing.
  void step(std::int64_t seq, Time from, Time at) {
    const Time known = before_doubt_.value_or(std::max(device_time_, from));
    const bool agrees = !doubt_of(known, at, default_clock_gap);
    if (at > from && !agrees) before_doubt_ = known;
    if (at > from) return;
    if (before_doubt_ && agrees) {
      since_ = seq;
      before_doubt_.reset();
    }
    device_time_ = known;
  }
  void doubt(Time record) { before_doubt_ = record; }
  void confirm(std::int64_t seq, Time at) {
    since_ = seq;
    device_time_ = at;
    before_doubt_.reset();
  }
  // Rows behind this one vouch for their times.
  std::int64_t since() const { return since_; }
  Time result(const std::optional<Time>& last_row) const {
    if (before_doubt_) return *before_doubt_;
    return last_row ? std::max(device_time_, *last_row) : device_time_;
  }

 private:
  std::int64_t since_;
  Time device_time_;
  std::optional<Time> before_doubt_;
};

void read_clock_events(SQLite::Database& database, RecordTime& time) {
  SQLite::Statement query(database,
                          "SELECT seq, at, kind, CASE WHEN json_valid(facts) THEN json_extract(facts, '$.seconds') END "
                          "FROM event WHERE chain = ? AND seq > ? AND kind IN (?, ?, ?) ORDER BY seq");
  query.bind(1, kOwnChain);
  query.bind(2, time.since());
  query.bind(3, std::string(kStep));
  query.bind(4, std::string(kDoubt));
  query.bind(5, std::string(kConfirmed));
  while (query.executeStep()) {
    RowReader row(query);
    const std::int64_t seq = row.integer();
    const Time at = row.time();
    const std::string kind = row.text();
    const double seconds = query.getColumn(3).getDouble();  // NULL: 0
    const Time from = at - milliseconds(std::llround(seconds * 1000));
    if (kind == kStep) time.step(seq, from, at);
    if (kind == kDoubt) time.doubt(from);
    if (kind == kConfirmed) time.confirm(seq, at);
  }
}

std::optional<Time> last_row_since(SQLite::Database& database, std::int64_t since) {
  std::optional<Time> latest;
  for (const std::string_view table : chained_tables(database)) {
    // These rows have no time of their own.
    if (table == "image" || table == "recipe" || table == "unit" || table == "step") continue;
    SQLite::Statement last(
        database, "SELECT at FROM " + std::string(table) + " WHERE chain = ? AND seq > ? ORDER BY seq DESC LIMIT 1");
    last.bind(1, kOwnChain);
    last.bind(2, since);
    if (last.executeStep()) latest = std::max(latest, std::optional(RowReader(last).time()));
  }
  return latest;
}

}  // namespace

std::optional<ClockDoubt> doubt_of(const std::optional<Time>& record, Time clock, milliseconds gap) {
  if (!record) return std::nullopt;
  if (clock < *record - clock_tolerance) return ClockDoubt{ClockDoubt::Kind::behind, *record, clock};
  if (clock > *record + gap) return ClockDoubt{ClockDoubt::Kind::ahead, *record, clock};
  return std::nullopt;
}

std::string sentence_of(const ClockDoubt& doubt) {
  const std::string says = "The clock of this station says " + utc_text(doubt.clock) + ", and the record ends at " +
                           utc_text(doubt.record) + ": ";
  switch (doubt.kind) {
    case ClockDoubt::Kind::behind:
      return says + "the clock is " + span_text(doubt.record - doubt.clock) + " behind the record.";
    case ClockDoubt::Kind::ahead:
      return says + "the clock is " + span_text(doubt.clock - doubt.record) + " ahead of the record.";
  }
  return {};
}

Event event_of(const ClockDoubt& doubt, bool confirmed) {
  const double seconds = std::chrono::duration<double>(doubt.clock - doubt.record).count();
  char facts[96];
  std::snprintf(facts, sizeof facts, R"({"seconds":%.3f,"from":"%s"})", seconds, utc_text(doubt.record).c_str());
  Event event;
  event.at = doubt.clock;
  event.kind = confirmed ? kConfirmed : doubt.kind == ClockDoubt::Kind::behind ? kStep : kDoubt;
  event.text = sentence_of(doubt) + (confirmed ? " A person confirmed that the clock is right." : "");
  event.facts = facts;
  return event;
}

bool is_about_the_clock(std::string_view event_kind) {
  return event_kind == kStep || event_kind == kDoubt || event_kind == kConfirmed;
}

Time later_of(const std::optional<Time>& record, Time clock) {
  return record ? std::max(*record, clock) : clock;
}

std::optional<Time> read_record_time(SQLite::Database& database) {
  SQLite::Statement run(database, "SELECT seq, at FROM run WHERE chain = ? ORDER BY seq DESC LIMIT 1");
  run.bind(1, kOwnChain);
  if (!run.executeStep()) return std::nullopt;
  RowReader row(run);
  const std::int64_t seq = row.integer();
  RecordTime time(seq, row.time());
  if (chained_tables(database).size() == kChainedTables.size()) read_clock_events(database, time);
  return time.result(last_row_since(database, time.since()));
}

std::optional<Time> record_time(const std::string& path) {
  const std::string file = canonical_path(path);
  if (!std::filesystem::exists(file)) return std::nullopt;
  return translated(file, [&] {
    SQLite::Database database = open_for_reading(file);
    const SQLite::Transaction one_state(database);
    return read_record_time(database);
  });
}

}  // namespace db
