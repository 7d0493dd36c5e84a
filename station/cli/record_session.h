// What commands about the record share, which do not run the line: its place, a session that writes, and error
// handling.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "db/error.h"
#include "db/store.h"
#include "station/cli/options.h"
#include "station/run/inputs.h"

namespace station {

struct RecordPlace {
  std::string database;
  std::optional<std::string> station;  // name; nothing: the command was given none, and the record's last name holds
  db::ClockRules clock;
  std::string label_pattern{};  // of the station file
};

std::variant<RecordPlace, ExitStatus> place_of(const RecordOptions& options);

class WritingSession {
 public:
  // A clock in doubt and a new key are said on stderr and recorded; they keep no command from its work. Errors:
  // db::Error.
  WritingSession(const RecordPlace& place, const std::string& command, const std::string& operator_name);
  db::Store& store() { return *store_; }

 private:
  db::UuidGenerator uuids_;
  std::optional<db::Store> store_;
};

inline ExitStatus status_of(db::Trouble trouble) {
  if (trouble == db::Trouble::missing) return ExitStatus::input_missing;
  const bool output = trouble == db::Trouble::exists || trouble == db::Trouble::cannot_create;
  return output ? ExitStatus::cannot_create : ExitStatus::records_lost;
}

// `work` gets the place; what db throws becomes a sentence and 66, 73 or 74.
template <typename Work>
ExitStatus record_session(const RecordOptions& options, Work work) {
  const auto place = place_of(options);
  if (const auto* status = std::get_if<ExitStatus>(&place)) return *status;
  try {
    return work(std::get<RecordPlace>(place));
  } catch (const db::Error& error) {
    return complain(status_of(error.trouble()), error.what());
  }
}

}  // namespace station
