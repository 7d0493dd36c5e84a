#include <exception>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "station/cli/commands.h"
#include "station/cli/options.h"
#include "station/diagnostics/host_width.h"
#include "station/output/output.h"

namespace {

using station::ExitStatus;

struct Run {
  ExitStatus operator()(const station::FlashOptions& options) const { return station::flash(options); }
  ExitStatus operator()(const station::CheckOptions& options) const { return station::check(options); }
  ExitStatus operator()(const station::InspectOptions& options) const { return station::inspect(options); }
  ExitStatus operator()(const station::ListOptions& options) const { return station::list(options); }
  ExitStatus operator()(const station::DoctorOptions& options) const { return station::doctor(options); }
  ExitStatus operator()(const station::SlotsShowOptions& options) const { return station::slots_show(options); }
  ExitStatus operator()(const station::SlotsLearnOptions& options) const { return station::slots_learn(options); }
  ExitStatus operator()(const station::ReportOptions& options) const { return station::report(options); }
  ExitStatus operator()(const station::AuditOptions& options) const { return station::audit_verify(options); }
  ExitStatus operator()(const station::ImageOptions& options) const { return station::audit_image(options); }
  ExitStatus operator()(const station::AnchorOptions& options) const { return station::audit_anchor(options); }
  ExitStatus operator()(const station::DisposeOptions& options) const { return station::dispose(options); }
  ExitStatus operator()(const station::LabelOptions& options) const { return station::label(options); }
  ExitStatus operator()(const station::ReleaseOptions& options) const { return station::release(options); }
  ExitStatus operator()(const station::JobOpenOptions& options) const { return station::job_open(options); }
  ExitStatus operator()(const station::JobCloseOptions& options) const { return station::job_close(options); }
  ExitStatus operator()(const station::JobListOptions& options) const { return station::job_list(options); }
  ExitStatus operator()(const station::JobExportOptions& options) const { return station::job_export(options); }
  ExitStatus operator()(const station::JobImportOptions& options) const { return station::job_import(options); }
  ExitStatus operator()(const station::BackupOptions& options) const { return station::db_backup(options); }
  ExitStatus operator()(const station::MergeOptions& options) const { return station::db_merge(options); }
  ExitStatus operator()(const station::RestoreOptions& options) const { return station::db_restore(options); }
  ExitStatus operator()(const station::ArchiveOptions& options) const { return station::db_archive(options); }
  ExitStatus operator()(const station::OperatorOptions& options) const { return station::manage_operators(options); }
  ExitStatus operator()(const station::VirtualOptions& options) const { return station::serve_virtual(options); }
};

// A descriptor that the caller closed would be given to the next file that is opened, and what is meant for the screen
// would go into it: into the database, for one.
void keep_standard_descriptors() {
  int descriptor = 0;
  do {
    descriptor = open("/dev/null", O_RDWR);
  } while (descriptor >= 0 && descriptor <= STDERR_FILENO);
  if (descriptor >= 0) close(descriptor);
}

ExitStatus run(int argc, char** argv) {
  const std::variant<station::Command, station::Said> parsed = station::parse_command_line(argc, argv);
  if (const auto* command = std::get_if<station::Command>(&parsed)) return std::visit(Run{}, *command);
  const station::Said& said = std::get<station::Said>(parsed);
  if (said.status != ExitStatus::passed) {
    station::print_error(said.text);
  } else {
    station::print(said.text);
  }
  return said.status;
}

}  // namespace

int main(int argc, char** argv) {
  keep_standard_descriptors();
  station::raise_open_files();
  try {
    return static_cast<int>(run(argc, argv));
  } catch (const std::exception& error) {
    station::say_error(std::string("internal error: ") + error.what() + ". Please report this.");
    return static_cast<int>(ExitStatus::internal);
  }
}
