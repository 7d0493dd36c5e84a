// Puts a backup of this station's record in the place of the record, after a disk was lost or a record damaged. The
// chain goes on where the backup ends, under the same installation, and says so: a row `restored` names the file, the
// last row that came from it, who restored it, and what was lost with the record that stood there.
//
// A chain proves nothing about who wrote it, so a backup is believed up to the row that the station signed (an anchor,
// which `db backup` writes beside the backup). The record that stood there is not deleted; its file gets another name.
// A copy of the station that goes on from the lost rows is another history from then on: merge() refuses it and names
// both rows. Errors: db::Error; then the record is as it was.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "db/record_clock.h"
#include "db/uuid.h"
#include "db/values.h"
#include "db/verify.h"

namespace db {

struct RestoreRequest {
  std::string from;
  std::optional<Anchor> signed_end;  // a row of this station whose signature the caller has checked
  std::string proof;                 // how, for the record: "signed by the key RW..."
  bool unproven = false;             // a person says that the file is the station's: no signature is asked for
  bool replace = false;              // also if rows are lost with the record that is there
};

// What stood at `path` before.
struct ReplacedRecord {
  std::string kept_as;             // its file now
  std::optional<Head> last;        // of this station's rows; nothing: the file cannot be read, or is another station's
  std::int64_t lost_rows = 0;      // that the backup does not have
  std::int64_t lost_attempts = 0;  // of these
};

struct RestoredRecord {
  std::string station;
  Uuid installation;
  Head end;  // of the rows that came from the backup
  std::optional<ReplacedRecord> replaced;
};

// `run` is recorded as the first row behind the backup's.
RestoredRecord restore(const std::string& path, const RestoreRequest& request, const Run& run, UuidGenerator& uuids,
                       const ClockRules& clock = {});

}  // namespace db
