// Production orders: opened by a supervisor, counted by the record, closed with a signed certificate.
#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "db/care.h"
#include "db/verify.h"
#include "reports/jobs_json.h"
#include "station/cli/command.h"
#include "station/cli/options.h"
#include "station/cli/record_session.h"
#include "station/output/output.h"
#include "station/record/anchor_text.h"
#include "station/record/entry.h"
#include "station/record/job_order.h"
#include "station/record/signed_file.h"
#include "station/text.h"

namespace station {

namespace {

struct JobOpenOptions {
  RecordOptions record;
  std::string recipe;  // file; empty: any recipe
  db::JobOpened job;
};

struct JobCloseOptions {
  RecordOptions record;
  std::string order;
  std::string operator_name;
  std::string reason;
  std::string output;  // empty: ORDER.certificate
};

struct JobListOptions {
  RecordOptions record;
  bool json = false;
};

struct JobExportOptions {
  RecordOptions record;
  std::string order;
  std::string output;  // empty: ORDER.flashline
  std::string key;     // the station's key file; empty: the one beside the database
};

struct JobImportOptions {
  RecordOptions record;
  std::string file;
  std::string key;  // public key that must have signed it, or a file with one; empty: the one that its rows name
};

std::string line_of(const db::WorkOrder& job, db::Time now) {
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

// In the folder where this program works, whatever the number of the order is: "ORD/2" is ORD_2.
std::string file_of(std::string order, const std::string& suffix) {
  std::ranges::replace(order, '/', '_');
  if (order.starts_with('.')) order.front() = '_';
  return order + suffix;
}

ExitStatus job_open(const JobOpenOptions& options) {
  db::JobOpened job = options.job;
  if (!options.recipe.empty()) {
    const auto recipe = read_recipe(options.recipe);
    if (const auto* status = std::get_if<ExitStatus>(&recipe)) return *status;
    const config::Recipe& read = *std::get<0>(recipe);
    job.recipe_name = read.name;
    job.recipe = read.sha256;
  }
  return record_session(options.record, [&](const RecordPlace& place) {
    WritingSession session(place, "job open", job.operator_name);
    const EntryResult result = put_on_record(OpenOrder{job}, session.store());
    if (const auto* refused = std::get_if<Refused>(&result)) return complain(ExitStatus::usage, at_the_shell(*refused));
    return print(fmt::format("order {} is open: {}\n", printable(job.order),
                             counted(static_cast<std::uint64_t>(job.quantity), "unit")))
               ? ExitStatus::passed
               : ExitStatus::cannot_create;
  });
}

ExitStatus hand_out(const db::WorkOrder& job, SignedFile& output, const std::string& file, const db::StationKey& key) {
  const std::string& order = job.opened.order;
  const ExitStatus status = created(output.write(job.closed->certificate, "flashline certificate " + order, key));
  if (status != ExitStatus::passed) return status;
  return print(fmt::format("certificate {}\npublic key  {}\n", printable(file), db::to_string(key.public_key())))
             ? ExitStatus::passed
             : ExitStatus::cannot_create;
}

// The order that the record knows as closed; only where somebody asks for its certificate again.
std::optional<db::WorkOrder> closed_before(const JobCloseOptions& options, const std::string& database) {
  if (options.output.empty() || !std::filesystem::exists(database)) return std::nullopt;
  std::optional<db::WorkOrder> job = db::Reader(database).job(options.order);
  return job && job->closed ? job : std::nullopt;
}

ExitStatus job_close(const JobCloseOptions& options) {
  return record_session(options.record, [&](const RecordPlace& place) {
    const std::string file = options.output.empty() ? file_of(options.order, ".certificate") : options.output;
    SignedFile output(file);
    if (!output.problem().empty()) return complain(ExitStatus::cannot_create, output.problem());
    if (const auto before = closed_before(options, place.database)) {
      const db::StationKey key = db::StationKey::load(key_path(place.database));
      if (!print(fmt::format("order {} was closed on {}; this is its certificate again\n", printable(options.order),
                             utc(before->closed->at)))) {
        return ExitStatus::cannot_create;
      }
      return hand_out(*before, output, file, key);
    }
    WritingSession session(place, "job close", options.operator_name);
    const EntryResult result =
        put_on_record(CloseOrder{options.order, options.operator_name, options.reason}, session.store());
    if (const auto* refused = std::get_if<Refused>(&result)) return complain(ExitStatus::usage, at_the_shell(*refused));
    const std::optional<db::WorkOrder> job = db::Reader(place.database).job(options.order);
    const bool told = print(
        fmt::format("order {} is closed: {} of {} units\n", printable(options.order), job->made, job->opened.quantity));
    const ExitStatus status = hand_out(*job, output, file, session.store().key());
    return told ? status : ExitStatus::cannot_create;
  });
}

ExitStatus job_list(const JobListOptions& options) {
  return record_session(options.record, [&](const RecordPlace& place) {
    if (options.json) {
      const QJsonObject all{{"jobs", reports::jobs_json(db::Reader(place.database).jobs_of_all())}};
      return print(QJsonDocument(all).toJson(QJsonDocument::Compact).toStdString() + "\n") ? ExitStatus::passed
                                                                                           : ExitStatus::cannot_create;
    }
    std::string out;
    const db::Time now = order_time(place.database);
    for (const db::WorkOrder& job : db::Reader(place.database).jobs_of_all()) out += line_of(job, now);
    return print_folded(out.empty() ? "no orders\n" : out) ? ExitStatus::passed : ExitStatus::cannot_create;
  });
}

ExitStatus job_export(const JobExportOptions& options) {
  return record_session(options.record, [&](const RecordPlace& place) {
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
    return print_folded(out) ? ExitStatus::passed : ExitStatus::cannot_create;
  });
}

ExitStatus job_import(const JobImportOptions& options) {
  return record_session(options.record, [&](const RecordPlace& place) {
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
    return print_folded(out) ? ExitStatus::passed : ExitStatus::cannot_create;
  });
}

Action declare_open(Arguments& arguments) {
  const auto options = std::make_shared<JobOpenOptions>();
  const auto until = std::make_shared<std::string>();
  add_record_options(arguments, options->record);
  arguments.add("order", options->job.order, "Order number").required().type("ORDER");
  arguments.add("--quantity", options->job.quantity, "Units to make")
      .required()
      .type("N")
      .range(1, std::int64_t{1} << 40);
  arguments.add("--recipe", options->recipe, "Only this recipe may be flashed for it").type("FILE");
  arguments.add("--product", options->job.product, "Product").type("NAME");
  arguments.add("--lot", options->job.lot, "Lot").type("LOT");
  arguments.add("--until", *until, "No unit is started after this time").type("TIME").check(is_time);
  arguments.add("--operator", options->job.operator_name, "Who opens it").type("NAME");
  arguments.flag("--count-already", options->job.count_already, "Units that hold everything already count as made");
  return action(options, job_open, [options, until] {
    if (!until->empty()) options->job.until = time_from(*until);
    return std::string();
  });
}

Action declare_close(Arguments& arguments) {
  const auto options = std::make_shared<JobCloseOptions>();
  add_record_options(arguments, options->record);
  arguments.add("order", options->order, "Order number").required().type("ORDER");
  arguments.add("--operator", options->operator_name, "Who closes it").type("NAME");
  arguments.add("--reason", options->reason, "Why, if it is not complete").type("TEXT");
  arguments.add("-o,--output", options->output, "Write the certificate to this file").type("FILE");
  return action(options, job_close);
}

Action declare_list(Arguments& arguments) {
  const auto options = std::make_shared<JobListOptions>();
  add_record_options(arguments, options->record);
  arguments.flag("--json", options->json, "As one JSON object");
  return action(options, job_list);
}

Action declare_export(Arguments& arguments) {
  const auto options = std::make_shared<JobExportOptions>();
  add_record_options(arguments, options->record);
  arguments.add("order", options->order, "Order number").required().type("ORDER");
  arguments.add("-o,--output", options->output, "Write to this file instead of ORDER.flashline").type("FILE");
  arguments.add("--key", options->key, "The station's key file, where it is not beside the database").type("FILE");
  return action(options, job_export);
}

Action declare_import(Arguments& arguments) {
  const auto options = std::make_shared<JobImportOptions>();
  add_record_options(arguments, options->record);
  arguments.add("file", options->file, "What `job export` has written").required().type("FILE");
  arguments.add("--key", options->key, "Only if it is signed by this public key, or by the one in this file")
      .type("KEY");
  return action(options, job_import);
}

const Registered job({.place = 120, .words = "job", .what = "Production orders"});
const Registered open_command({.place = 121,
                               .words = "job open",
                               .what = "Open an order",
                               .example = "flashline job open 4711 --quantity 500 --recipe photon.toml",
                               .declare = declare_open});
const Registered close_command({.place = 122,
                                .words = "job close",
                                .what = "End an order with a signed certificate",
                                .example = "flashline job close 4711 -o 4711.certificate",
                                .declare = declare_close});
const Registered list_command({.place = 123,
                               .words = "job list",
                               .what = "List the orders and what was made",
                               .example = "flashline job list",
                               .declare = declare_list});
const Registered export_command({.place = 124,
                                 .words = "job export",
                                 .what = "Write all that is on record about an order into one signed file",
                                 .example = "flashline job export 4711 -o 4711.flashline",
                                 .declare = declare_export});
const Registered import_command({.place = 125,
                                 .words = "job import",
                                 .what = "Take over an order that another station has exported",
                                 .example = "flashline job import 4711.flashline",
                                 .declare = declare_import});

}  // namespace

}  // namespace station
