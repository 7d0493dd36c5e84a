// Production orders: opened by a supervisor, counted by the record, closed with a signed certificate.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "db/care.h"
#include "db/lookup.h"
#include "db/verify.h"
#include "station/cli/at_the_record.h"
#include "station/cli/commands.h"
#include "station/output/output.h"
#include "station/record/anchor_text.h"
#include "station/record/entry.h"
#include "station/record/job_order.h"
#include "station/record/output_file.h"
#include "station/record/signed_file.h"
#include "station/text.h"

namespace station {

namespace {

std::string line_of(const db::Job& job, db::Time now) {
  const db::JobOpened& opened = job.opened;
  std::string state = job.closed ? "closed " + utc(job.closed->at) : "open";
  if (!job.closed && opened.until && *opened.until < now) state = "expired " + utc(*opened.until);
  std::string what;
  const auto add = [&what](const char* name, const std::string& text) {
    if (!text.empty()) what += (what.empty() ? "" : ", ") + std::string(name) + printable(text);
  };
  add("", opened.product);
  add("", opened.recipe_name);
  add("lot ", opened.lot);
  if (!job.own) add("station ", job.station);
  return fmt::format("{:<16} {:>7} of {:<7} {:<34} {}\n", printable(opened.order), job.made, opened.quantity, state,
                     what);
}

// An attempt; a unit by its id or label; or a serial, as long as one unit only has shown it.
std::variant<Subject, Refused> subject_of(const std::string& text, const std::string& database) {
  if (const std::optional<db::Uuid> attempt = db::parse_uuid(text)) return Subject(ThisAttempt{*attempt});
  db::Lookup lookup(database);
  if (lookup.last_of(text) || !lookup.labelled(text).empty()) return Subject(ThisUnit{text});
  db::Filter filter;
  filter.unit = text;
  filter.steps = false;
  std::set<db::Uuid> visits;
  Subject last = ThisUnit{text};
  db::Reader(database).attempts(filter, [&](const db::Attempt& attempt) {
    visits.insert(attempt.visit.visit);
    last = ThisVisit{attempt.visit.visit};
    return visits.size() < 2;
  });
  if (visits.size() < 2) return last;
  return Refused{text + " was shown by more than one unit. Name the attempt, or the unit's id or label."};
}

// In the folder where this program works, whatever the number of the order is: "ORD/2" is ORD_2.
std::string file_of(std::string order, const std::string& suffix) {
  std::ranges::replace(order, '/', '_');
  if (order.starts_with('.')) order.front() = '_';
  return order + suffix;
}

}  // namespace

ExitStatus job_open(const JobOpenOptions& options) {
  db::JobOpened job = options.job;
  if (!options.recipe.empty()) {
    const auto recipe = read_recipe(options.recipe);
    if (const auto* status = std::get_if<ExitStatus>(&recipe)) return *status;
    const config::Recipe& read = *std::get<0>(recipe);
    job.recipe_name = read.name;
    job.recipe = read.sha256;
  }
  return at_the_record(options.record, [&](const RecordPlace& place) {
    WritingSession session(place, "job open", job.operator_name);
    const EntryResult result = put_on_record(OpenOrder{job}, session.store());
    if (const auto* refused = std::get_if<Refused>(&result)) return complain(ExitStatus::usage, refused->sentence);
    return print(fmt::format("order {} is open: {} units\n", printable(job.order), job.quantity))
               ? ExitStatus::passed
               : ExitStatus::cannot_create;
  });
}

ExitStatus job_close(const JobCloseOptions& options) {
  return at_the_record(options.record, [&](const RecordPlace& place) {
    const std::string file = options.output.empty() ? file_of(options.order, ".certificate") : options.output;
    if (const auto problem = why_not_written(file)) return complain(ExitStatus::cannot_create, *problem);
    WritingSession session(place, "job close", options.operator_name);
    const EntryResult result =
        put_on_record(CloseOrder{options.order, options.operator_name, options.reason}, session.store());
    if (const auto* refused = std::get_if<Refused>(&result)) return complain(ExitStatus::usage, refused->sentence);
    const db::JobClosed& closed = std::get<db::JobClosed>(std::get<OnRecord>(result).row);
    const std::optional<db::Job> job = db::Reader(place.database).job(options.order);
    const ExitStatus status = created(
        write_signed(file, closed.certificate, "flashline certificate " + options.order, session.store().key()));
    if (status != ExitStatus::passed) return status;
    return print(fmt::format("order {} is closed: {} of {} units\ncertificate {}\npublic key  {}\n",
                             printable(options.order), job->made, job->opened.quantity, printable(file),
                             db::to_string(session.store().key().public_key())))
               ? ExitStatus::passed
               : ExitStatus::cannot_create;
  });
}

ExitStatus job_list(const RecordOptions& options) {
  return at_the_record(options, [&](const RecordPlace& place) {
    std::string out;
    const db::Time now = order_time(place.database);
    for (const db::Job& job : db::Reader(place.database).jobs_of_all()) out += line_of(job, now);
    return print(out.empty() ? "no orders\n" : out) ? ExitStatus::passed : ExitStatus::cannot_create;
  });
}

ExitStatus job_export(const JobExportOptions& options) {
  return at_the_record(options.record, [&](const RecordPlace& place) {
    const std::string file = options.output.empty() ? file_of(options.order, ".flashline") : options.output;
    const db::StationKey key = db::StationKey::load(options.key.empty() ? key_path(place.database) : options.key);
    const db::ExportedJob exported = db::export_job(place.database, options.order, file, key);
    std::string out =
        fmt::format("order {}: {} attempts, {} of {} rows of this station's record\nexport      {}\n",
                    printable(options.order), exported.attempts, grouped(static_cast<std::uint64_t>(exported.rows)),
                    grouped(static_cast<std::uint64_t>(exported.of_rows)), printable(file));
    if (exported.open > 0) {
      out += fmt::format("open        {} attempts have no verdict yet: export the order again later\n", exported.open);
    }
    out += fmt::format("public key  {}\n", db::to_string(key.public_key()));
    return print(out) ? ExitStatus::passed : ExitStatus::cannot_create;
  });
}

ExitStatus job_import(const JobImportOptions& options) {
  return at_the_record(options.record, [&](const RecordPlace& place) {
    const auto key = options.key.empty() ? std::nullopt : public_key_from(options.key);
    if (!options.key.empty() && !key) {
      return complain(ExitStatus::usage, "there is no public key in " + options.key + ".");
    }
    const auto problem_of = [&key](const db::Verification& verified) {
      return key ? not_signed_by(verified, *key) : std::string();
    };
    db::UuidGenerator uuids;
    const auto imported = db::import_job(place.database, options.file, uuids, problem_of);
    if (const auto* problem = std::get_if<std::string>(&imported)) {
      return complain(ExitStatus::not_passed, options.file + ": " + *problem);
    }
    std::string out;
    for (const db::MergedChain& chain : std::get<std::vector<db::MergedChain>>(imported)) {
      for (const std::string& order : chain.orders) {
        out += fmt::format("order {} of station {} ({}): {} new rows\n", printable(order), printable(chain.station),
                           db::to_string(chain.installation), grouped(static_cast<std::uint64_t>(chain.added)));
      }
    }
    if (options.key.empty()) {
      out += "signed by the key that its rows name; --key with the station's public key from elsewhere proves whose\n";
    }
    return print(out) ? ExitStatus::passed : ExitStatus::cannot_create;
  });
}

ExitStatus dispose(const DisposeOptions& options) {
  return at_the_record(options.record, [&](const RecordPlace& place) {
    const std::variant<Subject, Refused> subject = subject_of(options.subject, place.database);
    if (const auto* refused = std::get_if<Refused>(&subject)) return complain(ExitStatus::usage, refused->sentence);
    const db::Disposition& wanted = options.disposition;
    WritingSession session(place, "audit dispose", wanted.author);
    const EntryResult result = put_on_record(
        Decide{std::get<Subject>(subject), wanted.verdict, wanted.author, wanted.reason}, session.store());
    if (const auto* refused = std::get_if<Refused>(&result)) return complain(ExitStatus::usage, refused->sentence);
    return print("recorded; what was recorded before stays as it is\n") ? ExitStatus::passed
                                                                        : ExitStatus::cannot_create;
  });
}

}  // namespace station
