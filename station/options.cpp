#include "station/options.h"

#include <QDateTime>
#include <QString>
#include <algorithm>
#include <charconv>
#include <utility>

#include <CLI/CLI.hpp>

#include "dfu/virtual/line_spec.h"
#include "dfu/virtual/usbip.h"
#include "station/address.h"
#include "station/anchor_text.h"
#include "station/release.h"
#include "station/version.h"

namespace station {

namespace {

// Options as text until all of the command line is known to be right.
struct ReportTexts {
  std::string job, lot, recipe, image, unit, slot, operator_name, outcome, day, since, until, by;
};

constexpr int most_units = 1000;  // what the scheduler is measured with

std::string one_of(const std::string& value, const std::vector<std::string>& known) {
  if (std::ranges::count(known, value) > 0) return {};
  std::string text = "'" + value + "' is not one of";
  for (const std::string& each : known) text += (&each == &known.front() ? " " : ", ") + each;
  return text;
}

// From its first moment to that of the next, by the local clock like other times.
std::optional<std::pair<db::Time, db::Time>> day_from(const std::string& text) {
  const QDate day = QDate::fromString(QString::fromStdString(text), Qt::ISODate);
  if (!day.isValid() || text.size() != 10) return std::nullopt;
  const auto begin = [](const QDate& date) {
    return db::Time(db::milliseconds(date.startOfDay().toMSecsSinceEpoch()));
  };
  return std::pair{begin(day), begin(day.addDays(1))};
}

std::string is_time(const std::string& text) {
  if (time_from(text)) return {};
  return "'" + text + "' is not a time; write 2026-11-22, 2026-11-22T06:00 or 2026-11-22T06:00:00Z";
}

// "1-1.4.2", or with a controller's name from the station file, "L-1.4.2".
std::string is_port(const std::string& text) {
  const std::size_t dash = text.rfind('-');
  const std::string chain = dash == std::string::npos ? "" : text.substr(dash + 1);
  const bool digits = !chain.empty() && chain.find_first_not_of("0123456789.") == std::string::npos;
  const bool dots = digits && chain.front() != '.' && chain.back() != '.' && chain.find("..") == std::string::npos;
  if (dash > 0 && dots) return {};
  return "'" + text + "' is not a port; write it as bus and chain of ports, like 1-1.2";
}

// Written so that "nan" fails too.
std::string is_speed(const std::string& text) {
  double speed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), speed);
  const bool number = error == std::errc{} && end == text.data() + text.size();
  if (number && speed >= 0.01 && speed <= 1000) return {};
  return "'" + text + "' is not a speed from 0.01 to 1000";
}

std::string is_generation(const std::string& text) {
  std::vector<std::string> known;
  for (const int number : dfu::virt::generation_numbers()) known.push_back(std::to_string(number));
  return one_of(text, known);
}

std::string is_in_a_line(const std::string& text) {
  return is_reason(text) ? "" : "'" + text + "' is not a text of 1 to 200 characters on one line";
}

std::string is_label(const std::string& text) {
  constexpr std::size_t longest = 40;
  const bool printable = std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (!text.empty() && text.size() <= longest && printable) return {};
  return "'" + text + "' is not a label of 1 to 40 characters";
}

std::string is_address(const std::string& text) {
  return address_from(text) ? "" : "'" + text + "' is not an address and a port; write 127.0.0.1:3240";
}

std::string is_board(const std::string& text) {
  if (text == "off" || address_from(text)) return {};
  return "'" + text + "' is not an address and a port; write 127.0.0.1:8080, or off";
}

void add_station_option(CLI::App& command, std::string& station) {
  command.add_option("--station", station, "Station file: this line's name, limits, hubs and slots")->type_name("FILE");
}

void add_record_options(CLI::App& command, std::string& station, std::string& db) {
  add_station_option(command, station);
  command.add_option("--db", db, "Database (default: the station file's, or $XDG_STATE_HOME/flashline/flashline.db)")
      ->type_name("FILE");
}

void add_line_options(CLI::App& command, LineOptions& options, const char* values = "usb|virtual|FILE.toml",
                      const char* what = "usb, virtual, or the file of a virtual line") {
  command.add_option("--line", options.line, what)->type_name(values)->capture_default_str();
  command.add_option("--units", options.units, "Units on --line virtual")
      ->type_name("N")
      ->check(CLI::Range(1, most_units))
      ->capture_default_str();
  command.add_option("--generation", options.generation, "Bootloader generation of the Photons on --line virtual")
      ->type_name("G")
      ->check(is_generation)
      ->capture_default_str();
  command.add_option("--speed", options.speed, "Speed of a virtual line; 1 is real time")
      ->type_name("X")
      ->check(is_speed);
  command.add_option("--keep", options.keep, "Folder in which the flash of virtual units lives between runs")
      ->type_name("DIR");
}

CLI::App* add_flash(CLI::App& app, const char* name, const char* what, FlashOptions& options) {
  CLI::App* flash = app.add_subcommand(name, what)->group("Commands");
  flash->add_option("recipe", options.recipe, "Recipe file")->required(!options.stay)->type_name("FILE");
  add_record_options(*flash, options.station, options.db);
  add_line_options(*flash, options);
  flash->add_option("--port", options.ports, "Only this port (again for more)")->type_name("PATH")->check(is_port);
  flash->add_option("--slot", options.slots, "Only the slot with this label (again for more)")->type_name("LABEL");
  flash->add_option("--operator", options.operator_name, "Who works here, for the record")->type_name("NAME");
  flash->add_option("--job", options.job, "The order that units are made for; stops at its quantity")->type_name("ID");
  flash->add_flag("!--no-archive", options.archive, "Keep no copy of the images beside the database");
  if (options.stay) {
    flash->add_option("--board", options.board, "Where the board, a web page, is served; port 0: any that is free")
        ->type_name("ADDR:PORT|off")
        ->check(is_board);
  }
  flash->add_flag("--clock-is-right", options.clock_is_right,
                  "Begin although the clock is behind the record or far ahead of it; this is recorded");
  flash->add_flag("--dry-run", options.dry_run, "Survey and judge; write nothing, record nothing");
  flash->add_flag("--json", options.json, "JSON Lines on standard output");
  flash->add_flag("-v,--verbose", options.verbosity, "More of the log on standard error; twice for all of it");
  return flash;
}

CLI::App* add_check(CLI::App& app, CheckOptions& options) {
  CLI::App* check =
      app.add_subcommand("check", "Preflight of a whole recipe, and its layout; touches no unit")->group("Commands");
  check->add_option("recipe", options.recipe, "Recipe file")->required()->type_name("FILE");
  check->add_option("--station", options.station, "Station file, for the line's width")->type_name("FILE");
  check->add_flag("--plan", options.plan, "Print each operation for a blank unit");
  check->add_flag("--lock", options.lock, "Freeze the recipe and its images: write FILE.lock");
  check->add_flag("--json", options.json, "One JSON object on standard output");
  return check;
}

CLI::App* add_inspect(CLI::App& app, InspectOptions& options) {
  CLI::App* inspect =
      app.add_subcommand("inspect", "Say what images are and whether they are sound")->group("Commands");
  inspect->add_option("files", options.files, "Images, and folders of them (without hidden files and linked folders)")
      ->required()
      ->type_name("FILE");
  inspect->add_flag("--json", options.json, "JSON Lines on standard output");
  return inspect;
}

CLI::App* add_list(CLI::App& app, ListOptions& options) {
  CLI::App* list =
      app.add_subcommand("list", "Show controllers, hubs, ports, slots and units; opens no unit")->group("Commands");
  add_station_option(*list, options.station);
  add_line_options(*list, options);
  list->add_option("--recipe", options.recipe, "Only units that this recipe is for are ours")->type_name("FILE");
  list->add_flag("--json", options.json, "One JSON object on standard output");
  return list;
}

CLI::App* add_slots_command(CLI::App& slots, const char* name, const char* what, std::string& station,
                            LineOptions& line) {
  CLI::App* command = slots.add_subcommand(name, what)->group("Commands");
  command->add_option("--station", station, "Station file with the slots")->required()->type_name("FILE");
  add_line_options(*command, line);
  return command;
}

CLI::App* add_slots(CLI::App& app, SlotsShowOptions& show, SlotsLearnOptions& learn) {
  CLI::App* slots = app.add_subcommand("slots", "The sockets of the fixture and their labels")->group("Commands");
  slots->require_subcommand(1);
  CLI::App* showing = add_slots_command(*slots, "show", "Each slot of the station file, its port, and what is there",
                                        show.station, show);
  showing->add_flag("--json", show.json, "One JSON object on standard output");
  CLI::App* learning = add_slots_command(
      *slots, "learn", "Give each socket a label: plug a unit into one after the other", learn.station, learn);
  learning->add_option("--first", learn.first, "Label to begin with; its number is counted up")
      ->type_name("LABEL")
      ->check(is_label)
      ->capture_default_str();
  learning->add_option("--count", learn.count, "End after so many sockets")
      ->type_name("N")
      ->check(CLI::Range(1, most_units));
  learning->add_flag("--ask", learn.ask, "Ask for each label on standard input; an empty line takes the next one");
  learning->add_flag("--json", learn.json, "JSON Lines on standard output");
  return slots;
}

CLI::App* add_doctor(CLI::App& app, DoctorOptions& options) {
  CLI::App* doctor =
      app.add_subcommand("doctor", "Check this host: permissions, hubs, limits, database, clock")->group("Commands");
  add_record_options(*doctor, options.station, options.db);
  add_line_options(*doctor, options);
  doctor->add_option("--recipe", options.recipe, "Judge the units by this recipe")->type_name("FILE");
  doctor->add_flag("--json", options.json, "One JSON object on standard output");
  return doctor;
}

CLI::App* add_report(CLI::App& app, ReportOptions& options, ReportTexts& texts) {
  CLI::App* report = app.add_subcommand("report", "Say which unit got which bytes")->group("Commands");
  add_record_options(*report, options.station, options.db);
  report->add_option("--format", options.format, "text, csv, json, jsonl, html or xlsx")
      ->check([](const std::string& value) {
        return one_of(value, {"text", "csv", "json", "jsonl", "html", "xlsx"});
      })
      ->capture_default_str();
  report->add_flag("--summary", options.summary, "What it comes to, without the attempts; as text");
  report->add_option("--by", texts.by, "A row of figures for each: text, csv or json")
      ->check([](const std::string& value) {
        return one_of(
            value, {"job", "lot", "recipe", "image", "unit", "slot", "hub", "operator", "day", "outcome", "station"});
      });
  report
      ->add_option("--holds", options.holds,
                   "Which units hold this image now, by their last word: its name, or digits of its SHA-256")
      ->type_name("IMAGE");
  report->add_flag("--fields", options.fields, "What each column and key means; text or json");
  report->add_option("-o,--output", options.output, "Write to this file")->type_name("FILE");
  report->add_option("--job", texts.job, "Only attempts of this job");
  report->add_option("--lot", texts.lot, "Only attempts of this lot");
  report->add_option("--recipe", texts.recipe, "Only this recipe: its name, or the first digits of its SHA-256");
  report->add_option("--image", texts.image, "Only recipes with this image: its name, or digits of its SHA-256");
  report->add_option("--unit", texts.unit, "The history of one unit, and what is in it now: its id, serial or label");
  report->add_option("--slot", texts.slot, "Only this slot: its label or port");
  report->add_option("--outcome", texts.outcome, "Only attempts that ended so")->check([](const std::string& value) {
    return one_of(value, {"passed", "already", "failed", "error", "cancelled", "interrupted"});
  });
  report->add_option("--operator", texts.operator_name, "Only attempts of this operator");
  report->add_option("--day", texts.day, "Only attempts started on this day, like 2026-11-22")
      ->check([](const std::string& value) {
        return day_from(value) ? std::string() : "'" + value + "' is not a day; write it like 2026-11-22";
      });
  report->add_option("--since", texts.since, "Only attempts started then or later")->type_name("TIME")->check(is_time);
  report->add_option("--until", texts.until, "Only attempts started before then")->type_name("TIME")->check(is_time);
  return report;
}

// Commands about the record, each with what it was told.
struct RecordCommands {
  AuditOptions verify;
  ImageOptions image;
  AnchorOptions anchor;
  DisposeOptions dispose;
  std::string verdict;
  JobOpenOptions open;
  std::string until;
  JobCloseOptions close;
  JobListOptions list;
  JobExportOptions export_job;
  JobImportOptions import_job;
  BackupOptions backup;
  MergeOptions merge;
  RestoreOptions restore;
  ArchiveOptions archive;
  OperatorOptions operators;
};

void add_audit(CLI::App& app, RecordCommands& commands) {
  CLI::App* audit = app.add_subcommand("audit", "Prove the record, and correct it by further rows")->group("Commands");
  audit->require_subcommand(1);
  CLI::App* verify = audit->add_subcommand("verify", "Check the hash chain of a database")->group("Commands");
  add_record_options(*verify, commands.verify.station, commands.verify.db);
  verify->add_option("--against", commands.verify.against, "A certificate, anchor or report that was kept elsewhere")
      ->type_name("FILE");
  verify
      ->add_option("--key", commands.verify.key,
                   "The public key, or a file with it, that signed FILE, or without --against the export of an order")
      ->type_name("KEY");
  verify->add_flag("--images", commands.verify.images, "Also hash every image that was kept beside the database");
  CLI::App* image =
      audit->add_subcommand("image", "Give back an image that was kept, after hashing it again")->group("Commands");
  add_record_options(*image, commands.image.station, commands.image.db);
  image->add_option("image", commands.image.image, "Its name, or the first digits of its SHA-256")->required();
  image->add_option("-o,--output", commands.image.output, "Write to this file")->type_name("FILE");
  CLI::App* anchor =
      audit->add_subcommand("anchor", "Say where the record ends, to be kept elsewhere")->group("Commands");
  add_record_options(*anchor, commands.anchor.station, commands.anchor.db);
  anchor->add_option("-o,--output", commands.anchor.output, "Write to this file, and its signature beside it")
      ->type_name("FILE");
  CLI::App* dispose =
      audit->add_subcommand("dispose", "Record a decision about an attempt or a unit")->group("Commands");
  add_record_options(*dispose, commands.dispose.record.station, commands.dispose.record.db);
  dispose->add_option("subject", commands.dispose.subject, "Id of the attempt, or id, serial or label of the unit")
      ->required();
  dispose->add_option("verdict", commands.verdict, "rework, scrap, waiver or comment")
      ->required()
      ->check([](const std::string& value) {
        return one_of(value, {"rework", "scrap", "waiver", "comment"});
      });
  dispose->add_option("--reason", commands.dispose.disposition.reason, "Why")->required();
  dispose->add_option("--author", commands.dispose.disposition.author, "Who decided")->required();
}

CLI::App* add_label(CLI::App& app, LabelOptions& options) {
  CLI::App* label = app.add_subcommand("label", "Pair a scanned label with the unit it is on")->group("Commands");
  add_record_options(*label, options.station, options.db);
  label->add_option("label", options.label, "What the scanner reads");
  label->add_option("--attempt", options.attempt, "The unit of this attempt")->type_name("ID");
  label->add_option("--unit", options.unit, "The unit with this chip or device id, or with this label")
      ->type_name("ID");
  label->add_option("--slot", options.slot, "The last unit in this slot: its label or port")->type_name("SLOT");
  label->add_flag("--scan", options.scan, "Read standard input: a slot, then the label of the unit there, and so on");
  label->add_flag("--again", options.again, "The new pair stands in the place of what either had before");
  label->add_option("--operator", options.operator_name, "Who scans");
  return label;
}

CLI::App* add_release(CLI::App& app, ReleaseOptions& options) {
  CLI::App* release =
      app.add_subcommand("release", "Let a running line use a closed slot or a stopped hub again")->group("Commands");
  add_record_options(*release, options.station, options.db);
  release->add_option("place", options.place, "The slot or hub: its label or port")->type_name("PLACE")->required();
  release->add_option("--operator", options.operator_name, "Who decided")->required()->check(is_in_a_line);
  release->add_option("--reason", options.reason, "Why: what was looked at, and replaced")
      ->required()
      ->check(is_in_a_line);
  return release;
}

void add_job_files(CLI::App& job, RecordCommands& commands) {
  JobExportOptions& out = commands.export_job;
  CLI::App* export_it = job.add_subcommand("export", "Write all that is on record about an order into one signed file")
                            ->group("Commands");
  add_record_options(*export_it, out.record.station, out.record.db);
  export_it->add_option("order", out.order, "Order number")->required();
  export_it->add_option("-o,--output", out.output, "Write to this file instead of ORDER.flashline")->type_name("FILE");
  export_it->add_option("--key", out.key, "The station's key file, where it is not beside the database")
      ->type_name("FILE");
  JobImportOptions& in = commands.import_job;
  CLI::App* import_it =
      job.add_subcommand("import", "Take over an order that another station has exported")->group("Commands");
  add_record_options(*import_it, in.record.station, in.record.db);
  import_it->add_option("file", in.file, "What `job export` has written")->required()->type_name("FILE");
  import_it->add_option("--key", in.key, "Only if it is signed by this public key, or by the one in this file")
      ->type_name("KEY");
}

void add_job(CLI::App& app, RecordCommands& commands) {
  CLI::App* job = app.add_subcommand("job", "Production orders")->group("Commands");
  job->require_subcommand(1);
  CLI::App* open = job->add_subcommand("open", "Begin an order")->group("Commands");
  add_record_options(*open, commands.open.record.station, commands.open.record.db);
  open->add_option("order", commands.open.job.order, "Order number")->required();
  open->add_option("--quantity", commands.open.job.quantity, "Units to make")
      ->required()
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40));
  open->add_option("--recipe", commands.open.recipe, "Only this recipe may be flashed for it")->type_name("FILE");
  open->add_option("--product", commands.open.job.product, "Product");
  open->add_option("--lot", commands.open.job.lot, "Lot");
  open->add_option("--until", commands.until, "No unit is begun later")->type_name("TIME")->check(is_time);
  open->add_option("--operator", commands.open.job.operator_name, "Who opens it");
  open->add_flag("--count-already", commands.open.job.count_already,
                 "Units that hold everything already count as made");
  CLI::App* close = job->add_subcommand("close", "End an order with a signed certificate")->group("Commands");
  add_record_options(*close, commands.close.record.station, commands.close.record.db);
  close->add_option("order", commands.close.order, "Order number")->required();
  close->add_option("--operator", commands.close.operator_name, "Who closes it");
  close->add_option("--reason", commands.close.reason, "Why, if it is not complete");
  close->add_option("-o,--output", commands.close.output, "Write the certificate to this file")->type_name("FILE");
  CLI::App* list = job->add_subcommand("list", "Name the orders and what was made")->group("Commands");
  add_record_options(*list, commands.list.station, commands.list.db);
  add_job_files(*job, commands);
}

void add_db(CLI::App& app, RecordCommands& commands) {
  CLI::App* db = app.add_subcommand("db", "Care of the data")->group("Commands");
  db->require_subcommand(1);
  CLI::App* backup = db->add_subcommand("backup", "Copy the record, also while a line runs")->group("Commands");
  add_record_options(*backup, commands.backup.station, commands.backup.db);
  backup->add_option("to", commands.backup.to, "New file")->required()->type_name("FILE");
  CLI::App* merge =
      db->add_subcommand("merge", "Take over what other databases hold, each row once")->group("Commands");
  add_record_options(*merge, commands.merge.station, commands.merge.db);
  merge->add_option("sources", commands.merge.sources, "Databases of other stations")->required()->type_name("FILE");
  RestoreOptions& back = commands.restore;
  CLI::App* restore =
      db->add_subcommand("restore", "Put a backup in the place of this station's record, and record that")
          ->group("Commands");
  add_record_options(*restore, back.station, back.db);
  restore->add_option("from", back.from, "What `db backup` has written")->required()->type_name("FILE");
  restore->add_option("--operator", back.operator_name, "Who restores it")->required()->type_name("NAME");
  CLI::Option* against =
      restore->add_option("--against", back.against, "The signed anchor of the backup, instead of FILE.anchor")
          ->type_name("FILE");
  CLI::Option* key =
      restore
          ->add_option("--key", back.key,
                       "The station's public key, or a file with it, where its key is not beside the database")
          ->type_name("KEY");
  restore->add_flag("--unproven", back.unproven, "Without a signature: you vouch for the file, and the record says so")
      ->excludes(against)
      ->excludes(key);
  restore->add_flag("--replace", back.replace, "Also if rows are lost; the old record is kept under another name");
  CLI::App* archive =
      db->add_subcommand("archive", "Close the database and begin a new one that goes on from it")->group("Commands");
  add_record_options(*archive, commands.archive.station, commands.archive.db);
  archive->add_option("to", commands.archive.to, "Name of the closed database")->required()->type_name("FILE");
}

void add_operator(CLI::App& app, OperatorOptions& options) {
  CLI::App* command = app.add_subcommand("operator", "Who may use the board from other machines, and with which PIN")
                          ->group("Commands");
  command->require_subcommand(1);
  CLI::App* add =
      command->add_subcommand("add", "Add somebody, or give a new PIN, which is asked for")->group("Commands");
  CLI::App* remove = command->add_subcommand("remove", "Remove somebody")->group("Commands");
  CLI::App* list = command->add_subcommand("list", "Name them")->group("Commands");
  for (CLI::App* each : {add, remove, list}) add_record_options(*each, options.station, options.db);
  for (CLI::App* each : {add, remove}) each->add_option("name", options.name, "Name")->required();
  add->add_option("--role", options.role, "operator, or supervisor: orders, released slots, decisions about units")
      ->check([](const std::string& value) {
        return one_of(value, {"operator", "supervisor"});
      })
      ->capture_default_str();
}

Command record_command(const CLI::App& app, RecordCommands& commands) {
  const CLI::App& audit = *app.get_subcommand("audit");
  const CLI::App& job = *app.get_subcommand("job");
  const CLI::App& db = *app.get_subcommand("db");
  if (const CLI::App& operators = *app.get_subcommand("operator"); operators.parsed()) {
    using What = OperatorOptions::What;
    if (operators.got_subcommand("add")) commands.operators.what = What::add;
    if (operators.got_subcommand("remove")) commands.operators.what = What::remove;
    return commands.operators;
  }
  if (db.got_subcommand("backup")) return commands.backup;
  if (db.got_subcommand("merge")) return commands.merge;
  if (db.got_subcommand("restore")) return commands.restore;
  if (db.got_subcommand("archive")) return commands.archive;
  if (job.parsed()) {
    if (!commands.until.empty()) commands.open.job.until = time_from(commands.until);
    if (job.got_subcommand("open")) return commands.open;
    if (job.got_subcommand("close")) return commands.close;
    if (job.got_subcommand("export")) return commands.export_job;
    if (job.got_subcommand("import")) return commands.import_job;
    return commands.list;
  }
  if (audit.got_subcommand("image")) return commands.image;
  if (audit.got_subcommand("anchor")) return commands.anchor;
  if (audit.got_subcommand("verify")) return commands.verify;
  commands.dispose.disposition.verdict = db::parse_verdict(commands.verdict).value();
  return commands.dispose;
}

CLI::App* add_virtual(CLI::App& app, VirtualOptions& options, std::string& listen) {
  CLI::App* command = app.add_subcommand("virtual", "Serve a virtual line over USB/IP")->group("Commands");
  options.line = "virtual";
  add_line_options(*command, options, "virtual|FILE.toml", "virtual, or the file of a virtual line");
  command->add_option("--listen", listen, "Where clients connect; only this machine's can by default")
      ->type_name("ADDR:PORT")
      ->check(is_address)
      ->capture_default_str();
  command->add_flag("-v,--verbose", options.verbose, "Say on standard error who comes, goes and asks for what");
  return command;
}

// What was asked for that does not go together.
std::string problem_of(const ReportOptions& report, const ReportTexts& texts) {
  const std::string& format = report.format;
  if (report.summary && format != "text") return "--summary is text";
  if (report.fields && format != "text" && format != "json") return "--fields is text or json";
  const bool table = format == "text" || format == "csv" || format == "json";
  if (!texts.by.empty() && !table) return "--by is text, csv or json";
  if (!report.holds.empty() && !table) return "--holds is text, csv or json";
  if (report.summary + report.fields + !texts.by.empty() + !report.holds.empty() > 1) {
    return "--summary, --by, --holds and --fields are four reports: ask for one of them";
  }
  if (!texts.day.empty() && (!texts.since.empty() || !texts.until.empty())) return "--day says since and until already";
  return {};
}

db::Filter filter_from(const ReportTexts& texts) {
  const auto given = [](const std::string& text) {
    return text.empty() ? std::nullopt : std::optional<std::string>(text);
  };
  db::Filter filter;
  filter.job = given(texts.job);
  filter.lot = given(texts.lot);
  filter.recipe = given(texts.recipe);
  filter.image = given(texts.image);
  filter.unit = given(texts.unit);
  filter.slot = given(texts.slot);
  filter.operator_name = given(texts.operator_name);
  if (const auto day = day_from(texts.day)) std::tie(filter.since, filter.until) = *day;
  if (!texts.outcome.empty()) filter.outcome = db::parse_outcome(texts.outcome);
  if (!texts.since.empty()) filter.since = time_from(texts.since);
  if (!texts.until.empty()) filter.until = time_from(texts.until);
  return filter;
}

// What the options say together; empty if it makes sense.
std::string contradiction(const CLI::App& command, const LineOptions& options) {
  const auto given = [&](const char* name) { return command.count(name) > 0; };
  if (options.line != "virtual") {
    if (given("--units")) return "--units belongs to --line virtual";
    if (given("--generation")) return "--generation belongs to --line virtual";
  }
  if (options.line == "usb") {
    if (given("--speed")) return "--speed belongs to a virtual line: real units have their own time";
    if (given("--keep")) return "--keep belongs to a virtual line: real units keep their flash themselves";
  }
  return {};
}

std::string contradiction(const CLI::App& command, const VirtualOptions& options) {
  if (options.line == "usb") return "real units are on USB already: --line virtual, or the file of a virtual line";
  return contradiction(command, static_cast<const LineOptions&>(options));
}

std::string contradiction(const CLI::App& command, const FlashOptions& options) {
  const std::string problem = contradiction(command, static_cast<const LineOptions&>(options));
  if (!problem.empty()) return problem;
  if (!options.slots.empty() && options.station.empty()) {
    return "--slot needs --station FILE, which says where the slots are";
  }
  return {};
}

std::string contradiction(const CLI::App& command, const SlotsLearnOptions& options) {
  if (options.ask && options.json) return "--ask is for people and --json for programs";
  return contradiction(command, static_cast<const LineOptions&>(options));
}

std::string contradiction(const CLI::App&, const LabelOptions& options) {
  const int named = int{!options.attempt.empty()} + int{!options.unit.empty()} + int{!options.slot.empty()};
  if (options.scan)
    return named == 0 && options.label.empty() ? "" : "--scan takes labels and slots from standard input";
  if (options.label.empty()) return "name the label, or read it with --scan";
  if (named != 1) return "say whose label it is: one of --attempt, --unit and --slot";
  if (!options.attempt.empty() && !db::parse_uuid(options.attempt)) {
    return "'" + options.attempt + "' is not the id of an attempt; `flashline report --format json` tells them";
  }
  return {};
}

Said usage(std::string problem, const CLI::App& command) {
  // CLI11's word for what people call a command.
  const std::string_view theirs = "subcommand";
  if (const std::size_t at = problem.find(theirs); at != std::string::npos) {
    problem.replace(at, theirs.size(), "command");
  }
  std::string name = command.get_name();
  for (const CLI::App* parent = command.get_parent(); parent; parent = parent->get_parent()) {
    name = parent->get_name() + " " + name;
  }
  return {"flashline: " + problem + ".\nHint: '" + name + " --help' lists what can be said here.\n", ExitStatus::usage};
}

const CLI::App& innermost(const CLI::App& app) {
  const std::vector<const CLI::App*> chosen = app.get_subcommands(nullptr);
  for (const CLI::App* each : chosen) {
    if (each->parsed()) return innermost(*each);
  }
  return app;
}

// A command that does not exist; CLI11 would only say that one is missing.
std::optional<std::string> misspelt(const CLI::ParseError& problem, const CLI::App& command) {
  const std::vector<std::string> words = command.remaining();
  const bool has_commands = !command.get_subcommands(nullptr).empty();
  if (!dynamic_cast<const CLI::RequiredError*>(&problem) || !has_commands || words.empty()) return std::nullopt;
  return "There is no command '" + words.front() + "'";
}

template <typename Options>
std::variant<Command, Said> checked(const CLI::App& command, const Options& options) {
  const std::string problem = contradiction(command, options);
  if (!problem.empty()) return usage(problem, command);
  return options;
}

}  // namespace

std::variant<Command, Said> parse_command_line(int argc, const char* const* argv) {
  CLI::App app("Flashline: flashes a line of USB DFU units by a recipe and records every attempt.", "flashline");
  app.require_subcommand(1);
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  app.set_version_flag("--version", version_text());
  app.footer(
      "Exit status: 0 every unit passed; 1 at least one did not; 130 stopped by a signal; 74 records could not be\n"
      "written. No unit was touched: 64 usage, 65 bad recipe or image, 66 input missing, 69 no matching unit,\n"
      "70 internal, 73 cannot create output, 77 permission, 78 bad station or line file.");
  FlashOptions flash;
  CheckOptions check;
  InspectOptions inspect;
  ListOptions list;
  SlotsShowOptions slots_show;
  SlotsLearnOptions slots_learn;
  DoctorOptions doctor;
  ReportOptions report;
  ReportTexts report_texts;
  RecordCommands commands;
  FlashOptions run;
  run.stay = true;
  const CLI::App* flash_command =
      add_flash(app, "flash", "Flash every matching unit on the line once, then exit", flash);
  const CLI::App* run_command = add_flash(app, "run", "Keep the line running: units flash as they are plugged in", run);
  const CLI::App* check_command = add_check(app, check);
  const CLI::App* inspect_command = add_inspect(app, inspect);
  const CLI::App* list_command = add_list(app, list);
  const CLI::App* slots_command = add_slots(app, slots_show, slots_learn);
  const CLI::App* doctor_command = add_doctor(app, doctor);
  const CLI::App* report_command = add_report(app, report, report_texts);
  add_audit(app, commands);
  LabelOptions label;
  const CLI::App* label_command = add_label(app, label);
  ReleaseOptions release;
  const CLI::App* release_command = add_release(app, release);
  add_job(app, commands);
  add_db(app, commands);
  add_operator(app, commands.operators);
  VirtualOptions served;
  std::string listen = "127.0.0.1:" + std::to_string(dfu::virt::usbip::default_port);
  const CLI::App* virtual_command = add_virtual(app, served, listen);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    const CLI::App& command = innermost(app);
    if (dynamic_cast<const CLI::CallForVersion*>(&problem)) return Said{version_text() + "\n"};
    if (problem.get_exit_code() == 0) return Said{app.help() + "\n"};
    return usage(misspelt(problem, command).value_or(problem.what()), command);
  }
  if (flash_command->parsed()) return checked(*flash_command, flash);
  if (run_command->parsed()) return checked(*run_command, run);
  if (check_command->parsed()) return check;
  if (inspect_command->parsed()) return inspect;
  if (list_command->parsed()) return checked(*list_command, list);
  if (slots_command->parsed()) {
    const CLI::App& chosen = innermost(*slots_command);
    return chosen.get_name() == "learn" ? checked(chosen, slots_learn) : checked(chosen, slots_show);
  }
  if (doctor_command->parsed()) return checked(*doctor_command, doctor);
  if (report_command->parsed()) {
    if (const std::string problem = problem_of(report, report_texts); !problem.empty()) {
      return usage(problem, *report_command);
    }
    report.filter = filter_from(report_texts);
    report.by = reports::parse_by(report_texts.by);
    return report;
  }
  if (label_command->parsed()) return checked(*label_command, label);
  if (release_command->parsed()) return release;
  if (virtual_command->parsed()) {
    const std::string problem = contradiction(*virtual_command, served);
    if (!problem.empty()) return usage(problem, *virtual_command);
    const Address address = *address_from(listen);
    served.host = address.host;
    served.tcp_port = address.port;
    return served;
  }
  return record_command(app, commands);
}

}  // namespace station
