// Care of the data: `db backup`, `db merge`, `db restore`, `db archive`, `db rebuild`.
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "db/care.h"
#include "db/restore.h"
#include "db/verify.h"
#include "station/cli/command.h"
#include "station/cli/options.h"
#include "station/cli/record_session.h"
#include "station/output/output.h"
#include "station/record/anchor_text.h"
#include "station/record/last_backup.h"
#include "station/record/run_row.h"
#include "station/record/signed_file.h"
#include "station/run/clock_question.h"
#include "station/text.h"

namespace station {

namespace {

struct BackupOptions : RecordOptions {
  std::string to;
};

struct MergeOptions : RecordOptions {
  std::vector<std::string> sources;
};

struct RestoreOptions : RecordOptions {
  std::string from;
  std::string against;  // signed anchor; empty: FROM.anchor
  std::string key;      // public key, or a file with one; empty: the station's key beside the database
  std::string operator_name;
  bool unproven = false;
  bool replace = false;
};

struct ArchiveOptions : RecordOptions {
  std::string to;
};

struct RebuildOptions : RecordOptions {
  std::string operator_name;
};

ExitStatus say(const std::string& text) {
  return print_folded(text) ? ExitStatus::passed : ExitStatus::cannot_create;
}

void warn(const std::string& sentence) {
  print_error("flashline: warning: " + printable(sentence) + "\n");
}

// So that `db restore` can tell the backup from a copy that somebody continued. Empty if it is written; else why not:
// a backup without a signature is still one.
std::string sign_backup(const std::string& database, const std::string& backup,
                        const std::optional<db::BackedUp>& backed_up) {
  if (!backed_up) return "it holds no record of a station of its own";
  if (!std::filesystem::exists(key_path(database))) return "there is no " + key_path(database);
  try {
    const db::StationKey key = db::StationKey::load(key_path(database));
    const db::StationInfo station{backed_up->installation, backed_up->station, backed_up->head, backed_up->public_key};
    const std::string text = anchor_text(station, db::now());
    const ExitStatus status =
        created(write_signed(backup + ".anchor", text, "flashline anchor of " + station.name, key));
    return status == ExitStatus::passed ? "" : "see above";
  } catch (const db::Error& error) {
    return error.what();
  }
}

// The key by which this station's backups must be signed: the one that was given, else the one beside the database. A
// key that only the backup names proves nothing about the backup.
std::optional<db::PublicKey> key_of_station(const RestoreOptions& options, const std::string& database) {
  if (!options.key.empty()) return public_key_from(options.key);
  const std::string file = key_path(database);
  if (std::filesystem::exists(file)) return db::StationKey::load(file).public_key();
  return std::filesystem::exists(file + ".pub") ? public_key_from(file + ".pub") : std::nullopt;
}

struct Proof {
  db::Anchor end;
  std::string text;
};

// A sentence: why there is none.
std::variant<Proof, std::string> proof_of(const RestoreOptions& options, const std::string& database) {
  const std::string file = options.against.empty() ? options.from + ".anchor" : options.against;
  const std::string unproven = " If you can vouch for the file yourself, add --unproven: the record says so.";
  const std::string text = short_text(file);
  const std::vector<db::Anchor> anchors = anchors_in(text);
  if (anchors.size() != 1) {
    return "there is no signed anchor " + file + ", so nothing proves that this station wrote all rows of " +
           options.from + ". Name the anchor with --against." + unproven;
  }
  const auto key = key_of_station(options, database);
  if (!key) {
    return "there is no key to check " + file +
           " by: give the station's public key with --key, as it was kept when the "
           "station was set up (" +
           key_path(database) + ".pub)." + unproven;
  }
  if (db::check_signature(text, short_text(file + ".minisig"), *key) != db::SignatureCheck::good) {
    return file + " is not signed by the key " + db::to_string(*key) + ", or was changed since." + unproven;
  }
  return Proof{anchors.front(), "signed by the key " + db::to_string(*key)};
}

std::string restored_text(const RestoreOptions& options, const db::RestoredRecord& restored) {
  std::string out = fmt::format("restored    rows 1 to {} of station {} from {}\nlast hash   {}\n", restored.end.seq,
                                restored.station, options.from, db::hex(restored.end.hash));
  if (const auto& old = restored.replaced) {
    out += fmt::format("replaced    {}\n", old->kept_as);
    out += old->last ? fmt::format("lost        {} rows with {} attempts, up to row {} {}\n", old->lost_rows,
                                   old->lost_attempts, old->last->seq, db::hex(old->last->hash))
                     : "lost        not known: the record that was there is not one of this station that can be read\n";
  }
  return out + "The record says so in a row of its own. Flash units again whose attempts are not in it.\n";
}

// Empty if all that is there is as it was written.
std::string first_problem(const db::Verification& verified) {
  if (verified.sound()) return {};
  for (const db::ChainVerification& chain : verified.chains) {
    if (!chain.problem) continue;
    return fmt::format("row {} of station {} is {}: {}", chain.problem->seq, printable(chain.station),
                       db::to_string(chain.problem->damage), printable(chain.problem->text));
  }
  return verified.file_problems.empty() ? "a part of it is missing." : printable(verified.file_problems.front());
}

ExitStatus db_backup(const BackupOptions& options) {
  return record_session(options, [&](const RecordPlace& place) {
    const db::Time begun = db::now();
    const std::optional<db::BackedUp> backed_up = db::back_up(place.database, options.to);
    if (const std::string problem = first_problem(db::verify_chain(options.to)); !problem.empty()) {
      return complain(ExitStatus::not_passed,
                      options.to + " is NOT VERIFIED: " + problem +
                          " It is a copy of the record as it is, is not signed and does not count as a backup. Keep "
                          "the last good backup, and run `flashline audit verify`.");
    }
    if (!remember_backup(place.database, options.to, begun)) {
      say_error("the board does not know of this backup: " + place.database + ".last-backup cannot be written.");
    }
    const std::string unsigned_because = sign_backup(place.database, options.to, backed_up);
    if (!unsigned_because.empty()) {
      write_all(STDERR_FILENO, "flashline: warning: " + options.to + " is not signed (" + unsigned_because +
                                   "): `db restore` will need a person who vouches for it.\n");
    }
    return say(
        fmt::format("{} holds all that was on record. The station's key and the images are not in it: keep "
                    "{}.key and {}.images apart.\n",
                    options.to, place.database, place.database));
  });
}

ExitStatus db_merge(const MergeOptions& options) {
  return record_session(options, [&](const RecordPlace& place) {
    db::UuidGenerator uuids;
    std::string out;
    for (const db::MergedChain& chain : db::merge(place.database, options.sources, uuids)) {
      out += fmt::format("{:>12} new rows of station {} ({})\n", grouped(static_cast<std::uint64_t>(chain.added)),
                         printable(chain.station), db::to_string(chain.installation));
    }
    return say(out);
  });
}

ExitStatus db_restore(const RestoreOptions& options) {
  return record_session(options, [&](const RecordPlace& place) {
    db::RestoreRequest request;
    request.from = options.from;
    request.unproven = options.unproven;
    request.replace = options.replace;
    if (!std::filesystem::exists(options.from)) {
      return complain(ExitStatus::input_missing, "there is no " + options.from + ".");
    }
    if (!options.unproven) {
      const auto proof = proof_of(options, place.database);
      if (const auto* problem = std::get_if<std::string>(&proof)) return complain(ExitStatus::not_passed, *problem);
      request.signed_end = std::get<Proof>(proof).end;
      request.proof = std::get<Proof>(proof).text;
    }
    db::UuidGenerator uuids;
    const db::Run run = run_of_command("db restore", options.operator_name, uuids);
    return say(restored_text(options, db::restore(place.database, request, run, uuids, place.clock)));
  });
}

ExitStatus db_archive(const ArchiveOptions& options) {
  return record_session(options, [&](const RecordPlace& place) {
    db::UuidGenerator uuids;
    const db::Archived archived = db::archive(place.database, options.to, place.station,
                                              run_of_command("db archive", "", uuids), uuids, place.clock);
    if (archived.earlier_key) warn(change_of_key(place.database, *archived.earlier_key));
    warn_of_impossible_clock();
    return say(fmt::format("{} is closed at row {}, {}\n{} goes on from there\n", options.to, archived.end.seq,
                           db::hex(archived.end.hash), place.database));
  });
}

ExitStatus db_rebuild(const RebuildOptions& options) {
  return record_session(options, [&](const RecordPlace& place) {
    db::UuidGenerator uuids;
    const db::Run run = run_of_command("db rebuild", options.operator_name, uuids);
    const db::Rebuilt rebuilt = db::rebuild(place.database, run, uuids, place.clock);
    const std::string said = fmt::format(
        "rebuilt     the indexes, and the table of unsettled attempts (wrong entries: {})\n"
        "last row    {} {}, which says so\n",
        rebuilt.unsettled, rebuilt.end.seq, db::hex(rebuilt.end.hash));
    if (const ExitStatus status = say(said); status != ExitStatus::passed) return status;
    const std::string problem = first_problem(db::verify_chain(place.database));
    if (problem.empty()) return say(place.database + " is VERIFIED\n");
    return complain(ExitStatus::not_passed, place.database + " is still NOT VERIFIED: " + problem +
                                                " What is wrong with the rows themselves cannot be computed again: "
                                                "restore a backup with `flashline db restore`.");
  });
}

Action declare_backup(Arguments& arguments) {
  const auto options = std::make_shared<BackupOptions>();
  add_record_options(arguments, *options);
  arguments.add("to", options->to, "New file").required().type("FILE");
  return action(options, db_backup);
}

Action declare_merge(Arguments& arguments) {
  const auto options = std::make_shared<MergeOptions>();
  add_record_options(arguments, *options);
  arguments.add("sources", options->sources, "Databases of other stations").required().type("FILE");
  return action(options, db_merge);
}

Action declare_restore(Arguments& arguments) {
  const auto options = std::make_shared<RestoreOptions>();
  add_record_options(arguments, *options);
  arguments.add("from", options->from, "What `db backup` has written").required().type("FILE");
  arguments.add("--operator", options->operator_name, "Who restores it").required().type("NAME");
  Argument against =
      arguments.add("--against", options->against, "The signed anchor of the backup, instead of FILE.anchor");
  against.type("FILE");
  Argument key = arguments.add("--key", options->key,
                               "The station's public key, or a file with it, where its key is not beside the database");
  key.type("KEY");
  arguments.flag("--unproven", options->unproven, "Without a signature: you vouch for the file, and the record says so")
      .excludes(against)
      .excludes(key);
  arguments.flag("--replace", options->replace, "Also if rows are lost; the old record is kept under another name");
  return action(options, db_restore);
}

Action declare_archive(Arguments& arguments) {
  const auto options = std::make_shared<ArchiveOptions>();
  add_record_options(arguments, *options);
  arguments.add("to", options->to, "Name of the closed database").required().type("FILE");
  return action(options, db_archive);
}

Action declare_rebuild(Arguments& arguments) {
  const auto options = std::make_shared<RebuildOptions>();
  add_record_options(arguments, *options);
  arguments.add("--operator", options->operator_name, "Who asks for it").type("NAME");
  return action(options, db_rebuild);
}

const Registered care({.place = 130, .words = "db", .what = "Care of the data"});
const Registered backup_command({.place = 131,
                                 .words = "db backup",
                                 .what = "Copy the record, also while a line runs",
                                 .example = "flashline db backup backup.db",
                                 .declare = declare_backup});
const Registered merge_command({.place = 132,
                                .words = "db merge",
                                .what = "Take over what other databases hold, each row once",
                                .example = "flashline db merge line-2.db line-3.db --db all.db",
                                .declare = declare_merge});
const Registered restore_command({.place = 133,
                                  .words = "db restore",
                                  .what = "Put a backup in the place of this station's record, and record that",
                                  .example = "flashline db restore backup.db --operator Li",
                                  .declare = declare_restore});
const Registered archive_command({.place = 134,
                                  .words = "db archive",
                                  .what = "Close the database and begin a new one that goes on from it",
                                  .example = "flashline db archive 2026.db",
                                  .declare = declare_archive});
const Registered rebuild_command({.place = 135,
                                  .words = "db rebuild",
                                  .what = "Make the indexes and what else follows from the rows again, and record that",
                                  .example = "flashline db rebuild",
                                  .declare = declare_rebuild});

}  // namespace

}  // namespace station
