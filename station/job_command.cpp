// Production orders: opened by a supervisor, counted by the record, closed with a signed certificate.
#include <set>

#include <fmt/format.h>

#include "db/lookup.h"
#include "station/anchor_text.h"
#include "station/at_the_record.h"
#include "station/commands.h"
#include "station/entry.h"
#include "station/output.h"
#include "station/signed_file.h"

namespace station {

namespace {

std::string line_of(const db::Job& job) {
  const db::JobOpened& opened = job.opened;
  std::string state = job.closed ? "closed " + utc(job.closed->at) : "open";
  if (!job.closed && opened.until && *opened.until < db::now()) state = "expired " + utc(*opened.until);
  return fmt::format("{:<16} {:>7} of {:<7} {:<34} {} {}{}\n", opened.order, job.made, opened.quantity, state,
                     opened.product, opened.recipe_name, opened.lot.empty() ? "" : ", lot " + opened.lot);
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
    return print(fmt::format("order {} is open: {} units\n", job.order, job.quantity)) ? ExitStatus::passed
                                                                                       : ExitStatus::cannot_create;
  });
}

ExitStatus job_close(const JobCloseOptions& options) {
  return at_the_record(options.record, [&](const RecordPlace& place) {
    WritingSession session(place, "job close", options.operator_name);
    const EntryResult result =
        put_on_record(CloseOrder{options.order, options.operator_name, options.reason}, session.store());
    if (const auto* refused = std::get_if<Refused>(&result)) return complain(ExitStatus::usage, refused->sentence);
    const db::JobClosed& closed = std::get<db::JobClosed>(std::get<OnRecord>(result).row);
    const std::optional<db::Job> job = db::Reader(place.database).job(options.order);
    const std::string file = options.output.empty() ? options.order + ".certificate" : options.output;
    const ExitStatus status =
        write_signed(file, closed.certificate, "flashline certificate " + options.order, session.store().key());
    if (status != ExitStatus::passed) return status;
    return print(fmt::format("order {} is closed: {} of {} units\ncertificate {}\npublic key  {}\n", options.order,
                             job->made, job->opened.quantity, file, db::to_string(session.store().key().public_key())))
               ? ExitStatus::passed
               : ExitStatus::cannot_create;
  });
}

ExitStatus job_list(const RecordOptions& options) {
  return at_the_record(options, [&](const RecordPlace& place) {
    std::string out;
    for (const db::Job& job : db::Reader(place.database).jobs()) out += line_of(job);
    return print(out.empty() ? "no orders\n" : out) ? ExitStatus::passed : ExitStatus::cannot_create;
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
