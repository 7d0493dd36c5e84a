// Care of the data: `db backup`, `db merge`, `db archive`.
#include <fmt/format.h>

#include "db/care.h"
#include "station/at_the_record.h"
#include "station/commands.h"
#include "station/last_backup.h"
#include "station/output.h"
#include "station/text.h"

namespace station {

namespace {

ExitStatus say(const std::string& text) {
  return print(text) ? ExitStatus::passed : ExitStatus::cannot_create;
}

}  // namespace

ExitStatus db_backup(const BackupOptions& options) {
  return at_the_record(options, [&](const RecordPlace& place) {
    const db::Time begun = db::now();
    db::back_up(place.database, options.to);
    if (!remember_backup(place.database, options.to, begun)) {
      write_all(STDERR_FILENO,
                "flashline: the board is not told of it: " + place.database + ".last-backup cannot be written.\n");
    }
    return say(
        fmt::format("{} holds all that was on record. The station's key and the images are not in it: keep "
                    "{}.key and {}.images apart.\n",
                    options.to, place.database, place.database));
  });
}

ExitStatus db_merge(const MergeOptions& options) {
  return at_the_record(options, [&](const RecordPlace& place) {
    db::UuidGenerator uuids;
    std::string out;
    for (const db::MergedChain& chain : db::merge(place.database, options.sources, uuids)) {
      out += fmt::format("{:>12} new rows of station {} ({})\n", grouped(static_cast<std::uint64_t>(chain.added)),
                         chain.station, db::to_string(chain.installation));
    }
    return say(out);
  });
}

ExitStatus db_archive(const ArchiveOptions& options) {
  return at_the_record(options, [&](const RecordPlace& place) {
    db::UuidGenerator uuids;
    const db::Head end =
        db::archive(place.database, options.to, place.station, run_of_command("db archive", "", uuids), uuids);
    return say(fmt::format("{} is closed at row {}, {}\n{} goes on from there\n", options.to, end.seq,
                           db::hex(end.hash), place.database));
  });
}

}  // namespace station
