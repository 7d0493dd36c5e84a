#include <QSaveFile>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include <unistd.h>

#include "db/error.h"
#include "reports/report.h"
#include "station/commands.h"
#include "station/inputs.h"
#include "station/output.h"
#include "station/sink_stream.h"

namespace station {

namespace {

void write_report(const reports::Report& report, const ReportOptions& options, std::ostream& out) {
  const std::string& format = options.format;
  if (options.summary) {
    reports::write_summary(report, out);
  } else if (format == "json") {
    reports::write_json(report, out);
  } else if (format == "html") {
    reports::write_html(report, out);
  } else if (format == "csv") {
    reports::write_csv(report, out);
  } else if (format == "jsonl") {
    reports::write_json_lines(report, out);
  } else {
    reports::write_text(report, out);
  }
  out.flush();
}

ExitStatus to_standard_output(const reports::Report& report, const ReportOptions& options) {
  SinkStream out([](std::string_view bytes) { return write_all(STDOUT_FILENO, bytes); });
  write_report(report, options, out);
  if (out.good()) return ExitStatus::passed;
  return complain(ExitStatus::cannot_create,
                  std::string("standard output takes no more: ") + std::strerror(errno) + ".");
}

// The file appears whole or not at all.
ExitStatus to_file(const reports::Report& report, const ReportOptions& options) {
  QSaveFile file(QString::fromStdString(options.output));
  const auto failed = [&] {
    return complain(ExitStatus::cannot_create, options.output + " cannot be written: " +
                                                   file.errorString().toStdString() + ". Name another file with -o.");
  };
  if (!file.open(QIODevice::WriteOnly)) return failed();
  SinkStream out([&file](std::string_view bytes) {
    const auto size = static_cast<qint64>(bytes.size());
    return file.write(bytes.data(), size) == size;
  });
  write_report(report, options, out);
  return out.good() && file.commit() ? ExitStatus::passed : failed();
}

// A workbook cannot be written to a pipe: it goes into a file beside the one that is wanted, and then takes its name.
ExitStatus to_workbook(const reports::Report& report, const ReportOptions& options) {
  if (options.output.empty()) {
    return complain(ExitStatus::usage, "a workbook needs a file: name it with -o FILE.xlsx.");
  }
  const std::string part = options.output + ".part";
  std::string problem;
  try {
    reports::write_xlsx(report, part);
    if (std::rename(part.c_str(), options.output.c_str()) == 0) return ExitStatus::passed;
    problem = std::strerror(errno);
  } catch (const std::runtime_error& error) {
    problem = error.what();
  }
  std::remove(part.c_str());
  return complain(ExitStatus::cannot_create,
                  options.output + " cannot be written: " + problem + ". Name another file with -o.");
}

}  // namespace

ExitStatus report(const ReportOptions& options) {
  const auto database = find_database(options.db, options.station);
  if (const auto* status = std::get_if<ExitStatus>(&database)) return *status;
  try {
    db::Reader reader(std::get<std::string>(database));
    db::Filter filter = options.filter;
    filter.steps = options.format != "text";  // which tells none
    const reports::Report report = reports::make_report(reader, filter);
    if (options.format == "xlsx") return to_workbook(report, options);
    return options.output.empty() ? to_standard_output(report, options) : to_file(report, options);
  } catch (const db::Error& error) {
    return complain(ExitStatus::input_missing, error.what());
  }
}

}  // namespace station
