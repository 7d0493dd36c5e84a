#include "db/restore.h"

#include <algorithm>
#include <ctime>
#include <filesystem>

#include <sqlite3.h>

#include "db/connection.h"
#include "db/image_store.h"
#include "db/new_file.h"
#include "db/own_chain.h"
#include "db/read_record_time.h"
#include "db/record_writer.h"
#include "db/schema.h"
#include "db/start_check.h"
#include "db/stored_row.h"
#include "db/writer_lock.h"

namespace db {

namespace {

namespace fs = std::filesystem;

constexpr const char* kNothingChanged = " Nothing was changed.";

Error refused(const std::string& sentence) {
  return {Trouble::refused, sentence + kNothingChanged};
}

std::string row_text(const Head& head) {
  return "row " + std::to_string(head.seq) + " " + hex(head.hash);
}

// ---- the backup

// A backup at rest is read without leaving files beside it.
Snapshot snapshot_of(const std::string& path) {
  return fs::exists(path + "-wal") || run_of_live_writer(path) ? Snapshot::live : Snapshot::untouched;
}

// A copy of the backup, where nobody else changes it: what is proven is what is taken. Removed unless it got a name.
class Copied {
 public:
  Copied(const RestoreRequest& request, std::string path) : path_(std::move(path)) {
    try {
      copy_record(request.from, path_, snapshot_of(request.from));
    } catch (...) {
      remove();
      throw;
    }
  }
  ~Copied() { remove(); }
  Copied(const Copied&) = delete;
  Copied& operator=(const Copied&) = delete;

  const std::string& path() const { return path_; }

 private:
  void remove() const {
    std::error_code none;
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) fs::remove(path_ + suffix, none);
  }

  std::string path_;
};

// This station's chain in the copy. Every row of it is as it was written, and signed as far as was asked for.
ChainVerification proven_chain(const std::string& copy, const RestoreRequest& request) {
  std::vector<Anchor> anchors;
  if (request.signed_end) anchors.push_back(*request.signed_end);
  const Verification verified = verify_chain(copy, anchors);
  const std::optional<Uuid> own = translated(request.from, [&] {
    SQLite::Database database = open_for_reading(copy, Snapshot::untouched);
    return own_installation(database);
  });
  if (!own) throw refused(request.from + " has no record of a station of its own: it holds merged rows only.");
  const auto chain = std::ranges::find(verified.chains, *own, &ChainVerification::installation);
  if (request.signed_end && request.signed_end->installation != *own) {
    throw refused("The signature is about installation " + to_string(request.signed_end->installation) + ", and " +
                  request.from + " is the record of installation " + to_string(*own) + ".");
  }
  if (!verified.sound()) {
    throw Error(Trouble::damaged, request.from + " does not verify. `flashline audit verify --db " + request.from +
                                      "` says more." + kNothingChanged);
  }
  if (request.unproven || (request.signed_end && request.signed_end->head == chain->last)) return *chain;
  throw refused(request.signed_end ? "The signature covers rows up to " + std::to_string(request.signed_end->head.seq) +
                                         " of " + request.from + ", which has " + std::to_string(chain->last.seq) +
                                         ": the last rows are not signed."
                                   : "Nothing proves that this station wrote the rows of " + request.from + ".");
}

// ---- the record that is there

struct Standing {
  std::optional<Head> last;
  std::int64_t lost_rows = 0;
  std::int64_t lost_attempts = 0;
  std::string objection;  // why it may not be replaced without being told to; empty: nothing is lost
  bool same = false;      // the backup adds nothing
};

std::int64_t attempts_behind(SQLite::Database& database, std::int64_t seq) {
  SQLite::Statement query(database, "SELECT count(*) FROM attempt_started WHERE chain = ? AND seq > ?");
  query.bind(1, kOwnChain);
  query.bind(2, seq);
  query.executeStep();
  return query.getColumn(0).getInt64();
}

// The last row that both have; the records are equal up to there.
std::int64_t common_end(SQLite::Database& here, SQLite::Database& backup, std::int64_t start, std::int64_t last) {
  const auto equal = [&](std::int64_t seq) {
    const auto mine = find_row(here, kOwnChain, seq), theirs = find_row(backup, kOwnChain, seq);
    return mine && theirs && mine->head == theirs->head;
  };
  std::int64_t good = start, bad = std::max(start, last) + 1;  // hashes are linked: once different, they stay so
  while (bad - good > 1) {
    const std::int64_t middle = good + (bad - good) / 2;
    (equal(middle) ? good : bad) = middle;
  }
  return good;
}

Standing compare(SQLite::Database& here, const std::string& path, const std::string& copy,
                 const RestoreRequest& request, const ChainVerification& chain) {
  Standing standing;
  if (own_installation(here) != chain.installation) {
    standing.objection = path + " is the record of another station than " + request.from + ".";
    return standing;
  }
  SQLite::Database backup = open_for_reading(copy, Snapshot::untouched);
  const Head last = last_row(here, kOwnChain).head;
  standing.last = last;
  const Head start = start_of(here, kOwnChain, chain.installation);
  if (start != chain.start) {
    standing.lost_rows = last.seq - start.seq;
    standing.lost_attempts = attempts_behind(here, start.seq);
    standing.objection = path + " and " + request.from + " are two parts of the record of one station, with an " +
                         "archiving between them: they begin behind row " + std::to_string(start.seq) + " and row " +
                         std::to_string(chain.start.seq) + ".";
    return standing;
  }
  const std::int64_t both = common_end(here, backup, start.seq, std::min(last.seq, chain.last.seq));
  standing.same = last == chain.last;
  standing.lost_rows = last.seq - both;
  standing.lost_attempts = attempts_behind(here, both);
  if (standing.lost_rows == 0) return standing;
  if (both == chain.last.seq) {
    standing.objection = path + " is newer than " + request.from + ": it has " + std::to_string(standing.lost_rows) +
                         " rows more (" + std::to_string(standing.lost_attempts) + " attempts), up to " +
                         row_text(last) + ".";
  } else {
    standing.objection = path + " and " + request.from +
                         " are two histories of one station: they are equal up to row " + std::to_string(both) +
                         ", and end at " + row_text(last) + " here and " + row_text(chain.last) + " there.";
  }
  return standing;
}

// Nothing: there is no file.
std::optional<Standing> look_at_standing(const std::string& path, const std::string& copy,
                                         const RestoreRequest& request, const ChainVerification& chain) {
  if (!fs::exists(path)) return std::nullopt;
  try {
    return translated(path, [&] {
      SQLite::Database here = open_for_reading(path);
      return compare(here, path, copy, request, chain);
    });
  } catch (const Error& error) {
    Standing unreadable;
    unreadable.objection = std::string("The record that is there cannot be read: ") + error.what();
    return unreadable;
  }
}

// ---- the new record

std::string compact_time(Time at) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts)};
}

std::string json_text(const std::string& text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) json += c;
  }
  return json + "\"";
}

Event restored_event(const RestoreRequest& request, const RestoredRecord& restored, const Run& run) {
  Event event;
  event.at = run.at;
  event.kind = "restored";
  event.about = restored.station;
  const std::string proof = request.unproven ? "unproven: a person vouched for the file" : request.proof;
  event.text = "The record was restored from " + request.from + ", up to " + row_text(restored.end) + " (" + proof +
               "), by " + (run.operator_name.empty() ? "an unnamed operator" : run.operator_name) + ".";
  event.facts = "{\"from\":" + json_text(request.from) + ",\"seq\":" + std::to_string(restored.end.seq) +
                ",\"hash\":\"" + hex(restored.end.hash) + "\",\"proof\":" + json_text(proof);
  if (const auto& old = restored.replaced) {
    event.text += " It took the place of a record that is kept as " + old->kept_as;
    event.text += old->last ? ", which ended at " + row_text(*old->last) + ": " + std::to_string(old->lost_rows) +
                                  " rows with " + std::to_string(old->lost_attempts) + " attempts are not here."
                            : ", of which it is not known what was lost.";
    event.facts += ",\"replaced\":" + json_text(old->kept_as);
    if (old->last) {
      event.facts += ",\"replaced_seq\":" + std::to_string(old->last->seq) + ",\"replaced_hash\":\"" +
                     hex(old->last->hash) + "\",\"lost_rows\":" + std::to_string(old->lost_rows) +
                     ",\"lost_attempts\":" + std::to_string(old->lost_attempts);
    }
  }
  event.facts += "}";
  return event;
}

// What the backup does not say: that it is the record again.
void write_restoring(const std::string& part, const RestoreRequest& request, const RestoredRecord& restored, Run run,
                     UuidGenerator& uuids, const ClockRules& clock) {
  run.sqlite = sqlite3_libversion();
  translated(part, [&] {
    SQLite::Database database = open_for_writing(part);
    check_tables(database, part);
    migrate(database, part);
    if (const auto earlier = youngest_attempt(database)) uuids.stay_after(*earlier);
    const auto doubt = doubt_of(read_record_time(database), run.at, clock.gap);
    const Head head = check_at_start(database, part, kOwnChain, restored.installation);
    if (head != restored.end) throw refused(request.from + " changed while it was read.");
    RecordWriter writer(database, kOwnChain, head, run.id, uuids);
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    for (const Uuid& attempt : open_attempts(database)) writer.write(interruption(attempt, run.at));
    writer.write_run(run);
    if (doubt) writer.write(event_of(*doubt, clock.confirmed));
    writer.write(restored_event(request, restored, run));
    transaction.commit();
  });
  settle(part);
}

// A second name for the old file first: whenever the power goes, one of the two is the record. What SQLite would read
// into the new file must not stay beside it.
void move_aside(const std::string& path, const std::string& kept) {
  for (const char* suffix : {"", "-wal", "-journal"}) {
    if (!fs::exists(path + suffix)) continue;
    std::error_code failure;
    fs::create_hard_link(path + suffix, kept + suffix, failure);
    if (failure) fs::copy_file(path + suffix, kept + suffix);
  }
  for (const char* suffix : {"-wal", "-journal", "-shm"}) fs::remove(path + suffix);
}

// Whole in its one file, if it is sound enough for that. Throws Error when another program has it open.
void settle_if_sound(const std::string& path) {
  try {
    settle(path);
  } catch (const Error& error) {
    if (error.trouble() == Trouble::in_use) throw;
  }
}

}  // namespace

RestoredRecord restore(const std::string& path, const RestoreRequest& request, const Run& run, UuidGenerator& uuids,
                       const ClockRules& clock) {
  const std::string file = canonical_path(path), part = file + ".restoring";
  if (!fs::exists(request.from)) throw Error(Trouble::missing, "There is no database at " + request.from + ".");
  if (canonical_path(request.from) == file) throw refused(request.from + " is the record itself.");
  prepare_folder(file);
  const WriterLock lock(file, run.id);
  const Copied copy(request, part);
  const ChainVerification chain = proven_chain(copy.path(), request);
  const std::optional<Standing> standing = look_at_standing(file, copy.path(), request, chain);
  if (standing && standing->same) throw refused(file + " holds all of " + request.from + " already.");
  if (standing && !standing->objection.empty() && !request.replace) {
    throw refused(standing->objection +
                  " To replace it all the same, and to keep it under another name, add --replace.");
  }
  RestoredRecord restored{chain.station, chain.installation, chain.last, std::nullopt};
  const std::string kept = file + ".replaced-" + compact_time(run.at);
  if (standing) {
    refuse_existing(kept);
    restored.replaced = ReplacedRecord{kept, standing->last, standing->lost_rows, standing->lost_attempts};
  }
  write_restoring(part, request, restored, run, uuids, clock);
  ImageStore(file).take_over(ImageStore(request.from));
  if (standing) settle_if_sound(file);
  move_aside(file, kept);
  take_name(part, file);
  return restored;
}

}  // namespace db
