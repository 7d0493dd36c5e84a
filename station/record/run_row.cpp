#include "station/record/run_row.h"

#include "station/record/anchor_text.h"
#include "station/version.h"

namespace station {

std::optional<std::string> given_name(const config::StationConfig& station) {
  return station.has_name ? std::optional(station.name) : std::nullopt;
}

db::Run run_of_command(const std::string& command, const std::string& operator_name, db::UuidGenerator& uuids) {
  db::Run run;
  run.at = db::now();
  run.id = uuids.next(run.at);
  run.command = command;
  run.software = version();
  run.host = host_name();
  run.kernel = kernel();
  run.operator_name = operator_name;
  return run;
}

std::string change_of_key(const db::Store& store) {
  return store.earlier_key() ? change_of_key(store.path(), *store.earlier_key()) : std::string();
}

std::string change_of_key(const std::string& database, db::Time since) {
  return "the key of this station (" + database + ".key) is not the one on record since " + utc(since) +
         "; a new one goes on record. Backups and certificates that were signed by the old key are checked with the "
         "old "
         "public key.";
}

}  // namespace station
