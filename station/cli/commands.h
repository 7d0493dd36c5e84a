// One function per command: does all of it, prints, and says how it ended.
#pragma once

#include "station/cli/options.h"
#include "station/exit_status.h"

namespace station {

ExitStatus check(const CheckOptions& options);
ExitStatus inspect(const InspectOptions& options);
ExitStatus list(const ListOptions& options);
ExitStatus doctor(const DoctorOptions& options);
ExitStatus slots_show(const SlotsShowOptions& options);
ExitStatus slots_learn(const SlotsLearnOptions& options);
ExitStatus report(const ReportOptions& options);
ExitStatus audit_verify(const AuditOptions& options);
ExitStatus audit_image(const ImageOptions& options);
ExitStatus audit_anchor(const AnchorOptions& options);
ExitStatus dispose(const DisposeOptions& options);
ExitStatus label(const LabelOptions& options);
ExitStatus release(const ReleaseOptions& options);
ExitStatus job_open(const JobOpenOptions& options);
ExitStatus job_close(const JobCloseOptions& options);
ExitStatus job_list(const RecordOptions& options);
ExitStatus job_export(const JobExportOptions& options);
ExitStatus job_import(const JobImportOptions& options);
ExitStatus db_backup(const BackupOptions& options);
ExitStatus db_merge(const MergeOptions& options);
ExitStatus db_restore(const RestoreOptions& options);
ExitStatus db_archive(const ArchiveOptions& options);
ExitStatus manage_operators(const OperatorOptions& options);
ExitStatus serve_virtual(const VirtualOptions& options);

}  // namespace station
