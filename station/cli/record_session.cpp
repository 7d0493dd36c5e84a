#include "station/cli/record_session.h"

#include <cstdio>

#include "station/record/run_row.h"
#include "station/run/clock_question.h"

namespace station {

std::variant<RecordPlace, ExitStatus> place_of(const RecordOptions& options) {
  const auto station = read_station(options.station);
  if (const auto* status = std::get_if<ExitStatus>(&station)) return *status;
  const auto database = find_database(options.db, *std::get<0>(station));
  if (const auto* status = std::get_if<ExitStatus>(&database)) return *status;
  const config::StationConfig& read = *std::get<0>(station);
  return RecordPlace{std::get<std::string>(database), given_name(read), {.gap = read.clock_gap}, read.label_pattern};
}

WritingSession::WritingSession(const RecordPlace& place, const std::string& command, const std::string& operator_name) {
  store_.emplace(place.database, place.station, run_of_command(command, operator_name, uuids_), uuids_, place.clock);
  if (const std::string changed = change_of_key(*store_); !changed.empty()) {
    std::fprintf(stderr, "flashline: warning: %s\n", changed.c_str());
  }
  for (const std::string& warning : store_->warnings())
    std::fprintf(stderr, "flashline: warning: %s\n", warning.c_str());
  if (!store_->clock_doubt()) {
    warn_of_impossible_clock();
    return;
  }
  std::fprintf(stderr, "flashline: warning: %s Set the clock. The doubt is recorded.\n",
               db::sentence_of(*store_->clock_doubt()).c_str());
}

}  // namespace station
