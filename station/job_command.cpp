// Production orders: opened by a supervisor, counted by the record, closed with a signed certificate.
#include <fmt/format.h>

#include "station/anchor_text.h"
#include "station/at_the_record.h"
#include "station/certificate.h"
#include "station/commands.h"
#include "station/output.h"
#include "station/signed_file.h"

namespace station {

namespace {

std::optional<db::Job> job_on_record(const std::string& database, const std::string& order) {
  return db::Reader(database).job(order);
}

std::string line_of(const db::Job& job) {
  const db::JobOpened& opened = job.opened;
  std::string state = job.closed ? "closed " + utc(job.closed->at) : "open";
  if (!job.closed && opened.until && *opened.until < db::now()) state = "expired " + utc(*opened.until);
  return fmt::format("{:<16} {:>7} of {:<7} {:<34} {} {}{}\n", opened.order, job.made, opened.quantity, state,
                     opened.product, opened.recipe_name, opened.lot.empty() ? "" : ", lot " + opened.lot);
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
    if (job_on_record(place.database, job.order)) {
      return complain(ExitStatus::usage,
                      "there is an order " + job.order + " already. An order number is used once; choose another one.");
    }
    job.at = db::now();
    session.store().append(job);
    return print(fmt::format("order {} is open: {} units\n", job.order, job.quantity)) ? ExitStatus::passed
                                                                                       : ExitStatus::cannot_create;
  });
}

ExitStatus job_close(const JobCloseOptions& options) {
  return at_the_record(options.record, [&](const RecordPlace& place) {
    WritingSession session(place, "job close", options.operator_name);
    const std::optional<db::Job> job = job_on_record(place.database, options.order);
    if (!job) return complain(ExitStatus::usage, "there is no order " + options.order + ". `job list` names them.");
    if (job->closed) {
      return complain(ExitStatus::usage, "order " + options.order + " was closed at " + utc(job->closed->at) + ".");
    }
    const db::JobClosed closed =
        closing_of(*job, place.database, session.store(), options.operator_name, options.reason);
    session.store().append(closed);
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
    db::Disposition disposition = options.disposition;
    disposition.attempt = db::parse_uuid(options.subject);
    if (!disposition.attempt) disposition.unit = options.subject;
    db::Filter filter;
    if (disposition.attempt) filter.attempt = disposition.attempt;
    if (!disposition.attempt) filter.unit = options.subject;
    if (db::Reader(place.database).counts(filter).attempts == 0) {
      return complain(ExitStatus::usage, "the record knows no attempt and no unit " + options.subject + ".");
    }
    WritingSession session(place, "audit dispose", disposition.author);
    disposition.at = db::now();
    session.store().append(disposition);
    return print("recorded; what was recorded before stays as it is\n") ? ExitStatus::passed
                                                                        : ExitStatus::cannot_create;
  });
}

}  // namespace station
