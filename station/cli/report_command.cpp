#include "station/cli/report_command.h"

#include <QSaveFile>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <utility>

#include <unistd.h>

#include "db/error.h"
#include "db/image_store.h"
#include "reports/fields.h"
#include "reports/groups.h"
#include "reports/printable.h"
#include "reports/report.h"
#include "reports/unit.h"
#include "station/cli/command.h"
#include "station/cli/options.h"
#include "station/output/fold.h"
#include "station/output/output.h"
#include "station/output/sink_stream.h"
#include "station/record/anchor_text.h"
#include "station/record/certificate_page.h"
#include "station/record/line_report.h"
#include "station/record/output_file.h"
#include "station/run/inputs.h"

namespace station {

namespace {

// Of a filter, until all of the command line is known to be right.
struct ReportTexts {
  std::string job, lot, recipe, image, unit, slot, operator_name, outcome, day, since, until, by;
};

using Writer = std::function<void(std::ostream&)>;

// One unit and nothing else was asked for.
bool is_about_one_unit(const db::Filter& filter) {
  return filter.unit && !filter.job && !filter.lot && !filter.recipe && !filter.image && !filter.slot &&
         !filter.operator_name && !filter.outcome && !filter.since && !filter.until;
}

Writer unit_writer(db::Reader& reader, const reports::Report& report, const ReportOptions& options) {
  auto unit = std::make_shared<reports::UnitHistory>(reports::read_unit(reader, *options.filter.unit));
  unit->made = report.made;
  unit->verified = report.verified;
  if (options.format == "html") return [unit](std::ostream& out) { reports::write_html(*unit, out); };
  if (options.format == "json") return [unit](std::ostream& out) { reports::write_json(*unit, out); };
  return [unit](std::ostream& out) { reports::write_text(*unit, out); };
}

Writer holders_writer(db::Reader& reader, const ReportOptions& options) {
  return [&reader, &options](std::ostream& out) {
    const std::vector<reports::Holder> holders = reports::holders_of(reader, options.holds);
    if (options.format == "json") return reports::write_holders_json(holders, options.holds, out);
    if (options.format == "csv") return reports::write_holders_csv(holders, out);
    reports::write_holders(holders, options.holds, out);
  };
}

Writer groups_writer(const reports::Report& report, const ReportOptions& options) {
  return [&report, &options](std::ostream& out) {
    if (options.format == "json") return reports::write_groups_json(report, *options.by, out);
    if (options.format == "csv") return reports::write_groups_csv(report, *options.by, out);
    if (options.format == "html") return reports::write_groups_html(report, *options.by, out);
    reports::write_groups(report, *options.by, out);
  };
}

Writer attempts_writer(const reports::Report& report, const ReportOptions& options) {
  const auto with = [&report](void (*write)(const reports::Report&, std::ostream&)) {
    return [&report, write](std::ostream& out) { write(report, out); };
  };
  if (options.summary) return with(options.format == "html" ? reports::write_summary_html : reports::write_summary);
  if (options.format == "json") return with(reports::write_json);
  if (options.format == "html") return with(reports::write_html);
  if (options.format == "csv") return with(reports::write_csv);
  if (options.format == "jsonl") return with(reports::write_json_lines);
  return with(reports::write_text);
}

Writer writer_of(db::Reader& reader, const reports::Report& report, const ReportOptions& options) {
  const std::string& format = options.format;
  if (!options.holds.empty()) return holders_writer(reader, options);
  if (options.by) return groups_writer(report, options);
  const bool of_unit = !options.summary && (format == "text" || format == "html" || format == "json");
  if (of_unit && is_about_one_unit(options.filter)) return unit_writer(reader, report, options);
  return attempts_writer(report, options);
}

// Whole lines, folded to the screen where a person reads them.
class Lines {
 public:
  explicit Lines(int width) : width_(width) {}

  bool put(std::string_view bytes) {
    if (width_ == 0) return write_all(STDOUT_FILENO, bytes);
    rest_ += bytes;
    constexpr std::size_t most_of_a_table = 65536;  // a longer one is folded in parts
    std::size_t end = rest_.rfind("\n\n");
    if (end == std::string::npos && rest_.size() > most_of_a_table) end = rest_.rfind('\n');
    if (end == std::string::npos) return true;
    const std::string lines = rest_.substr(0, end + 1);
    rest_.erase(0, end + 1);
    return write_all(STDOUT_FILENO, folded(lines, width_));
  }
  bool finish() { return write_all(STDOUT_FILENO, folded(rest_, width_)); }

 private:
  int width_;
  std::string rest_;
};

ExitStatus to_standard_output(const Writer& write, const ReportOptions& options) {
  reports::PrintableFilter filter;
  Lines lines(options.format == "text" ? width_of_output() : 0);
  SinkStream out([&](std::string_view bytes) { return lines.put(filter.take(bytes)); });
  write(out);
  out.flush();
  if (out.good() && lines.put(filter.finish()) && lines.finish()) return ExitStatus::passed;
  return complain(ExitStatus::cannot_create,
                  std::string("standard output accepts no more data: ") + std::strerror(errno) + ".");
}

// The file appears whole or not at all.
ExitStatus to_file(const Writer& write, const ReportOptions& options) {
  QSaveFile file(QString::fromStdString(options.output));
  const auto failed = [&] {
    return complain(ExitStatus::cannot_create,
                    options.output + " cannot be written: " + why_it_failed(file) + ". Name another file with -o.");
  };
  if (!file.open(QIODevice::WriteOnly)) return failed();
  qint64 all = 0;
  const auto put = [&](const std::string& text) {
    const auto size = static_cast<qint64>(text.size());
    all += size;
    return file.write(text.data(), size) == size;
  };
  reports::PrintableFilter filter;
  SinkStream out([&](std::string_view bytes) { return put(filter.take(bytes)); });
  write(out);
  out.flush();
  return out.good() && put(filter.finish()) && commit_whole(file, all) ? ExitStatus::passed : failed();
}

// A workbook cannot be written to a pipe: it goes into a file beside the one that is wanted, and then takes its name.
ExitStatus to_workbook(const reports::Report& report, const ReportOptions& options) {
  if (options.output.empty()) {
    return complain(ExitStatus::usage, "a workbook needs a file: name it with -o FILE.xlsx.");
  }
  const std::string part = options.output + ".part";
  std::string problem;
  try {
    options.by ? reports::write_groups_xlsx(report, *options.by, part) : reports::write_xlsx(report, part);
    if (std::rename(part.c_str(), options.output.c_str()) == 0) return ExitStatus::passed;
    problem = std::strerror(errno);
  } catch (const std::runtime_error& error) {
    problem = error.what();
  }
  std::remove(part.c_str());
  return complain(ExitStatus::cannot_create,
                  options.output + " cannot be written: " + problem + ". Name another file with -o.");
}

bool has_any(db::Reader& reader, db::Filter filter) {
  filter.steps = false;
  bool any = false;
  reader.attempts(filter, [&any](const db::Attempt&) {
    any = true;
    return false;
  });
  return any;
}

// A typing error must not pass for an empty record.
void tell_of_unknown_names(db::Reader& reader, const db::Filter& filter) {
  using Name = std::optional<std::string> db::Filter::*;
  constexpr std::pair<const char*, Name> names[] = {{"job", &db::Filter::job},
                                                    {"lot", &db::Filter::lot},
                                                    {"recipe", &db::Filter::recipe},
                                                    {"image", &db::Filter::image},
                                                    {"unit", &db::Filter::unit},
                                                    {"slot", &db::Filter::slot},
                                                    {"operator", &db::Filter::operator_name}};
  const auto is_given = [&filter](const auto& name) { return (filter.*name.second).has_value(); };
  if (std::ranges::none_of(names, is_given) || has_any(reader, filter)) return;
  for (const auto& [what, name] : names) {
    if (!(filter.*name)) continue;
    db::Filter alone;
    alone.*name = filter.*name;
    if (has_any(reader, alone)) continue;
    say_error(std::string("warning: the record has no attempt with the ") + what + " '" + *(filter.*name) +
              "'. Is it spelt as there?");
  }
}

ExitStatus put(const Writer& write, const ReportOptions& options) {
  return options.output.empty() ? to_standard_output(write, options) : to_file(write, options);
}

ExitStatus certificate(const std::string& database, const ReportOptions& options) {
  const db::Filter& filter = options.filter;
  const auto page = filter.job ? order_certificate_page(database, *filter.job)
                               : unit_certificate_page(database, filter.unit.value_or(""));
  if (const auto* refused = std::get_if<Refused>(&page)) return complain(ExitStatus::input_missing, refused->sentence);
  return put([&page](std::ostream& out) { out << std::get<std::string>(page); }, options);
}

ExitStatus report(const ReportOptions& options) {
  if (const auto problem = why_not_written(options.output)) return complain(ExitStatus::cannot_create, *problem);
  if (options.fields) {
    return put(options.format == "json" ? reports::write_fields_json : reports::write_fields, options);
  }
  const auto database = find_database(options.db, options.station);
  if (const auto* status = std::get_if<ExitStatus>(&database)) return *status;
  try {
    if (options.format == "certificate") return certificate(std::get<std::string>(database), options);
    db::Reader reader(std::get<std::string>(database));
    db::Filter filter = options.filter;
    filter.steps = options.format != "text" && !options.by;  // which tell none
    if (!options.holds.empty() && db::images_named(std::get<std::string>(database), options.holds).empty()) {
      return complain(ExitStatus::input_missing, "the record names no image " + options.holds +
                                                     ". Give its name as the recipe does, or digits of its SHA-256.");
    }
    tell_of_unknown_names(reader, options.filter);
    db::LineHistory history(std::get<std::string>(database));
    const reports::Report report = line_report(std::get<std::string>(database), reader, filter, history);
    if (options.format == "xlsx") return to_workbook(report, options);
    return put(writer_of(reader, report, options), options);
  } catch (const db::Error& error) {
    return complain(ExitStatus::input_missing, error.what());
  }
}

std::string is_day(const std::string& text) {
  return day_from(text) ? std::string() : "'" + text + "' is not a day; write it like 2026-11-22";
}

const std::vector<std::string> formats = {"text", "csv", "json", "jsonl", "html", "xlsx", "certificate"};
const std::vector<std::string> groups = {"job", "lot",      "recipe", "image",   "unit",   "slot",
                                         "hub", "operator", "day",    "outcome", "station"};
const std::vector<std::string> outcomes = {"passed", "already", "failed", "error", "cancelled", "interrupted"};

// What was asked for that does not go together.
std::string problem_of(const ReportOptions& report, const ReportTexts& texts) {
  const std::string& format = report.format;
  if (report.summary && format != "text" && format != "html") return "--summary is text or html";
  if (report.fields && format != "text" && format != "json") return "--fields is text or json";
  if (format == "certificate" && texts.job.empty() == texts.unit.empty()) {
    return "--format certificate is for one order or one unit: name it with --job or --unit";
  }
  const bool table = format == "text" || format == "csv" || format == "json";
  if (!texts.by.empty() && !table && format != "html" && format != "xlsx") {
    return "--by is text, csv, json, html or xlsx";
  }
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

void add_filters(Arguments& arguments, ReportTexts& texts) {
  arguments.add("--job", texts.job, "Only attempts of this job").type("ID");
  arguments.add("--lot", texts.lot, "Only attempts of this lot").type("LOT");
  arguments.add("--recipe", texts.recipe, "Only this recipe: its name, or the first digits of its SHA-256")
      .type("RECIPE");
  arguments.add("--image", texts.image, "Only recipes with this image: its name, or digits of its SHA-256")
      .type("IMAGE");
  arguments.add("--unit", texts.unit, "The history of one unit, and what is in it now: its id, serial or label")
      .type("UNIT");
  arguments.add("--slot", texts.slot, "Only this slot: its label or port").type("SLOT");
  arguments.add("--outcome", texts.outcome, "Only attempts with this outcome").one_of(outcomes);
  arguments.add("--operator", texts.operator_name, "Only attempts of this operator").type("NAME");
  arguments.add("--day", texts.day, "Only attempts started on this day, like 2026-11-22").type("DAY").check(is_day);
  arguments.add("--since", texts.since, "Only attempts started then or later").type("TIME").check(is_time);
  arguments.add("--until", texts.until, "Only attempts started before then").type("TIME").check(is_time);
}

Action declare(Arguments& arguments) {
  const auto options = std::make_shared<ReportOptions>();
  const auto texts = std::make_shared<ReportTexts>();
  add_record_options(arguments, options->station, options->db);
  arguments.add("--format", options->format, "Form of the report").one_of(formats).show_default();
  arguments.flag("--summary", options->summary, "Totals, without the attempts; as text, or with html as one page");
  arguments.add("--by", texts->by, "A row of figures for each of these; text, csv, json, html or xlsx").one_of(groups);
  arguments
      .add("--holds", options->holds,
           "Which units hold this image now, by their last attempt: its name, or digits of its SHA-256")
      .type("IMAGE");
  arguments.flag("--fields", options->fields, "What each column and key means; text or json");
  arguments.add("-o,--output", options->output, "Write to this file").type("FILE");
  add_filters(arguments, *texts);
  return action(options, report, [options, texts] {
    options->filter = filter_from(*texts);
    options->by = reports::parse_by(texts->by);
    return problem_of(*options, *texts);
  });
}

const Registered command({.place = 80,
                          .words = "report",
                          .what = "Say which unit got which bytes",
                          .example = "flashline report --job 4711 --format html -o 4711.html",
                          .declare = declare});

}  // namespace

}  // namespace station
